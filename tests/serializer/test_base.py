"""The contract of a serializer: one pair of methods gives the other, and names are well formed."""

from __future__ import annotations

import io
import json
from decimal import Decimal

import pytest

from artigraph.serializer.base import PREVIEW_LIMIT, Serializer, clipped_preview
from artigraph.testing import SerializerKit


class Whole(Serializer[Decimal]):
    name = "whole/1"

    def serialize(self, value, /):
        return str(value).encode()

    def deserialize(self, data, /):
        return Decimal(data.decode())


class Streamed(Serializer[Decimal]):
    name = "streamed.text/12"

    def dump(self, value, file, /):
        file.write(str(value).encode())

    def load(self, file, /):
        return Decimal(file.read().decode())


@pytest.mark.parametrize("serializer", [Whole(), Streamed()])
def test_either_pair_of_methods_gives_the_other(serializer):
    value, file = Decimal("1.10"), io.BytesIO()
    serializer.dump(value, file)
    assert file.getvalue() == serializer.serialize(value) == b"1.10"
    file.seek(0)
    assert str(serializer.load(file)) == str(serializer.deserialize(b"1.10")) == "1.10"


def test_by_default_a_value_is_its_own_preview_and_its_bytes_are_its_content():
    assert Whole().preview(Decimal(1)) is None
    assert Whole().content_digest(Decimal(1)) is None
    assert repr(Whole()) == "<Whole whole/1>"


@pytest.mark.parametrize(
    "bad", ["", "x", "x/", "x/0", "x/1.0", "X/1", "x.y", "../x/1", "x y/1", "x..y/1", "x/1\n", "é/1", 3]
)
def test_a_malformed_name_is_refused_at_definition(bad):
    with pytest.raises(ValueError, match="expected 'library/1'"):
        type("Bad", (Whole,), {"name": bad})


def test_a_class_without_one_of_the_two_directions_is_refused_at_definition():
    with pytest.raises(TypeError, match="neither deserialize nor load"):
        type("Half", (Serializer,), {"name": "half/1", "serialize": lambda self, value: b""})


def test_a_preview_is_cut_to_its_limit_and_says_so():
    assert clipped_preview({"shape": [1, 2], "rows": [["x" * 60]]}) == {"shape": [1, 2], "rows": [["x" * 60]]}
    assert clipped_preview({"rows": [["x" * 61]]}) == {"rows": [["x" * 59 + "…"]]}
    many = clipped_preview({"rows": [["x" * 100] * 20] * 10})
    assert {len(cell) for row in many["rows"] for cell in row} == {30}
    assert len(json.dumps(many, separators=(",", ":"))) <= PREVIEW_LIMIT


class TestKitOnLocalSerializer(SerializerKit):
    serializer = Whole()
    values = (Decimal("1.10"), Decimal("-0"))

    def test_damaged_bytes_raise_only_our_errors(self):
        with pytest.raises(
            (ArithmeticError, ValueError, ExceptionGroup)
        ):  # Whole does not translate what Decimal raises
            super().test_damaged_bytes_raise_only_our_errors()

    def test_the_name_leads_to_the_module(self):
        with pytest.raises(LookupError):  # "whole/1" is in no file of that name
            super().test_the_name_leads_to_the_module()
