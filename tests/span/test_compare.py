"""Two values beside each other: tables, arrays, numbers."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd
import polars as pl
import pyarrow as pa
import pytest

from artigraph.span.compare import ROWS, array_note, compare_frames, is_frame, short


def test_columns_types_and_rows_are_told_apart() -> None:
    before = pd.DataFrame({"a": [1.0, 2.0, np.nan], "b": ["x", "y", "z"], "gone": [1, 2, 3]})
    after = pd.DataFrame({"a": [1.0, 2.5, np.nan, 9.0], "b": ["x", None, "z", "w"], "come": [1, 2, 3, 4]})
    found = compare_frames(before, after.astype({"b": "string"}))
    assert (found.rows, found.added, found.removed, found.matched_by) == ((3, 4), ("come",), ("gone",), "position")
    assert [name for name, *_ in found.dtypes] == ["b"]
    assert found.changed == (("a", 1), ("b", 1))
    changed, added = found.differing
    assert (changed.row, changed.cells[0]) == ("1", ("a", "2.0", "2.5"))
    assert (added.row, added.state) == ("3", "added")
    assert found.summary().startswith("3 → 4 rows, new columns come, no more columns gone, ")


def test_rows_with_labels_are_brought_together_by_them() -> None:
    before = pd.DataFrame({"n": [1, 2, 3]}, index=["a", "b", "c"])
    after = pd.DataFrame({"n": [3, 20, 4]}, index=["c", "b", "d"])
    found = compare_frames(before, after)
    assert found.matched_by == "index"
    assert [(each.row, each.state) for each in found.differing] == [("b", "changed"), ("a", "removed"), ("d", "added")]


def test_an_index_of_consecutive_numbers_that_has_a_name_is_labels() -> None:
    before = pd.DataFrame({"k": [1, 2, 3], "v": [10, 20, 30]}).set_index("k")
    found = compare_frames(before, before.drop(1))
    assert (found.matched_by, found.changed) == ("index", ())
    assert [(each.row, each.state) for each in found.differing] == [("1", "removed")]
    assert found.summary() == "3 → 2 rows"


@pytest.mark.parametrize("drop", [[0], [1], [0, 1]])
def test_a_part_of_a_table_is_compared_by_the_numbers_that_its_rows_had(drop: list[int]) -> None:
    before = pd.DataFrame({"v": [10, 20, 30, 40]})
    found = compare_frames(before, before.drop(drop))
    assert (found.matched_by, found.changed) == ("index", ())
    assert [each.row for each in found.differing] == [str(label) for label in drop]


def test_orders_and_the_index_are_told() -> None:
    before = pd.DataFrame({"a": [3, 1, 2], "b": [1, 2, 3]})
    assert compare_frames(before, before.sort_values("a")).summary() == "3 rows, other order of rows"
    assert compare_frames(before, before[["b", "a"]]).summary() == "3 rows, other order of columns"
    named = before.set_index(pd.Index(["x", "y", "z"], name="k"))
    found = compare_frames(before, named)
    assert (found.matched_by, found.changed) == ("position", ())
    assert (
        found.summary()
        == f"3 rows, index is k, was unnamed, index is {named.index.dtype}, was int64, index differs in 3"
    )
    twice = before.set_index(pd.Index(["x", "x", "z"]))
    assert compare_frames(twice, before.set_index(pd.Index(["x", "x", "y"]))).summary() == "3 rows, index differs in 1"
    levels = before.set_index(["a", "b"])
    assert compare_frames(levels, levels.iloc[::-1]).summary() == "3 rows, other order of rows"
    assert compare_frames(before, before).summary() == "3 rows"


def test_at_most_twenty_rows_are_named_and_the_rest_is_counted() -> None:
    found = compare_frames(pd.DataFrame({"n": range(1000)}), pd.DataFrame({"n": range(1, 1501)}))
    assert (len(found.differing), found.hidden) == (ROWS, 1480)


@pytest.mark.parametrize(
    ("before", "after"),
    [
        pytest.param([[1], [2]], [[1], [3]], id="lists"),
        pytest.param([np.array([1, 2]), [2]], [np.array([1, 2]), [3]], id="arrays"),
        pytest.param(pd.Categorical(["a", "b"]), pd.Categorical(["a", "c"]), id="categories"),
        pytest.param(pd.array([1, None]), pd.array([1, 2]), id="missing integers"),
        pytest.param(pd.to_datetime(["2020", "2021"]), pd.to_datetime(["2020", None]), id="missing dates"),
        pytest.param([None, 1], [None, "x"], id="objects"),
        pytest.param(pd.array(["a", None], dtype="string"), pd.array(["a", "b"], dtype="string"), id="missing text"),
    ],
)
def test_cells_of_any_kind_differ_where_they_differ(before: Any, after: Any) -> None:
    found = compare_frames(pd.DataFrame({"x": before}), pd.DataFrame({"x": after}))
    assert found.changed == (("x", 1),)
    assert [each.row for each in found.differing] == ["1"]


@pytest.mark.parametrize("make", [pl.DataFrame, pa.table, lambda data: pl.LazyFrame(data)], ids=["pl", "pa", "lazy"])
def test_tables_of_other_libraries_are_compared_too(make: Any) -> None:
    assert is_frame(make({"x": [1, 2]}))
    assert compare_frames(make({"x": [1, 2]}), make({"x": [1, 3]})).changed == (("x", 1),)


def test_series_and_empty_tables_are_compared() -> None:
    assert compare_frames(pd.Series([1, 2]), pd.Series([1, 3])).changed == (("values", 1),)
    assert not compare_frames(pd.DataFrame(), pd.DataFrame()).differing
    assert compare_frames(pd.DataFrame({"a": [1]}), pd.DataFrame({"b": [1]})).added == ("b",)


def test_arrays_say_how_many_elements_differ_and_by_how_much() -> None:
    nan = float("nan")
    assert array_note(np.array([1, 2, nan]), np.array([1, 2.5, nan])) == "1 of 3 elements differ, by at most 0.5"
    assert array_note(np.zeros(3), np.zeros(4)) == "float64 [3] → float64 [4]"
    assert array_note(np.array(["a"]), np.array(["b"])) == "1 of 1 elements differ"
    assert array_note([1], [2]) == ""


def test_a_value_that_cannot_be_shown_is_named_by_its_type() -> None:
    class Shy:
        def __repr__(self) -> str:
            raise RuntimeError

    assert "Shy" in short(Shy())
    assert len(short("x" * 10_000)) < 130
