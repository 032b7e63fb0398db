"""A column that is one of many values: in one parameter, for databases take some ten thousand parameters at most."""

from __future__ import annotations

import json
from collections.abc import Sequence
from typing import Any

from sqlalchemy import Boolean, ColumnElement, LargeBinary, any_, func, literal, select
from sqlalchemy.dialects.postgresql import ARRAY
from sqlalchemy.ext.compiler import compiles
from sqlalchemy.sql.functions import FunctionElement

FEW = 1_000
"""Values up to which each is a parameter of its own."""


def among(column: ColumnElement[Any], values: Sequence[Any]) -> ColumnElement[bool]:
    """A condition: the column is one of these values, however many.

    >>> from sqlalchemy import column
    >>> str(among(column("size"), [1, 2]))
    'size IN (__[POSTCOMPILE_size_1])'
    """
    return column.in_(values) if len(values) <= FEW or isinstance(column.type, LargeBinary) else _Among(column, values)


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
    (column,) = element.clauses
    stored: Any = column.type.dialect_impl(compiler.dialect).bind_processor(compiler.dialect) or _same
    listed = func.json_each(json.dumps([stored(each) for each in element.values])).table_valued("value")
    return f"({compiler.process(column.in_(select(listed.c.value)), **options)})"


def _same(value: Any) -> Any:
    return value
