"""All that is known of one node, bounded: what a details panel shows. Rows and stored previews, never values."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, fields, replace
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import Column, Connection, func, select

from artigraph.errors import NodeNotFoundError
from artigraph.graph.schema import LINK, NODE
from artigraph.graph.walk import raw
from artigraph.lineage.describe import COLUMNS, described
from artigraph.lineage.picture import LineageNode

NEIGHBOURS = 12
"""Neighbours of each sort that are named."""

COUNTED = 10_000
"""Up to how many neighbours are counted; more are "at least" that many."""

_SOURCE = 20_000
"""Characters of code that are read."""

_NESTED = 8
"""How many wholes up the maker of a part is looked for."""


@dataclass(frozen=True, slots=True)
class Neighbours:
    """The first neighbours of one sort: the role or label of the link, and the node; ``total`` is cut at COUNTED."""

    shown: tuple[tuple[str, LineageNode], ...] = ()
    total: int = 0


@dataclass(frozen=True, slots=True)
class Facts:
    """One node and what is around it.

    Attributes:
        node: in the words of a picture.
        made_by: spans that made it, or the whole it is a part of.
        used_by: spans that used it.
        inputs: what a span used.
        outputs: what a span made.
        parts: the fields of a model.
        inside: spans inside a span.
        around: the span that a span is inside of, or the wholes of a part.
        source: the code of the span, or of the span that made it; at most 20,000 characters.
        maker: whose code that is; None for the node itself.
        serializer: name of the serializer; None when there is no content.
        size: bytes.
        hash: sha256, 32 bytes.
        storage: name of the storage; None: in the database.
        stem: the family of a keyed artifact.
        key: what it is kept under.
        description: a sentence about it.
        created_at, opened_at, closed_at: UTC.
        error: type, message and traceback that a span ended with.
        params: of a run.
        untracked: name and type of values that a span read and no span had made.
        preview: what its serializer stored to look at.
    """

    node: LineageNode
    made_by: Neighbours
    used_by: Neighbours
    inputs: Neighbours
    outputs: Neighbours
    parts: Neighbours
    inside: Neighbours
    around: Neighbours
    source: str
    maker: LineageNode | None
    serializer: str | None
    size: int | None
    hash: bytes | None
    storage: str | None
    stem: str | None
    key: str | None
    description: str
    created_at: datetime
    opened_at: datetime | None
    closed_at: datetime | None
    error: dict[str, Any]
    params: dict[str, Any]
    untracked: tuple[tuple[str, str], ...]
    preview: Any

    @property
    def nodes(self) -> list[LineageNode]:
        """The node and all that are named beside it."""
        maker = [self.maker] if self.maker is not None else []
        return [self.node, *maker, *(node for near in self._beside().values() for _, node in near.shown)]

    def with_status(self, status: Mapping[str, str | None]) -> Facts:
        """The same facts, with the status that is given for each of ``nodes`` by its id."""

        def told(node: LineageNode) -> LineageNode:
            return replace(node, status=status[node.id])

        beside: dict[str, Any] = {
            name: replace(near, shown=tuple((word, told(node)) for word, node in near.shown))
            for name, near in self._beside().items()
        }
        maker = told(self.maker) if self.maker is not None else None
        return replace(self, node=told(self.node), maker=maker, **beside)

    def _beside(self) -> dict[str, Neighbours]:
        named = ((field.name, getattr(self, field.name)) for field in fields(self))
        return {name: near for name, near in named if isinstance(near, Neighbours)}


def node_facts(connection: Connection, node_id: UUID) -> Facts:
    """What is known of a node, in a fixed number of statements.

    Raises:
        NodeNotFoundError: there is no such node.
    """
    row = connection.execute(select(*COLUMNS, *_MORE).where(NODE.c.id == node_id)).first()
    if row is None:
        raise NodeNotFoundError(node_id)
    is_span = row.span_status is not None
    nothing = Neighbours()
    from_it, to_it = LINK.c.source_id, LINK.c.target_id
    made_by = nothing if is_span else _beside(connection, to_it, node_id, ("output",))
    wholes = _beside(connection, to_it, node_id, ("child",) if is_span else ("field",))
    maker = None if is_span else _maker(connection, node_id)
    source = row.span_source if is_span else None
    if maker is not None:
        asked = select(func.substr(NODE.c.span_source, 1, _SOURCE)).where(NODE.c.id == UUID(maker.id))
        source = connection.execute(asked).scalar()
    return Facts(
        node=described(row, None if row.node_label else _name(connection, node_id)),
        made_by=made_by,
        used_by=nothing if is_span else _beside(connection, from_it, node_id, ("input",)),
        inputs=_beside(connection, to_it, node_id, ("input",)) if is_span else nothing,
        outputs=_beside(connection, from_it, node_id, ("output",)) if is_span else nothing,
        parts=_beside(connection, from_it, node_id, ("field",)) if row.model_artifact_type_name else nothing,
        inside=_beside(connection, from_it, node_id, ("child",)) if is_span else nothing,
        around=wholes,
        source=(source or "")[:_SOURCE],
        maker=maker,
        serializer=row.artifact_serializer,
        size=row.artifact_size,
        hash=row.artifact_hash,
        storage=row.remote_artifact_storage,
        stem=row.artifact_stem,
        key=row.key,
        description=row.artifact_description or "",
        created_at=row.node_created_at,
        opened_at=row.span_opened_at,
        closed_at=row.span_closed_at,
        error=row.span_error if isinstance(row.span_error, dict) else {},
        params=row.run_params if isinstance(row.run_params, dict) else {},
        untracked=tuple((str(each["name"]), str(each["type"])) for each in row.span_untracked or ()),
        preview=row.artifact_preview,
    )


_MORE = (
    NODE.c.artifact_serializer,
    NODE.c.artifact_hash,
    NODE.c.artifact_description,
    NODE.c.remote_artifact_storage,
    NODE.c.span_source,
    NODE.c.span_error,
    NODE.c.run_params,
)


def _beside(connection: Connection, here: Column[UUID], node_id: UUID, kinds: Sequence[str]) -> Neighbours:
    there = LINK.c.target_id if here is LINK.c.source_id else LINK.c.source_id
    links = select(raw(there).label("there"), LINK.c.label, LINK.c.role).where(here == node_id, LINK.c.kind.in_(kinds))
    first = connection.execute(links.limit(NEIGHBOURS + 1)).all()
    total = len(first)
    if total > NEIGHBOURS:
        counted = select(func.count()).select_from(links.limit(COUNTED).subquery())
        total = int(connection.execute(counted).scalar() or 0)
        if total < COUNTED:  # few enough to sort
            first = connection.execute(links.order_by(there).limit(NEIGHBOURS)).all()
    ids = {UUID(bytes=link.there) for link in first}
    asked = select(*COLUMNS).where(NODE.c.id.in_(ids))
    rows = {row[0]: row for row in connection.execute(asked)} if ids else {}
    shown = [
        (link.role or link.label or "", described(rows[link.there], link.label or link.role))
        for link in first[:NEIGHBOURS]
    ]
    return Neighbours(tuple(sorted(shown, key=lambda each: each[1].id)), total)


def _maker(connection: Connection, node_id: UUID) -> LineageNode | None:
    """The span that made it, or a whole it is a part of."""
    for _ in range(_NESTED):
        made = _beside(connection, LINK.c.target_id, node_id, ("output",))
        if made.shown:
            return made.shown[0][1]
        wholes = _beside(connection, LINK.c.target_id, node_id, ("field",))
        if not wholes.shown:
            return None
        node_id = UUID(wholes.shown[0][1].id)
    return None


def _name(connection: Connection, node_id: UUID) -> str | None:
    """What a node without a label is called by the link that leads to it, else by whoever used it."""
    led = select(LINK.c.label).where(LINK.c.target_id == node_id, LINK.c.label.is_not(None)).limit(1)
    used = select(LINK.c.role).where(LINK.c.source_id == node_id, LINK.c.role.is_not(None)).limit(1)
    found = connection.execute(led).scalar() or connection.execute(used).scalar()
    return str(found) if found is not None else None
