"""Artifacts page by page: what stands by itself in the store and matches a filter, the newest first."""

from __future__ import annotations

from dataclasses import dataclass
from uuid import UUID

from sqlalchemy import Connection, and_, desc, exists, literal_column, or_, select

from artigraph.graph.schema import LINK, NODE
from artigraph.graph.value import Condition, Filter, filter_of
from artigraph.graph.walk import raw
from artigraph.lineage.describe import COLUMNS, described
from artigraph.lineage.picture import LineageNode

PAGE = 50
"""Rows of one page."""


@dataclass(frozen=True, slots=True)
class Found:
    """An artifact with the span that made it (None: nobody's), its size in bytes, and the suffix of its file."""

    node: LineageNode
    maker: LineageNode | None = None
    size: int | None = None
    suffix: str = ""


@dataclass(frozen=True, slots=True)
class FoundPage:
    """Artifacts, the newest first; ``cursor`` is where the next page starts, None when this is the last."""

    rows: tuple[Found, ...] = ()
    cursor: str | None = None


def find_artifacts(
    connection: Connection, where: Filter | None = None, before: str | None = None, limit: int = PAGE
) -> FoundPage:
    """What stands by itself: values and models that are no mere part of another, and no traces.

    Args:
        connection: inside one transaction.
        where: what to find of it; None: everything.
        before: the cursor of a page, for the page of older ones.
        limit: rows of a page.
    """
    condition = _stands_by_itself()
    if where is not None:
        condition = filter_of(where).compose(condition)
    statement = select(*COLUMNS, NODE.c.artifact_suffix).where(condition)
    if before is not None:
        statement = statement.where(NODE.c.id < UUID(before))
    rows = connection.execute(statement.order_by(desc(NODE.c.id)).limit(limit + 1)).all()
    ids = [UUID(bytes=row[0]) for row in rows[:limit]]
    makers, names = _makers(connection, ids)
    found = tuple(
        Found(described(row, names.get(node_id)), makers.get(node_id), row.artifact_size, row.artifact_suffix or "")
        for node_id, row in zip(ids, rows, strict=False)
    )
    return FoundPage(found, str(ids[-1]) if len(rows) > limit else None)


def _stands_by_itself() -> Condition:
    link = LINK.c.target_id == NODE.c.id
    part = exists().where(link, LINK.c.kind == literal_column("'field'"))
    made = exists().where(link, LINK.c.kind == literal_column("'output'"))
    kept = or_(NODE.c.artifact_serializer.is_not(None), NODE.c.model_artifact_type_name.is_not(None))
    return and_(kept, or_(NODE.c.node_label.is_not(None), NODE.c.artifact_uid.is_not(None), ~part, made))


def _makers(connection: Connection, ids: list[UUID]) -> tuple[dict[UUID, LineageNode], dict[UUID, str]]:
    """The span that made each of these first, and the label of the link from it."""
    if not ids:
        return {}, {}
    links = connection.execute(
        select(LINK.c.target_id, raw(LINK.c.source_id).label("maker"), LINK.c.label)
        .where(LINK.c.target_id.in_(ids), LINK.c.kind == "output")
        .order_by(desc(LINK.c.source_id))
    ).all()
    spans = {UUID(bytes=link.maker) for link in links}
    asked = select(*COLUMNS).where(NODE.c.id.in_(spans))
    rows = {row[0]: described(row) for row in connection.execute(asked)} if spans else {}
    makers = {link.target_id: rows[link.maker] for link in links}
    return makers, {link.target_id: link.label for link in links if link.label is not None}
