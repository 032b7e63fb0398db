"""The lineage as Graphviz DOT text, for those who draw it themselves."""

from __future__ import annotations

from collections.abc import Iterator

from artigraph.lineage.escape import dot, plain
from artigraph.lineage.icons import RAN, is_dashed, state_words
from artigraph.lineage.picture import LineageEdge, LineageNode, Picture, around, enclosing, nearest

_SHAPES = {
    "span": "shape=box",
    "run": "shape=hexagon",
    "artifact": "shape=box",
    "keyed": "shape=folder",
    "model": "shape=record",
    "field": "shape=box",
    "trace": "shape=box",
    "many": "shape=box3d",
}


def render_dot(picture: Picture) -> str:
    """DOT text of the whole picture; spans around others are clusters.

    >>> print(render_dot(Picture((LineageNode("a", "metrics", "model", type_name="Metrics"),), (), "a")))
    digraph lineage {
      graph [rankdir=LR, compound=true, fontname="Helvetica"]
      node [fontname="Helvetica", fontsize=11, color="#7d848e"]
      edge [fontname="Helvetica", fontsize=10, color="#7d848e"]
      n0 [label="metrics|Metrics", shape=record, penwidth=2]
    }
    """
    return "\n".join(_lines(nearest(picture, len(picture.nodes), len(picture.edges))))


def _lines(picture: Picture) -> Iterator[str]:
    names = {node.id: f"n{number}" for number, node in enumerate(picture.nodes)}
    inside = enclosing(picture)
    frames = set(inside.values())
    yield "digraph lineage {"
    yield '  graph [rankdir=LR, compound=true, fontname="Helvetica"]'
    yield '  node [fontname="Helvetica", fontsize=11, color="#7d848e"]'
    yield '  edge [fontname="Helvetica", fontsize=10, color="#7d848e"]'
    yield from _level(picture, None, names, inside, "  ")
    for edge in picture.edges:
        if edge.source in around(inside.get(edge.target), inside) or edge.target in around(
            inside.get(edge.source), inside
        ):
            continue  # the cluster says it
        facts = [f'label="{dot(words)}"'] if (words := _words(edge)) else []
        facts += [f"ltail=cluster_{names[edge.source]}"] if edge.source in frames else []
        facts += [f"lhead=cluster_{names[edge.target]}"] if edge.target in frames else []
        facts += [f"style={style}"] if (style := {"child": "dashed", "user": "dotted"}.get(edge.kind)) else []
        yield f"  {names[edge.source]} -> {names[edge.target]}" + (f" [{', '.join(facts)}]" if facts else "")
    if picture.omissions:
        yield f'  more [label="{dot(picture.omissions)}", shape=plaintext]'
    yield "}"


def _level(
    picture: Picture, frame: str | None, names: dict[str, str], inside: dict[str, str], indent: str
) -> Iterator[str]:
    """What lies directly in a frame. A frame holds an invisible point by its own name, where its arrows end."""
    frames = set(inside.values())
    for node in picture.nodes:
        if inside.get(node.id) != frame:
            continue
        name = names[node.id]
        if node.id in frames:
            yield f"{indent}subgraph cluster_{name} {{"
            yield f'{indent}  label="{dot(node.label)}"; style="rounded,dashed"; color="#7d848e"; fontsize=11'
            yield f"{indent}  {name} [shape=point, style=invis, width=0.01]"
            yield from _level(picture, node.id, names, inside, f"{indent}  ")
            yield f"{indent}}}"
        else:
            yield f"{indent}{name} [{_facts(node, picture.focus)}]"


def _facts(node: LineageNode, focus: str) -> str:
    version = f" v{node.version}" if node.version is not None else ""
    lines = [f"{plain(node.label or node.kind)}{version}"]
    lines += [" · ".join(plain(part) for part in (node.type_name, node.detail) if part)]
    lines += [plain(word) for word in (*state_words(node.status, node.badges), "not kept" * (node.kind == "trace"))]
    joint = "|" if node.kind == "model" else r"\n"
    facts = [f'label="{joint.join(dot(line) for line in lines if line)}"']
    facts.append(_SHAPES.get(node.kind, _SHAPES["artifact"]))
    styles = ["rounded"] if node.kind == "span" else []
    styles += ["filled"] if node.kind in RAN else []
    styles += ["dashed"] if is_dashed(node.kind, node.status, node.badges) else []
    facts += [f'style="{",".join(styles)}"'] if styles else []
    facts += ['fillcolor="#eef3fa"'] if node.kind in RAN else []
    facts += ["penwidth=2"] if node.id == focus else []
    return ", ".join(facts)


def _words(edge: LineageEdge) -> str:
    return f"{plain(edge.role or edge.label or '', 40)}{' ≠' * edge.changed}".strip()
