"""Polars frames come back with their dtypes; objects are refused."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass
from decimal import Decimal

import pytest

import artigraph as ag
from artigraph.errors import UnserializableError
from artigraph.testing import SerializerKit
from tests.stores import file_store

__all__ = ["file_store"]

polars = pytest.importorskip("polars")
from artigraph.registry import Registry  # noqa: E402
from artigraph.serializer.polars import dataframe_serializer, lazyframe_serializer  # noqa: E402

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
        polars.DataFrame({"c": polars.Series(["x", None], dtype=polars.Categorical), "d": [Decimal("1.10"), None]}),
        polars.DataFrame({"a": polars.Series([[1, 2]], dtype=polars.Array(polars.Int16, 2)), "n": [None]}),
        polars.DataFrame({"t": [dt.time(1, 2, 3, 4)], "x": [[["a"], []]], "z": [float("-inf")]}),
        polars.DataFrame({"long" * 50 + str(i): ["😀" * 300] * 20 for i in range(30)}),
    )
    refused = (OBJECTS, PLAIN["a"], PLAIN.lazy(), polars.DataFrame({"e": [{}]}))

    def equal(self, one, other):
        return type(one) is type(other) and one.schema == other.schema and one.equals(other)


class TestLazy(SerializerKit):
    serializer = lazyframe_serializer
    values = (
        *(PLAIN.lazy(), PLAIN.clear().lazy(), PLAIN.lazy().filter(polars.col("a") > 1).select("b")),
        polars.LazyFrame({"long" * 50 + str(i): [i] for i in range(300)}),
    )
    refused = (PLAIN, OBJECTS.lazy())

    def equal(self, one, other):
        return type(one) is type(other) and one.collect().equals(other.collect())


def test_a_lazy_frame_is_collected_only_where_that_is_asked_for():
    assert Registry().serializer_for(PLAIN.lazy()) is None
    assert Registry().serializer_named("polars.lazyframe/1") is lazyframe_serializer


def test_what_a_query_raises_comes_out_unchanged():
    with pytest.raises(polars.exceptions.ColumnNotFoundError):
        lazyframe_serializer.serialize(PLAIN.lazy().select("missing"))


async def test_a_field_that_asks_for_it_keeps_a_lazy_frame(file_store):
    @dataclass
    class LazyModel(ag.ArtifactModel, version=1):
        frame: polars.LazyFrame = ag.artifact_field(serializer=lazyframe_serializer)  # noqa: RUF009

    back = await LazyModel.load(await LazyModel(PLAIN.lazy()).save())
    assert back.frame.collect().equals(PLAIN)


def test_a_frame_is_found_by_its_type():
    assert Registry().serializer_for(PLAIN) is dataframe_serializer


def test_a_column_of_objects_is_named():
    with pytest.raises(UnserializableError, match=r"value\['odd'\] of type object"):
        dataframe_serializer.serialize(OBJECTS)
