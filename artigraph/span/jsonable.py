"""What is said of a span (params, info, environment), as JSON keeps it: whatever it is, and never an error."""

from __future__ import annotations

import reprlib
from collections.abc import Mapping
from datetime import date, datetime, time
from decimal import Decimal
from enum import Enum
from pathlib import PurePath
from typing import Any
from uuid import UUID

SHOWN = 200
"""Characters that are kept of the text of a value that JSON does not know."""

DEEP = 32
"""Levels of values inside one another that are kept as such."""

_TEXTS = (PurePath, UUID, Decimal)
_TIMES = (datetime, date, time)
_SHORT = reprlib.Repr()
_SHORT.maxstring = _SHORT.maxother = SHOWN


def jsonable(value: Any, depth: int = 0) -> Any:
    """The value as JSON keeps it: numbers of NumPy as numbers, moments, paths, ids and enums as text, sets as lists.

    >>> jsonable({"day": date(2024, 2, 29), ("a", 1): {3}, "raw": b"ab", "where": PurePath("x/y")})
    {'day': '2024-02-29', "('a', 1)": [3], 'raw': "b'ab'", 'where': 'x/y'}
    """
    if value is None or isinstance(value, bool):
        return value
    if isinstance(value, str):
        return _plain_text(value)
    if isinstance(value, int | float):
        return int(value) if isinstance(value, int) else float(value)
    if isinstance(value, Enum):
        return value.name
    if isinstance(value, _TIMES):
        return value.isoformat()
    if isinstance(value, _TEXTS):
        return _plain_text(str(value))
    try:
        return _inside(value, depth)
    except Exception as error:  # noqa: BLE001 - classes of users may do anything when they are looked into
        return f"<{type(value).__name__}: {type(error).__name__}>"


def _inside(value: Any, depth: int) -> Any:
    if depth < DEEP and isinstance(value, Mapping):
        return {_key(key): jsonable(part, depth + 1) for key, part in value.items()}
    if depth < DEEP and isinstance(value, list | tuple):
        return [jsonable(part, depth + 1) for part in value]
    if depth < DEEP and isinstance(value, set | frozenset):
        return [jsonable(part, depth + 1) for part in sorted(value, key=repr)]
    if getattr(value, "shape", None) == () and hasattr(value, "item"):  # a number of NumPy, or of what is like it
        inner = value.item()
        return shown(value) if type(inner) is type(value) else jsonable(inner, depth)
    if isinstance(value, type) or (hasattr(value, "__qualname__") and callable(value)):
        return f"{value.__module__}.{value.__qualname__}"
    return shown(value)


def shown(value: Any) -> str:
    """A bounded repr."""
    if isinstance(value, bytes | bytearray):
        value = bytes(value[:SHOWN])
    return _plain_text(_SHORT.repr(value))[:SHOWN]


def _key(key: Any) -> str:
    if isinstance(key, str):
        return _plain_text(key)
    return shown(key) if isinstance(key, tuple | frozenset) else str(jsonable(key, DEEP))


def _plain_text(text: str) -> str:
    """The text without halves of surrogate pairs, which no encoding has."""
    return text.encode("utf-8", "backslashreplace").decode()
