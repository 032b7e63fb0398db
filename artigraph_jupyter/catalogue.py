"""Artifacts that have versions, and what queries found, as the records that the views show."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from artigraph.artifact.artifact import Artifact
from artigraph.artifact.describe import COLUMNS, FEATURES, Description
from artigraph.artifact.query import Query
from artigraph.artifact.text import cell_text
from artigraph.bridge import block
from artigraph.graph.engine import current_database
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
