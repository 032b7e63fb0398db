"""Polars frames come back with their dtypes; objects are refused."""

from __future__ import annotations

import datetime as dt

import pytest

from artigraph.errors import UnserializableError
from artigraph.testing import SerializerKit

polars = pytest.importorskip("polars")
from artigraph.registry import Registry  # noqa: E402
from artigraph.serializer.polars import dataframe_serializer  # noqa: E402

PLAIN = polars.DataFrame(
    {"a": [1, None, 3], "b": ["x", None, "z"], "c": [1.5, float("nan"), None], "d": [True, False, None]}
)
OBJECTS = polars.DataFrame({"fine": [1], "odd": polars.Series([object()], dtype=polars.Object)})


class TestPolars(SerializerKit):
    serializer = dataframe_serializer
    values = (
        *(PLAIN, PLAIN.clear(), polars.DataFrame(), PLAIN.select(polars.col("a").cast(polars.Int8))),
        polars.DataFrame({"l": [[1], None], "s": [{"x": 1}, {"x": None}], "b": [b"x", None]}),
        polars.DataFrame(
            {"t": [dt.datetime(2024, 1, 2, tzinfo=dt.UTC)], "d": [dt.date(2024, 1, 2)], "x": [dt.timedelta(1)]}
        ),
        polars.DataFrame({"c": polars.Series(["x", "y"], dtype=polars.Enum(["y", "x"]))}),
        polars.DataFrame({"long" * 50 + str(i): ["😀" * 300] * 20 for i in range(30)}),
    )
    refused = (OBJECTS, PLAIN["a"], PLAIN.lazy())

    def equal(self, one, other):
        return type(one) is type(other) and one.schema == other.schema and one.equals(other)


def test_a_frame_is_found_by_its_type():
    assert Registry().serializer_for(PLAIN) is dataframe_serializer


def test_a_column_of_objects_is_named():
    with pytest.raises(UnserializableError, match=r"value\['odd'\] of type object"):
        dataframe_serializer.serialize(OBJECTS)
