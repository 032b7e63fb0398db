"""Values in the form that their column keeps: times, ids, numbers and texts, checked before a driver sees them."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from datetime import UTC, date, datetime
from math import isfinite
from numbers import Integral, Real
from typing import Any

from sqlalchemy import ClauseElement, ColumnElement, Enum, Float, Integer, LargeBinary, String

from artigraph.digest import parse_digest
from artigraph.errors import InvalidFilterError, InvalidValueError
from artigraph.graph.types import Id, Text, Time
from artigraph.ids import as_id

_BIG = 2**63


def fitted(column: ColumnElement[Any], value: Any) -> Any:
    """The value as the column takes it; a column of another kind than ours takes any.

    A time may be a datetime (without a zone: UTC), a date (its midnight in UTC) or the ISO text of one of them; a hash
    may be its text.

    Raises:
        InvalidFilterError: nothing in the column can be compared with it.

    >>> from sqlalchemy import column
    >>> fitted(column("created", Time()), "2020-01-02").isoformat()
    '2020-01-02T00:00:00+00:00'
    """
    if value is None or isinstance(value, ClauseElement) or hasattr(value, "__clause_element__"):
        return value
    if isinstance(value, str) and isinstance(column.type, LargeBinary):
        value = _digest(value)
    found, wanted = _fit(column, value)
    if found is None:
        raise InvalidFilterError(f"{_name(column)} is compared with {wanted}, not with {value!r:.80}")
    return found


def kept(column: ColumnElement[Any], value: Any) -> Any:
    """The value of a row as the column takes it, as in ``fitted``. Raises InvalidValueError."""
    found, wanted = _fit(column, value)
    if found is None:
        raise InvalidValueError(f"{_name(column)} keeps {wanted}, not {value!r:.80}")
    return found


def each_fitted(column: ColumnElement[Any], values: Iterable[Any]) -> list[Any]:
    """Several values as the column takes them. Raises InvalidFilterError as ``fitted``."""
    return [fitted(column, value) for value in values]


def check_words(column: ColumnElement[Any]) -> None:
    """Raise InvalidFilterError for a column that keeps no text: nothing in it begins with or contains any."""
    if isinstance(column.type, Time | Id | LargeBinary | Integer | Float):
        raise InvalidFilterError(f"{_name(column)} is no text; compare it with eq, gt, lt and their like")


def _fit(column: ColumnElement[Any], value: Any) -> tuple[Any, str]:
    """The value in the form of the column (None: it has none), and what would have one."""
    kind = column.type
    for kinds, fit, wanted in _FITS:
        if isinstance(kind, kinds):
            return (value if isinstance(kind, Enum) else fit(value)), wanted
    return value, ""


def _time(value: Any) -> datetime | int | None:
    if isinstance(value, str):
        try:
            value = datetime.fromisoformat(value)
        except ValueError:
            return None
    if isinstance(value, datetime):
        return value if value.tzinfo else value.replace(tzinfo=UTC)
    if isinstance(value, date):
        return datetime(value.year, value.month, value.day, tzinfo=UTC)
    return value if type(value) is int else None  # as rows carry it


def _digest(text: str) -> bytes | str:
    """The hash that a text spells; any other text as it is."""
    try:
        return parse_digest(text)
    except ValueError:
        return text


def _number(value: Any) -> int | float | None:
    if isinstance(value, bool | float):
        return value
    if isinstance(value, Integral):
        return int(value) if abs(int(value)) < _BIG else None
    return float(value) if isinstance(value, Real) else None


def _finite(value: Any) -> int | float | None:
    number = _number(value)
    return number if number is not None and isfinite(number) else None


def _of(*kinds: type) -> Callable[[Any], Any]:
    return lambda value: value if isinstance(value, kinds) else None


def _name(column: ColumnElement[Any]) -> str:
    return str(getattr(column, "key", None) or "this")


_FITS: tuple[tuple[type | tuple[type, ...], Callable[[Any], Any], str], ...] = (
    (Time, _time, "a datetime, a date or its ISO text"),
    (Id, as_id, "an id or its text"),
    ((Text, String), _of(str), "text"),
    (LargeBinary, _of(bytes, bytearray, memoryview), "bytes"),
    (Integer, _finite, "a finite number"),
    (Float, _number, "a number"),
)
"""Kinds of columns -> a value in their form (None: there is none), and how that is called."""
