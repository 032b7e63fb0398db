"""Lineage: the picture of a dataflow walk, and every form it can be shown in."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

from artigraph.errors import MissingLibraryError, NodeNotFoundError
from artigraph.lineage.dot import render_dot
from artigraph.lineage.escape import plain
from artigraph.lineage.mermaid import render_mermaid
from artigraph.lineage.picture import LineageNode, Picture
from artigraph.lineage.style import Theme
from artigraph.lineage.svg import render_svg
from artigraph.lineage.text import render_text
from artigraph.registry import load

REPR_NODES = 40
"""How many nodes the text beside a notebook's picture names."""


@dataclass(frozen=True, slots=True)
class Mermaid:
    """Mermaid text that a notebook draws as a diagram; ``str()`` gives the text."""

    text: str

    def __str__(self) -> str:
        return self.text

    def _repr_mimebundle_(self, include: Iterable[str] = (), exclude: Iterable[str] = ()) -> dict[str, str]:
        return {"text/vnd.mermaid": self.text, "text/plain": self.text}


@dataclass(frozen=True, slots=True, repr=False)
class Lineage(Picture):
    """What a thing was made from and what was made from it, as plain data that no longer needs the database."""

    def __repr__(self) -> str:
        centre = self.centre
        of = f" of {plain(centre.label, 60)!r}" if centre else ""
        hidden = f", {self.hidden} hidden" if self.hidden else ""
        return f"<Lineage{of}: {len(self.nodes)} nodes, {len(self.edges)} edges{hidden}>"

    def node(self, node_id: object) -> LineageNode:
        """The node with this id.

        Raises:
            NodeNotFoundError: the picture has no such node.
        """
        for node in self.nodes:
            if node.id == str(node_id):
                return node
        raise NodeNotFoundError(node_id, "it is not in this lineage; ask for more hops")

    def to_text(self, ascii: bool = False, limit: int = 200) -> str:
        """A tree in words: at most ``limit`` nodes, in plain ASCII when asked or when stdout takes nothing else."""
        return render_text(self, plainly=ascii, limit=limit)

    def to_mermaid(self) -> str:
        """Mermaid flowchart text, within mermaid's own limits (at most 300 nodes, 450 edges, 50,000 characters)."""
        return render_mermaid(self)

    def to_dot(self) -> str:
        """Graphviz DOT text of the whole picture."""
        return render_dot(self)

    def to_svg(self, theme: Theme = "auto", compact: bool | None = None) -> str:
        """A static SVG of the nodes nearest to the focus: at most 60 nodes and 150 KB.

        Args:
            theme: ``auto`` follows the page around it (light where there is none); ``light``, ``dark`` are fixed.
            compact: one line per node; None decides by the size of the picture.

        Raises:
            MissingLibraryError: neither the program ``dot`` nor the library igraph is there to lay it out.
        """
        return render_svg(self, theme=theme, compact=compact)

    def to_networkx(self) -> Any:
        """A ``networkx.MultiDiGraph`` whose nodes and edges carry the fields of ours as attributes.

        Raises:
            MissingLibraryError: networkx is not installed.
        """
        networkx = load("networkx", "Lineage.to_networkx()")
        graph = networkx.MultiDiGraph(focus=self.focus, hidden=self.hidden)
        for node in self.nodes:
            graph.add_node(node.id, **_facts(node, "id"))
        for edge in self.edges:
            graph.add_edge(edge.source, edge.target, **_facts(edge, "source", "target"))
        return graph

    def mermaid(self) -> Mermaid:
        """An object that a notebook shows as a mermaid diagram."""
        return Mermaid(self.to_mermaid())

    def _repr_mimebundle_(self, include: Iterable[str] = (), exclude: Iterable[str] = ()) -> dict[str, str]:
        shown = {"text/plain": self.to_text(limit=REPR_NODES)}
        try:
            return {"image/svg+xml": self.to_svg(), **shown}
        except MissingLibraryError:
            return shown


def _facts(row: Any, *without: str) -> dict[str, Any]:
    return {name: getattr(row, name) for name in row.__dataclass_fields__ if name not in without}
