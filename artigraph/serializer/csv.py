"""Streams of rows as CSV, for programs that read nothing else: named by hand, never chosen for a stream.

A row is a dict of texts, numbers, booleans and None under the same names in the same order. A cell holds a text as it
is, a number or boolean as in JSON, and nothing for None. A text that would read as one of those stands in JSON quotes.
"""

from __future__ import annotations

import csv
import json
from collections.abc import Iterable, Iterator
from typing import IO, Any

from artigraph.errors import SerializeError, UnserializableError
from artigraph.serializer.base import StreamSerializer

LONGEST = 131_072
"""Characters of a cell: what readers of CSV in Python take."""


class CsvRowsSerializer(StreamSerializer[dict[str, Any]]):
    """Rows with a head line, in UTF-8, RFC 4180."""

    name = "csv.rows/1"
    content_type = "text/csv"

    def dump(self, value: Iterable[dict[str, Any]], file: IO[bytes], /) -> None:
        names: list[str] | None = None
        for place, row in enumerate(value):
            if type(row) is not dict or not row or not all(type(name) is str for name in row):
                raise UnserializableError(f"value[{place}]", type(row).__qualname__, "a row is a dict with text keys")
            if names is None:
                names = list(row)
                _write(names, file, f"the keys of value[{place}]")
            if list(row) != names:
                raise UnserializableError(f"value[{place}]", "dict", f"the rows before it have the keys {names}")
            cells = [_cell(cell, f"value[{place}][{name!r}]") for name, cell in row.items()]
            _write(cells, file, f"value[{place}]")

    def load(self, file: IO[bytes], /) -> Iterator[dict[str, Any]]:
        try:
            lines = csv.reader(_lines(file), strict=True)
            names = next(lines, [])
            for line in lines:
                yield dict(zip(names, map(_value, line), strict=True))
        except (csv.Error, ValueError) as error:
            raise SerializeError(f"not rows in {self.name}: {str(error)[:200]}") from error


def _write(cells: list[str], file: IO[bytes], path: str) -> None:
    if any(len(cell) > LONGEST for cell in cells):
        raise UnserializableError(path, "str", f"a cell of CSV has at most {LONGEST:,} characters")
    try:
        csv.writer(_Encoder(file)).writerow(cells)
    except UnicodeEncodeError as error:
        raise UnserializableError(path, "str", "it has half of a surrogate pair") from error


class _Encoder:
    """A text file over one of bytes, that holds no copy of a line as ``io.StringIO`` does, with four bytes a letter."""

    def __init__(self, file: IO[bytes]) -> None:
        self._file = file

    def write(self, text: str) -> None:
        self._file.write(text.encode())


def _cell(value: Any, path: str) -> str:
    cls = type(value)
    if value is None:
        return ""
    if cls is str:
        return value if _reads_as_itself(value) else json.dumps(value)
    if cls in (bool, int, float):
        try:
            return json.dumps(value)
        except ValueError as error:
            raise UnserializableError(path, "int", "it has too many digits") from error
    raise UnserializableError(path, cls.__qualname__, "a cell of CSV is a text, a number, a boolean or None")


def _reads_as_itself(text: str) -> bool:
    try:
        return bool(_value(text) == text)
    except ValueError:  # an int with too many digits
        return False


def _value(cell: str) -> Any:
    if cell == "":
        return None
    if cell[0] not in _MARKS:
        return cell
    try:
        value = json.loads(cell)
    except json.JSONDecodeError:
        return cell
    return cell if isinstance(value, dict | list) else value


def _lines(file: IO[bytes]) -> Iterator[str]:
    """Lines with their ends."""
    return map(bytes.decode, file)


_MARKS = frozenset('-0123456789tfnNI" \t\r\n')
"""What the JSON of a number, boolean, null or text can begin with."""

csv_rows_serializer = CsvRowsSerializer().register()
