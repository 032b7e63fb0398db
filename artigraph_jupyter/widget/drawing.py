"""From what a page wants to see to a drawing: the walk, stacks, the limit, the layout, and words for each node."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from anyio import to_thread
from sqlalchemy import Connection

from artigraph.bridge import ask
from artigraph.graph.engine import Database
from artigraph.lineage.abandoned import tell_abandoned
from artigraph.lineage.alike import PREFIX, stacked
from artigraph.lineage.dot import render_dot
from artigraph.lineage.escape import plain
from artigraph.lineage.explore import Side, explore
from artigraph.lineage.layout import Scene, lay_out
from artigraph.lineage.mermaid import mermaid_with_ids
from artigraph.lineage.picture import LineageNode, Picture, nearest, without
from artigraph.lineage.svg import draw_svg
from artigraph_jupyter.views.quantity import count_text
from artigraph_jupyter.widget.words import asked_id, links, spoken

DRAWN, LINES = 300, 900
"""Nodes and lines of one drawing at most."""

WALKED = 600
"""Nodes that a walk collects before alike ones are stacked and the nearest are kept."""

MEMBERS = 100
"""Members of a stack that are named."""

_SIDES = ("upstream", "downstream")


@dataclass(frozen=True, slots=True)
class Wish:
    """What a page wants to see; it keeps this itself and sends all of it.

    Attributes:
        focus: what the walk starts from.
        upstream, downstream: hops.
        opened, closed, deep: sides of single nodes, as in ``explore``.
        hidden: ids of nodes that are not to be drawn.
        apart: ids of stacks that are to be drawn as their members.
    """

    focus: UUID
    upstream: int = 1
    downstream: int = 1
    opened: tuple[Side, ...] = ()
    closed: tuple[Side, ...] = ()
    deep: tuple[Side, ...] = ()
    hidden: frozenset[str] = frozenset()
    apart: frozenset[str] = frozenset()

    @classmethod
    def of(cls, given: Mapping[str, Any]) -> Wish:
        """The wish in a message.

        Raises:
            ValueError: it is not one.
        """
        return cls(
            focus=asked_id(given.get("focus")),
            upstream=_hops(given.get("upstream", 1)),
            downstream=_hops(given.get("downstream", 1)),
            opened=_sides(given.get("opened", ())),
            closed=_sides(given.get("closed", ())),
            deep=_sides(given.get("deep", ())),
            hidden=frozenset(map(str, given.get("hidden", ()))),
            apart=frozenset(map(str, given.get("apart", ()))),
        )

    def message(self) -> dict[str, Any]:
        """The wish as a page keeps it; only what a page starts with."""
        return {"focus": str(self.focus), "upstream": self.upstream, "downstream": self.downstream}


@dataclass(frozen=True, slots=True)
class Drawn:
    """A picture that is small enough to draw, and the members of its stacks by the id of the stack."""

    picture: Picture
    members: dict[str, tuple[LineageNode, ...]]


async def lineage(database: Database, given: Mapping[str, Any]) -> dict[str, Any]:
    """The drawing of a wish, as a message."""
    wish = Wish.of(given)
    drawn = await seen(database, wish)
    return message(drawn, await to_thread.run_sync(lay_out, drawn.picture), wish)


async def export(database: Database, given: Mapping[str, Any]) -> dict[str, Any]:
    """The same picture as text to keep: ``form`` is svg, mermaid or dot."""
    picture = (await seen(database, Wish.of(given))).picture
    form = str(given.get("form"))
    if form == "mermaid":
        text, ids = mermaid_with_ids(picture)
        return {"text": text, "nodes": ids}
    if form == "dot":
        return {"text": render_dot(picture)}
    if form == "svg":
        return {"text": draw_svg(await to_thread.run_sync(lay_out, picture), picture, "light")}
    raise ValueError(f"{form!r} is none of svg, mermaid, dot")


async def seen(database: Database, wish: Wish) -> Drawn:
    """What of the database a wish shows.

    Raises:
        NodeNotFoundError: the focus is not there.
    """

    def walk(connection: Connection) -> Picture:
        found = explore(
            connection,
            wish.focus,
            wish.upstream,
            wish.downstream,
            opened=wish.opened,
            closed=wish.closed,
            deep=wish.deep,
            limit=WALKED,
        )
        return tell_abandoned(connection, found)

    picture, members = stacked(without(await ask(database.read, walk), wish.hidden), wish.apart)
    picture = nearest(picture, DRAWN, LINES)
    kept = {node.id for node in picture.nodes}
    return Drawn(picture, {stack: group for stack, group in members.items() if stack in kept})


def message(drawn: Drawn, scene: Scene, wish: Wish) -> dict[str, Any]:
    """What a page draws from: our own escaped SVG, and words for each node in it."""
    picture = drawn.picture
    inward = _inward(picture)
    return {
        "svg": draw_svg(scene, picture, live=True),
        "width": round(scene.width),
        "height": round(scene.height),
        "focus": picture.focus,
        "nodes": [
            {"id": node.id, "label": plain(node.label, 120), "kind": node.kind, "says": spoken(node)}
            | {"more": [node.more_upstream, node.more_downstream], "less": inward.get(node.id, [])}
            for node in picture.nodes
        ],
        "stacks": {
            stack: {"members": links(group[:MEMBERS]), "total": len(group)} for stack, group in drawn.members.items()
        },
        "foot": foot(picture, len(wish.hidden)),
    }


def foot(picture: Picture, hidden: int) -> str:
    """How much is drawn, in words.

    >>> foot(Picture((LineageNode("a", "a", "span", more_upstream=2),), focus="a"), 1)
    '1 node drawn. 2 more behind the + handles. 1 node hidden.'
    """
    alike = sum(node.count for node in picture.nodes if node.kind == "many")
    stacks = sum(node.kind == "many" for node in picture.nodes)
    stand = f" ({count_text(stacks, 'stack')} for {alike:,} alike)" if stacks else ""
    behind = sum(node.more_upstream + node.more_downstream for node in picture.nodes)
    said = [f"{count_text(len(picture.nodes), 'node')} drawn{stand}."]
    said += [f"{behind:,} more behind the + handles."] if behind else []
    said += [f"{picture.hidden:,} more not drawn: at most {DRAWN} are."] if picture.hidden else []
    said += [f"{count_text(hidden, 'node')} hidden."] if hidden else []
    said += [f"{picture.note[:1].upper()}{picture.note[1:]}."] if picture.note else []
    return " ".join(plain(each, 400) for each in said)


def _inward(picture: Picture) -> dict[str, list[str]]:
    """Sides of nodes that can be closed: those that lead away from the focus, to something that is drawn."""
    beside: dict[str, list[tuple[str, str]]] = {}
    for edge in picture.edges:
        beside.setdefault(edge.source, []).append((edge.target, "downstream"))
        beside.setdefault(edge.target, []).append((edge.source, "upstream"))
    near, level = {picture.focus: 0}, [picture.focus]
    while level:
        level = [there for here in level for there, _ in beside.get(here, ()) if _is_new(near, there, near[here] + 1)]
    stacks = {node.id for node in picture.nodes if node.kind == "many"}
    return {
        here: [side for side in _SIDES if any(s == side and near[there] > near[here] for there, s in others)]
        for here, others in beside.items()
        if here in near and here not in stacks
    }


def _is_new(near: dict[str, int], node: str, distance: int) -> bool:
    if node in near:
        return False
    near[node] = distance
    return True


def _hops(value: object) -> int:
    if not isinstance(value, int) or not 0 <= value <= 99:
        raise ValueError("hops are a number from 0 to 99")
    return value


def _sides(value: Iterable[Any]) -> tuple[Side, ...]:
    """Pairs of id and side; the side of a stack is nobody's."""
    pairs = [(str(node), str(side)) for node, side in value]
    if any(side not in _SIDES for _, side in pairs):
        raise ValueError("a side is upstream or downstream")
    return tuple((asked_id(node), side) for node, side in pairs if not node.startswith(PREFIX))
