"""pandas frames and series as Parquet, streamed in slices, and given back exactly or refused.

The file has plain unique column names, then the levels of the index as columns, so any reader of Parquet can use it.
What Parquet would change (labels that are no texts, attrs, the frequency of an index, categories, which kind of missing
value a text column has) stands in its metadata under ``artigraph`` and is put back when we read it. A round trip of
the structure without rows comes first: a dtype that does not survive it is refused.
"""

from __future__ import annotations

import io
import json
import os
from math import isnan
from pathlib import Path
from typing import IO, Any

from artigraph.errors import ArtigraphError, SerializeError, UnserializableError
from artigraph.registry import load
from artigraph.serializer.base import Serializer
from artigraph.serializer.delimited import read_text, reading, translated, write_text
from artigraph.serializer.json import json_serializer
from artigraph.serializer.layout import Layout
from artigraph.serializer.looks import PLAIN_DTYPES, content_digest, escaped, fingerprint, preview
from artigraph.serializer.slices import flat, repeating, sample, slices

pandas = load("pandas", "the pandas serializer")
pyarrow = load("pyarrow", "the pandas serializer")
feather = load("pyarrow.feather", "the pandas serializer")
parquet = load("pyarrow.parquet", "the pandas serializer")

_KEY = b"artigraph"
_PLAIN = Layout.of({})


class DataFrameSerializer(Serializer[Any]):
    """``pandas.DataFrame``; columns of mixed objects and subclasses are refused."""

    name = "pandas.parquet/1"
    types = (pandas.DataFrame,)
    suffixes = (".parquet",)
    otypes = ("DataFrame",)
    content_type = "application/vnd.apache.parquet"

    def dump(self, value: Any, file: IO[bytes], /) -> None:
        self.write(value, file)

    def write(self, value: Any, file: IO[bytes], /, **options: Any) -> None:
        """With the options of ``DataFrame.to_parquet`` and of ``pyarrow.parquet.ParquetWriter``."""
        if type(value) is not pandas.DataFrame:
            raise UnserializableError("value", type(value).__qualname__, "convert it with pandas.DataFrame(value)")
        layout = Layout.of(options)
        _write(layout.indexed(value), file, {}, layout)

    def reading(self, value: Any, /, **options: Any) -> dict[str, Any]:
        Layout.of(options)
        return {}

    def load(self, file: IO[bytes], /) -> Any:
        return _read(file)[0]

    def read(self, file: IO[bytes], /, **options: Any) -> Any:
        """With the options of ``pandas.read_parquet``; without any as ``load``."""
        if not options:
            return self.load(file)
        with translated(self.name):
            return pandas.read_parquet(file, **options)

    def preview(self, value: Any, /) -> dict[str, Any] | None:
        """Shape, dtypes and the first 10 rows x 20 columns, all as text."""
        return preview(value)

    def content_digest(self, value: Any, /) -> bytes | None:
        """Over labels, dtypes and values, column by column, on top of ``pandas.util.hash_pandas_object``."""
        return content_digest(value)

    def fingerprint(self, value: Any, /) -> bytes | None:
        """Over shape, labels, dtypes, 1,000 rows, and all numbers up to 64 MiB."""
        return fingerprint(value)


class SeriesSerializer(Serializer[Any]):
    """``pandas.Series`` as a Parquet file of one column."""

    name = "pandas.series/1"
    types = (pandas.Series,)
    otypes = ("Series",)
    content_type = "application/vnd.apache.parquet"

    def dump(self, value: Any, file: IO[bytes], /) -> None:
        if type(value) is not pandas.Series:
            raise UnserializableError("value", type(value).__qualname__, "convert it with pandas.Series(value)")
        _write(value.to_frame("value"), file, {"name": value.name, "attrs": value.attrs})

    def load(self, file: IO[bytes], /) -> Any:
        frame, notes = _read(file)
        if "name" not in notes or frame.shape[1] != 1:
            raise SerializeError(f"not a series in {self.name}")
        series = frame.iloc[:, 0].rename(notes["name"])
        series.attrs = frame.attrs
        return series

    def preview(self, value: Any, /) -> dict[str, Any] | None:
        """Length, dtype and the first 10 values, all as text."""
        return preview(value.to_frame()) | {"shape": [len(value)]}

    def content_digest(self, value: Any, /) -> bytes | None:
        """As that of a frame with this one column."""
        return content_digest(value.to_frame())

    def fingerprint(self, value: Any, /) -> bytes | None:
        return fingerprint(value.to_frame())


class _FileSerializer(Serializer[Any]):
    """``pandas.DataFrame`` as other programs read it: found by suffix, never chosen for a value."""

    def dump(self, value: Any, file: IO[bytes], /) -> None:
        self.write(value, file)

    def load(self, file: IO[bytes], /) -> Any:
        return self.read(file)

    def preview(self, value: Any, /) -> dict[str, Any] | None:
        return preview(value)


class FeatherSerializer(_FileSerializer):
    """As Feather (an Arrow IPC file)."""

    name = "pandas.feather/1"
    suffixes = (".feather", ".ipc", ".arrow")
    content_type = "application/vnd.apache.arrow.file"

    def write(self, value: Any, file: IO[bytes], /, **options: Any) -> None:
        """With the options of ``pyarrow.feather.write_feather``."""
        with translated(self.name):
            feather.write_feather(pyarrow.Table.from_pandas(value), file, **options)

    def read(self, file: IO[bytes], /, **options: Any) -> Any:
        """With the options of ``pyarrow.feather.read_feather``."""
        with translated(self.name):
            return feather.read_feather(file, **options)

    def content_digest(self, value: Any, /) -> bytes | None:
        return content_digest(value)


class CsvSerializer(_FileSerializer):
    """As CSV, which keeps no dtypes."""

    name = "pandas.csv/1"
    suffixes = (".csv", ".csv.gz")
    content_type = "text/csv"
    separator = ","

    def write(self, value: Any, file: IO[bytes], /, **options: Any) -> None:
        """With the options of ``DataFrame.to_csv``."""
        write_text(value, file, {"sep": self.separator, **options})

    def reading(self, value: Any, /, **options: Any) -> dict[str, Any]:
        return reading(value, options)

    def read(self, file: IO[bytes], /, **options: Any) -> Any:
        """With the options of ``pandas.read_csv``."""
        return read_text(file, {"sep": self.separator, **options})


class TsvSerializer(CsvSerializer):
    """The same with tabs."""

    name = "pandas.tsv/1"
    suffixes = (".tsv", ".tsv.gz")
    content_type = "text/tab-separated-values"
    separator = "\t"


def _write(frame: Any, file: IO[bytes], extra: dict[str, Any], layout: Layout = _PLAIN) -> None:
    """Write a frame slice by slice; ``extra`` goes to the notes that ``_read`` gives back."""
    try:
        names = _flat_names(frame)
        schema, columns = _schema(frame, names)
        notes = {"attrs": frame.attrs, "columns": columns} | extra
        notes |= {"labels": _labels_note(frame.columns, names), "index": _index_note(frame.index)}
        schema = schema.with_metadata(schema.metadata | {_KEY: json_serializer.serialize(notes)})
        repeated = repeating(flat(sample(frame), names))
        with layout.opened(file, schema, use_dictionary=repeated, compression="lz4") as writer:
            for part in slices(frame, layout.rows):
                writer.write_table(_table(part, names, schema), row_group_size=layout.rows or max(1, len(part)))
    except ArtigraphError:
        raise
    except (pyarrow.ArrowException, KeyError, TypeError, ValueError) as error:
        hint = f"it has no exact Parquet form: {str(error)[:300]}"
        raise UnserializableError(_blamed(frame, error), type(frame).__name__, hint) from error


def _read(file: IO[bytes]) -> tuple[Any, dict[str, Any]]:
    """The frame in a Parquet file, ours or another's, and our notes about it."""
    try:
        table = parquet.read_table(_source(file))
        metadata = table.schema.metadata or {}
        if _KEY not in metadata:
            return table.to_pandas(), {}
        notes = json_serializer.deserialize(metadata[_KEY])
        return _restored(_flat_frame(table), notes), notes
    except Exception as error:  # whatever hostile bytes provoke
        raise SerializeError(f"not a frame in Parquet: {str(error)[:300]}") from error


def _flat_names(frame: Any) -> list[str]:
    """Unique names in the file: of the columns, then of the levels of the index, unless that is a plain range."""
    names = [escaped(label) for label in frame.columns]
    if len(set(names)) < len(names):
        names = [f"{place}" for place in range(len(names))]
    if not isinstance(frame.index, pandas.RangeIndex):
        for level, name in enumerate(frame.index.names):
            usable = type(name) is str and name not in names and escaped(name) == name
            names.append(name if usable else f"__index_level_{level}__")
    if len(set(names)) < len(names):
        raise SerializeError("a column is named as a level of the index is in the file (__index_level_0__); rename it")
    return names


def _table(part: Any, names: list[str], schema: Any) -> Any:
    return pyarrow.Table.from_pandas(flat(part, names), schema=schema, preserve_index=False, nthreads=1)


def _flat_frame(table: Any) -> Any:
    """The frame of a table with the index still among the columns."""
    details = json.loads(table.schema.metadata[b"pandas"]) | {"index_columns": []}
    return table.replace_schema_metadata({b"pandas": json.dumps(details)}).to_pandas()


def _schema(frame: Any, names: list[str]) -> tuple[Any, dict[int, dict[str, Any]]]:
    """The Arrow schema of a frame, and by place what has to be put back into which column after reading.

    No value is converted: a round trip without rows shows which dtypes Parquet keeps.
    """
    empty = flat(frame.head(0), names)
    schema = pyarrow.Schema.from_pandas(empty, preserve_index=False)
    columns = {}
    for place in range(len(names)):
        if note := _column_note(frame, place):
            columns[place] = note
            if kind := note.get("arrow"):
                schema = schema.set(place, schema.field(place).with_type(getattr(pyarrow, kind)()))
    doubtful = [
        place for place, dtype in enumerate(empty.dtypes) if place not in columns and str(dtype) not in PLAIN_DTYPES
    ]
    if doubtful:
        file = io.BytesIO()
        with parquet.ParquetWriter(file, schema) as writer:
            writer.write_table(_table(frame.head(0), names, schema))
        back = _flat_frame(parquet.read_table(file))
        for place in doubtful:
            dtype, column = empty.dtypes.iloc[place], back.iloc[:, place]
            if column.dtype != dtype:
                columns[place] = {"dtype": str(dtype)}
                if _put_back(column, columns[place]).dtype != dtype:
                    raise UnserializableError(_at(frame, place), str(dtype), "it has no exact Parquet form")
    details = json.loads(schema.metadata[b"pandas"])
    details["index_columns"] = names[frame.shape[1] :]
    if isinstance(frame.index, pandas.RangeIndex):
        span = {"start": frame.index.start, "stop": frame.index.stop, "step": frame.index.step}
        details["index_columns"] = [{"kind": "range", "name": None, **span}]
    return schema.with_metadata({b"pandas": json.dumps(details).encode()}), columns


def _column_note(frame: Any, place: int) -> dict[str, Any]:
    """What has to be put back into a column (or level of the index) of objects or categories; else nothing."""
    width = frame.shape[1]
    column = frame.iloc[:, place] if place < width else frame.index.get_level_values(place - width)
    if isinstance(column.dtype, pandas.CategoricalDtype):
        return {"categories": _packed(column.dtype.categories), "ordered": column.dtype.ordered}
    if column.dtype != object:
        return {}
    values = column.to_numpy()
    kinds = set(map(type, values))
    missing = kinds & _MISSING.keys()
    numbers = float in kinds and any(type(value) is float and not isnan(value) for value in values)
    if numbers or len(missing) > 1 or kinds - missing not in (set(), {str}, {bytes}):
        named = ", ".join(sorted(kind.__name__ for kind in kinds))
        hint = "only texts or only bytes, with one kind of missing value, are kept: convert it, say with astype(str)"
        raise UnserializableError(_at(frame, place), f"object ({named})", hint)
    note: dict[str, Any] = {"dtype": "object", "arrow": "binary" if bytes in kinds else "string"}
    for kind in missing:
        note["missing"] = _MISSING[kind]
    return note


def _labels_note(labels: Any, names: list[str]) -> dict[str, Any]:
    """The column labels, unless they are the names in the file."""
    if isinstance(labels, pandas.RangeIndex):
        return {"range": (labels.start, labels.stop, labels.step), "names": list(labels.names)}
    if isinstance(labels, pandas.MultiIndex) or str(labels.dtype) not in ("object", "str"):
        return {"packed": _packed(labels), "names": list(labels.names)}
    values = labels.tolist()
    note = {"dtype": str(labels.dtype), "names": list(labels.names)}
    return note if values == names[: len(values)] else note | {"values": values}


def _index_note(index: Any) -> dict[str, Any]:
    note: dict[str, Any] = {"names": list(index.names), "multi": isinstance(index, pandas.MultiIndex)}
    if isinstance(index, pandas.RangeIndex):
        note["range"] = (index.start, index.stop, index.step)
    elif isinstance(index, pandas.DatetimeIndex | pandas.TimedeltaIndex):
        note["freq"] = index.freqstr
    return note


def _packed(index: Any) -> bytes:
    """An index, without its names, as a small file of its own."""
    file = io.BytesIO()
    _write(pandas.DataFrame(index=index.set_names([None] * index.nlevels)), file, {})
    return file.getvalue()


def _restored(flat: Any, notes: dict[str, Any]) -> Any:
    """The frame as it was, of what Parquet gave back and our notes."""
    for place, note in notes["columns"].items():
        flat.isetitem(place, _put_back(flat.iloc[:, place], note))
    about, labels = notes["index"], notes["labels"]
    levels = 0 if "range" in about else len(about["names"])
    width = flat.shape[1] - levels
    values = [flat.iloc[:, place] for place in range(width, flat.shape[1])]
    if "range" in about:
        index = pandas.RangeIndex(*about["range"])
    elif about["multi"]:
        index = pandas.MultiIndex.from_arrays(values)
    else:
        index = pandas.Index(values[0], dtype=values[0].dtype)
    if about.get("freq"):
        index.freq = about["freq"]
    index = index.set_names(about["names"])
    frame = flat.iloc[:, :width] if levels else flat
    frame = frame.set_axis(index, axis=0) if width else pandas.DataFrame(index=index)
    if "range" in labels:
        frame.columns = pandas.RangeIndex(*labels["range"])
    elif "packed" in labels:
        frame.columns = _read(io.BytesIO(labels["packed"]))[0].index
    else:
        values = labels.get("values", list(frame.columns))
        frame.columns = pandas.Index(values, dtype=labels["dtype"], tupleize_cols=False)
    frame.columns = frame.columns.set_names(labels["names"])
    frame.attrs = notes["attrs"]
    return frame


def _put_back(column: Any, note: dict[str, Any]) -> Any:
    if "categories" in note:
        categories = _read(io.BytesIO(note["categories"]))[0].index
        column = column.astype(pandas.CategoricalDtype(categories, note["ordered"]))
        is_same = column.cat.categories.equals(categories)  # without an order of their own, astype leaves them
        return column if is_same else column.cat.set_categories(categories)
    column = column.astype(note["dtype"])
    if "missing" in note:
        column = column.where(column.notna(), _VALUES[note["missing"]])
    return column


def _source(file: IO[bytes]) -> Any:
    """The file, or where it has a name a memory map of it, which Arrow reads without waiting for Python."""
    name = getattr(file, "name", None)
    if not isinstance(name, str) or not Path(name).exists():
        return file
    return pyarrow.memory_map(name) if os.path.samestat(Path(name).stat(), os.fstat(file.fileno())) else file


def _at(frame: Any, place: int) -> str:
    """The path to a column, or to a level of the index."""
    width = frame.shape[1]
    if place >= width:
        return f"value.index.get_level_values({place - width})"
    return f"value.iloc[:, {place}] (column {str(frame.columns[place])[:80]!r})"


def _blamed(frame: Any, error: Exception) -> str:
    """The path to the column that pyarrow complains about, when it says so."""
    named = (place for place, label in enumerate(frame.columns) if f"column {label} " in str(error))
    return next((_at(frame, place) for place in named), "value")


_MISSING: dict[type, str] = {type(None): "None", float: "nan", type(pandas.NA): "NA"}
_VALUES = {"None": None, "nan": float("nan"), "NA": pandas.NA}
dataframe_serializer = DataFrameSerializer().register()
series_serializer = SeriesSerializer().register()
feather_serializer = FeatherSerializer().register()
csv_serializer, tsv_serializer = CsvSerializer().register(), TsvSerializer().register()
pandas_serializer = dataframe_serializer
