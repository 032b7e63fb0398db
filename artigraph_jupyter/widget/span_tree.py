"""SpanTree: the spans of the store and what they made as a tree, whose branches are read when they are opened."""

from __future__ import annotations

from typing import Any

from sqlalchemy import Connection

from artigraph.bridge import block
from artigraph.graph.engine import current_database
from artigraph.lineage.spans import Page, Row, newest_spans, span_rows
from artigraph.persist.find import resolve
from artigraph.span.read import span_id
from artigraph_jupyter.views import tree as tree_view
from artigraph_jupyter.views.data import SpanRow, Thing
from artigraph_jupyter.views.data import SpanTree as Tree
from artigraph_jupyter.widget.assets import module
from artigraph_jupyter.widget.rows import inside_of, message, told
from artigraph_jupyter.widget.view import View, place


class SpanTree(View):
    """Spans and their artifacts as a tree.

    Args:
        root: a span, its id, its label, or "current": the tree of that one; None: the newest of all.

    Raises:
        NodeNotFoundError: there is no such span.
        NoEngineError: no database was chosen.
    """

    _esm = module("span_tree")

    def __init__(self, root: Any = None) -> None:
        database = current_database()
        top, page = block(_first, root)
        first = {"page": message(page), "root": message(Page((top,)))["rows"][0] if top is not None else None}
        still = Tree(tuple(_still(row) for row in ([top] if top is not None else page.rows)), page.more)
        super().__init__(
            {**first, "where": place(database)},
            {"text/html": tree_view.to_html(still), "text/plain": tree_view.to_text(still)},
        )


async def _first(root: Any) -> tuple[Row | None, Page]:
    """(library thread) The root with what is inside it, or the newest spans."""
    node_id = None
    if root is not None:
        node_id = await (span_id(root) if isinstance(root, str) and root == "current" else resolve(root))

    def work(connection: Connection) -> tuple[Row | None, Page]:
        if node_id is None:
            return None, told(connection, newest_spans(connection))
        top = told(connection, Page(tuple(span_rows(connection, [node_id]))))
        return top.rows[0], inside_of(connection, node_id)

    return await current_database().read(work)


def _still(row: Row) -> SpanRow:
    """A row as the static tree shows it."""
    took = (row.closed_at - row.opened_at).total_seconds() if row.closed_at and row.opened_at else None
    return SpanRow(
        label=row.node.label,
        status=str(row.node.status),
        kind=row.node.kind,
        cell=row.cell,
        error=row.error,
        started=row.opened_at,
        duration=took,
        outputs=tuple(Thing(made.label, made.kind, made.version, made.detail) for made in row.first),
        outputs_hidden=row.outputs - len(row.first),
        children_hidden=row.inside,
        node_id=row.node.id,
    )
