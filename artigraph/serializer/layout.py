"""How a Parquet file is laid out: the options of ``DataFrame.to_parquet``, and of the writer below it."""

from __future__ import annotations

from dataclasses import dataclass
from inspect import signature
from typing import Any, Self

from artigraph.errors import SerializeError
from artigraph.registry import load

pandas = load("pandas", "the pandas serializer")
parquet = load("pyarrow.parquet", "the pandas serializer")

_OURS = ("index", "engine", "row_group_size")
_NEVER = {*"self table where path schema filesystem storage_options partition_cols kwargs options".split()}
_CALLS = (parquet.ParquetWriter.__init__, parquet.write_table, pandas.DataFrame.to_parquet)
_KNOWN = sorted({*_OURS, *(name for call in _CALLS for name in signature(call).parameters)} - _NEVER)


@dataclass(frozen=True, slots=True)
class Layout:
    """The options, taken apart."""

    index: bool | None
    """Whether the index is written; None: unless it is a range, which needs no column."""
    rows: int | None
    """Rows of a row group, at most; None: as many as are written at once."""
    writer: dict[str, Any]
    """For ``pyarrow.parquet.ParquetWriter``."""

    @classmethod
    def of(cls, options: dict[str, Any]) -> Self:
        """Of the options of ``to_parquet``.

        Raises:
            SerializeError: there is no such option, or it cannot be that.
        """
        writer = dict(options)
        unknown = sorted(writer.keys() - _KNOWN)
        if unknown:
            raise SerializeError(f"a Parquet file has no option {', '.join(unknown)}; there are {', '.join(_KNOWN)}")
        index, engine, rows = (writer.pop(name, None) for name in _OURS)
        if index is not None and not isinstance(index, bool):
            raise SerializeError(f"index is True, False or None, not {index!r:.100}")
        if engine not in (None, "auto", "pyarrow"):
            raise SerializeError(f"the engine that writes Parquet is 'pyarrow', not {engine!r:.100}")
        if rows is not None and (type(rows) is not int or rows < 1):
            raise SerializeError(f"row_group_size is a number of rows, 1 or more, not {rows!r:.100}")
        return cls(index, rows, writer)

    def indexed(self, frame: Any) -> Any:
        """The frame with the index that is to be written."""
        if self.index is False:
            return frame.reset_index(drop=True)
        if self.index and isinstance(frame.index, pandas.RangeIndex):
            return frame.set_axis(pandas.Index(frame.index.to_numpy(), name=frame.index.name))
        return frame

    def opened(self, file: Any, schema: Any, **defaults: Any) -> Any:
        """The writer. Raises SerializeError when it does not take the options."""
        if not self.writer:
            return parquet.ParquetWriter(file, schema, **defaults)
        try:
            return parquet.ParquetWriter(file, schema, **{**defaults, **self.writer})
        except Exception as error:  # whatever Arrow says about an option
            given = ", ".join(f"{name}={value!r:.100}" for name, value in self.writer.items())
            raise SerializeError(f"Parquet is not written with {given}: {str(error)[:300]}") from error
