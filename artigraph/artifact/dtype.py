"""What a feature's value is, and how it lies in the rows of the tag table.

A dtype has a name: ``str int float bool date datetime dict artifact``, or ``list[...]`` of one of these. Numbers lie in
``value_number``, everything else in ``value_text``, in a form whose order is that of the values; a dict also in
``value_json``.
"""

from __future__ import annotations

import json
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime
from hashlib import sha256
from math import isfinite
from types import GenericAlias
from typing import Any
from uuid import UUID

from artigraph.errors import InvalidLabelError, SchemaMismatchError
from artigraph.ids import as_id

PYTHON_TYPES: dict[str, type] = {each.__name__: each for each in (str, int, float, bool, date, datetime, dict)}
NAMES = (*PYTHON_TYPES, "artifact")

TEXT_LIMIT = 255
"""Characters of a text that lie in the indexed column; a longer one keeps its beginning there, and its digest."""

BEGINNING = TEXT_LIMIT - 64
EXACT = 2**53
"""Whole numbers up to this one are exact in the number column; of greater ones the digits are a text."""

GREATEST = 10 ** (TEXT_LIMIT - 1)
"""Whole numbers are smaller than this one, so that their digits and a sign are a short text."""

_LIST = re.compile(r"list\[(\w+)\]")
_ALIASES = {"string": "str", "integer": "int", "number": "float", "boolean": "bool", "object": "str", "num": "float"}


@dataclass(frozen=True, slots=True)
class Cell:
    """One value as a row of the tag table says it."""

    position: int
    """Its place in a list, -1 outside of lists."""
    dtype: str
    text: str | None = None
    number: float | None = None
    json: Any = None


def dtype_name(dtype: Any) -> str:
    """The name of a dtype.

    Args:
        dtype: a type, ``list[type]``, ``Artifact``, or a name.

    Raises:
        SchemaMismatchError: there is no such dtype.

    >>> dtype_name(float), dtype_name(list[str]), dtype_name("datetime")
    ('float', 'list[str]', 'datetime')
    """
    if isinstance(dtype, GenericAlias) and dtype.__origin__ is list and len(dtype.__args__) == 1:
        return f"list[{dtype_name(dtype.__args__[0])}]"
    name = dtype if isinstance(dtype, str) else getattr(dtype, "__name__", repr(dtype))
    if not isinstance(dtype, str) and hasattr(dtype, "row_class"):
        name = "artifact"
    name = _ALIASES.get(name, name)
    inner = _LIST.fullmatch(name)
    if name not in NAMES and (inner is None or inner[1] not in NAMES):
        raise SchemaMismatchError(f"there is no dtype {name!r}; there are {', '.join(NAMES)}, and list[...] of these")
    return name


def infer_dtype(value: Any) -> str:
    """The dtype of a value that nobody declared.

    Raises:
        SchemaMismatchError: no dtype has such values.

    >>> infer_dtype(1), infer_dtype(["a", "b"]), infer_dtype({"a": 1})
    ('int', 'list[str]', 'dict')
    """
    value = plain(value)
    if isinstance(value, list | tuple | set | frozenset):
        if any(plain(each) is None for each in value):
            raise SchemaMismatchError(f"a list has no missing values, and this one has: {_said(value)}")
        inner = {infer_dtype(each) for each in value}
        if inner == {"int", "float"}:
            inner = {"float"}
        if len(inner) > 1 or any(each.startswith("list") for each in inner):
            raise SchemaMismatchError(f"a list has values of one dtype, this one has {', '.join(sorted(inner))}")
        return f"list[{inner.pop() if inner else 'str'}]"
    if hasattr(type(value), "row_class"):
        return "artifact"
    for kind in (bool, int, float, str, datetime, date):
        if isinstance(value, kind):
            return kind.__name__
    if isinstance(value, Mapping):
        return "dict"
    if value is None:
        return "str"
    raise SchemaMismatchError(
        f"{type(value).__qualname__} is the type of no feature; there are {', '.join(NAMES)}, and list[...] of these"
    )


def cells(name: str, value: Any, dtype: str, *, nullable: bool = True, coerce: bool = False) -> list[Cell]:
    """The rows that say ``value`` of the feature ``name``.

    Args:
        name: of the feature, for messages.
        value: one value; a list also for a dtype of single values: each of them is one.
        dtype: the name of the declared dtype.
        nullable: whether None may be said.
        coerce: convert what is of another type, where Python can.

    Raises:
        SchemaMismatchError: it is not of this dtype.
    """
    value = plain(value)
    inner = _LIST.fullmatch(dtype)
    element = inner[1] if inner else dtype
    if value is None:
        if not nullable:
            raise SchemaMismatchError(f"feature {name!r} is not nullable, and its value is None")
        return [Cell(-1, dtype)]
    if isinstance(value, list | tuple | set | frozenset):
        values = sorted(value, key=repr) if isinstance(value, set | frozenset) else list(value)
        if not values:
            return [Cell(-1, f"list[{element}]", json=[])]
        return [_cell(name, each, element, place, coerce) for place, each in enumerate(values)]
    if inner:
        raise SchemaMismatchError(f"feature {name!r} wants {dtype}, got {_said(value)}")
    return [_cell(name, value, dtype, -1, coerce)]


def value_of(found: Sequence[Cell]) -> Any:
    """The value that rows of one feature say, in the order of their positions; of an artifact its id."""
    if found[0].position >= 0:
        return [_decoded(each) for each in found]
    only = found[0]
    if only.dtype.startswith("list["):
        return only.json
    return _decoded(only)


def comparable(value: Any) -> Cell:
    """A value to compare with, as it would lie in a row. Raises SchemaMismatchError: no feature has such values."""
    value = plain(value)
    return _cell("", value, infer_dtype(value), -1, coerce=False)


def stored_text(text: str) -> str:
    """A text as it lies in a column of 255 characters: itself, or its beginning and its digest.

    Raises:
        InvalidLabelError: it has characters that no database keeps.
    """
    if "\x00" in text or any("\ud800" <= each <= "\udfff" for each in text):
        raise InvalidLabelError(text, "it has a NUL or half of a surrogate pair")
    if len(text) <= TEXT_LIMIT:
        return text
    return text[:BEGINNING] + sha256(text.encode()).hexdigest()


def plain(value: Any) -> Any:
    """A scalar of numpy or pandas as Python's own, a missing one as None; anything else as it is."""
    library, name = type(value).__module__.partition(".")[0], type(value).__name__
    if library == "numpy":
        return (value.astype("datetime64[us]") if name == "datetime64" else value).tolist()
    return None if library == "pandas" and name in ("NaTType", "NAType") else value


def _cell(name: str, value: Any, dtype: str, place: int, coerce: bool) -> Cell:
    value = plain(value)
    if coerce and dtype in PYTHON_TYPES and not isinstance(value, PYTHON_TYPES[dtype]):
        value = _coerced(name, value, dtype)
    if dtype == "artifact":
        found = as_id(value) or as_id(getattr(value, "id", None))
        if found is None:
            raise SchemaMismatchError(f"feature {name!r} wants an artifact, got {_said(value)}")
        return Cell(place, dtype, text=str(found))
    number = isinstance(value, int | float) and not isinstance(value, bool)
    fits = {
        "str": isinstance(value, str),
        "int": number and isinstance(value, int),
        "float": number,
        "bool": isinstance(value, bool),
        "date": isinstance(value, date) and not isinstance(value, datetime),
        "datetime": isinstance(value, datetime),
        "dict": isinstance(value, Mapping),
    }
    if not fits[dtype]:
        raise SchemaMismatchError(f"feature {name!r} wants {dtype}, got {_said(value)}")
    if dtype == "str":
        long = value if len(value) > TEXT_LIMIT else None
        return Cell(place, dtype, text=stored_text(value), json=long)
    if dtype == "dict":
        return Cell(place, dtype, text=stored_text(_json_text(name, value)), json=dict(value))
    if dtype == "date":
        return Cell(place, dtype, text=value.isoformat())
    if dtype == "datetime":
        return Cell(place, dtype, text=_moment_text(value))
    if isinstance(value, float):
        return Cell(place, dtype, number=value) if isfinite(value) else Cell(place, dtype, text=str(value))
    if abs(value) >= GREATEST:
        raise SchemaMismatchError(f"feature {name!r} is a number of at most {TEXT_LIMIT - 1} digits, this one has more")
    return Cell(place, dtype, text=str(value) if abs(value) > EXACT else None, number=float(value))


def _decoded(cell: Cell) -> Any:
    if cell.json is not None:
        return cell.json
    if cell.text is None and cell.number is None:
        return None
    if cell.dtype == "artifact":
        return UUID(cell.text)
    if cell.dtype in ("int", "float"):
        return PYTHON_TYPES[cell.dtype](cell.text if cell.text is not None else cell.number)
    if cell.dtype == "bool":
        return bool(cell.number)
    if cell.dtype == "date":
        return date.fromisoformat(cell.text or "")
    if cell.dtype == "datetime":
        return datetime.fromisoformat(cell.text or "")
    return cell.text


def _coerced(name: str, value: Any, dtype: str) -> Any:
    try:
        return _CONVERT.get(dtype, PYTHON_TYPES[dtype])(value)
    except (KeyError, TypeError, ValueError, OverflowError) as error:
        raise SchemaMismatchError(f"feature {name!r} wants {dtype}, and {_said(value)} is none") from error


def _whole(value: Any) -> int:
    if isinstance(value, float) and not value.is_integer():
        raise ValueError(value)
    return int(value)


_CONVERT: dict[str, Any] = {
    "int": _whole,
    "bool": lambda value: {"true": True, "1": True, "false": False, "0": False}[str(value).lower()],
    "date": lambda value: date.fromisoformat(str(value)),
    "datetime": lambda value: datetime.fromisoformat(str(value)),
}


def _moment_text(value: datetime) -> str:
    """In UTC where it has a zone, always with microseconds, so that the order of texts is that of moments."""
    try:
        value = value.astimezone(UTC) if value.tzinfo is not None else value
    except OverflowError as error:
        raise SchemaMismatchError(f"{value!r} is no moment in UTC: there are the years 1 to 9999") from error
    return datetime.isoformat(value, timespec="microseconds")


def _json_text(name: str, value: Mapping[Any, Any]) -> str:
    try:
        return json.dumps(value, sort_keys=True, allow_nan=False)
    except (TypeError, ValueError) as error:
        raise SchemaMismatchError(f"feature {name!r} wants a dict that JSON knows: {error}") from error


def _said(value: Any) -> str:
    shown = repr(value)
    return f"{type(value).__name__} {shown if len(shown) <= 60 else shown[:57] + '...'}"
