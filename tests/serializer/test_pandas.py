"""Frames and series come back exactly, or are refused with the column named."""

from __future__ import annotations

import datetime as dt
import io
import tracemalloc

import pytest

from artigraph.errors import SerializeError, UnserializableError
from artigraph.testing import SerializerKit

pandas = pytest.importorskip("pandas")
numpy = pytest.importorskip("numpy")
parquet = pytest.importorskip("pyarrow.parquet")
from artigraph.registry import Registry  # noqa: E402
from artigraph.serializer.pandas import dataframe_serializer, pandas_serializer, series_serializer  # noqa: E402

DAYS = pandas.date_range("2020-01-01", periods=3, freq="D")


class Own(pandas.DataFrame):
    pass


def objects(*values):
    return pandas.DataFrame({"a": pandas.Series(values, dtype=object)})


def with_attrs(attrs):
    frame = pandas.DataFrame({"a": [1]})
    frame.attrs = attrs
    return frame


def labelled(labels):
    return pandas.DataFrame(numpy.zeros((2, len(labels))), columns=labels)


def indexed(index):
    return pandas.DataFrame({"a": range(len(index))}, index=index)


PLAIN = pandas.DataFrame({"a": [1, 2, 3], "b": [1.5, None, -0.0], "c": ["x", None, "z"], "d": [True, False, True]})


class TestDataFrame(SerializerKit):
    serializer = dataframe_serializer
    values = (
        *(
            PLAIN,
            PLAIN.head(0),
            pandas.DataFrame(),
            pandas.DataFrame(index=range(3)),
            pandas.DataFrame(columns=["a", "b"]),
        ),
        *(
            objects("x", None),
            objects("x", numpy.nan),
            objects("x", pandas.NA),
            objects(None, None),
            objects(numpy.nan),
            objects(),
        ),
        *(objects(b"x", None), with_attrs({"x": (1, {2}), 1: "a"}), PLAIN.iloc[::2], PLAIN.iloc[1:].iloc[::-1]),
        pandas.DataFrame({u: DAYS.as_unit(u) for u in ("s", "ms", "us", "ns")}),
        pandas.DataFrame({u: (DAYS - DAYS[0]).as_unit(u) for u in ("s", "ms", "us", "ns")}),
        pandas.DataFrame({"a": DAYS.tz_localize("Europe/Berlin"), "b": DAYS.tz_localize("UTC")}),
        pandas.DataFrame({"a": DAYS.tz_localize(dt.timezone(dt.timedelta(hours=2)))}).head(0),
        pandas.DataFrame({k: numpy.array([1, 2], dtype=k) for k in ("i1", "u1", "i2", "u2", "u4", "u8", "f2", "f4")}),
        pandas.DataFrame(
            {"i": pandas.array([1, None], dtype="Int64"), "b": pandas.array([True, None], dtype="boolean")}
        ),
        pandas.DataFrame(
            {"s": pandas.array(["x", None], dtype="string"), "r": pandas.array([1, None], dtype="int64[pyarrow]")}
        ),
        pandas.DataFrame({"a": pandas.Categorical(["x", "y", None], categories=["y", "x", "unused"], ordered=True)}),
        pandas.DataFrame({"a": pandas.Categorical(["x", "y", None], categories=["y", "x"])}),
        pandas.DataFrame({"a": pandas.Categorical([2, 1, 2])}).head(0),
        pandas.DataFrame({"a": pandas.period_range("2020", periods=2, freq="M"), "b": pandas.interval_range(0, 2)}),
        *(
            indexed(DAYS),
            indexed(DAYS[[0, 2]]),
            indexed(DAYS - DAYS[0]),
            indexed(pandas.RangeIndex(5, 11, 2, name="r")),
        ),
        *(
            indexed(pandas.RangeIndex(5, 2, -1)),
            indexed(["x", "y"]),
            indexed(pandas.CategoricalIndex(["x", "y"], name="a")),
            indexed(pandas.CategoricalIndex(["x", "y"], categories=["y", "z", "x"])),
        ),
        *(indexed(pandas.Index(["x", None], dtype=object)), indexed([1.5, numpy.nan]), indexed([7, 7]), indexed([])),
        indexed(pandas.MultiIndex.from_product([["x", "y"], [1, 2]], names=["p", None])),
        indexed(pandas.MultiIndex.from_arrays([[1, 2]])),
        *(
            labelled([0, 1]),
            labelled([5, 7]),
            labelled(["a", "a"]),
            labelled([1, "a"]),
            labelled([("a", 1)]),
            labelled([1.5]),
        ),
        *(
            labelled(DAYS),
            labelled([True, False]),
            labelled([None]),
            labelled(pandas.CategoricalIndex(["x", "y"])),
            labelled(["😀"]),
        ),
        labelled(pandas.MultiIndex.from_product([["x", "y"], [1, 2]], names=["p", "q"])),
        *(labelled(pandas.Index(["x"], dtype=object, name="n")), labelled(pandas.Index(["\ud800"], dtype=object))),
    )
    refused = (
        *(
            objects(1, "x"),
            objects([1]),
            objects({}),
            objects("x", 1.5),
            objects("x", None, numpy.nan),
            objects("x", b"x"),
        ),
        *(
            objects(numpy.str_("x")),
            objects("\ud800"),
            pandas.DataFrame({"a": [1j]}),
            with_attrs({"x": object()}),
            Own({"a": [1]}),
        ),
        *(indexed(pandas.Index(["x", 1], dtype=object)), pandas.DataFrame({"__index_level_0__": [1]}, index=[7])),
        *(pandas.DataFrame({"a": pandas.arrays.SparseArray([0, 1])}), pandas.Series([1])),
    )

    def equal(self, one, other):
        pandas.testing.assert_frame_equal(one, other, check_freq=True)
        return type(one) is type(other) and type(one.index) is type(other.index) and one.attrs == other.attrs


class TestSeries(SerializerKit):
    serializer = series_serializer
    values = (
        *(
            pandas.Series([1, 2]),
            pandas.Series(["a"], name="x"),
            pandas.Series([1.0], name=("a", 1)),
            pandas.Series([1], name=3),
        ),
        *(pandas.Series([], dtype="float64"), pandas.Series([b"x", None]), pandas.Series(range(3), index=DAYS)),
        *(pandas.Series(pandas.Categorical(["a"])), pandas.Series({"x": 1.5}, name="value")),
    )
    refused = (pandas.DataFrame(), pandas.Series([1, "x"]), pandas.Series([1], name=DAYS[0]))

    def equal(self, one, other):
        pandas.testing.assert_series_equal(one, other, check_freq=True)
        return type(one) is type(other) and one.attrs == other.attrs


def test_frames_and_series_are_found_by_value_and_suffix():
    registry = Registry()
    assert registry.serializer_for(PLAIN) is registry.serializer_for_suffix(".parquet") is dataframe_serializer
    assert registry.serializer_for(PLAIN["a"]) is series_serializer
    assert pandas_serializer is dataframe_serializer


def test_a_mixed_column_is_named():
    frame = pandas.DataFrame({"fine": [1, 2], "mixed": [1, "x"]})
    with pytest.raises(
        UnserializableError, match=r"value\.iloc\[:, 1\] \(column 'mixed'\) of type object \(int, str\)"
    ):
        dataframe_serializer.serialize(frame)


def test_a_frame_of_many_slices_is_the_frame(monkeypatch):
    monkeypatch.setattr("artigraph.serializer.slices.SLICE_ROWS", 7)
    frame = pandas.DataFrame(
        {"a": range(50), "b": pandas.Categorical(["x", "y"] * 25), "c": objects(*["t", None] * 25)["a"]},
        index=pandas.MultiIndex.from_product([range(10), list("abcde")], names=["n", "l"]),
    )
    data = dataframe_serializer.serialize(frame)
    assert parquet.ParquetFile(io.BytesIO(data)).num_row_groups == 8
    pandas.testing.assert_frame_equal(dataframe_serializer.deserialize(data), frame)


def test_other_readers_of_parquet_see_names_and_index():
    frame = pandas.DataFrame({"a": [1, 2], "b": ["x", "y"]}, index=pandas.Index([5, 6], name="when"))
    back = pandas.read_parquet(io.BytesIO(dataframe_serializer.serialize(frame)))
    pandas.testing.assert_frame_equal(back, frame)


def test_a_reader_of_parquet_that_is_not_arrow_s_reads_it():
    polars = pytest.importorskip("polars")
    columns = {"number": [n / 7 for n in range(5000)], "text": [f"text {n % 9}" for n in range(5000)]}
    data = dataframe_serializer.serialize(pandas.DataFrame(columns))
    assert polars.read_parquet(io.BytesIO(data)).to_dict(as_series=False) == columns
    group = parquet.ParquetFile(io.BytesIO(data)).metadata.row_group(0)
    assert {group.column(n).compression for n in range(2)} == {"LZ4"}


def test_files_of_other_writers_can_be_read():
    file = io.BytesIO()
    PLAIN.to_parquet(file)
    pandas.testing.assert_frame_equal(dataframe_serializer.deserialize(file.getvalue()), PLAIN)


def test_what_comes_back_can_be_changed():
    back = dataframe_serializer.deserialize(dataframe_serializer.serialize(PLAIN))
    back.loc[0, "a"] = 7
    back["b"].to_numpy(copy=True)[0] = 1.0
    assert back["a"].tolist() == [7, 2, 3]


def test_a_frame_is_no_series():
    with pytest.raises(SerializeError, match="not a series"):
        series_serializer.deserialize(dataframe_serializer.serialize(PLAIN[["a"]]))


def test_content_digests_differ_where_content_does():
    frames = [
        *(PLAIN, PLAIN.rename(columns={"a": "z"}), PLAIN.assign(a=PLAIN["a"].astype("int32")), PLAIN.iloc[::-1]),
        *(
            PLAIN.assign(a=[1, 2, 4]),
            PLAIN.set_axis([4, 5, 6]),
            PLAIN.rename_axis(index="n"),
            PLAIN[["b", "a", "c", "d"]],
        ),
    ]
    assert len({dataframe_serializer.content_digest(frame) for frame in frames}) == len(frames)
    assert dataframe_serializer.content_digest(PLAIN.copy()) == dataframe_serializer.content_digest(PLAIN)


def test_a_preview_shows_the_first_rows_and_columns_as_text():
    shown = dataframe_serializer.preview(pandas.DataFrame({f"c{i}": [0.123456789, numpy.nan] * 10 for i in range(30)}))
    assert (shown["shape"], len(shown["columns"]), len(shown["rows"])) == ([20, 30], 20, 10)
    assert shown["rows"][:2] == [["0.123457"] * 20, ["nan"] * 20]
    assert shown["index"] == [str(row) for row in range(10)]


def test_a_preview_of_long_texts_is_clipped():
    frame = pandas.DataFrame({"😀" * 90 + str(i): ["😀" * 500, "\x00"] * 5 for i in range(30)})
    cell = dataframe_serializer.preview(frame)["rows"][0][0]
    assert cell.endswith("…")


def test_writing_does_not_copy_the_frame(tmp_path):
    frame = pandas.DataFrame({f"c{i}": numpy.arange(500_000) * 1.5 for i in range(10)})
    tracemalloc.start()
    try:
        with (tmp_path / "f").open("wb") as file:
            dataframe_serializer.dump(frame, file)
        assert tracemalloc.get_traced_memory()[1] < frame.memory_usage().sum() / 4
    finally:
        tracemalloc.stop()
    with (tmp_path / "f").open("rb") as file:
        pandas.testing.assert_frame_equal(dataframe_serializer.load(file), frame)


def test_only_columns_whose_values_come_again_get_a_dictionary():
    places = numpy.arange(5000)
    frame = pandas.DataFrame(
        {"own": places * 1.5, "few": places % 7, "text": [f"t{n}" for n in places], "kind": "same"}
    )
    group = parquet.ParquetFile(io.BytesIO(dataframe_serializer.serialize(frame.set_index("few")))).metadata.row_group(
        0
    )
    columns = [group.column(n) for n in range(group.num_columns)]
    kept = {column.path_in_schema: column.has_dictionary_page for column in columns}
    assert kept == {"own": False, "text": False, "kind": True, "few": True}
