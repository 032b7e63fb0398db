"""Rows 7, 8, 9, 23 and 35: bytes that are not what was written."""

from __future__ import annotations

import io
import random
import resource
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Annotated, Any

import numpy as np
import pandas as pd
import polars as pl
import pyarrow as pa
import pytest
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st
from PIL import Image

import artigraph as ag
from artigraph.bridge import block
from artigraph.errors import ArtigraphError, BlobCorruptError, BlobMissingError
from artigraph.graph.engine import current_database
from artigraph.registry import current_registry
from tests.faults.conftest import amount

FRAME = {"a": [1, 2, 3], "b": ["x", "ü", None]}
SAMPLES: dict[str, Any] = {
    "json": {"a": [1, 2.5, "ü", None], "b": {"c": True}},
    "json tagged": (1, {2, 3}, b"x", complex(1, 2)),
    "datetime": datetime(2026, 1, 1, tzinfo=UTC),
    "numpy": np.arange(12).reshape(3, 4),
    "pandas": pd.DataFrame(FRAME),
    "pandas series": pd.Series([1.5, 2.5], name="x"),
    "polars": pl.DataFrame(FRAME),
    "pyarrow": pa.table(FRAME),
    "pil": Image.new("RGB", (7, 5), "red"),
}
"""One value for every format of bytes."""

LIMIT = 200 * 1024 * 1024
"""Bytes of memory that reading damaged bytes may take."""


@dataclass
class DamagedModel(ag.ArtifactModel):
    fine: int
    value: Annotated[Any, ag.SaveSpec(storage="blobs")]


@pytest.fixture
def place(folder) -> Iterator[Path]:
    """An open store; its folder of blobs."""
    reset = ag.set_engine(f"sqlite:///{folder / 'x.db'}", create_tables=True, durability="off")
    ag.FileSystemStorage(folder / "x.blobs", name="blobs").register(replace=True)
    database = current_database()
    yield folder / "x.blobs"
    reset()
    block(database.close)


def blob_in(place: Path) -> Path:
    (blob,) = [each for each in place.rglob("*") if each.is_file()]
    return blob


def rewrite(blob: Path, data: bytes) -> None:
    """As somebody would who may write everywhere."""
    blob.chmod(0o600)
    blob.write_bytes(data)


@pytest.mark.row(8)
@pytest.mark.parametrize("name", SAMPLES)
def test_a_changed_bit_is_told_with_its_owner_and_the_other_fields_still_load(name, place, record_property):
    node = DamagedModel(7, SAMPLES[name]).save("damaged")
    blob = blob_in(place)
    true = blob.read_bytes()
    dice = random.Random(name)
    damages = [b"", true[: len(true) // 2], true[:-1], true + b"\0", true[::-1] if true[::-1] != true else b"x"]
    for _ in range(amount(20, 200)):
        spot = dice.randrange(len(true))
        damages.append(true[:spot] + bytes([true[spot] ^ (1 << dice.randrange(8))]) + true[spot + 1 :])
    for damaged in damages:
        rewrite(blob, damaged)
        with pytest.raises(BlobCorruptError, match=r"damaged.*value") as caught:
            ag.load(node)
        assert caught.value.expected != caught.value.got
        assert ag.load(node, fields=["fine"]) == {"fine": 7}
    rewrite(blob, true)
    assert ag.load(node).fine == 7
    record_property("cases", len(damages))


@pytest.mark.row(9)
def test_a_missing_blob_is_told_with_its_owner_and_saving_again_brings_it_back(place):
    with ag.span_context("maker"):
        node = DamagedModel(7, b"kept" * 9).save("damaged")
    blob_in(place).unlink()
    with pytest.raises(BlobMissingError, match=r"maker.*damaged.*value"):
        ag.load(node)
    assert ag.load(node, fields=["fine"]) == {"fine": 7}
    DamagedModel(8, b"kept" * 9).save("again")
    assert ag.load(node).value == b"kept" * 9


@pytest.mark.row(7)
@pytest.mark.parametrize("number", range(amount(8, 200)))
def test_a_damaged_database_is_told_or_works_and_never_gives_other_values(number, place):
    saved = {ag.save([n] * 50): [n] * 50 for n in range(60)}
    database = current_database()
    block(database.close)
    path = database.file
    data = bytearray(path.read_bytes())
    dice = random.Random(number)
    for _ in range(40):
        data[dice.randrange(100 if number == 0 else 0, len(data))] = dice.randrange(256)
    path.write_bytes(data)
    for node, value in saved.items():
        with suppress(ArtigraphError):
            assert ag.load(node) == value


@pytest.mark.row(23, 35)
@pytest.mark.parametrize("name", SAMPLES)
def test_bytes_of_a_stranger_raise_only_our_errors_and_take_little_memory(name, record_property):
    serializer: Any = current_registry().serializer_for(SAMPLES[name])
    true = serializer.serialize(SAMPLES[name])
    examples = amount(30, 5000)

    @settings(
        max_examples=examples,
        deadline=None,
        database=None,
        phases=[Phase.generate],
        suppress_health_check=list(HealthCheck),
    )
    @given(damaged(true))
    def read(data):
        with suppress(ArtigraphError):
            serializer.load(io.BytesIO(data))

    serializer.load(io.BytesIO(true))
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    read()
    assert (resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before) * 1024 < LIMIT
    record_property("cases", examples)


@st.composite
def damaged(draw: st.DrawFn, true: bytes) -> bytes:
    """Bytes of no meaning, or the true ones with some changed, cut off, doubled or put in."""
    kind = draw(st.sampled_from(["noise", "flip", "flip", "cut", "insert", "double"]))
    if kind == "noise":
        return draw(st.binary(max_size=300))
    place = draw(st.integers(0, len(true)))
    if kind == "cut":
        return true[:place]
    if kind == "insert":
        return true[:place] + draw(st.binary(min_size=1, max_size=9)) + true[place:]
    if kind == "double":
        return true[:place] + true
    data = bytearray(true)
    for spot in draw(st.lists(st.integers(0, len(true) - 1), min_size=1, max_size=6)):
        data[spot] = draw(st.integers(0, 255))
    return bytes(data)
