"""How values in the tag table compare: numbers to the last digit, moments in any zone, texts of any length."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime
from math import inf, isfinite
from typing import Any

from sqlalchemy import ColumnElement, and_, false, func, or_

from artigraph.artifact.dtype import EXACT, comparable, plain
from artigraph.errors import InvalidFilterError
from artigraph.graph.among import among
from artigraph.graph.inside import inside, stored
from artigraph.graph.schema import TAG
from artigraph.graph.value import Condition, ValueFilter

WORDS: ColumnElement[Any] = func.coalesce(inside(stored(TAG.c.value_json), (), ""), TAG.c.value_text)
"""The whole of a text: a long one has only its beginning in the column of texts."""

_ZONE = "+00:00"
"""How the text of a moment with a zone ends; the rest of it is that of the same moment in UTC without a zone."""


def compared(column: ColumnElement[Any], operator: str, value: Any) -> Condition:
    """A condition on a column, by the name that ValueFilter has for the operator."""
    options: dict[str, Any] = {operator: value}
    return ValueFilter(**options).on(column)


def said_test(operator: str, value: Any) -> Condition:
    """A condition on the value of a row of the tag table.

    Args:
        operator: "eq", "gt", "ge", "lt" or "le".
        value: one value; a moment without a zone is one in UTC.

    Raises:
        InvalidFilterError: it is several values.
        SchemaMismatchError: no feature has such values.
    """
    value = _single(value)
    cell = comparable(value)
    if isinstance(value, int | float):
        return _number_test(operator, value)
    if isinstance(value, datetime):
        return _moment_test(operator, (cell.text or "").removesuffix(_ZONE))
    if isinstance(value, str) and operator != "eq":
        return compared(WORDS, operator, value)
    return compared(TAG.c.value_text, operator, cell.text)


def one_of_test(values: Iterable[Any]) -> Condition:
    """A condition on the value of a row of the tag table: it is one of these, however many. Raises as ``said_test``."""
    numbers: list[float] = []
    texts: list[str] = []
    others: list[Condition] = []
    for value in map(_single, values):
        text = comparable(value).text or ""
        if isinstance(value, int | float):
            if abs(value) < EXACT:
                numbers.append(float(value))
            else:
                others.append(_number_test("eq", value))
        elif isinstance(value, datetime):
            base = text.removesuffix(_ZONE)
            texts += [base, base + _ZONE]
        else:
            texts.append(text)
    return or_(among(TAG.c.value_number, numbers), among(TAG.c.value_text, texts), *others)


def _single(value: Any) -> Any:
    """The value as a feature has it. Raises InvalidFilterError when it is several."""
    value = plain(value)
    if isinstance(value, list | tuple | set | frozenset):
        raise InvalidFilterError(
            f"a feature is compared with one value, not with {value!r}; a list has a value when one of its own is "
            "equal, and __in takes several"
        )
    return value


def _moment_test(operator: str, base: str) -> Condition:
    if operator == "eq":
        return compared(TAG.c.value_text, "in_", [base, base + _ZONE])
    return compared(TAG.c.value_text, operator, base + _ZONE if operator in ("gt", "le") else base)


def _number_test(operator: str, value: float) -> Condition:
    """Whole numbers that share their nearest float are told apart by their digits; the infinities are texts."""
    if not isfinite(value):
        return _endless_test(operator, value)
    near = float(value)
    if abs(near) < EXACT:
        found = compared(TAG.c.value_number, operator, near)
    elif operator == "eq":
        found = and_(TAG.c.value_number == near, _digits(near) == str(int(value)))
    else:
        wider = {"gt": "ge", "lt": "le"}.get(operator, operator)
        beyond = compared(TAG.c.value_number, operator[0] + "t", near)
        at_once = and_(TAG.c.value_number == near, _digits_test(operator, near, str(int(value))))
        found = and_(compared(TAG.c.value_number, wider, near), or_(beyond, at_once))
    end = {"g": "inf", "l": "-inf"}.get(operator[0])
    return found if end is None else or_(found, _is_text(end))


def _endless_test(operator: str, value: float) -> Condition:
    itself, other = _is_text(str(value)), _is_text(str(-value))
    inward = (operator[0] == "l") == (value == inf)
    if operator == "eq" or value != value:  # noqa: PLR0124 - only a NaN differs from itself
        return itself if operator == "eq" else false()
    if not inward:
        return itself if operator[1] == "e" else false()
    rest = or_(TAG.c.value_number.is_not(None), other)
    return or_(rest, itself) if operator[1] == "e" else rest


def _is_text(text: str) -> Condition:
    return and_(TAG.c.dtype == "float", TAG.c.value_text == text)


def _digits(near: float) -> ColumnElement[Any]:
    """The digits of a number whose nearest float is this one."""
    return func.coalesce(TAG.c.value_text, str(int(near)))


def _digits_test(operator: str, near: float, digits: str) -> Condition:
    """Of numbers with one sign, the longer one is the greater; below zero it is the smaller."""
    there = _digits(near)
    if near < 0:
        operator = operator.translate(_TURNED)
    longer = compared(func.length(there), operator[0] + "t", len(digits))
    return or_(longer, and_(func.length(there) == len(digits), compared(there, operator, digits)))


_TURNED = str.maketrans("gl", "lg")
