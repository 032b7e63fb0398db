"""Artifacts that have versions, and what queries found, as the records that the views show."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from sqlalchemy import Connection, func, select

from artigraph.artifact.artifact import Artifact
from artigraph.artifact.collection import Collection
from artigraph.artifact.describe import COLUMNS, FEATURES, Description
from artigraph.artifact.get import select_artifacts
from artigraph.artifact.query import Query
from artigraph.artifact.text import cell_text
from artigraph.bridge import block
from artigraph.graph.engine import current_database
from artigraph.graph.schema import LINK, NODE
from artigraph_jupyter.content import shown_content
from artigraph_jupyter.views import data

ROWS = 50
"""Rows that a table shows."""


def kept_card(artifact: Artifact) -> data.ArtifactCard:
    """A kept artifact with what is around it; its value is not loaded."""
    return description_card(artifact.describe.s())


def description_card(said: Description) -> data.ArtifactCard:
    """The same, described already."""
    one = said.artifact
    facts = [(name.capitalize(), value) for name, value in said.facts() if name not in _SHOWN_ELSEWHERE]
    features, columns = said.features or {}, said.columns or {}
    listed = [f"{name} = {cell_text(value, 60)}" for name, (_, value) in list(features.items())[:FEATURES]]
    facts.append(("Features", ", ".join([*listed, *_more(len(features) - FEATURES)])))
    listed = [f"{name} ({dtype})" for name, dtype in list(columns.items())[:COLUMNS]]
    facts.append(("Columns", ", ".join([*listed, *_more(len(columns) - COLUMNS)])))
    asked = one.key if one.key is not None and one.is_latest else str(one.id)
    return data.ArtifactCard(
        artifact=data.ArtifactRow(**_row(one), maker=", ".join(said.made_by)),
        versions=tuple(data.Version(each.number, each.saved_at, each.maker or "") for each in said.versions),
        tags=tuple(f"{name} = {value}" for name, value in one.tags.items()) + said.labels,
        facts=tuple(pair for pair in facts if pair[1]),
        preview=block(shown_content, current_database(), one.id, said.preview),
        load_code=f"artigraph.load.s({asked!r})" if one.created_at is not None else "",
    )


def query_table(query: Query[Any]) -> data.ArtifactTable:
    """The first rows that a query finds."""
    found = query[:ROWS].all.s()
    total = len(query) if len(found) == ROWS else len(found)
    return data.ArtifactTable(tuple(data.ArtifactRow(**_row(each)) for each in found), total, query.question)


def collection_card(one: Collection) -> data.CollectionCard:
    """A collection with the first artifacts that it holds; their values are not loaded."""
    held, total = (one.artifacts[:ROWS], len(one)) if one.uid is None else block(_held, one)
    facts = [("Description", one.description or ""), ("Uid", one.uid or ""), ("Hash", one.hash or "")]
    asked = f"key={one.key!r}" if one.key is not None and one.is_latest else repr(str(one.id))
    return data.CollectionCard(
        collection=data.ArtifactRow(**_row(one)),
        rows=tuple(data.ArtifactRow(**_row(each)) for each in held),
        total=total,
        facts=tuple(pair for pair in facts if pair[1]),
        load_code=f"artigraph.Collection.get.s({asked}).load.s()" if one.uid is not None else "",
    )


async def _held(one: Collection) -> tuple[list[Artifact], int]:
    """The first artifacts that a kept collection holds, and how many there are."""
    own = LINK.c.source_id == one.id, LINK.c.kind == "field"
    first = select(LINK.c.target_id, LINK.c.label).where(*own, LINK.c.label.in_([str(n) for n in range(ROWS)]))

    def work(connection: Connection) -> tuple[list[Artifact], int]:
        places = {int(row.label): row.target_id for row in connection.execute(first)}
        total = connection.execute(select(func.count()).select_from(LINK).where(*own)).scalar() or 0
        found = Artifact.of_statement(connection, select_artifacts(NODE.c.id.in_(places.values())))
        handles = {each.id: each for each in found}
        return [handles[places[place]] for place in sorted(places)], total

    return await current_database().read(work)


_SHOWN_ELSEWHERE = frozenset({"what", "made by", "versions", "labels", "tags"})


def _row(one: Any) -> dict[str, Any]:
    """What a row shows of an artifact, a collection, or a term."""
    said: Any = getattr(one, "otype", None) or getattr(one, "type_name", None) or getattr(one, "dtype", None)
    rows = getattr(one, "n_observations", None)
    saved_at: datetime | None = one.created_at
    badges = ["latest"] if getattr(one, "is_latest", False) and getattr(one, "version", 0) else []
    return {
        "label": getattr(one, "key", None) or getattr(one, "label", None) or getattr(one, "name", None) or str(one.id),
        "kind": "keyed" if getattr(one, "uid", None) is not None else "artifact",
        "version": getattr(one, "version", None),
        "type_name": (said or getattr(one, "suffix", None) or "") + (f" {rows:,} rows" if rows is not None else ""),
        "size": getattr(one, "size", None),
        "saved_at": saved_at,
        "badges": (*badges, *(["in the trash"] if getattr(one, "trashed_at", None) is not None else [])),
        "node_id": str(one.id),
    }


def _more(hidden: int) -> list[str]:
    return [f"… {hidden:,} more"] if hidden > 0 else []
