"""How a CSV file was written, told to what opens it piece by piece: Arrow's datasets and the lazy frames of polars."""

from __future__ import annotations

import codecs
import csv
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Self

from artigraph.errors import InvalidArtifactError
from artigraph.registry import load

_UTF8 = frozenset({"utf-8", "utf-8-sig", "ascii"})


@dataclass(frozen=True, slots=True)
class Dialect:
    """What pandas, polars or pyarrow remembered for reading a file again, in one form."""

    separator: str = ","
    quote: str | None = '"'
    doubled: bool = True
    """A quote within quotes is written twice."""
    escape: str | None = None
    decimal: str = "."
    encoding: str = "utf-8"
    missing: Sequence[str] = ()
    """Texts for what is missing, besides the usual ones."""
    has_header: bool = True
    names: Sequence[str] | None = None
    """Of the columns, when the file does not say them."""

    @classmethod
    def of(cls, kept: Mapping[str, Any], suffix: str) -> Self:
        """Of the options that a reader of pandas, polars or pyarrow would be given."""
        tabs = suffix.lower().startswith(".tsv")
        separator = kept.get("sep") or kept.get("separator") or kept.get("delimiter") or ("\t" if tabs else ",")
        quote = kept.get("quotechar") or kept.get("quote_char", '"')
        missing = kept.get("na_values") or kept.get("null_values") or []
        return cls(
            separator=separator,
            quote=quote if kept.get("quoting") != csv.QUOTE_NONE else None,
            doubled=kept.get("doublequote", True),
            escape=kept.get("escapechar"),
            decimal="," if kept.get("decimal_comma") else kept.get("decimal", "."),
            encoding=kept.get("encoding", "utf-8"),
            missing=[missing] if isinstance(missing, str) else missing,
            has_header=kept.get("header", 0) is not None and kept.get("has_header", "column_names" not in kept),
            names=kept.get("names") or kept.get("new_columns") or kept.get("column_names"),
        )

    def arrow_format(self) -> Any:
        """The same as a ``pyarrow.dataset.CsvFileFormat``."""
        dataset, csv_ = load("pyarrow.dataset", "opening tables"), load("pyarrow.csv", "opening CSV")
        parsing = csv_.ParseOptions(
            delimiter=self.separator,
            quote_char=self.quote or False,
            double_quote=self.doubled,
            escape_char=self.escape or False,
        )
        named = {"column_names": list(self.names)} if self.names else {"autogenerate_column_names": not self.has_header}
        nulls = [*csv_.ConvertOptions().null_values, *self.missing]
        converting = csv_.ConvertOptions(
            decimal_point=self.decimal, null_values=nulls, strings_can_be_null=bool(self.missing)
        )
        reading = csv_.ReadOptions(encoding="utf8" if self._is_utf8() else self.encoding, **named)
        return dataset.CsvFileFormat(parse_options=parsing, convert_options=converting, read_options=reading)

    def polars_options(self) -> dict[str, Any]:
        """The same for ``polars.scan_csv``.

        Raises:
            InvalidArtifactError: polars does not read such a file.
        """
        strange = {
            "encoding": not self._is_utf8() and self.encoding,
            "decimal": self.decimal not in (".", ",") and self.decimal,
            "escapechar": self.escape,
        }
        for name, value in strange.items():
            if value:
                raise InvalidArtifactError(
                    f"this CSV was written with {name}={value!r}, which polars does not read; load() it, or open it "
                    "with engine='pyarrow'"
                )
        options = {"separator": self.separator, "quote_char": self.quote, "has_header": self.has_header}
        more = {
            "null_values": list(self.missing),
            "decimal_comma": self.decimal == ",",
            "new_columns": list(self.names or ()),
        }
        return options | {name: value for name, value in more.items() if value}

    def _is_utf8(self) -> bool:
        return codecs.lookup(self.encoding).name in _UTF8
