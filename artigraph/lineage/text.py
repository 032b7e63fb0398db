"""The lineage in words: a tree from the focus, up to what it was made from and down to what was made from it."""

from __future__ import annotations

import sys
import unicodedata
from collections.abc import Iterator
from dataclasses import dataclass

from artigraph.lineage.escape import plain
from artigraph.lineage.icons import GLYPHS, state_words
from artigraph.lineage.picture import LineageEdge, LineageNode, Picture, nearest

MAX_DEPTH = 24
"""How deep the tree is printed; deeper nodes are counted."""

_ASCII_KINDS = {
    "run": ">",
    "span": "-",
    "artifact": "o",
    "keyed": "=",
    "model": "#",
    "field": ".",
    "trace": "?",
    "many": "*",
}
_SPELLED = str.maketrans({"·": "-", "\u00d7": "x", "…": "...", "≠": "!=", "≥": ">="})
_LINES = {"tee": "├─ ", "end": "└─ ", "bar": "│  ", "gap": "   "}
_ASCII_LINES = {"tee": "|- ", "end": "`- ", "bar": "|  ", "gap": "   "}
_UP = {"output": "made by", "input": "in", "field": "part of", "child": "inside", "user": "linked by"}
_DOWN = {"output": "out", "input": "used by", "field": "part", "child": "ran", "user": "links"}


@dataclass(frozen=True, slots=True)
class _Line:
    lead: str
    facts: str = ""
    states: str = ""


def render_text(picture: Picture, plainly: bool = False, limit: int = 200) -> str:
    """At most ``limit`` nodes as a tree with aligned columns; a node is written out once, later it is ``(above)``.

    Args:
        picture: of any size.
        plainly: plain ASCII; so too when stdout cannot write the signs of the tree.
        limit: how many nodes to name.

    >>> make, made = LineageNode("a", "load", "span"), LineageNode("b", "x", "artifact", type_name="int")
    >>> print(render_text(Picture((make, made), (LineageEdge("a", "b", "output"),), "b"), plainly=True))
    o x  int
    `- made by - load
    """
    small = nearest(picture, limit, 3 * limit)
    if small.centre is None:
        return "no nodes"
    plainly = plainly or not _stdout_writes("".join((*GLYPHS.values(), *_LINES.values())))
    lines = list(_tree(small, small.centre, plainly))
    lead = max((_cells(line.lead) for line in lines if line.facts or line.states), default=0)
    facts = max((_cells(line.facts) for line in lines if line.states), default=0)
    text = "\n".join(
        "  ".join((_padded(line.lead, lead), _padded(line.facts, facts), line.states)).rstrip() for line in lines
    )
    return text.translate(_SPELLED).encode("ascii", "backslashreplace").decode() if plainly else text


def _tree(picture: Picture, centre: LineageNode, plainly: bool) -> Iterator[_Line]:
    nodes = {node.id: node for node in picture.nodes}
    written: set[str] = set()
    yield _line(centre, "", "", plainly)
    yield from _branches(picture, nodes, centre, written, plainly)
    beside = [node for node in picture.nodes if node.id not in written]
    if beside:
        yield _Line("also in this lineage:")
        yield from (_line(node, "   ", "", plainly) for node in beside)
    if picture.omissions:
        yield _Line(f"… {plain(picture.omissions, 400)}")


def _branches(
    picture: Picture, nodes: dict[str, LineageNode], centre: LineageNode, written: set[str], plainly: bool
) -> Iterator[_Line]:
    """Everything below the centre, depth first, without recursion; what is upstream is followed upstream only."""
    marks = _ASCII_LINES if plainly else _LINES
    up: dict[str, list[LineageEdge]] = {}
    down: dict[str, list[LineageEdge]] = {}
    for edge in picture.edges:
        up.setdefault(edge.target, []).append(edge)
        down.setdefault(edge.source, []).append(edge)
    written.add(centre.id)
    steps = [(edge, True) for edge in up.get(centre.id, ())] + [(edge, False) for edge in down.get(centre.id, ())]
    stack = [(edge, upward, "", number == 0) for number, (edge, upward) in enumerate(reversed(steps))]
    while stack:
        edge, upward, indent, last = stack.pop()
        node = nodes[edge.source if upward else edge.target]
        lead = f"{indent}{marks['end' if last else 'tee']}{_relation(edge, upward)} "
        following = (up if upward else down).get(node.id, [])
        again = node.id in written
        written.add(node.id)
        deep = len(indent) // 3 >= MAX_DEPTH
        more = f"{len(following):,} deeper, not shown" if deep and following and not again else ""
        yield _line(node, lead, "(above)" if again else more, plainly)
        if not again and not deep:
            below = indent + marks["gap" if last else "bar"]
            stack += [(onward, upward, below, number == 0) for number, onward in enumerate(reversed(following))]


def _relation(edge: LineageEdge, upward: bool) -> str:
    """How the two are related, with the role it was used under."""
    said = (_UP if upward else _DOWN).get(edge.kind, edge.kind)
    role = plain(edge.role or edge.label or "", 32)
    if role:
        said += f" {role}" if upward or edge.kind != "input" else f" (as {role})"
    return f"{said} ≠ changed" if edge.changed else said


def _line(node: LineageNode, lead: str, remark: str, plainly: bool) -> _Line:
    glyph = (_ASCII_KINDS if plainly else GLYPHS).get(node.kind, "?")
    version = f" v{node.version}" if node.version is not None else ""
    name = f"{lead}{glyph} {plain(node.label or node.kind, 60)}{version}{'' if node.latest else ' (older)'}"
    if remark == "(above)":
        return _Line(f"{name} (above)")
    alike = f"{node.count:,} alike" if node.count > 1 and not node.detail else ""
    kept = "not kept" if node.kind == "trace" else ""
    facts = ", ".join(plain(part, 48) for part in (node.type_name, node.detail, alike, kept) if part)
    words = [_state(word, plainly) for word in state_words(node.status, node.badges)]
    hidden = [
        f"{count:,} more {side}"
        for count, side in ((node.more_upstream, "upstream"), (node.more_downstream, "downstream"))
        if count
    ]
    states = "; ".join(part for part in (*words, *hidden, remark) if part)
    return _Line(name, plain(facts, 72), plain(states, 120))


def _state(word: str, plainly: bool) -> str:
    first = "error" if word.endswith(("Error", "Exception")) else word.split(" ", maxsplit=1)[0].rstrip(":")
    glyph = GLYPHS.get(first, "")
    return f"{glyph} {plain(word, 48)}" if glyph and not plainly else plain(word, 48)


def _stdout_writes(signs: str) -> bool:
    try:
        signs.encode(getattr(sys.stdout, "encoding", None) or "utf-8")
    except (UnicodeEncodeError, LookupError):
        return False
    return True


def _padded(text: str, cells: int) -> str:
    return text + " " * (cells - _cells(text))


def _cells(text: str) -> int:
    """Width in cells of a terminal."""
    return sum(
        2 if unicodedata.east_asian_width(character) in "WF" else unicodedata.category(character) not in ("Mn", "Cf")
        for character in text
    )
