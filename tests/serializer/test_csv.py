from __future__ import annotations

import csv
import math

import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from artigraph.errors import UnserializableError
from artigraph.serializer.csv import LONGEST, csv_rows_serializer
from tests.serializer.streams import StreamKit, listed

NASTY = [
    "12",
    "1e5",
    "true",
    "null",
    "NaN",
    "-Infinity",
    "",
    " 5",
    '"x"',
    '"',
    "[1]",
    "{}",
    "-",
    "a,b",
    "\r",
    "\n\n",
    "\0",
]
CELLS = st.none() | st.booleans() | st.integers() | st.floats() | st.text(st.characters(codec="utf-8"))


class TestRows(StreamKit):
    serializer = listed(csv_rows_serializer)
    values = (
        [],
        [{"a": 1, "b": "x"}, {"a": None, "b": ""}, {"a": 1.5, "b": True}],
        [{"": None}, {"": "x"}],
        [{text: text for text in NASTY}, {text: text * 2 for text in NASTY}],
    )
    refused = (
        [1],
        [{}],
        [{1: 2}],
        [{"a": 1}, {"b": 1}],
        [{"a": 1, "b": 2}, {"b": 1, "a": 2}],
        [{"a": [1]}],
        [{"a": "\ud800"}],
        [{"a": "x" * (LONGEST + 1)}],
        [{"a": 10**5000}],
    )


@given(st.lists(st.builds(lambda one, two: {"one": one, "two": two}, CELLS, CELLS), max_size=4))
def test_every_cell_comes_back_with_its_type(rows):
    back = list(csv_rows_serializer.deserialize(csv_rows_serializer.serialize(rows)))
    for row, again in zip(rows, back, strict=True):
        for cell, other in zip(row.values(), again.values(), strict=True):
            assert type(cell) is type(other)
            assert cell == other or (math.isnan(cell) and math.isnan(other))


def test_other_programs_read_plain_cells_as_they_are(tmp_path):
    rows = [{"city": "Oslo", "rain": 12.5, "wet": True}, {"city": "Rome, It", "rain": 3, "wet": None}]
    file = tmp_path / "rain.csv"
    file.write_bytes(csv_rows_serializer.serialize(rows))
    assert list(csv.reader(file.read_text(encoding="utf-8").splitlines())) == [
        ["city", "rain", "wet"],
        ["Oslo", "12.5", "true"],
        ["Rome, It", "3", ""],
    ]
    assert pd.read_csv(file)["rain"].tolist() == [12.5, 3.0]


def test_a_cell_that_cannot_be_kept_is_named():
    with pytest.raises(UnserializableError, match=r"value\[1\]\['a'\] of type list"):
        csv_rows_serializer.serialize([{"a": 1}, {"a": [2]}])
