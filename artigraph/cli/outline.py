"""Spans as a tree, with what they made: plain rows, a statement per level."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime
from uuid import UUID

from sqlalchemy import ColumnElement, Connection, exists, select

from artigraph.graph.owner import gone_owners
from artigraph.graph.schema import LINK, NODE

MOST = 500
"""Spans that one tree shows."""


@dataclass(slots=True)
class Branch:
    """A span, the spans inside it, and the labels of what it made."""

    id: UUID
    label: str | None
    status: str
    opened_at: datetime | None
    closed_at: datetime | None
    made: list[str] = field(default_factory=list)
    inside: list[Branch] = field(default_factory=list)


def outline(connection: Connection, root: UUID | None, limit: int) -> list[Branch]:
    """The newest spans that are inside of none, or one span, each with everything inside it.

    Args:
        connection: inside one transaction.
        root: a span; None: the newest of the outermost.
        limit: how many of the outermost.
    """
    inner = exists().where(LINK.c.target_id == NODE.c.id, LINK.c.kind == "child")
    roots = _spans(connection, NODE.c.id == root if root is not None else ~inner, limit)
    level, count = {branch.id: branch for branch in roots}, len(roots)
    while level and count < MOST:
        _fill(connection, level)
        links = select(LINK.c.source_id, LINK.c.target_id).where(
            LINK.c.source_id.in_(list(level)), LINK.c.kind == "child"
        )
        parents = {row[1]: level[row[0]] for row in connection.execute(links)}
        inside = _spans(connection, NODE.c.id.in_(list(parents)), MOST - count) if parents else []
        for branch in reversed(inside):
            parents[branch.id].inside.append(branch)
        level, count = {branch.id: branch for branch in inside}, count + len(inside)
    return roots


def _spans(connection: Connection, where: ColumnElement[bool], limit: int) -> list[Branch]:
    """Spans, the newest first."""
    statement = (
        select(
            *(NODE.c.id, NODE.c.node_label, NODE.c.span_status, NODE.c.span_opened_at),
            *(NODE.c.span_closed_at, NODE.c.span_owner_id),
        )
        .where(NODE.c.span_status.is_not(None), where)
        .order_by(NODE.c.node_created_at.desc(), NODE.c.id.desc())
        .limit(limit)
    )
    rows = connection.execute(statement).all()
    owners = {row.span_owner_id for row in rows if row.span_status == "open" and row.span_owner_id is not None}
    gone = gone_owners(connection, owners)
    return [
        Branch(
            *(row.id, row.node_label),
            "abandoned" if row.span_status == "open" and row.span_owner_id in gone else row.span_status,
            *(row.span_opened_at, row.span_closed_at),
        )
        for row in rows
    ]


def _fill(connection: Connection, level: dict[UUID, Branch]) -> None:
    made = (
        select(LINK.c.source_id, LINK.c.label, NODE.c.node_label, NODE.c.id)
        .select_from(LINK.join(NODE, NODE.c.id == LINK.c.target_id))
        .where(LINK.c.source_id.in_(list(level)), LINK.c.kind == "output")
        .order_by(LINK.c.id)
    )
    for source, label, own, node_id in connection.execute(made):
        level[source].made.append(label or own or str(node_id))
