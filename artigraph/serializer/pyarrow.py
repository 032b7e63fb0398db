"""Arrow tables as Parquet or Feather, schema and metadata included."""

from __future__ import annotations

import io
from functools import partial
from typing import IO, Any

from artigraph.errors import SerializeError, UnserializableError
from artigraph.registry import load
from artigraph.serializer.base import Serializer, fits_preview

pyarrow = load("pyarrow", "the pyarrow serializer")
feather = load("pyarrow.feather", "the pyarrow serializer")
parquet = load("pyarrow.parquet", "the pyarrow serializer")


class _TableSerializer(Serializer[Any]):
    """``pyarrow.Table`` through one of Arrow's writers; what does not survive it without rows is refused."""

    types = (pyarrow.Table,)
    otypes = ("Table",)

    def __init__(self, writer: Any, reader: Any) -> None:
        self._writer, self._reader = writer, reader

    def dump(self, value: Any, file: IO[bytes], /) -> None:
        if type(value) is not pyarrow.Table:
            raise UnserializableError("value", type(value).__qualname__, "convert it to a pyarrow.Table")
        try:
            trial = io.BytesIO()
            self._writer(value.schema.empty_table(), trial)
            kept = self._reader(trial).schema
            if not kept.equals(value.schema, check_metadata=True):
                lost = [field.name for field in value.schema if field not in kept] or "all, in its metadata"
                raise UnserializableError("value", "Table", f"{self.name} would change the schema of {lost}")
            self._writer(value, file)
        except pyarrow.ArrowException as error:
            raise UnserializableError("value", "Table", f"{self.name} cannot hold it: {str(error)[:300]}") from error

    def load(self, file: IO[bytes], /) -> Any:
        try:
            return self._reader(file)
        except Exception as error:  # whatever hostile bytes provoke
            raise SerializeError(f"not a table in {self.name}: {str(error)[:300]}") from error

    def preview(self, value: Any, /) -> dict[str, Any] | None:
        """Shape, and the first 20 columns with their types and first 10 values, as text."""
        columns = value.schema.names[:20]
        head = [value.column(place).slice(0, 10).to_pylist() for place in range(len(columns))]
        shown: dict[str, Any] = {}
        for width in (60, 30, 15, 6, 2):
            shown = {
                "shape": [value.num_rows, value.num_columns],
                "columns": [str(name)[:width] for name in columns],
                "dtypes": [str(kind)[:width] for kind in value.schema.types[:20]],
                "rows": [[str(cell)[:width] for cell in row] for row in zip(*head, strict=True)],
            }
            if fits_preview(shown):
                break
        return shown


class ParquetSerializer(_TableSerializer):
    """Arrow tables as Parquet."""

    name = "pyarrow.parquet/1"
    content_type = "application/vnd.apache.parquet"


class FeatherSerializer(_TableSerializer):
    """Arrow tables as Feather (version 2: an Arrow IPC file)."""

    name = "pyarrow.feather/1"
    suffixes = (".feather",)
    content_type = "application/vnd.apache.arrow.file"


_write_parquet = partial(parquet.write_table, use_compliant_nested_type=False)  # keeps the names of list members
parquet_serializer = ParquetSerializer(_write_parquet, parquet.read_table).register()
feather_serializer = FeatherSerializer(feather.write_feather, feather.read_table).register()
