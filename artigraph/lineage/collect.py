"""From rows to a Lineage: a dataflow walk around one node, a few statements per hop.

A hop is one arrow: from an artifact to the span that made it, or from a span to an artifact it used. Fields are not
drawn: what was made or used as a part is drawn as its whole, unless the part has a maker or a name of its own.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from functools import cache
from typing import Any, cast
from uuid import UUID

from sqlalchemy import Column, Connection, Select, func, literal_column, or_, select

from artigraph.errors import NodeNotFoundError
from artigraph.graph.schema import LINK, NODE
from artigraph.graph.select import rows_for
from artigraph.graph.walk import raw, raw_ids
from artigraph.ids import id_text
from artigraph.lineage.ahead import DEEP, Ahead
from artigraph.lineage.describe import COLUMNS, described, plain_row
from artigraph.lineage.lineage import Lineage
from artigraph.lineage.picture import LineageEdge, LineageNode

LIMIT = 500
"""Nodes that one walk collects; the rest is counted."""

CHUNK = 5_000

Edge = tuple[bytes, bytes, str, str | None, bool, str | None]
"""source, target, kind, role, changed, label"""


def collect(
    connection: Connection,
    focus: UUID,
    upstream: int = 1,
    downstream: int = 1,
    *,
    again: bool = False,
    limit: int = LIMIT,
) -> Lineage:
    """Walk from a node against the data (upstream) and with it (downstream).

    Args:
        connection: inside one transaction.
        focus: a span, an artifact, a model, or a field.
        upstream: hops back; 0 for none.
        downstream: hops on.
        again: also follow spans that made existing content again.
        limit: the most nodes to collect; what is left out is counted in ``hidden``.

    Returns:
        The picture; nodes in no particular order, the focus among them.

    Raises:
        NodeNotFoundError: there is no such node.
    """
    walk = Walk(connection, limit, again)
    if not walk.exists(focus.bytes):
        raise NodeNotFoundError(focus)
    start = walk.start(focus.bytes)
    for hops, up in ((upstream, True), (downstream, False)):
        if hops >= DEEP:
            walk.look_ahead(start, up=up)
    near = {start, *walk.inside([start])}
    walk.nodes.update(near)
    for hops, up in ((upstream, True), (downstream, False)):
        level = set(near)
        for _ in range(max(0, hops)):
            if not level:
                break
            level = walk.step(level, up=up)
        walk.peek(level, up=up)
    return walk.lineage(start)


class Walk:
    """What one walk has seen.

    Args:
        connection: inside one transaction.
        limit: the most nodes to collect.
        again: also follow spans that made existing content again.
        fan: links that are read of one node in one direction, the rest is counted; None: all.
    """

    def __init__(self, connection: Connection, limit: int, again: bool = False, fan: int | None = None) -> None:
        self._connection, self._limit, self._again, self._fan = connection, limit, again, fan
        self.nodes: set[bytes] = set()
        self.edges: dict[Edge, None] = {}
        self.hidden: set[bytes] = set()
        self._more: dict[tuple[bytes, bool], set[bytes]] = {}
        self._unread: dict[tuple[bytes, bool], int] = {}
        self._degrees: dict[str, dict[bytes, int]] = {}
        self._uncounted = 0
        self._ahead: list[Ahead] = []
        self._own: dict[bytes, bool] = {}
        """node -> whether it is an output of a span, or has a label of its own"""
        self._whole: dict[bytes, bytes] = {}
        """part -> the node it is drawn as"""

    def exists(self, node: bytes) -> bool:
        return any(True for _ in rows_for(self._connection, _THERE, [node]))

    def start(self, node: bytes) -> bytes:
        """The node that ``node`` is drawn as."""
        return self._drawn_as([node])[node]

    def look_ahead(self, node: bytes, *, up: bool) -> None:
        """Read the links of a long way in a few statements, and see at once what all its nodes are drawn as."""
        ahead = Ahead(self._connection, node, up=up)
        self._ahead.append(ahead)
        self._drawn_as(ahead.near)

    def inside(self, nodes: Iterable[bytes]) -> set[bytes]:
        """The spans inside of these, at any depth, as many as one walk may collect."""
        found: set[bytes] = set()
        level = list(nodes)
        while level:
            rows = self._links(LINK.c.source_id, level, ("child",))
            level = [target for _, target, *_ in rows if target not in found]
            room = max(0, self._limit - len(found))
            self.hidden.update(level[room:])
            level = level[:room]
            found.update(level)
        return found

    def step(self, level: set[bytes], *, up: bool) -> set[bytes]:
        """One hop from these nodes: their edges and neighbours become part of the picture; returns the new ones."""
        fresh: set[bytes] = set()
        edges = self._edges(level, up=up)
        self._uncounted += sum(self._unread.get((node, up), 0) for node in level)
        for edge in edges:
            there = edge[0] if up else edge[1]
            if there not in self.nodes:
                if len(self.nodes) >= self._limit:
                    self.hidden.add(there)
                    continue
                self.nodes.add(there)
                fresh.add(there)
            self.edges[edge] = None
        return fresh

    def peek(self, level: set[bytes], *, up: bool) -> None:
        """Count the neighbours beyond the last hop; an edge between two nodes that are drawn is drawn as well."""
        for edge in self._edges(level, up=up):
            here, there = (edge[1], edge[0]) if up else (edge[0], edge[1])
            if there in self.nodes:
                self.edges[edge] = None
            else:
                self._more.setdefault((here, up), set()).add(there)

    def lineage(self, focus: bytes) -> Lineage:
        """The picture of what was seen."""
        parents = {target: source for source, target, *_ in self._links(LINK.c.target_id, list(self.nodes), ("child",))}
        frames = {parent for parent in parents.values() if parent not in self.nodes}
        rows = self._rows([*self.nodes, *frames])
        names = self._names([row[0] for row in rows if row.node_label is None])
        nodes = [self._node(row, parents, names) for row in rows]
        edges = tuple(
            LineageEdge(id_text(source), id_text(target), kind, role, changed, label)
            for source, target, kind, role, changed, label in sorted(self.edges, key=_order)
        )
        ordered = tuple(sorted(nodes, key=lambda node: node.id))
        untracked = [row.span_untracked for row in rows if row[0] == focus and row.span_untracked]
        return Lineage(ordered, edges, id_text(focus), len(self.hidden) + self._uncounted, _note(untracked))

    def _node(self, row: Any, parents: dict[bytes, bytes], names: dict[bytes, str]) -> LineageNode:
        parent = parents.get(row[0])
        return described(
            row,
            names.get(row[0]),
            parent=id_text(parent) if parent is not None else None,
            upstream=self._beyond(row[0], up=True),
            downstream=self._beyond(row[0], up=False),
        )

    def _beyond(self, node: bytes, *, up: bool) -> int:
        """Neighbours of a node that are not in the picture."""
        counted = self._more.get((node, up))
        return len(counted) + self._unread.get((node, up), 0) if counted else 0

    def _edges(self, level: Iterable[bytes], *, up: bool) -> list[Edge]:
        """The arrows that end (up) or start (down) at these nodes or at parts that are drawn as them."""
        parts, fields = self._parts(level)
        ends = list(parts)
        here = LINK.c.target_id if up else LINK.c.source_id
        raw_edges = self._links(here, ends, ("input", "output"))
        others = [edge[0] if up else edge[1] for edge in raw_edges]
        drawn = self._drawn_as(others)
        found: list[Edge] = []
        for source, target, kind, label, role, changed in raw_edges:
            if role == "again" and kind == "output" and not self._again:
                continue
            ends_ = (drawn[source], parts[target]) if up else (parts[source], drawn[target])
            if ends_[0] != ends_[1]:
                shown = label if kind == "user" else None
                found.append((*ends_, kind, role, bool(changed), shown))
        if up:  # a part with a name or maker of its own is a node; it leads into the wholes that hold it
            found += (
                (target, parts[source], "field", None, False, None)
                for source, target, *_ in fields
                if target not in parts
            )
        else:
            found += self._edges_to_wholes(list(level))
        return found

    def _edges_to_wholes(self, nodes: Sequence[bytes]) -> list[Edge]:
        """From these, which are nodes themselves, into what holds them."""
        held = self._links(LINK.c.target_id, nodes, ("field",))
        drawn = self._drawn_as([source for source, *_ in held])
        return [
            (target, drawn[source], "field", None, False, None)
            for source, target, *_ in held
            if drawn[source] != target
        ]

    def _parts(self, nodes: Iterable[bytes]) -> tuple[dict[bytes, bytes], list[_Link]]:
        """These nodes and the parts that are drawn as them: node -> what it is drawn as; and the links to all parts."""
        found = {node: node for node in nodes}
        links: list[_Link] = []
        level = list(found)
        while level:
            rows = self._links(LINK.c.source_id, level, ("field",))
            links += rows
            own = self._independent([target for _, target, *_ in rows if target not in found])
            level = []
            for source, target, *_ in rows:
                if target not in found and target not in own:
                    found[target] = found[source]
                    level.append(target)
        return found, links

    def _drawn_as(self, nodes: Iterable[bytes]) -> dict[bytes, bytes]:
        """Node -> the whole it is drawn as: itself, unless it is a part without a maker or name of its own."""
        asked = [node for node in dict.fromkeys(nodes) if node not in self._whole]
        if not asked:
            return self._whole
        above: dict[bytes, bytes] = {}
        level = asked
        seen: set[bytes] = set()
        while level:
            seen.update(level)
            own = self._independent(level)
            rows = self._links(LINK.c.target_id, [node for node in level if node not in own], ("field",))
            up = {target: source for source, target, *_ in reversed(rows)}
            above.update(up)
            level = [node for node in dict.fromkeys(up.values()) if node not in seen]
        for node in asked:
            top, passed = node, {node}
            while (whole := above.get(top)) is not None and whole not in passed:
                top = whole
                passed.add(top)
            self._whole[node] = top
        return self._whole

    def _independent(self, nodes: Sequence[bytes]) -> set[bytes]:
        """Those that are outputs of a span, or have a label of their own."""
        if not nodes:
            return set()
        fresh = [node for node in nodes if node not in self._own]
        if not fresh:
            return {node for node in nodes if self._own[node]}
        made = {target for _, target, *_ in self._links(LINK.c.target_id, fresh, ("output",))}
        named: set[bytes] = set()
        left = fresh
        for ahead in self._ahead:
            known, left = ahead.named(left)
            named |= known
        if left:
            named.update(row[0] for row in rows_for(self._connection, _NAMED, left))
        self._own.update((node, node in made or node in named) for node in fresh)
        return {node for node in nodes if self._own[node]}

    def _names(self, nodes: Sequence[bytes]) -> dict[bytes, str]:
        """What nodes without a label are called by the link that leads to them, else by whoever used them."""
        used = self._links(LINK.c.source_id, nodes, ("input",))
        made = self._links(LINK.c.target_id, nodes, ("output", "field"))
        roles = {source: role for source, _, _, _, role, _ in used if role is not None}
        return roles | {target: label for _, target, _, label, *_ in made if label is not None}

    def _links(self, end: Column[UUID], nodes: Sequence[bytes], kinds: tuple[str, ...]) -> list[_Link]:
        """The links with this end among the nodes, in the order in which they were made."""
        found: list[_Link] = []
        left = nodes
        for ahead in self._ahead:
            if not left:
                return found
            known, left = ahead.links(end.name, left, kinds)
            found += known
        hubs = self._hubs(end, left) if self._fan is not None else {}
        few = [node for node in left if node not in hubs]
        if few:
            found += rows_for(self._connection, _links_statement(end.name, kinds), few)
        for hub, unread in hubs.items():
            first = _first_links(end.name, self._connection.dialect.name).limit(self._fan)
            found += [tuple(row) for row in self._connection.execute(first, {"ids": [hub]}) if row[2] in kinds]
            self._unread[hub, end is LINK.c.target_id] = unread
        return found

    def _hubs(self, end: Column[UUID], nodes: Sequence[bytes]) -> dict[bytes, int]:
        """Those with more links at this end than are read, and how many of these are not."""
        degrees = self._degrees.setdefault(end.name, {})
        asked = [node for node in nodes if node not in degrees]
        degrees.update(dict.fromkeys(asked, 0))
        degrees.update((row[0], row[1]) for row in rows_for(self._connection, _degrees_statement(end.name), asked))
        read = self._fan or 0
        return {node: degrees[node] - read for node in nodes if degrees[node] > read}

    def _rows(self, nodes: Sequence[bytes]) -> list[Any]:
        rows = rows_for(self._connection, _DESCRIBED, nodes)
        return [plain_row(row) for row in rows] if self._connection.dialect.name == "sqlite" else list(rows)


_Link = Sequence[Any]
"""source, target, kind, label, role, changed"""

_HERE = raw(NODE.c.id).in_(raw_ids())
_THERE = select(raw(NODE.c.id)).where(_HERE)
_NAMED = _THERE.where(NODE.c.node_label.is_not(None))
_DESCRIBED = select(*COLUMNS).where(_HERE)


@cache
def _links_statement(end: str, kinds: tuple[str, ...]) -> Select[Any]:
    """Built once for each question: a walk asks the same few at every hop."""
    wanted = or_(*(LINK.c.kind == literal_column(f"'{kind}'") for kind in kinds))
    return _links_of(end).where(wanted).order_by(LINK.c.id)


def _links_of(end: str) -> Select[Any]:
    columns = (raw(LINK.c.source_id), raw(LINK.c.target_id), LINK.c.kind, LINK.c.label, LINK.c.role, LINK.c.changed)
    return select(*columns).where(raw(LINK.c[end]).in_(raw_ids()))


@cache
def _first_links(end: str, dialect: str) -> Select[Any]:
    """Links at one end in an order that an index has: those with a label before those without."""
    order = LINK.c.label.desc() if end == "source_id" else LINK.c.source_id.desc()
    if dialect == "postgresql":
        order = order.nulls_last()
    return _links_of(end).order_by(order)


@cache
def _degrees_statement(end: str) -> Select[Any]:
    here = LINK.c[end]
    counted = select(raw(here), func.count()).where(raw(here).in_(raw_ids())).group_by(here)
    return cast("Select[Any]", counted)


def _note(untracked: Sequence[Any]) -> str:
    names = [str(each.get("name")) for listed in untracked for each in listed]
    if not names:
        return ""
    return f"reads {len(names)} value{'s' * (len(names) != 1)} no span made: {', '.join(names[:8])}"


def _order(edge: Edge) -> tuple[bytes, bytes, str, str]:
    """Edges in the order in which what they start from was made, whatever their own ids are."""
    source, target, kind, role, *_ = edge
    return source, target, kind, role or ""
