"""What every serializer must do, as tests: subclass ``SerializerKit`` and name a serializer and some values."""

from __future__ import annotations

import io
import json
from collections.abc import Sequence
from contextlib import suppress
from pathlib import Path
from typing import Any, ClassVar

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from artigraph.digest import HashingFile, digest_bytes
from artigraph.errors import ArtigraphError
from artigraph.registry import Registry
from artigraph.serializer.base import PREVIEW_LIMIT, Serializer


class SerializerKit:
    """Tests of one serializer.

    Attributes:
        serializer: the one to test.
        values: what it must keep exactly; at least one.
        refused: what it must refuse with one of our errors.
        examples: damaged byte strings to try.
    """

    serializer: ClassVar[Serializer[Any]]
    values: ClassVar[Sequence[Any]]
    refused: ClassVar[Sequence[Any]] = ()
    examples: ClassVar[int] = 30

    def equal(self, one: Any, other: Any) -> bool:
        """Whether two values are the same in type and content; override it where ``==`` does not say that."""
        return type(one) is type(other) and (one == other or (one != one and other != other))  # noqa: PLR0124 (nan)

    def pytest_generate_tests(self, metafunc: pytest.Metafunc) -> None:
        """One test per value."""
        if "value" in metafunc.fixturenames:
            metafunc.parametrize("value", self.values, ids=[type(value).__name__ for value in self.values])

    def test_a_value_comes_back_exactly(self, value: Any) -> None:
        back = self.serializer.deserialize(self.serializer.serialize(value))
        assert self.equal(back, value)

    def test_a_file_holds_the_same_bytes_and_gives_the_value_back(self, value: Any, tmp_path: Path) -> None:
        data = self.serializer.serialize(value)
        with (tmp_path / "value").open("wb") as file:
            sink = HashingFile(file)
            self.serializer.dump(value, sink)  # type: ignore[arg-type]
        assert (sink.digest, sink.size) == (digest_bytes(data), len(data))
        with (tmp_path / "value").open("rb") as file:
            assert self.equal(self.serializer.load(file), value)

    def test_the_same_value_gives_the_same_bytes(self, value: Any) -> None:
        assert self.serializer.serialize(value) == self.serializer.serialize(value)

    def test_the_content_digest_survives_the_round_trip(self, value: Any) -> None:
        digest = self.serializer.content_digest(value)
        assert digest is None or len(digest) == 32
        back = self.serializer.deserialize(self.serializer.serialize(value))
        assert self.serializer.content_digest(back) == digest

    def test_the_preview_is_small_json_and_changes_nothing(self, value: Any) -> None:
        before = self.serializer.serialize(value)
        preview = self.serializer.preview(value)
        assert preview is None or len(json.dumps(preview, allow_nan=False)) <= PREVIEW_LIMIT
        assert self.serializer.serialize(value) == before

    def test_what_cannot_be_kept_is_refused(self) -> None:
        for place, value in enumerate(self.refused):
            try:
                self.serializer.serialize(value)
            except ArtigraphError:
                continue
            pytest.fail(f"refused[{place}], a {type(value).__name__}, was serialized")

    def test_damaged_bytes_raise_only_our_errors(self) -> None:
        blobs = [self.serializer.serialize(value) for value in self.values]

        @settings(max_examples=self.examples, deadline=None, database=None, suppress_health_check=list(HealthCheck))
        @given(_damaged(blobs))
        def read(data: bytes) -> None:
            with suppress(ArtigraphError):
                self.serializer.load(io.BytesIO(data))

        read()

    def test_the_name_leads_to_the_module(self) -> None:
        library = self.serializer.name.replace("/", ".").split(".")[0]
        if library not in type(self.serializer).__module__.split("."):
            assert type(Registry().serializer_named(self.serializer.name)) is type(self.serializer)


@st.composite
def _damaged(draw: st.DrawFn, blobs: Sequence[bytes]) -> bytes:
    """A valid blob with bytes changed, cut off or put in; sometimes bytes of no meaning."""
    data = bytearray(draw(st.sampled_from(blobs)))
    kind = draw(st.sampled_from(["flip", "flip", "cut", "insert", "noise"]))
    if kind == "noise":
        return draw(st.binary(max_size=200))
    place = draw(st.integers(0, len(data)))
    if kind == "cut":
        return bytes(data[:place])
    if kind == "insert":
        data[place:place] = draw(st.binary(min_size=1, max_size=8))
        return bytes(data)
    for spot in draw(st.lists(st.integers(0, max(0, len(data) - 1)), min_size=1, max_size=4)):
        data[spot : spot + 1] = draw(st.binary(min_size=1, max_size=1))
    return bytes(data)
