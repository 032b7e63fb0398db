"""What a drawing consists of, before anything has a place: boxes, links with their words, frames and their doors."""

from __future__ import annotations

from dataclasses import dataclass

from artigraph.lineage.box import FLAG_RISE, SMALL_SIZE, Box, measure
from artigraph.lineage.escape import plain
from artigraph.lineage.picture import LineageEdge, LineageNode, Picture, around
from artigraph.lineage.place import Groups
from artigraph.lineage.width import fit

STUB_DROP = 10
"""How far below its node a ``+N`` starts when the side it belongs to already has lines, px."""

_ROLE_ROOM = 110


@dataclass(frozen=True, slots=True)
class Link:
    """One line to draw: the (first) edge behind it and the words on it."""

    edge: LineageEdge
    words: str


@dataclass(frozen=True, slots=True)
class Plan:
    """The parts of one drawing.

    Attributes:
        boxes: a measured box for each node that is no frame.
        frames: the spans drawn around others.
        links: the lines.
        inside: node id -> id of the frame it lies in.
        doors: frame id -> numbers of its way in and way out, counted on from the boxes; only frames with own lines.
        compact: one line per box.
    """

    boxes: tuple[Box, ...]
    frames: tuple[LineageNode, ...]
    links: tuple[Link, ...]
    inside: dict[str, str]
    doors: dict[str, tuple[int, int]]
    compact: bool

    @property
    def pad(self) -> int:
        """Room between a frame and what is in it, px."""
        return 10 if self.compact else 14

    @property
    def numbers(self) -> dict[str, int]:
        """Node id -> number of its box."""
        return {box.node.id: number for number, box in enumerate(self.boxes)}

    def ends(self) -> list[tuple[int, int]]:
        """For each link the numbers of the items it leaves and enters; at a frame that is a door."""
        numbers = self.numbers
        return [
            (
                numbers[link.edge.source] if link.edge.source in numbers else self.doors[link.edge.source][1],
                numbers[link.edge.target] if link.edge.target in numbers else self.doors[link.edge.target][0],
            )
            for link in self.links
        ]

    def groups(self) -> Groups:
        """The frames by number, as the engines want them."""
        frame = {node.id: number for number, node in enumerate(self.frames)}
        members = {number: frame[self.inside[node]] for node, number in self.numbers.items() if node in self.inside}
        members |= {item: frame[node] for node, ways in self.doors.items() for item in ways}
        parents = {frame[node.id]: frame.get(self.inside.get(node.id, "")) for node in self.frames}
        return Groups(parents, members, {frame[node]: ways for node, ways in self.doors.items()})

    def heights(self) -> list[float]:
        """The room each item needs, the same above and below its middle, px."""
        return [self._height(box) for box in self.boxes] + [12.0] * (2 * len(self.doors))

    def has_line(self, node_id: str, side: str) -> bool:
        """Whether a line leaves (``downstream``) or enters (``upstream``) this node."""
        return any(node_id == (link.edge.source if side == "downstream" else link.edge.target) for link in self.links)

    def stubs(self, box: Box) -> list[tuple[str, int, bool]]:
        """The ``+N`` of a box: side, count, and whether it has to go below the box."""
        counts = (("upstream", box.node.more_upstream), ("downstream", box.node.more_downstream))
        return [(side, count, self.has_line(box.node.id, side)) for side, count in counts if count]

    def _height(self, box: Box) -> float:
        below = any(low for _, _, low in self.stubs(box))
        reach = max(FLAG_RISE if box.flags else 0, box.stack, STUB_DROP + 18 if below else 0)
        return box.height + 2 * reach


def make_plan(picture: Picture, compact: bool, inside: dict[str, str]) -> Plan:
    """The plan of a picture; ``inside`` says what lies in which frame, empty draws containment as lines."""
    framed = set(inside.values())
    frames = tuple(node for node in picture.nodes if node.id in framed)
    boxes = tuple(measure(tuple(node for node in picture.nodes if node.id not in framed), picture.focus, compact))
    links = tuple(_links(picture, compact, inside))
    busy = {node for link in links for node in (link.edge.source, link.edge.target)}
    with_doors = [frame.id for frame in frames if frame.id in busy]
    doors = {frame: (len(boxes) + 2 * place, len(boxes) + 2 * place + 1) for place, frame in enumerate(with_doors)}
    return Plan(boxes, frames, links, inside, doors, compact)


def _links(picture: Picture, compact: bool, inside: dict[str, str]) -> list[Link]:
    """Parallel edges are one link; between a frame and what is in it there is none."""
    edges = list(picture.edges)
    if not inside:
        known = {node.id for node in picture.nodes}
        told = {(edge.source, edge.target) for edge in edges if edge.kind == "child"}
        edges += [
            LineageEdge(node.parent, node.id, "child")
            for node in picture.nodes
            if node.parent is not None and node.parent in known and (node.parent, node.id) not in told
        ]
    merged: dict[tuple[str, str, str], list[LineageEdge]] = {}
    for edge in edges:
        contained = edge.source in around(inside.get(edge.target), inside)
        if not contained and edge.target not in around(inside.get(edge.source), inside):
            merged.setdefault((edge.source, edge.target, edge.kind), []).append(edge)
    names = {node.id: plain(node.label).rpartition("/")[2] for node in picture.nodes}
    return [Link(alike[0], _words(alike, names[source], compact)) for (source, _, _), alike in merged.items()]


def _words(edges: list[LineageEdge], name: str, compact: bool) -> str:
    """The roles of parallel inputs, or a user's own label; a changed input has a sign after its role."""
    words = []
    for edge in edges:
        word = plain(edge.role or edge.label or "") if edge.kind in ("input", "user") else ""
        word = "" if compact and word == name else word
        words.append(f"{word} ≠".strip() if edge.changed else word)
    return fit(", ".join(dict.fromkeys(word for word in words if word)), _ROLE_ROOM, SMALL_SIZE)
