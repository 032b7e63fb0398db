"""Polars frames as Parquet, lazy ones too where that is asked for."""

from __future__ import annotations

import io
from typing import IO, Any

from artigraph.errors import ArtigraphError, SerializeError, UnserializableError
from artigraph.registry import load
from artigraph.serializer.base import Serializer, clipped_preview

polars = load("polars", "the polars serializer")


class DataFrameSerializer(Serializer[Any]):
    """``polars.DataFrame``; dtypes that Parquet would change (objects) are refused."""

    name = "polars.parquet/1"
    types = (polars.DataFrame,)
    otypes = ("polars.DataFrame",)
    content_type = "application/vnd.apache.parquet"

    def dump(self, value: Any, file: IO[bytes], /) -> None:
        self.write(value, file)

    def write(self, value: Any, file: IO[bytes], /, **options: Any) -> None:
        """With the options of ``DataFrame.write_parquet``."""
        if type(value) is not polars.DataFrame:
            raise UnserializableError("value", type(value).__qualname__, "convert it to a polars.DataFrame")
        for name, dtype in value.schema.items():
            if dtype.base_type() is polars.Object:
                raise UnserializableError(f"value[{name!r}]", "object", "convert the column to a dtype of Polars")
        try:
            trial = io.BytesIO()
            value.clear().write_parquet(trial)
            trial.seek(0)
            if polars.read_parquet(trial, use_pyarrow=False).schema != value.schema:
                raise UnserializableError("value", "DataFrame", "Parquet would change its dtypes")
            value.write_parquet(file, **options)
        except ArtigraphError:
            raise
        except (TypeError, ValueError) as error:
            raise SerializeError(f"{self.name} cannot write it: {str(error)[:300]}") from error
        except polars.exceptions.PolarsError as error:
            raise UnserializableError("value", "DataFrame", f"Parquet cannot hold it: {str(error)[:300]}") from error

    def load(self, file: IO[bytes], /) -> Any:
        return self.read(file)

    def read(self, file: IO[bytes], /, **options: Any) -> Any:
        """With the options of ``polars.read_parquet``."""
        try:
            return polars.read_parquet(file, **{"use_pyarrow": False, **options})
        except (Exception, polars.exceptions.PanicException) as error:  # whatever hostile bytes provoke
            raise SerializeError(f"not a frame in {self.name}: {str(error)[:300]}") from error

    def preview(self, value: Any, /) -> dict[str, Any] | None:
        """Shape, and the first 20 columns with their dtypes and first 10 values, as text."""
        head = value[:10, :20]
        return clipped_preview(
            {
                "shape": list(value.shape),
                "columns": head.columns,
                "dtypes": [str(dtype) for dtype in head.dtypes],
                "rows": [[str(cell)[:100] for cell in row] for row in head.rows()],
            }
        )


class _FileSerializer(Serializer[Any]):
    """``polars.DataFrame`` in a format of other programs: named by the key of a table, never chosen for a value."""

    def __init__(self, writer: str, reader: str, **options: Any) -> None:
        self._writer, self._reader, self._options = writer, reader, options

    def dump(self, value: Any, file: IO[bytes], /) -> None:
        self.write(value, file)

    def write(self, value: Any, file: IO[bytes], /, **options: Any) -> None:
        """With the options of the method of Polars that writes this format."""
        try:
            getattr(value, self._writer)(file, **{**self._options, **options})
        except (TypeError, ValueError, polars.exceptions.PolarsError) as error:
            raise SerializeError(f"{self.name} cannot write it: {str(error)[:300]}") from error

    def reading(self, value: Any, /, **options: Any) -> dict[str, Any]:
        found: dict[str, Any] = {
            name: options[name] for name in ("separator", "quote_char", "decimal_comma") if name in options
        }
        if options.get("null_value"):
            found["null_values"] = [options["null_value"]]
        if options.get("include_header") is False:
            found |= {"has_header": False, "new_columns": value.columns}
        return found

    def load(self, file: IO[bytes], /) -> Any:
        return self.read(file)

    def read(self, file: IO[bytes], /, **options: Any) -> Any:
        """With the options of the function of Polars that reads this format."""
        try:
            return getattr(polars, self._reader)(file, **{**self._options, **options})
        except (Exception, polars.exceptions.PanicException) as error:  # whatever hostile bytes provoke
            raise SerializeError(f"{self.name} cannot read it: {str(error)[:300]}") from error

    def preview(self, value: Any, /) -> dict[str, Any] | None:
        return dataframe_serializer.preview(value)


class CsvSerializer(_FileSerializer):
    """As CSV, which keeps no dtypes."""

    name = "polars.csv/1"
    content_type = "text/csv"


class TsvSerializer(_FileSerializer):
    """As CSV with tabs."""

    name = "polars.tsv/1"
    content_type = "text/tab-separated-values"


class FeatherSerializer(_FileSerializer):
    """As Feather (an Arrow IPC file)."""

    name = "polars.feather/1"
    content_type = "application/vnd.apache.arrow.file"


class LazyFrameSerializer(Serializer[Any]):
    """``polars.LazyFrame``, collected; since that may take long, only where this serializer is named."""

    name = "polars.lazyframe/1"
    content_type = "application/vnd.apache.parquet"

    def dump(self, value: Any, file: IO[bytes], /) -> None:
        if type(value) is not polars.LazyFrame:
            raise UnserializableError("value", type(value).__qualname__, "this is for a polars.LazyFrame")
        dataframe_serializer.dump(value.collect(), file)

    def load(self, file: IO[bytes], /) -> Any:
        return dataframe_serializer.load(file).lazy()

    def preview(self, value: Any, /) -> dict[str, Any] | None:
        """The first 20 columns."""
        return {"type": "LazyFrame", "text": ", ".join(name[:40] for name in value.collect_schema().names()[:20])}


dataframe_serializer = DataFrameSerializer().register()
lazyframe_serializer = LazyFrameSerializer().register()
csv_serializer = CsvSerializer("write_csv", "read_csv").register()
tsv_serializer = TsvSerializer("write_csv", "read_csv", separator="\t").register()
feather_serializer = FeatherSerializer("write_ipc", "read_ipc").register()
polars_serializer = dataframe_serializer
