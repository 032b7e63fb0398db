"""Which spans made an artifact, made it again, and used it."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from sqlalchemy import ColumnElement, select

from artigraph.artifact.made import AGAIN
from artigraph.graph.engine import current_database
from artigraph.graph.schema import LINK, NODE
from artigraph.span.span import Span


async def makers_of(node_id: UUID) -> list[Span]:
    """The spans that this is an output of, the first one first."""
    return await _spans(LINK.c.source_id, LINK.c.target_id == node_id, LINK.c.kind == "output", LINK.c.role.is_(None))


async def remakers_of(node_id: UUID) -> list[Span]:
    """The spans that made the same content again."""
    return await _spans(LINK.c.source_id, LINK.c.target_id == node_id, LINK.c.kind == "output", LINK.c.role == AGAIN)


async def users_of(node_id: UUID) -> list[Span]:
    """The spans that used this."""
    return await _spans(LINK.c.target_id, LINK.c.source_id == node_id, LINK.c.kind == "input")


async def runs_of(node_id: UUID) -> list[Span]:
    """The spans that made this, made the same again, or used it."""
    made = select(LINK.c.source_id).where(LINK.c.target_id == node_id, LINK.c.kind == "output")
    used = select(LINK.c.target_id).where(LINK.c.source_id == node_id, LINK.c.kind == "input")
    return await _read(NODE.c.id.in_(made) | NODE.c.id.in_(used))


async def _spans(end: Any, *conditions: ColumnElement[bool]) -> list[Span]:
    return await _read(NODE.c.id.in_(select(end).where(*conditions)))


async def _read(condition: ColumnElement[bool]) -> list[Span]:
    return await current_database().read(lambda connection: Span.matching(connection, condition))
