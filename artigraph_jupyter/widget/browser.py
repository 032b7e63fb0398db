"""ArtifactBrowser: what is in the store, to search, look at and load from."""

from __future__ import annotations

from dataclasses import replace

from artigraph.bridge import block
from artigraph.graph.engine import current_database
from artigraph.lineage.search import ArtifactQuery, Found, FoundPage, find_artifacts
from artigraph_jupyter.views import artifact as artifact_view
from artigraph_jupyter.views.data import ArtifactRow, ArtifactTable
from artigraph_jupyter.widget.assets import module
from artigraph_jupyter.widget.finding import message
from artigraph_jupyter.widget.view import View, place


class ArtifactBrowser(View):
    """Search the store by label, type, tag and time.

    Args:
        query: text that labels contain, to begin with.

    Raises:
        NoEngineError: no database was chosen.
    """

    _esm = module("browser")

    def __init__(self, query: str | None = None) -> None:
        database = current_database()
        asked = replace(ArtifactQuery(), text=query or "")
        page = block(database.read, lambda connection: find_artifacts(connection, asked))
        still = _still(page, query)
        super().__init__(
            {"page": message(page, asked), "text": query or "", "where": place(database)},
            {"text/html": artifact_view.table_to_html(still), "text/plain": artifact_view.table_to_text(still)},
        )


def _still(page: FoundPage, query: str | None) -> ArtifactTable:
    words = f'label contains "{query}", newest first' if query else "newest first"
    return ArtifactTable(tuple(_row(row) for row in page.rows), len(page.rows), words)


def _row(row: Found) -> ArtifactRow:
    node, maker = row.node, row.maker.label if row.maker is not None else ""
    kind = node.type_name + (f" {node.detail}" if "×" in node.detail else "")
    return ArtifactRow(node.label, node.kind, node.version, kind, row.size, maker, node.created_at, node_id=node.id)
