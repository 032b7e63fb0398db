"""From a lineage to a scene: every box, line and frame with its place in px, before anything is drawn.

Plain data in, plain data out; the same input gives the same scene. The static picture and the interactive one are both
drawn from it.
"""

from __future__ import annotations

import subprocess
from dataclasses import dataclass, replace
from itertools import pairwise

from artigraph.lineage.box import FLAG_RISE, SMALL_SIZE, STUB_REACH, STUB_WIDTH, Box, flag_width
from artigraph.lineage.escape import plain
from artigraph.lineage.icons import Flag, flag_of, state_words
from artigraph.lineage.picture import LineageNode, Picture, around, enclosing
from artigraph.lineage.place import Places, has_dot, place_with_dot, place_with_igraph, straighten
from artigraph.lineage.plan import STUB_DROP, Plan, make_plan
from artigraph.lineage.route import Course, Path, draw_paths
from artigraph.lineage.width import fit, text_width

COMPACT_ABOVE, COMPACT_WIDER = 40, 1500
"""More nodes than this, or a picture wider than this many px, is drawn with compact nodes."""

_MARGIN = 8

Columns = tuple[list[float], list[float]]
"""The left and the right edge of the boxes in each column, px."""


@dataclass(frozen=True, slots=True)
class Frame:
    """A span drawn around what ran inside it; px."""

    node: LineageNode
    x: float
    y: float
    width: float
    height: float
    title: str
    flags: tuple[Flag, ...] = ()
    focus: bool = False


@dataclass(frozen=True, slots=True)
class Stub:
    """A ``+N`` for neighbours not drawn; ``x`` and ``y`` are its centre, ``side`` is ``upstream`` or ``downstream``."""

    node_id: str
    side: str
    count: int
    x: float
    y: float
    below: bool


@dataclass(frozen=True, slots=True)
class Scene:
    """Everything to draw, back to front: frames, paths, boxes, stubs; ``width`` and ``height`` in px."""

    width: float
    height: float
    boxes: tuple[Box, ...] = ()
    paths: tuple[Path, ...] = ()
    frames: tuple[Frame, ...] = ()
    stubs: tuple[Stub, ...] = ()
    compact: bool = False


def lay_out(picture: Picture, compact: bool | None = None) -> Scene:
    """The scene of a picture, with Graphviz when its program ``dot`` is there, else with igraph.

    igraph knows no frames: there, containment is drawn as lines.

    Args:
        picture: what to draw, all of it; cut it with ``nearest`` first.
        compact: one line per node; None decides by number of nodes and width.

    Raises:
        MissingLibraryError: neither ``dot`` nor igraph is there.
    """
    if not picture.nodes:
        return Scene(0, 0, compact=bool(compact))
    if compact is None:
        scene = lay_out(picture, len(picture.nodes) > COMPACT_ABOVE)
        return scene if scene.compact or scene.width <= COMPACT_WIDER else lay_out(picture, True)
    row_gap = 18.0 if compact else 28.0
    if has_dot():
        plan = make_plan(picture, compact, enclosing(picture))
        try:
            places = place_with_dot(plan.heights(), plan.ends(), row_gap, plan.groups())
        except (OSError, subprocess.SubprocessError, ValueError):
            pass
        else:
            return _scene(picture, plan, places)
    plan = make_plan(picture, compact, {})
    return _scene(picture, plan, place_with_igraph(plan.heights(), plan.ends(), row_gap))


def _scene(picture: Picture, plan: Plan, places: Places) -> Scene:
    places = straighten(places, plan.heights(), plan.ends())
    lefts, rights = _columns(plan, places)
    boxes = _placed(plan, places, lefts, rights)
    frames = _frames(picture, plan, places, boxes)
    left, top = _origin(plan, places, boxes, frames)
    backward = any(places.column[source] >= places.column[target] for source, target in plan.ends())
    left -= _MARGIN + (24 if backward else 0)
    lefts, rights = [x - left for x in lefts], [x - left for x in rights]
    places = _lowered(places, _MARGIN - top)
    boxes = _placed(plan, places, lefts, rights)
    frames = _frames(picture, plan, places, boxes)
    stubs = tuple(stub for box in boxes for stub in _stubs(plan, box))
    courses = _courses(plan, places, boxes, frames, (lefts, rights))
    low = max(
        [box.y + box.height + box.stack for box in boxes]
        + [frame.y + frame.height for frame in frames]
        + [stub.y + 9 for stub in stubs]
    )
    right = max(
        [box.x + box.width + box.stack for box in boxes]
        + [frame.x + frame.width for frame in frames]
        + [stub.x + STUB_WIDTH / 2 for stub in stubs]
    )
    paths, low = draw_paths(courses, boxes, low)
    width, height = right + _MARGIN + (24 if backward else 0), low + _MARGIN
    return Scene(width, height, boxes, tuple(paths), frames, stubs, plan.compact)


def _placed(plan: Plan, places: Places, lefts: list[float], rights: list[float]) -> tuple[Box, ...]:
    """The boxes in their columns and rows; all of one column are equally wide."""
    placed = []
    for number, box in enumerate(plan.boxes):
        left, right = lefts[places.column[number]], rights[places.column[number]]
        placed.append(replace(box, x=left, y=places.row[number] - box.height / 2, width=right - left))
    return tuple(placed)


def _lowered(places: Places, drop: float) -> Places:
    via = {arrow: [y + drop for y in rows] for arrow, rows in places.via.items()}
    return Places(places.column, [y + drop for y in places.row], via)


def _origin(plan: Plan, places: Places, boxes: tuple[Box, ...], frames: tuple[Frame, ...]) -> tuple[float, float]:
    """The left and the top of everything."""
    stubs = [stub for box in boxes for stub in _stubs(plan, box)]
    lefts = [box.x for box in boxes] + [frame.x for frame in frames] + [stub.x - STUB_WIDTH / 2 for stub in stubs]
    tops = [box.y - (FLAG_RISE if box.flags else 0) for box in boxes] + [frame.y - 9 for frame in frames]
    return min(lefts), min(tops + [y for rows in places.via.values() for y in rows])


def _columns(plan: Plan, places: Places) -> Columns:
    """Each column as wide as its widest box, with room for what is written between."""
    count = max(places.column) + 1
    widths, before, after = [0.0] * count, [0.0] * count, [0.0] * count
    for number, box in enumerate(plan.boxes):
        column = places.column[number]
        widths[column] = max(widths[column], box.width)
        after[column] = max(after[column], box.stack)
        for side, _, below in plan.stubs(box):
            room = before if side == "upstream" else after
            room[column] = max(room[column], 0 if below else STUB_REACH)
    gaps, steep = [28.0 if plan.compact else 40.0] * count, [0.0] * count
    for link, (source, target) in zip(plan.links, plan.ends(), strict=True):
        first = places.column[source]
        rows = [places.row[source], *places.via.get((source, target), ()), places.row[target]]
        for column, (here, there) in enumerate(pairwise(rows), start=first):
            if column < count:
                steep[column] = max(steep[column], min(abs(there - here) * 0.12, 24))
        if link.words:
            gaps[first] = max(gaps[first], text_width(link.words, SMALL_SIZE) + 28)
    gaps = [gap + extra for gap, extra in zip(gaps, steep, strict=True)]
    spans = _frame_columns(plan, places)
    for column in range(count - 1):
        borders = sum(last == column for _, last in spans) + sum(first == column + 1 for first, _ in spans)
        gaps[column] += borders * plan.pad
    lefts, x = [], 0.0
    for column in range(count):
        x += before[column]
        lefts.append(x)
        x += widths[column] + after[column] + gaps[column]
    return lefts, [left + width for left, width in zip(lefts, widths, strict=True)]


def _frame_columns(plan: Plan, places: Places) -> list[tuple[int, int]]:
    """First and last column of each frame."""
    held: dict[str, list[int]] = {}
    for node, number in plan.numbers.items():
        for frame in around(plan.inside.get(node), plan.inside):
            held.setdefault(frame, []).append(places.column[number])
    return [(min(columns), max(columns)) for columns in held.values()]


def _frames(picture: Picture, plan: Plan, places: Places, boxes: tuple[Box, ...]) -> tuple[Frame, ...]:
    """The frames, the outer before the inner."""
    held: dict[str, list[tuple[float, float, float, float]]] = {}
    for box in boxes:
        top = box.y - (FLAG_RISE if box.flags else 0)
        for pad, frame in enumerate(around(plan.inside.get(box.node.id), plan.inside), start=1):
            room = pad * plan.pad
            right, bottom = box.x + box.width + box.stack + room, box.y + box.height + box.stack + room
            held.setdefault(frame, []).append((box.x - room, top - room, right, bottom))
    for frame, ways in plan.doors.items():
        for pad, outer in enumerate(around(frame, plan.inside), start=1):
            left, _, right, _ = held[outer][0]
            held[outer] += [(left, places.row[way] - 6 * pad, right, places.row[way] + 6 * pad) for way in ways]
    frames = []
    for node in sorted(plan.frames, key=lambda node: len(around(node.id, plan.inside))):
        lefts, tops, rights, bottoms = zip(*held[node.id], strict=True)
        width = max(rights) - min(lefts)
        flags = tuple(flag_of(plain(word, 40)) for word in state_words(node.status, node.badges)[:1])
        room = max(width - 48 - sum(flag_width(flag) + 8 for flag in flags), 40)
        title = fit(plain(node.label) or node.kind, room, SMALL_SIZE)
        height = max(bottoms) - min(tops)
        frames.append(Frame(node, min(lefts), min(tops), width, height, title, flags, node.id == picture.focus))
    return tuple(frames)


def _courses(
    plan: Plan, places: Places, boxes: tuple[Box, ...], frames: tuple[Frame, ...], columns: Columns
) -> list[Course]:
    """Where each line starts, ends and passes."""
    lefts, rights = columns
    framed = {frame.node.id: frame for frame in frames}
    courses = []
    for link, (source, target) in zip(plan.links, plan.ends(), strict=True):
        if source < len(boxes):
            start = (boxes[source].x + boxes[source].width + boxes[source].stack, boxes[source].middle)
        else:
            outer = framed[link.edge.source]
            start = (outer.x + outer.width, places.row[source])
        entered = boxes[target] if target < len(boxes) else None
        end = (entered.x, entered.middle) if entered else (framed[link.edge.target].x, places.row[target])
        first, last = places.column[source], places.column[target]
        via = tuple(
            ((lefts[column], y), (rights[column], y))
            for column, y in zip(range(first + 1, last), places.via.get((source, target), ()), strict=False)
            if start[0] < lefts[column] and rights[column] < end[0]
        )
        courses.append(Course(link.edge, link.words, start, end, entered, via, backward=end[0] <= start[0]))
    return courses


def _stubs(plan: Plan, box: Box) -> list[Stub]:
    stubs = []
    for side, count, below in plan.stubs(box):
        left = side == "upstream"
        if below:
            x = box.x + 27 if left else box.x + box.width - 27
            y = box.y + box.height + box.stack + STUB_DROP + 9
        else:
            x = box.x - STUB_REACH if left else box.x + box.width + box.stack + STUB_REACH - STUB_WIDTH
            x, y = x + STUB_WIDTH / 2, box.middle
        stubs.append(Stub(box.node.id, side, count, x, y, below))
    return stubs
