"""A lineage that grows where it is asked to: hops around a node, and sides of single nodes opened or closed."""

from __future__ import annotations

from collections.abc import Iterable
from uuid import UUID

from sqlalchemy import Connection

from artigraph.errors import NodeNotFoundError
from artigraph.lineage.collect import LIMIT, Walk
from artigraph.lineage.lineage import Lineage

FAN = 1_000
"""Links that are read of one node in one direction; the rest is counted."""

Side = tuple[UUID, str]
"""A node, and ``upstream`` or ``downstream``."""


def explore(
    connection: Connection,
    focus: UUID,
    upstream: int = 1,
    downstream: int = 1,
    *,
    opened: Iterable[Side] = (),
    closed: Iterable[Side] = (),
    deep: Iterable[Side] = (),
    limit: int = LIMIT,
    fan: int = FAN,
) -> Lineage:
    """Hops around a node as in ``collect``, then one more hop wherever a side was opened, none where it was closed.

    Args:
        connection: inside one transaction.
        focus: a span, an artifact, a model, or a field.
        upstream: hops back; 0 for none.
        downstream: hops on.
        opened: sides to follow one hop further, in any order; a node that is not reached is passed over.
        closed: sides that are not followed.
        deep: sides to follow all the way.
        limit: the most nodes to collect; what is left out is counted in ``hidden``.
        fan: links to read of one node in one direction.

    Returns:
        The picture; every node counts the neighbours on both sides that are not in it.

    Raises:
        NodeNotFoundError: there is no such node.
    """
    walk = Walk(connection, limit, fan=fan)
    if not walk.exists(focus.bytes):
        raise NodeNotFoundError(focus)
    start = walk.start(focus.bytes)
    shut = {(node.bytes, side == "upstream") for node, side in closed}
    far = {(node.bytes, side == "upstream") for node, side in deep} - shut
    far = {(node.bytes, side == "upstream") for node, side in deep} - shut
    wanted = {(node.bytes, side == "upstream") for node, side in opened} - shut | far
    near = {start, *walk.inside([start])}
    walk.nodes.update(near)
    stepped: set[tuple[bytes, bool]] = set()

    def step(nodes: Iterable[bytes], *, up: bool) -> set[bytes]:
        level = {node for node in nodes if (node, up) not in shut | stepped}
        stepped.update((node, up) for node in level)
        return walk.step(level, up=up) if level else set()

    def follow(node: bytes, *, up: bool) -> None:
        level, seen = {node}, {node}
        while level:
            step(level, up=up)
            ends = [(edge[1], edge[0]) if up else (edge[0], edge[1]) for edge in walk.edges]
            level = {there for here, there in ends if here in level} - seen
            seen |= level

    for hops, up in ((upstream, True), (downstream, False)):
        level = set(near)
        for _ in range(max(0, hops)):
            level = step(level, up=up)
    done: set[tuple[bytes, bool]] = set()
    while due := {(node, up) for node, up in wanted - done if node in walk.nodes}:
        done |= due
        for up in (True, False):
            step({node for node, side in due if side is up}, up=up)
        for node, up in due & far:
            follow(node, up=up)
    for up in (True, False):
        walk.peek({node for node in walk.nodes if (node, up) not in stepped}, up=up)
    return walk.lineage(start)
