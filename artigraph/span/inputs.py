"""Finding a span by its name, and what it used or made, as rows: nothing is loaded."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from sqlalchemy import Connection, Select, desc, func, select

from artigraph.bridge import dual
from artigraph.errors import NodeNotFoundError
from artigraph.graph.engine import current_database
from artigraph.graph.schema import LINK, NODE
from artigraph.ids import as_id
from artigraph.span.read import read_span
from artigraph.span.span import Span

LOOKED_AT = 1_000
"""Spans of one label among which that of a cell is looked for, the newest."""


@dataclass(frozen=True, slots=True)
class Used:
    """An artifact that a span used, or made."""

    id: UUID
    role: str | None
    """The name it was used under; of an output its label."""
    label: str | None
    kind: str | None
    """``trace`` of what was never kept."""
    hash: bytes | None
    stem: str | None
    """The family of versions of a keyed artifact."""
    version: int | None
    """Of a keyed artifact its version, of a model that of its class."""
    model: str | None
    """The stored name of a model's class."""
    changed: bool
    """Whether the value had been changed in place since it was saved."""

    @property
    def name(self) -> str:
        """Its role, else its label, else the end of its id."""
        return self.role or self.label or str(self.id)[-8:]


@dual
async def find_span(target: Any) -> Span:
    """The span that is meant.

    Args:
        target: a Span, its id, or a label: the newest span that has it; ``label~1`` is the one before that, and so on;
            ``label[7]`` is the newest that ran as cell 7 of a notebook.

    Raises:
        NodeNotFoundError: there is no such span.
    """
    node_id = as_id(getattr(target, "id", target))
    if node_id is None:
        node_id = await current_database().read(lambda connection: _labelled(connection, str(target)))
    return await read_span.a(node_id)


def read_used(connection: Connection, span_id: UUID, way: str = "input") -> list[Used]:
    """What a span used (``input``) or made (``output``), in the order in which it was saved."""
    return read_used_by(connection, [span_id], way).get(span_id, [])


def read_used_by(
    connection: Connection, spans: Sequence[UUID], way: str = "input", *, models: bool = False, most: int | None = None
) -> dict[UUID, list[Used]]:
    """The same of many spans in one statement.

    Args:
        connection: inside one transaction.
        spans: their ids.
        way: ``input`` or ``output``.
        models: what is no model is left out.
        most: of one span, only so many that were saved last.

    Returns:
        By the id of the span; without those that used nothing.
    """
    here, there = (LINK.c.target_id, LINK.c.source_id) if way == "input" else (LINK.c.source_id, LINK.c.target_id)
    columns = (
        *(here.label("span"), NODE.c.id, LINK.c.role, LINK.c.label, NODE.c.node_label, NODE.c.artifact_kind),
        *(NODE.c.artifact_hash, NODE.c.artifact_stem, NODE.c.artifact_version, NODE.c.model_artifact_type_name),
        *(NODE.c.model_artifact_version, LINK.c.changed),
    )
    joined = LINK.join(NODE, NODE.c.id == there)
    wanted = select(*columns).select_from(joined).where(here.in_(spans), LINK.c.kind == way)
    if models:
        wanted = wanted.where(NODE.c.model_artifact_type_name.is_not(None))
    if most is not None:
        place = func.row_number().over(partition_by=here, order_by=desc(there))
        placed = wanted.add_columns(place.label("place")).subquery()
        wanted = select(*placed.c).where(placed.c.place <= most)
    found: dict[UUID, list[Used]] = {}
    for row in connection.execute(wanted):
        used = Used(
            id=row[1],
            role=row[2] if way == "input" else row[3],
            label=row[4],
            kind=row[5],
            hash=row[6],
            stem=row[7],
            version=row[8] if row[9] is None else row[10],
            model=row[9],
            changed=bool(row[11]),
        )
        found.setdefault(row[0], []).append(used)
    return {span: sorted(used, key=lambda each: each.id) for span, used in found.items()}


def _labelled(connection: Connection, asked: str) -> UUID:
    found = _nth_newest(connection, asked, 0)
    earlier = re.fullmatch(r"(.+)~(\d{1,6})", asked, re.DOTALL)
    cell = re.fullmatch(r"(.+?) ?\[(\d{1,9})\]", asked, re.DOTALL)
    if found is None and earlier:
        found = _nth_newest(connection, earlier[1], int(earlier[2]))
    elif found is None and cell:
        found = _of_cell(connection, cell[1], int(cell[2]))
    if found is None:
        raise NodeNotFoundError(f"is a span labelled {asked!r}", "give a label (label~1: the one before) or an id")
    return found


def _named(label: str) -> Select[tuple[UUID, Any]]:
    """The spans of a label, newest first."""
    named = select(NODE.c.id, NODE.c.span_info).where(NODE.c.node_label == label, NODE.c.span_status.is_not(None))
    return named.order_by(desc(NODE.c.id))


def _nth_newest(connection: Connection, label: str, back: int) -> UUID | None:
    found = connection.execute(_named(label).limit(1).offset(back)).first()
    return found[0] if found is not None else None


def _of_cell(connection: Connection, label: str, cell: int) -> UUID | None:
    rows = connection.execute(_named(label).limit(LOOKED_AT))
    return next((row[0] for row in rows if (row[1] or {}).get("execution_count") == cell), None)
