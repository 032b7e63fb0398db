"""A column that is one of many values: databases take some ten thousand parameters at most, and a list is longer."""

from __future__ import annotations

import json
from collections.abc import Sequence
from typing import Any

from sqlalchemy import Boolean, ColumnElement, any_, func, literal, or_, select, text
from sqlalchemy.dialects.postgresql import ARRAY
from sqlalchemy.ext.compiler import compiles
from sqlalchemy.sql.functions import FunctionElement

PARAMETERS = 1_000
"""Values up to which each is a parameter of its own; SQLite takes 32,766 parameters, asyncpg 32,767."""

_EXACT = 2**53
"""Below it a whole float and its digits are the same number."""


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
    """Texts and whole numbers in one JSON document, bytes as digits; what JSON would change in parameters."""
    (column,) = element.clauses
    bind: Any = column.type.dialect_impl(compiler.dialect).bind_processor(compiler.dialect) or (lambda value: value)
    listed, digits, others = [], [], []
    for each in element.values:
        value = bind(each)
        if isinstance(value, bytes | bytearray | memoryview):
            digits.append(f"x'{value.hex()}'")
        elif _is_same_in_json(value):
            listed.append(value)
        else:
            others.append(each)
    document = func.json_each(json.dumps(listed)).table_valued("value")
    tests = [column.in_(select(document.c.value)), column.in_(text(", ".join(digits))), column.in_(others)]
    asked = [test for test, several in zip(tests, (listed, digits, others), strict=True) if several]
    return f"({compiler.process(or_(*asked), **options)})"


def _is_same_in_json(value: Any) -> bool:
    """Whether SQLite reads the very same value out of JSON: it ends texts at NUL and rounds some floats."""
    if isinstance(value, float):
        return value.is_integer() and abs(value) < _EXACT
    return isinstance(value, int) or (isinstance(value, str) and "\0" not in value)
