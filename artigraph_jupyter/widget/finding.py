"""What the artifact browser finds: pages of artifacts as messages."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from artigraph.bridge import ask
from artigraph.graph.engine import Database
from artigraph.lineage.escape import plain
from artigraph.lineage.picture import LineageNode
from artigraph.lineage.search import ArtifactQuery, Found, FoundPage, find_artifacts
from artigraph_jupyter.views.quantity import count_text, moment_text, size_text
from artigraph_jupyter.widget.asking import artifact_query
from artigraph_jupyter.widget.words import kind_icon, name_of


async def artifacts(database: Database, given: Mapping[str, Any]) -> dict[str, Any]:
    """A page of what a question finds."""
    query = artifact_query(given)
    before = str(given["cursor"]) if given.get("cursor") else None
    page = await ask(database.read, lambda connection: find_artifacts(connection, query, before))
    return message(page, query)


def message(page: FoundPage, query: ArtifactQuery) -> dict[str, Any]:
    """A page as JSON."""
    nothing = (
        "Nothing matches." if query != ArtifactQuery() else 'The store is empty. ag.save(value, "label") fills it.'
    )
    count = count_text(len(page.rows), "artifact")
    said = f"{count}, newest first; more are there." if page.cursor else f"{count}, newest first."
    return {
        "rows": [_row(row) for row in page.rows],
        "cursor": page.cursor,
        "said": said if page.rows else nothing,
    }


def _row(row: Found) -> dict[str, Any]:
    node = row.node
    return {
        "id": node.id,
        "label": name_of(node),
        "icon": kind_icon(node.kind),
        "type": " · ".join(plain(word, 40) for word in (node.type_name, _shape(node)) if word),
        "size": size_text(row.size),
        "maker": plain(row.maker.label, 40) if row.maker is not None else "",
        "saved": moment_text(node.created_at),
    }


def _shape(node: LineageNode) -> str:
    """What is told of it besides its size, which has a column."""
    return node.detail if "×" in node.detail else ""
