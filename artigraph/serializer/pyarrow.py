"""Arrow tables as Parquet or Feather, streams of them piece by piece; schema and metadata included."""

from __future__ import annotations

import io
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from functools import partial
from typing import IO, Any

from artigraph.errors import ArtigraphError, SerializeError, UnserializableError
from artigraph.registry import load
from artigraph.serializer.base import Serializer, StreamSerializer, clipped_preview

pyarrow = load("pyarrow", "the pyarrow serializer")
csv = load("pyarrow.csv", "the pyarrow serializer")
feather = load("pyarrow.feather", "the pyarrow serializer")
ipc = load("pyarrow.ipc", "the pyarrow serializer")
parquet = load("pyarrow.parquet", "the pyarrow serializer")


class _TableSerializer(Serializer[Any]):
    """``pyarrow.Table`` through one of Arrow's writers; what does not survive it without rows is refused."""

    types: tuple[type, ...] = (pyarrow.Table,)
    otypes = ("Table",)

    def __init__(self, writer: Any, reader: Any) -> None:
        self._writer, self._reader = writer, reader

    def dump(self, value: Any, file: IO[bytes], /) -> None:
        self.write(value, file)

    def write(self, value: Any, file: IO[bytes], /, **options: Any) -> None:
        """With the options of Arrow's writer."""
        if type(value) is not pyarrow.Table:
            raise UnserializableError("value", type(value).__qualname__, "convert it to a pyarrow.Table")
        try:
            trial = io.BytesIO()
            self._writer(value.schema.empty_table(), trial)
            kept = self._reader(trial).schema
            if not kept.equals(value.schema, check_metadata=True):
                lost = [field.name for field in value.schema if field not in kept] or "all, in its metadata"
                raise UnserializableError("value", "Table", f"{self.name} would change the schema of {lost}")
            self._writer(value, file, **options)
        except ArtigraphError:
            raise
        except TypeError as error:
            raise SerializeError(f"{self.name} cannot write it: {str(error)[:300]}") from error
        except pyarrow.ArrowException as error:
            raise UnserializableError("value", "Table", f"{self.name} cannot hold it: {str(error)[:300]}") from error

    def load(self, file: IO[bytes], /) -> Any:
        return self.read(file)

    def read(self, file: IO[bytes], /, **options: Any) -> Any:
        """With the options of Arrow's reader."""
        try:
            return self._reader(file, **options)
        except Exception as error:  # whatever hostile bytes provoke
            raise SerializeError(f"not a table in {self.name}: {str(error)[:300]}") from error

    def preview(self, value: Any, /) -> dict[str, Any] | None:
        """Shape, and the first 20 columns with their types and first 10 values, as text."""
        columns = value.schema.names[:20]
        head = [value.column(place).slice(0, 10).to_pylist() for place in range(len(columns))]
        return clipped_preview(
            {
                "shape": [value.num_rows, value.num_columns],
                "columns": [str(name) for name in columns],
                "dtypes": [str(kind) for kind in value.schema.types[:20]],
                "rows": [[str(cell)[:100] for cell in row] for row in zip(*head, strict=True)],
            }
        )


class ParquetSerializer(_TableSerializer):
    """Arrow tables as Parquet."""

    name = "pyarrow.parquet/1"
    content_type = "application/vnd.apache.parquet"


class FeatherSerializer(_TableSerializer):
    """Arrow tables as Feather (version 2: an Arrow IPC file)."""

    name = "pyarrow.feather/1"
    content_type = "application/vnd.apache.arrow.file"


class CsvSerializer(_TableSerializer):
    """Arrow tables as CSV, which keeps no types: named by the key of a table, never chosen for a value."""

    name = "pyarrow.csv/1"
    types = ()
    content_type = "text/csv"
    separator = ","

    def __init__(self) -> None:
        super().__init__(None, None)

    def write(self, value: Any, file: IO[bytes], /, **options: Any) -> None:
        """With the options of ``pyarrow.csv.WriteOptions``."""
        try:
            csv.write_csv(value, file, csv.WriteOptions(**{"delimiter": self.separator, **options}))
        except (pyarrow.ArrowException, TypeError, ValueError) as error:
            raise SerializeError(f"{self.name} cannot write it: {str(error)[:300]}") from error

    def reading(self, value: Any, /, **options: Any) -> dict[str, Any]:
        found: dict[str, Any] = {name: options[name] for name in ("delimiter",) if name in options}
        if options.get("include_header") is False:
            found["column_names"] = value.column_names
        return found

    def read(self, file: IO[bytes], /, **options: Any) -> Any:
        """With the options of ``pyarrow.csv.ParseOptions``, and ``column_names`` of a file that has none."""
        try:
            reading = csv.ReadOptions(column_names=options.pop("column_names", None))
            parsing = csv.ParseOptions(**{"delimiter": self.separator, **options})
            return csv.read_csv(file, read_options=reading, parse_options=parsing)
        except Exception as error:  # whatever hostile bytes provoke
            raise SerializeError(f"{self.name} cannot read it: {str(error)[:300]}") from error


class TsvSerializer(CsvSerializer):
    """The same with tabs."""

    name = "pyarrow.tsv/1"
    content_type = "text/tab-separated-values"
    separator = "\t"


class BatchesSerializer(StreamSerializer[Any]):
    """Record batches of one schema as an Arrow IPC stream."""

    name = "pyarrow.batches/1"
    items = (pyarrow.RecordBatch,)
    suffixes = (".arrows",)
    content_type = "application/vnd.apache.arrow.stream"

    def dump(self, value: Iterable[Any], file: IO[bytes], /) -> None:
        writer = None
        for place, batch in _alike(value, pyarrow.RecordBatch):
            with _blamed(place):
                writer = writer or ipc.new_stream(file, batch.schema)
                writer.write_batch(batch)
        if writer is not None:
            writer.close()

    def load(self, file: IO[bytes], /) -> Iterator[Any]:
        try:
            if file.seek(0, 2) and file.seek(0) == 0:
                yield from ipc.open_stream(file)
        except Exception as error:  # whatever hostile bytes provoke
            raise SerializeError(f"not batches in {self.name}: {str(error)[:300]}") from error


class RowGroupsSerializer(StreamSerializer[Any]):
    """Tables of one schema as the row groups of a Parquet file."""

    name = "pyarrow.rowgroups/1"
    items = (pyarrow.Table,)
    content_type = "application/vnd.apache.parquet"

    def dump(self, value: Iterable[Any], file: IO[bytes], /) -> None:
        writer = None
        for place, table in _alike(value, pyarrow.Table):
            with _blamed(place):
                if writer is None:
                    parquet_serializer.serialize(table.schema.empty_table())  # says what would not survive
                    writer = parquet.ParquetWriter(file, table.schema, use_compliant_nested_type=False)
                writer.write_table(table, row_group_size=max(1, table.num_rows))
        if writer is not None:
            writer.close()

    def load(self, file: IO[bytes], /) -> Iterator[Any]:
        try:
            if file.seek(0, 2):
                groups = parquet.ParquetFile(file)
                yield from map(groups.read_row_group, range(groups.num_row_groups))
        except Exception as error:  # whatever hostile bytes provoke
            raise SerializeError(f"not row groups in {self.name}: {str(error)[:300]}") from error


def _alike(value: Iterable[Any], cls: Any) -> Iterator[tuple[int, Any]]:
    """The items with their places, as long as they are of one class and one schema."""
    schema = None
    for place, item in enumerate(value):
        if type(item) is not cls:
            raise UnserializableError(f"value[{place}]", type(item).__qualname__, f"this is a stream of {cls.__name__}")
        schema = schema or item.schema
        if not item.schema.equals(schema, check_metadata=True):
            raise UnserializableError(f"value[{place}]", cls.__name__, "its schema is not that of the items before it")
        yield place, item


@contextmanager
def _blamed(place: int) -> Iterator[None]:
    """Say of which item Arrow complains."""
    try:
        yield
    except pyarrow.ArrowException as error:
        raise UnserializableError(f"value[{place}]", "item of Arrow", str(error)[:300]) from error


_write_parquet = partial(parquet.write_table, use_compliant_nested_type=False)  # keeps the names of list members
parquet_serializer = ParquetSerializer(_write_parquet, parquet.read_table).register()
feather_serializer = FeatherSerializer(feather.write_feather, feather.read_table).register()
csv_serializer, tsv_serializer = CsvSerializer().register(), TsvSerializer().register()
batches_serializer = BatchesSerializer().register()
row_groups_serializer = RowGroupsSerializer().register()
