"""Plain data of a lineage: nodes, edges, what was left out, and which span encloses what."""

from __future__ import annotations

from collections import deque
from collections.abc import Collection, Iterable
from dataclasses import dataclass, replace
from datetime import datetime


@dataclass(frozen=True, slots=True)
class LineageNode:
    """One thing in the picture.

    Attributes:
        id: the node's id, unique in the picture.
        label: the name to show; for a keyed artifact its whole key.
        kind: one of ``span run artifact keyed model field trace many``.
        status: for spans ``open ok error interrupted abandoned``, else None.
        type_name: the type of the value, empty if unknown.
        detail: a few words more, such as ``65k x 14`` or ``[15] · 0.31 s``.
        version: the number of a keyed artifact's or a model's version.
        latest: False when a newer version exists.
        parent: id of the span that contains this span.
        badges: words to flag, the most important first: ``stale``, ``damaged``, ``missing``, ``intact``, ...
        more_upstream: how many neighbours upstream are not in the picture.
        more_downstream: the same downstream.
        count: how many alike this node stands for (kind ``many``).
        created_at: UTC.
        fields: the most telling values in words, such as ``auc 0.741``.
    """

    id: str
    label: str
    kind: str
    status: str | None = None
    type_name: str = ""
    detail: str = ""
    version: int | None = None
    latest: bool = True
    parent: str | None = None
    badges: tuple[str, ...] = ()
    more_upstream: int = 0
    more_downstream: int = 0
    count: int = 1
    created_at: datetime | None = None
    fields: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class LineageEdge:
    """One arrow: data flows (or containment goes) from source to target.

    Attributes:
        source: id of the node it leaves.
        target: id of the node it enters.
        kind: one of ``output input child field user``.
        role: for inputs, the name the artifact was used under.
        changed: the value was no longer what had been saved when it was used.
        label: the label of a user's own link.
    """

    source: str
    target: str
    kind: str
    role: str | None = None
    changed: bool = False
    label: str | None = None


@dataclass(frozen=True, slots=True, repr=False)
class Picture:
    """Nodes and edges around a focus; ``hidden`` counts the nodes left out, ``note`` says what else to know."""

    nodes: tuple[LineageNode, ...] = ()
    edges: tuple[LineageEdge, ...] = ()
    focus: str = ""
    hidden: int = 0
    note: str = ""

    def __len__(self) -> int:
        return len(self.nodes)

    @property
    def centre(self) -> LineageNode | None:
        """The focus, or the first node when the focus is not in the picture; None when it is empty."""
        return next((node for node in self.nodes if node.id == self.focus), self.nodes[0] if self.nodes else None)

    @property
    def omissions(self) -> str:
        """What is not shown, in words; empty when all is.

        >>> Picture(hidden=1200, note="reads 1 value no span made: cfg").omissions
        '1,200 more nodes not shown; reads 1 value no span made: cfg'
        """
        hidden = f"{self.hidden:,} more node{'s' * (self.hidden != 1)} not shown" if self.hidden else ""
        return "; ".join(part for part in (hidden, self.note) if part)


def nearest(picture: Picture, max_nodes: int, max_edges: int) -> Picture:
    """The part of a picture nearest to its focus, in the order given; what is dropped is counted.

    Repeated ids and edges that lead nowhere are left out. A node that lost neighbours says so in its
    ``more_upstream`` and ``more_downstream``.

    >>> chain = tuple(LineageNode(str(n), str(n), "artifact") for n in range(5))
    >>> links = tuple(LineageEdge(str(n), str(n + 1), "output") for n in range(4))
    >>> small = nearest(Picture(chain, links, "4"), 2, 9)
    >>> [node.id for node in small.nodes], small.hidden, small.nodes[0].more_upstream
    (['3', '4'], 3, 1)
    """
    nodes = {node.id: node for node in reversed(picture.nodes)}
    edges = [edge for edge in dict.fromkeys(picture.edges) if edge.source in nodes and edge.target in nodes]
    near = _distances(picture, nodes, edges)
    kept = set(sorted(near, key=near.__getitem__)[:max_nodes])
    inside = [edge for edge in edges if edge.source in kept and edge.target in kept]
    by_distance = sorted(inside, key=lambda edge: max(near[edge.source], near[edge.target]))
    drawn = set(by_distance[:max_edges])
    lost_up = _lost((edge.target, edge.source) for edge in edges if edge.target in kept and edge.source not in kept)
    lost_down = _lost((edge.source, edge.target) for edge in edges if edge.source in kept and edge.target not in kept)
    few = len(inside) - len(drawn)
    undrawn = f"{few:,} link{'s' * (few != 1)} not shown" if few else ""
    return Picture(
        nodes=tuple(
            replace(
                node,
                more_upstream=node.more_upstream + lost_up.get(node.id, 0),
                more_downstream=node.more_downstream + lost_down.get(node.id, 0),
            )
            for node in dict.fromkeys(nodes[node.id] for node in picture.nodes)
            if node.id in kept
        ),
        edges=tuple(edge for edge in inside if edge in drawn),
        focus=picture.focus,
        hidden=picture.hidden + len(nodes) - len(kept),
        note="; ".join(part for part in (undrawn, picture.note) if part),
    )


def without(picture: Picture, ids: Collection[str]) -> Picture:
    """The picture without these nodes and without what is connected to its focus through them only.

    >>> chain = tuple(LineageNode(n, n, "artifact") for n in "abc")
    >>> links = (LineageEdge("a", "b", "output"), LineageEdge("b", "c", "input"))
    >>> [node.id for node in without(Picture(chain, links, "c"), {"b"}).nodes]
    ['c']
    """
    gone = set(ids) - {picture.focus}
    if not gone:
        return picture
    nodes = {node.id: node for node in picture.nodes if node.id not in gone}
    edges = [edge for edge in picture.edges if edge.source in nodes and edge.target in nodes]
    near = _distances(picture, nodes, edges)
    kept = {node: nodes[node] for node in nodes if near[node] < len(nodes)}
    return replace(
        picture,
        nodes=tuple(kept.values()),
        edges=tuple(edge for edge in edges if edge.source in kept and edge.target in kept),
    )


def enclosing(picture: Picture) -> dict[str, str]:
    """Which span each node lies in: node id -> id of the innermost span around it; nodes in none are left out.

    A span lies in its parent. Anything else that was both made and used in the picture lies in the innermost span
    around all its makers and users.
    """
    known = {node.id for node in picture.nodes}
    inside: dict[str, str] = {}
    for node in picture.nodes:
        if node.parent is not None and node.parent in known and node.id not in around(node.parent, inside):
            inside[node.id] = node.parent
    frames = set(inside.values())
    makers: dict[str, list[str]] = {}
    users: dict[str, list[str]] = {}
    for edge in picture.edges:
        if edge.kind == "output":
            makers.setdefault(edge.target, []).append(edge.source)
        elif edge.kind == "input":
            users.setdefault(edge.source, []).append(edge.target)
    for made in (makers.keys() & users.keys()) - inside.keys() if frames else ():
        chains = [
            around(span if span in frames else inside.get(span), inside) for span in (*makers[made], *users[made])
        ]
        shared = next((frame for frame in chains[0] if all(frame in chain for chain in chains)), None)
        if shared is not None:
            inside[made] = shared
    return inside


def around(frame: str | None, inside: dict[str, str]) -> list[str]:
    """A frame itself and all frames around it, innermost first; none for None."""
    chain: list[str] = []
    while frame is not None and frame not in chain:
        chain.append(frame)
        frame = inside.get(frame)
    return chain


def _distances(picture: Picture, nodes: dict[str, LineageNode], edges: list[LineageEdge]) -> dict[str, int]:
    """Steps from the focus, whatever the direction; what is not connected to it comes last."""
    beside: dict[str, list[str]] = {node: [] for node in nodes}
    for edge in edges:
        beside[edge.source].append(edge.target)
        beside[edge.target].append(edge.source)
    for node in nodes.values():
        if node.parent is not None and node.parent in beside:
            beside[node.id].append(node.parent)
            beside[node.parent].append(node.id)
    centre = picture.centre
    near = {centre.id: 0} if centre else {}
    queue = deque(near)
    while queue:
        here = queue.popleft()
        for other in beside[here]:
            if other not in near:
                near[other] = near[here] + 1
                queue.append(other)
    return near | {node.id: len(nodes) for node in picture.nodes if node.id not in near}


def _lost(pairs: Iterable[tuple[str, str]]) -> dict[str, int]:
    """How many different neighbours each node lost."""
    lost: dict[str, set[str]] = {}
    for node, neighbour in pairs:
        lost.setdefault(node, set()).add(neighbour)
    return {node: len(others) for node, others in lost.items()}
