"""Walks along links: recursive queries that end on cycles and never return their start."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import datetime
from uuid import UUID

from sqlalchemy import ColumnElement, Select, bindparam, literal, select, type_coerce

from artigraph.graph.among import among
from artigraph.graph.schema import LINK, LINK_KINDS, NODE
from artigraph.graph.types import RawId, RawTime

CONTAINMENT_AND_MAKING = tuple(kind for kind in LINK_KINDS if kind != "input")
"""What makes a descendant, unless a caller says otherwise: everything but having been used."""

Starts = Sequence[UUID] | Select[tuple[UUID]]


def is_relative(starts: Starts, *, down: bool, deep: bool, kinds: Iterable[str] | None = None) -> ColumnElement[bool]:
    """A condition on ``artigraph_node``: this node is reached from one of ``starts``.

    Args:
        starts: ids, or a query of ids.
        down: along the arrows (children, descendants) or against them (parents, ancestors).
        deep: any number of steps, or exactly one.
        kinds: the kinds of links to follow; by default every kind but ``input``.
    """
    here, there = (LINK.c.source_id, LINK.c.target_id) if down else (LINK.c.target_id, LINK.c.source_id)
    follow = LINK.c.kind.in_(tuple(kinds or CONTAINMENT_AND_MAKING))
    if not deep:
        return NODE.c.id.in_(select(there).where(is_start(here, starts), follow))
    first = select(there.label("id")).where(is_start(here, starts), follow)
    reached = first.cte(recursive=True)  # unnamed: a filter may have several
    reached = reached.union(select(there).join(reached, here == reached.c.id).where(follow))
    return NODE.c.id.in_(select(reached.c.id)) & ~is_start(NODE.c.id, starts)


def raw_ids(name: str = "ids") -> ColumnElement[bytes]:
    """A parameter that takes a list of raw ids, for ``column.in_(...)``."""
    return bindparam(name, expanding=True, type_=RawId())


def raw(column: ColumnElement[UUID]) -> ColumnElement[bytes]:
    """The column with its ids as 16 bytes in the results and in comparisons."""
    return type_coerce(column, RawId())


def raw_time(column: ColumnElement[datetime]) -> ColumnElement[int]:
    """The column with its times as microseconds in the results and in comparisons."""
    return type_coerce(column, RawTime())


def is_start(column: ColumnElement[UUID], starts: Starts) -> ColumnElement[bool]:
    """A condition on a column of ids: it is one of ``starts``."""
    if isinstance(starts, Select):
        return column.in_(starts)
    if len(starts) == 1:
        return column == literal(starts[0], column.type)
    return among(column, starts)
