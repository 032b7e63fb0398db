"""The lineage as mermaid text: shapes for kinds, frames for containment, nothing that could be read as markup."""

from __future__ import annotations

from collections.abc import Iterator

from artigraph.lineage.escape import mermaid, plain
from artigraph.lineage.icons import is_dashed, state_words
from artigraph.lineage.picture import LineageEdge, LineageNode, Picture, around, enclosing, nearest

MAX_NODES, MAX_EDGES, MAX_CHARACTERS = 300, 450, 50_000
"""Mermaid refuses more edges than 500 and more text than 50,000 characters."""

_SHAPES = {
    "span": "([{}])",
    "run": "{{{{{}}}}}",
    "artifact": "[{}]",
    "keyed": "[({})]",
    "model": "[[{}]]",
    "field": "({})",
    "trace": "[{}]",
    "many": "[{}]",
}
_CLASSES = {
    "focus": "stroke:#0d47a1,stroke-width:3px",
    "bad": "stroke:#a50e3a,stroke-width:2px",
    "caution": "stroke:#855000,stroke-width:2px",
    "active": "stroke:#0d56a8,stroke-width:2px",
    "dashed": "stroke-dasharray:4 3",
}
_STATUS_CLASS = {"error": "bad", "interrupted": "caution", "abandoned": "dashed", "open": "active"}


def render_mermaid(picture: Picture) -> str:
    """Flowchart text of the nodes nearest to the focus; how many are hidden stands in a comment and in a node.

    >>> print(render_mermaid(Picture((LineageNode("a", "load [1]", "span"),), (), "a")))
    flowchart LR
      n0(["load#32;#91;1#93;"])
      class n0 focus
      classDef focus stroke:#0d47a1,stroke-width:3px
    """
    return mermaid_with_ids(picture)[0]


def mermaid_with_ids(picture: Picture) -> tuple[str, tuple[str, ...]]:
    """The same text, and the id of the node that is ``n0`` in it, of ``n1``, and so on."""
    count = MAX_NODES
    while True:
        small = nearest(picture, count, MAX_EDGES)
        text = "\n".join(_lines(small))
        if len(text) < MAX_CHARACTERS or count == 1:
            return text, tuple(node.id for node in small.nodes)
        count = count * 3 // 4


def _lines(picture: Picture) -> Iterator[str]:
    yield "flowchart LR"
    names = {node.id: f"n{number}" for number, node in enumerate(picture.nodes)}
    inside = enclosing(picture)
    yield from _level(picture, None, names, inside, "  ")
    for edge in picture.edges:
        if edge.source in around(inside.get(edge.target), inside) or edge.target in around(
            inside.get(edge.source), inside
        ):
            continue  # the frame says it
        yield f"  {names[edge.source]} {_arrow(edge)} {names[edge.target]}"
    if picture.omissions:
        yield f"  more[{_quoted(picture.omissions)}]:::dashed"
        yield f"  %% {' '.join(mermaid(word) for word in plain(picture.omissions).split())}"
    used = {"dashed"} if picture.omissions else set()
    for node in picture.nodes:
        for name in _classes(node, picture.focus):
            used.add(name)
            yield f"  class {names[node.id]} {name}"
    yield from (f"  classDef {name} {style}" for name, style in _CLASSES.items() if name in used)


def _level(
    picture: Picture, frame: str | None, names: dict[str, str], inside: dict[str, str], indent: str
) -> Iterator[str]:
    """The nodes that lie directly in a frame; None is the page itself."""
    frames = set(inside.values())
    for node in picture.nodes:
        if inside.get(node.id) != frame:
            continue
        if node.id in frames:
            yield f"{indent}subgraph {names[node.id]}[{_quoted(_words(node))}]"
            yield from _level(picture, node.id, names, inside, f"{indent}  ")
            yield f"{indent}end"
        else:
            shape = _SHAPES.get(node.kind, _SHAPES["artifact"])
            yield f"{indent}{names[node.id]}{shape.format(_quoted(_words(node)))}"


def _words(node: LineageNode) -> str:
    """The name, the version, and what is not well: colour never says it alone."""
    version = f" v{node.version}" if node.version is not None else ""
    count = f" ({node.count:,} alike)" if node.count > 1 else ""
    kept = " (not kept)" if node.kind == "trace" else ""
    states = "".join(f" · {plain(word, 24)}" for word in state_words(node.status, node.badges)[:2])
    return f"{plain(node.label or node.type_name or node.kind, 32)}{version}{count}{kept}{states}"


def _arrow(edge: LineageEdge) -> str:
    arrow = {"child": "-.->", "user": "-.->", "field": "---"}.get(edge.kind, "-->")
    words = f"{plain(edge.role or edge.label or '', 20)}{' ≠' * edge.changed}".strip()
    return f"{arrow}|{_quoted(words)}|" if words else arrow


def _classes(node: LineageNode, focus: str) -> list[str]:
    names = ["focus"] if node.id == focus else []
    if node.status in _STATUS_CLASS:
        names.append(_STATUS_CLASS[node.status])
    if is_dashed(node.kind, node.status, node.badges) and "dashed" not in names:
        names.append("dashed")
    return names


def _quoted(text: str) -> str:
    return f'"{mermaid(text)}"'
