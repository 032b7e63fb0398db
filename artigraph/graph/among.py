"""A column that is one of many values: databases take some ten thousand parameters at most, and a list is longer."""

from __future__ import annotations

import json
from collections.abc import Sequence
from math import isfinite
from typing import Any

from sqlalchemy import Boolean, ColumnElement, any_, bindparam, func, literal, or_, select, text
from sqlalchemy.dialects.postgresql import ARRAY
from sqlalchemy.ext.compiler import compiles
from sqlalchemy.sql.functions import FunctionElement

PARAMETERS = 1_000
"""Values up to which each is a parameter of its own; SQLite takes 32,766 parameters, asyncpg 32,767."""

_QUOTIENTS = """
SELECT json_extract(value, '$[0]') * 1.0
    / json_extract(value, '$[1]') / json_extract(value, '$[2]') / json_extract(value, '$[3]')
FROM json_each(:ratios)
"""


def among(column: ColumnElement[Any], values: Sequence[Any]) -> ColumnElement[bool]:
    """A condition: the column is one of these values, however many.

    >>> from sqlalchemy import column
    >>> str(among(column("size"), [1, 2]))
    'size IN (__[POSTCOMPILE_size_1])'
    """
    return column.in_(values) if len(values) <= PARAMETERS else _Among(column, values)


class _Among(FunctionElement[bool]):
    """Its only clause is the column."""

    name = "among"
    inherit_cache = False  # the values are in the statement
    type = Boolean()

    def __init__(self, column: ColumnElement[Any], values: Sequence[Any]) -> None:
        super().__init__(column)
        self.values = list(values)


@compiles(_Among)
def _one_by_one(element: _Among, compiler: Any, **options: Any) -> str:
    (column,) = element.clauses
    return f"({compiler.process(column.in_(element.values), **options)})"


@compiles(_Among, "postgresql")
def _array(element: _Among, compiler: Any, **options: Any) -> str:
    (column,) = element.clauses
    return f"({compiler.process(column == any_(literal(element.values, ARRAY(column.type))), **options)})"


@compiles(_Among, "sqlite")
def _document(element: _Among, compiler: Any, **options: Any) -> str:
    """Texts and numbers in two JSON documents, bytes as digits; what these would change in parameters."""
    (column,) = element.clauses
    bind: Any = column.type.dialect_impl(compiler.dialect).bind_processor(compiler.dialect) or (lambda value: value)
    plain, ratios, digits, others = [], [], [], []
    for each in element.values:
        value = bind(each)
        if isinstance(value, bytes | bytearray | memoryview):
            digits.append(f"x'{value.hex()}'")
        elif isinstance(value, int) or (isinstance(value, str) and "\0" not in value):
            plain.append(value)
        elif isinstance(value, float) and (ratio := _ratio(value)):
            ratios.append(ratio)
        else:
            others.append(each)
    document = func.json_each(json.dumps(plain)).table_valued("value")
    quotients = text(_QUOTIENTS).bindparams(bindparam("ratios", json.dumps(ratios), unique=True))
    tests = [
        column.in_(select(document.c.value)),
        column.in_(quotients),
        column.in_(text(", ".join(digits))),
        column.in_(others),
    ]
    asked = [test for test, several in zip(tests, (plain, ratios, digits, others), strict=True) if several]
    return f"({compiler.process(or_(*asked), **options)})"


def _ratio(value: float) -> list[int] | None:
    """A whole number and the powers of two that divide it, for SQLite rounds some digits after the point.

    >>> _ratio(0.375)
    [3, 8, 1, 1]
    """
    if not isfinite(value):
        return None
    whole, divisor = value.as_integer_ratio()
    bits = divisor.bit_length() - 1
    divisors = [1 << max(0, min(62, bits - before)) for before in (0, 62, 124)]
    return [whole, *divisors] if abs(whole) < 2**63 and bits <= 186 else None
