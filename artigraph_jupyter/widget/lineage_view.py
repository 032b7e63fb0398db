"""LineageView: what a thing was made from and what was made from it, to grow, search and load from."""

from __future__ import annotations

from typing import Any

from artigraph.bridge import block
from artigraph.errors import NodeNotFoundError
from artigraph.graph.engine import Database, current_database
from artigraph.lineage.layout import Scene, lay_out
from artigraph.lineage.picture import Picture
from artigraph.lineage.svg import MAX_NODES, draw_svg, render_svg
from artigraph.lineage.text import render_text
from artigraph.persist.find import resolve
from artigraph.span.read import span_id
from artigraph_jupyter.gather import known_node
from artigraph_jupyter.widget.assets import module
from artigraph_jupyter.widget.details import details
from artigraph_jupyter.widget.drawing import Drawn, Wish, message, seen
from artigraph_jupyter.widget.view import View

TEXT_NODES = 40
"""Nodes that the text beside the picture names."""


class LineageView(View):
    """The lineage of a thing, to explore.

    Args:
        target: a label, an id, something saved or loaded, a span, or "current" for the open span.
        upstream: hops back to begin with.
        downstream: hops on to begin with.

    Raises:
        NodeNotFoundError: nothing of the kind is in the store.
        MissingLibraryError: neither the program ``dot`` nor the library igraph is there to lay it out.
        NoEngineError: no database was chosen.
    """

    _esm = module("lineage_view")

    def __init__(self, target: Any = "current", upstream: int = 1, downstream: int = 1) -> None:
        database = current_database()
        wish, drawn, facts = block(_first, database, target, upstream, downstream)
        scene = lay_out(drawn.picture)
        first = {"wish": wish.message(), "scene": message(drawn, scene, wish), "details": facts}
        super().__init__(first, _still(drawn.picture, scene))


def _still(picture: Picture, scene: Scene) -> dict[str, str]:
    """What a notebook without a kernel shows: a picture of the nearest nodes, and text."""
    svg = draw_svg(scene, picture) if len(picture.nodes) <= MAX_NODES else render_svg(picture)
    return {"image/svg+xml": svg, "text/plain": render_text(picture, limit=TEXT_NODES)}


async def _first(database: Database, target: Any, upstream: int, downstream: int) -> tuple[Wish, Drawn, dict[str, Any]]:
    """(library thread) What is shown before anybody asked."""
    if isinstance(target, str) and target == "current":
        node_id = await span_id(target)
    else:
        try:
            node_id = await resolve(target)
        except NodeNotFoundError:
            known = known_node(target)
            if known is None:
                raise
            node_id = known
    wish = Wish.of({"focus": str(node_id), "upstream": upstream, "downstream": downstream})
    drawn = await seen(database, wish)
    return wish, drawn, await details(database, {"id": drawn.picture.focus})
