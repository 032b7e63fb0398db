"""The order in which things are read: by columns, what has no value last, what is equal by age."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from sqlalchemy import ColumnElement, Table

from artigraph.errors import InvalidFilterError

_PREFIXES = ("", "node_", "artifact_", "span_", "model_artifact_")


def in_order(table: Table, asked: str | Sequence[str] | None) -> list[ColumnElement[Any]]:
    """What to give to ``order_by`` of a statement.

    Args:
        table: whose columns are meant.
        asked: names as filters have them (``"created_at"``, ``"label"``, ``"size"``, ...) or of columns; a ``-`` before
            a name turns the order round. Several: the first counts most. None: the oldest first.

    Raises:
        InvalidFilterError: no such column.

    >>> from artigraph.graph.schema import NODE
    >>> [str(each) for each in in_order(NODE, "-size")][1:]
    ['artigraph_node.artifact_size DESC', 'artigraph_node.id']
    """
    made: list[ColumnElement[Any]] = []
    names = asked if isinstance(asked, list | tuple) else [] if asked is None else [asked]
    for name in names:
        if not isinstance(name, str):
            raise InvalidFilterError(f"{name!r:.80} is nothing to order by; give the name of a column, or several")
        column = _column(table, name.removeprefix("-"))
        made += [column.is_(None), column.desc() if name.startswith("-") else column]
    return [*made, table.c.id]


def _column(table: Table, name: str) -> ColumnElement[Any]:
    for prefix in _PREFIXES:
        if prefix + name in table.c:
            return table.c[prefix + name]
    shown = ("id label created_at updated_at size kind status opened_at closed_at version", "id label kind role")
    known = shown[0] if "node_type" in table.c else shown[1]
    raise InvalidFilterError(f"{name!r} is nothing to order by; use a column, such as {known.replace(' ', ', ')}")
