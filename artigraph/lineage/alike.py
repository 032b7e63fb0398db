"""Many alike become one: nodes of one kind with the same neighbours are drawn as a stack with a count."""

from __future__ import annotations

from collections.abc import Collection, Iterable
from dataclasses import replace

from artigraph.lineage.picture import LineageEdge, LineageNode, Picture

LEAST = 5
"""From how many alike on a stack is made."""

PREFIX = "many-"
"""What the id of a stack begins with; the id of its first member follows."""

_NOUNS = {"span": "spans", "run": "runs", "model": "models", "trace": "traces"}


def stacked(
    picture: Picture, apart: Collection[str] = (), least: int = LEAST
) -> tuple[Picture, dict[str, tuple[LineageNode, ...]]]:
    """The picture with a stack in place of many alike, and the members of each stack by its id.

    Alike are nodes of one kind and state, inside the same span, that have the same neighbours by links of the same
    kind; the focus and spans around others never are.

    Args:
        picture: of any size.
        apart: ids of stacks that are not to be made.
        least: the fewest that make a stack.

    >>> make = LineageNode("m", "make", "span")
    >>> made = tuple(LineageNode(f"{n}", f"score {n}", "artifact") for n in range(6))
    >>> links = tuple(LineageEdge("m", node.id, "output") for node in made)
    >>> small, members = stacked(Picture((make, *made), links, "m"))
    >>> [(node.id, node.label, node.count) for node in small.nodes], len(members["many-0"]), len(small.edges)
    ([('m', 'make', 1), ('many-0', 'score', 6)], 6, 1)
    """
    members = {f"{PREFIX}{group[0].id}": group for group in _groups(picture) if len(group) >= least}
    members = {stack: group for stack, group in members.items() if stack not in apart}
    if not members:
        return picture, {}
    held = {node.id: stack for stack, group in members.items() for node in group}
    nodes = dict.fromkeys(node if node.id not in held else _stack(members[held[node.id]]) for node in picture.nodes)
    kept: list[LineageEdge] = []
    merged: dict[tuple[str, str, str], LineageEdge] = {}
    for edge in picture.edges:
        source, target = held.get(edge.source, edge.source), held.get(edge.target, edge.target)
        if (source, target) == (edge.source, edge.target):
            kept.append(edge)
            continue
        before = merged.get((source, target, edge.kind), edge)
        role = edge.role if edge.role == before.role else None
        changed = edge.changed or before.changed
        merged[source, target, edge.kind] = LineageEdge(source, target, edge.kind, role, changed)
    return replace(picture, nodes=tuple(nodes), edges=(*kept, *merged.values())), members


def _groups(picture: Picture) -> Iterable[tuple[LineageNode, ...]]:
    around: dict[str, set[tuple[str, str, str]]] = {node.id: set() for node in picture.nodes}
    for edge in picture.edges:
        if edge.source in around and edge.target in around:
            around[edge.source].add(("to", edge.kind, edge.target))
            around[edge.target].add(("from", edge.kind, edge.source))
    frames = {node.parent for node in picture.nodes}
    alike: dict[object, list[LineageNode]] = {}
    for node in picture.nodes:
        if node.id == picture.focus or node.id in frames or not (around[node.id] or node.parent):
            continue
        look = (node.kind, node.status, node.badges, node.parent, frozenset(around[node.id]))
        alike.setdefault(look, []).append(node)
    return [tuple(group) for group in alike.values()]


def _stack(group: tuple[LineageNode, ...]) -> LineageNode:
    first = group[0]
    types = {node.type_name for node in group}
    noun = _NOUNS.get(first.kind, "artifacts")
    return LineageNode(
        id=f"{PREFIX}{first.id}",
        label=_shared([node.label for node in group]) or f"{len(group):,} {noun}",
        kind="many",
        status=first.status,
        type_name=types.pop() if len(types) == 1 else "",
        detail=f"{len(group):,} {noun}",
        parent=first.parent,
        badges=first.badges,
        count=len(group),
        created_at=first.created_at,
    )


def _shared(labels: list[str]) -> str:
    """What all the labels begin with, without the number it ends in."""
    first, last = min(labels), max(labels)
    length = next((at for at, (one, other) in enumerate(zip(first, last, strict=False)) if one != other), len(first))
    if length == len(first):
        return first
    shared = first[:length].rstrip("0123456789 _-./[(#")
    return shared if len(shared) > 1 else ""
