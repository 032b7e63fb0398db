"""ArtifactBrowser: what is in the store, to search, look at and load from."""

from __future__ import annotations

from artigraph.bridge import block
from artigraph.graph.engine import current_database
from artigraph.lineage.search import Found, FoundPage
from artigraph_jupyter.views import artifact as artifact_view
from artigraph_jupyter.views.data import ArtifactRow, ArtifactTable
from artigraph_jupyter.widget.asking import artifact_filter
from artigraph_jupyter.widget.assets import module
from artigraph_jupyter.widget.finding import message, page_of, type_text
from artigraph_jupyter.widget.view import View, place


class ArtifactBrowser(View):
    """Search the store by key, label, tag, feature, type and time.

    Args:
        query: text that a key, a label, a description, or the value of a tag or feature contains, to begin with.

    Raises:
        NoEngineError: no database was chosen.
    """

    _esm = module("browser")

    def __init__(self, query: str | None = None) -> None:
        database = current_database()
        asked = artifact_filter({"text": query})
        page = block(database.read, lambda connection: page_of(connection, asked))
        still = _still(page, query)
        super().__init__(
            {"page": message(page, asked), "text": query or "", "where": place(database)},
            {"text/html": artifact_view.table_to_html(still), "text/plain": artifact_view.table_to_text(still)},
        )


def _still(page: FoundPage, query: str | None) -> ArtifactTable:
    words = f'"{query}", newest first' if query else "newest first"
    return ArtifactTable(tuple(map(_row, page.rows)), len(page.rows), words)


def _row(row: Found) -> ArtifactRow:
    node, maker = row.node, row.maker.label if row.maker is not None else ""
    version = node.version if node.kind == "keyed" else None
    return ArtifactRow(
        node.label, node.kind, version, type_text(row), row.size, maker, node.created_at, node_id=node.id
    )
