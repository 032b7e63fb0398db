"""Spans page by page: the newest that are inside of no other, those that match a question, what is inside of one."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import ColumnElement, Connection, and_, desc, exists, func, literal_column, or_, select

from artigraph.graph.filter import NodeFilter
from artigraph.graph.schema import LINK, NODE
from artigraph.graph.value import ValueFilter
from artigraph.graph.walk import raw
from artigraph.lineage.describe import COLUMNS, described
from artigraph.lineage.picture import LineageNode

PAGE = 50
"""Rows of one page."""

AHEAD = 1_000
"""How far beyond a page the rest is counted; more are "at least" that many."""

_FIRST = 2
"""Outputs of a span that its row names."""

Cursor = tuple[str, str]
"""Where a page ends: two values that only this file reads."""


@dataclass(frozen=True, slots=True)
class SpanQuery:
    """What spans to find; what is not given does not matter.

    Attributes:
        text: part of the label; ASCII case does not matter.
        status: one of ``open ok error interrupted``.
        tag: name and value; a value of None is any.
        since: opened then or later, UTC.
    """

    text: str = ""
    status: str = ""
    tag: tuple[str, str | None] | None = None
    since: datetime | None = None

    def __bool__(self) -> bool:
        return bool(self.text or self.status or self.tag or self.since)


@dataclass(frozen=True, slots=True)
class Row:
    """A span, or something it made, as a row of a tree.

    Attributes:
        node: in the words of a picture.
        inside: spans in it.
        outputs: things it made.
        first: the first few of these.
        cell: number of the notebook cell it ran as.
        error: type of the exception it ended with.
        opened_at, closed_at: UTC.
        around: label of the span that it is inside of, where that is not told by the tree.
    """

    node: LineageNode
    inside: int = 0
    outputs: int = 0
    first: tuple[LineageNode, ...] = ()
    cell: int | None = None
    error: str = ""
    opened_at: datetime | None = None
    closed_at: datetime | None = None
    around: str = ""


@dataclass(frozen=True, slots=True)
class Page:
    """Rows, in the order in which they ran; ``more`` were found besides, from ``cursor`` on."""

    rows: tuple[Row, ...] = ()
    more: int = 0
    cursor: Cursor | None = None


def newest_spans(
    connection: Connection, query: SpanQuery | None = None, before: Cursor | None = None, limit: int = PAGE
) -> Page:
    """The newest spans that match; without a question, those that are inside of no other.

    Args:
        connection: inside one transaction.
        query: what to find.
        before: the cursor of a page, for the page of older ones.
        limit: rows of a page.
    """
    wanted: list[ColumnElement[bool]] = []
    if query:
        wanted = [_matching(query)]
    else:
        wanted = [~exists().where(LINK.c.target_id == NODE.c.id, LINK.c.kind == literal_column("'child'"))]
    made = NODE.c.node_created_at
    if before is not None:
        at, last = datetime.fromisoformat(before[0]), UUID(before[1])
        wanted.append(or_(made < at, and_(made == at, NODE.c.id < last)))
    found: list[tuple[datetime, UUID]] = []
    for kind in _span_types(connection):
        own = select(made, NODE.c.id).where(NODE.c.node_type == kind, _INDEXED, *wanted)
        found += [(row[0], row[1]) for row in connection.execute(own.order_by(desc(made)).limit(limit + AHEAD + 1))]
    found.sort(key=lambda each: (each[0], each[1].bytes), reverse=True)
    kept = found[:limit]
    rows = span_rows(connection, [node_id for _, node_id in reversed(kept)], around=bool(query))
    cursor = (kept[-1][0].isoformat(), str(kept[-1][1])) if len(found) > limit else None
    return Page(tuple(rows), min(len(found) - len(kept), AHEAD), cursor)


def children(connection: Connection, span: UUID, after: Cursor | None = None, limit: int = 2 * PAGE) -> Page:
    """The spans inside a span in the order in which they ran, then what it made.

    Args:
        connection: inside one transaction.
        span: its id.
        after: the cursor of a page, for the next one.
        limit: rows of a page.
    """
    kind, there = LINK.c.kind, LINK.c.target_id
    held = select(kind, raw(there), LINK.c.label).where(LINK.c.source_id == span, kind.in_(("child", "output")))
    counted = select(func.count()).select_from(held.subquery())
    if after is not None:
        held = held.where(or_(kind > after[0], and_(kind == after[0], there > UUID(after[1]))))
        counted = select(func.count()).select_from(held.subquery())
    links = connection.execute(held.order_by(kind, there).limit(limit)).all()
    spans = [UUID(bytes=link[1]) for link in links if link[0] == "child"]
    rows = span_rows(connection, spans)
    rows += _made(connection, [(link[1], link[2]) for link in links if link[0] == "output"])
    more = 0
    if len(links) == limit:
        more = int(connection.execute(counted).scalar() or 0) - limit
    cursor = (str(links[-1][0]), str(UUID(bytes=links[-1][1]))) if more else None
    return Page(tuple(rows), more, cursor)


def span_rows(connection: Connection, ids: Sequence[UUID], around: bool = False) -> list[Row]:
    """The rows of these spans, in this order; with ``around``, each names the span that it is inside of."""
    if not ids:
        return []
    asked = select(*COLUMNS, NODE.c.span_error).where(NODE.c.id.in_(ids))
    spans = {UUID(bytes=row[0]): row for row in connection.execute(asked)}
    counted = (
        select(LINK.c.source_id, LINK.c.kind, func.count())
        .where(LINK.c.source_id.in_(ids), LINK.c.kind.in_(("child", "output")))
        .group_by(LINK.c.source_id, LINK.c.kind)
    )
    counts = {(row[0], row[1]): row[2] for row in connection.execute(counted)}
    first = _first_outputs(connection, [node_id for node_id in ids if (node_id, "output") in counts])
    holders = _holders(connection, ids) if around else {}
    rows = []
    for node_id in ids:
        span = spans.get(node_id)
        if span is None:
            continue
        info = span.span_info if isinstance(span.span_info, dict) else {}
        error = span.span_error if isinstance(span.span_error, dict) else {}
        rows.append(
            Row(
                node=described(span),
                inside=counts.get((node_id, "child"), 0),
                outputs=counts.get((node_id, "output"), 0),
                first=tuple(first.get(node_id, ())),
                cell=info.get("execution_count"),
                error=str(error.get("type") or ""),
                opened_at=span.span_opened_at,
                closed_at=span.span_closed_at,
                around=holders.get(node_id, ""),
            )
        )
    return rows


_INDEXED = literal_column("artigraph_node.node_type") != literal_column("'database_artifact'")
"""What the index of kinds and times is made for; it is only used where this is said."""


def _span_types(connection: Connection) -> list[str]:
    """Every ``node_type`` that is a span's, other programs' included: a look at one row of each type."""
    kinds: list[str] = []
    last = ""
    while True:
        beyond = select(func.min(NODE.c.node_type)).where(NODE.c.node_type > last, _INDEXED)
        kind = connection.execute(beyond).scalar()
        if kind is None:
            return kinds
        one = select(NODE.c.span_status).where(NODE.c.node_type == kind, _INDEXED).limit(1)
        if connection.execute(one).scalar() is not None:
            kinds.append(str(kind))
        last = str(kind)


def _matching(query: SpanQuery) -> ColumnElement[bool]:
    wanted: list[ColumnElement[bool]] = []
    if query.text:
        wanted.append(ValueFilter(icontains=query.text).on(NODE.c.node_label))
    if query.status:
        wanted.append(NODE.c.span_status == query.status)
    if query.since is not None:
        wanted.append(NODE.c.span_opened_at >= query.since)
    condition = and_(*wanted) if wanted else literal_column("1") == literal_column("1")
    return NodeFilter(tags=dict([query.tag])).compose(condition) if query.tag else condition


def _made(connection: Connection, outputs: Sequence[tuple[bytes, str | None]]) -> list[Row]:
    """The rows of what a span made: raw id and label of each."""
    ids = [UUID(bytes=node_id) for node_id, _ in outputs]
    found = {row[0]: row for row in connection.execute(select(*COLUMNS).where(NODE.c.id.in_(ids)))} if ids else {}
    return [Row(described(found[node_id], label)) for node_id, label in outputs]


def _first_outputs(connection: Connection, ids: Sequence[UUID]) -> dict[UUID, list[LineageNode]]:
    if not ids:
        return {}
    place = func.row_number().over(partition_by=LINK.c.source_id, order_by=LINK.c.target_id)
    ranked = (
        select(LINK.c.source_id, raw(LINK.c.target_id).label("made"), LINK.c.label, place.label("place"))
        .where(LINK.c.source_id.in_(ids), LINK.c.kind == "output")
        .subquery()
    )
    links = connection.execute(select(ranked).where(ranked.c.place <= _FIRST).order_by(ranked.c.place)).all()
    rows = _made(connection, [(link.made, link.label) for link in links])
    first: dict[UUID, list[LineageNode]] = {}
    for link, row in zip(links, rows, strict=True):
        first.setdefault(link.source_id, []).append(row.node)
    return first


def _holders(connection: Connection, ids: Sequence[UUID]) -> dict[UUID, str]:
    """Label of the span around each of these."""
    rows: Any = connection.execute(
        select(LINK.c.target_id, NODE.c.node_label)
        .join(NODE, NODE.c.id == LINK.c.source_id)
        .where(LINK.c.target_id.in_(ids), LINK.c.kind == "child")
    )
    return {row[0]: row[1] or "span" for row in rows}
