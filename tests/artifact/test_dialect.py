"""CSV files written with options, opened piece by piece as they are loaded."""

from __future__ import annotations

import csv

import pandas as pd
import polars as pl
import pyarrow as pa
import pytest

import artigraph as ag
from artigraph.errors import InvalidArtifactError

FRAME = pd.DataFrame({"a": [1.5, None, 3.0], "b": ["x", "é;,'", 'say "z"']})
WRITTEN = {
    "sep": {"sep": ";"},
    "header": {"header": False},
    "decimal": {"decimal": ",", "sep": ";"},
    "na_rep": {"na_rep": "MISSING"},
    "encoding": {"encoding": "latin-1"},
    "utf-16": {"encoding": "utf-16"},
    "utf-8": {"encoding": "UTF8"},
    "quotechar": {"quotechar": "'"},
    "quoting": {"quoting": csv.QUOTE_NONE, "sep": "|", "quotechar": "'"},
    "escapechar": {"escapechar": "\\", "doublequote": False},
    "tabs": {"header": False, "decimal": ",", "na_rep": "?"},
}
ONLY_ARROW = {"encoding", "utf-16", "escapechar"}


@pytest.mark.parametrize("name", WRITTEN)
def test_a_csv_is_opened_as_it_is_loaded(file_store, name):
    key = "t.tsv" if name == "tabs" else "t.csv"
    artifact = ag.Artifact.from_dataframe(FRAME, key=key, csv_kwargs=WRITTEN[name]).save()
    pd.testing.assert_frame_equal(artifact.load(), FRAME)
    wanted = FRAME.astype(object).where(FRAME.notna(), None).to_dict("list")
    assert artifact.open().to_table().to_pydict() == wanted
    if name in ONLY_ARROW:
        with pytest.raises(InvalidArtifactError, match=r"written with (encoding|escapechar)=.*; load\(\) it"):
            artifact.open(engine="polars")
    else:
        assert artifact.open(engine="polars").collect().to_dict(as_series=False) == wanted


def test_missing_texts_are_missing_when_opened(file_store):
    frame = pd.DataFrame({"n": [1, 2], "b": ["x", None]})
    artifact = ag.Artifact.from_dataframe(frame, key="t.csv", csv_kwargs={"na_rep": "MISSING"}).save()
    assert artifact.open().to_table()["b"].to_pylist() == ["x", None]
    assert artifact.open(engine="polars").collect()["b"].to_list() == ["x", None]


@pytest.mark.parametrize("library", ["polars", "pyarrow"])
def test_options_of_other_libraries_are_remembered_for_both(file_store, library):
    columns = {"a": [1.5, 2.0], "b": ["x", "y"]}
    if library == "polars":
        table = pl.DataFrame(columns | {"c": [None, 1]})
        options = {"include_header": False, "separator": ";", "decimal_comma": True, "null_value": "?"}
    else:
        table, options = pa.table(columns), {"include_header": False, "delimiter": "|"}
    artifact = ag.Artifact.from_dataframe(table, key="t.csv", csv_kwargs=options).save()
    assert artifact.load().equals(table)
    wanted = table.to_dict(as_series=False) if library == "polars" else table.to_pydict()
    assert artifact.open().to_table().to_pydict() == wanted
    assert artifact.open(engine="polars").collect().to_dict(as_series=False) == wanted


def test_own_options_of_the_caller_come_first(file_store):
    artifact = ag.Artifact.from_dataframe(FRAME, key="t.csv", csv_kwargs={"sep": ";"}).save()
    assert artifact.open(engine="polars", separator="|").collect().width == 1
    assert artifact.open(schema=pa.schema([("b", pa.string())])).to_table().column_names == ["b"]
