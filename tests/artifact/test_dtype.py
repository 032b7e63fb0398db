from __future__ import annotations

from datetime import UTC, date, datetime, timedelta, timezone

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

import artigraph as ag
from artigraph.artifact.dtype import cells, dtype_name, infer_dtype, stored_text, value_of
from artigraph.errors import InvalidLabelError, SchemaMismatchError

TEXT = st.text(st.characters(exclude_characters="\x00", exclude_categories=["Cs"]), max_size=300)
MOMENTS = st.datetimes(timezones=st.sampled_from([UTC, None, timezone(timedelta(hours=5))]))
SCALARS = st.one_of(
    *(st.booleans(), st.integers(-(2**70), 2**70), st.floats(allow_nan=False), TEXT, st.dates(), MOMENTS),
    st.dictionaries(TEXT, st.integers(0, 9), max_size=3),
)


@given(SCALARS)
def test_a_value_comes_back_as_it_was(value):
    dtype = infer_dtype(value)
    assert value_of(cells("x", value, dtype)) == value
    assert value_of(cells("x", [value, value], f"list[{dtype}]")) == [value, value]


@given(st.lists(MOMENTS.filter(lambda moment: moment.tzinfo is not None), min_size=2, max_size=2))
def test_moments_are_sorted_as_their_texts(moments):
    texts = [cells("x", moment, "datetime")[0].text or "" for moment in moments]
    assert (moments[0] < moments[1]) == (texts[0] < texts[1])


@pytest.mark.parametrize(
    ("value", "dtype"),
    [
        (np.float64(2.5), "float"),
        (np.int32(3), "int"),
        (np.bool_(True), "bool"),
        (np.array([1, 2]), "list[int]"),
        ([1, 2.5], "list[float]"),
        ({"a"}, "list[str]"),
        (float("inf"), "float"),
        ([], "list[str]"),
        (None, "str"),
    ],
    ids=str,
)
def test_the_dtype_of_a_value_is_seen(value, dtype):
    assert infer_dtype(value) == dtype


def test_values_that_only_nearly_fit_their_column_are_exact():
    for value in (2**53 + 1, -(2**64), float("inf"), "é" * 300):
        assert value_of(cells("x", value, infer_dtype(value))) == value
    assert repr(value_of(cells("x", float("nan"), "float"))) == "nan"
    assert value_of(cells("x", [], "list[int]")) == []
    assert value_of(cells("x", None, "int")) is None
    assert stored_text("a" * 300) != stored_text("a" * 299 + "b")


def test_an_int_does_for_a_float_and_a_bool_for_neither():
    assert value_of(cells("x", 27, "float")) == 27.0
    for value, dtype in (
        (True, "int"),
        (True, "float"),
        (1.0, "int"),
        (1, "bool"),
        ("1", "int"),
        (date.min, "datetime"),
    ):
        with pytest.raises(SchemaMismatchError, match=f"'x' wants {dtype}, got {type(value).__name__}"):
            cells("x", value, dtype)
    with pytest.raises(SchemaMismatchError, match=r"wants list\[str\], got str"):
        cells("x", "one", "list[str]")


def test_coercion_loses_nothing_or_is_refused():
    for value, dtype, made in (
        *(("27.5", "float", 27.5), (3.0, "int", 3), ("3", "int", 3), (3, "str", "3"), ("False", "bool", False)),
        *(("2024-10-01", "date", date(2024, 10, 1)), ("2024-10-01T10:00", "datetime", datetime(2024, 10, 1, 10))),  # noqa: DTZ001
    ):
        assert value_of(cells("x", value, dtype, coerce=True)) == made
    for value, dtype in ((3.5, "int"), ("a", "float"), ("perhaps", "bool"), ("soon", "date"), (float("inf"), "int")):
        with pytest.raises(SchemaMismatchError, match="is none"):
            cells("x", value, dtype, coerce=True)


def test_what_no_feature_can_be_is_told():
    for value in (object(), [1, "a"], [[1]], b"bytes"):
        with pytest.raises(SchemaMismatchError):
            infer_dtype(value)
    for dtype in (complex, "list[list[int]]", "floaty", list):
        with pytest.raises(SchemaMismatchError, match="there are str, int"):
            dtype_name(dtype)
    with pytest.raises(SchemaMismatchError, match="not nullable"):
        cells("x", None, "int", nullable=False)
    with pytest.raises(SchemaMismatchError, match="JSON"):
        cells("x", {"a": object()}, "dict")
    with pytest.raises(InvalidLabelError):
        cells("x", "a\x00", "str")


def test_names_of_dtypes():
    named = [dtype_name(each) for each in (str, "string", list[float], "list[date]", dict, ag.Artifact, "number")]
    assert named == ["str", "str", "list[float]", "list[date]", "dict", "artifact", "float"]
