"""The lines between boxes: one smooth curve each, around the boxes in its way, with a word in a free spot."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

from artigraph.lineage.box import FLAG_RISE, SMALL_SIZE, Box
from artigraph.lineage.picture import LineageEdge
from artigraph.lineage.width import text_width

Point = tuple[float, float]
Area = tuple[float, float, float, float]
"""Left, top, right, bottom."""

ARROW = 7
"""How far before its target a line ends, so that the arrowhead fits, px."""

_PORT_STEP, _CLEARANCE, _SAMPLES = 11, 5, 24


@dataclass(frozen=True, slots=True)
class Path:
    """One line of the picture; px.

    Attributes:
        edge: the data behind it; of several inputs of the same artifact and span the first.
        d: SVG path data, from the source to just before the target.
        tip: where the arrowhead's point is.
        label: the role or label to write, empty for none.
        label_at: centre of that label.
    """

    edge: LineageEdge
    d: str
    tip: Point
    label: str = ""
    label_at: Point = (0, 0)


@dataclass(frozen=True, slots=True)
class Course:
    """Where a line has to go: from ``start`` through ``via`` to ``end``; ``backward`` if that is not to the right."""

    edge: LineageEdge
    label: str
    start: Point
    end: Point
    target: Box | None
    via: tuple[tuple[Point, Point], ...] = ()
    backward: bool = False


def draw_paths(courses: Sequence[Course], boxes: Sequence[Box], low: float) -> tuple[list[Path], float]:
    """A path for each course, in the same order, and the lowest y they reach.

    Args:
        courses: where each line starts and ends.
        boxes: what no line may cross.
        low: y below everything, where lines that run backward go.
    """
    ends = _ports(courses)
    areas = [_area(box) for box in boxes]
    taken = list(areas)
    forward = [
        [] if course.backward else _forward(course, end, areas) for course, end in zip(courses, ends, strict=True)
    ]
    low = max([low, *(curve[3][1] for curves in forward for curve in curves)])
    paths = []
    for course, end, ahead in zip(courses, ends, forward, strict=True):
        low += 12 if course.backward else 0
        curves = ahead or _backward(course.start, end, low)
        at = _label_spot(course.label, curves, taken) if course.label else (0.0, 0.0)
        paths.append(Path(course.edge, _data(curves), (end[0] + ARROW - 1, end[1]), course.label, at))
    return paths, low


def inset(box: Box, rise: float) -> float:
    """How far the left outline lies inside the box, at ``rise`` px above or below its middle."""
    half = box.height / 2
    if box.node.kind == "run":
        return (8 if box.compact else 10) * abs(rise) / half
    return half - math.sqrt(max(half * half - rise * rise, 0)) if box.node.kind == "span" else 0


def _ports(courses: Sequence[Course]) -> list[Point]:
    """Where each line ends: lines into one box are spread over its left side, in the order they come from."""
    into: dict[str, list[int]] = {}
    for number, course in enumerate(courses):
        into.setdefault(course.edge.target, []).append(number)
    ends: list[Point] = [(0.0, 0.0)] * len(courses)
    for numbers in into.values():
        numbers.sort(key=lambda n: (courses[n].backward, (courses[n].via or ((courses[n].start,),))[-1][-1][1]))
        for place, number in enumerate(numbers):
            x, y = courses[number].end
            box = courses[number].target
            rise = 0.0
            if box is not None and len(numbers) > 1:
                step = min(_PORT_STEP, (box.height - 16) / (len(numbers) - 1))
                rise = (place - (len(numbers) - 1) / 2) * step
                x += inset(box, rise)
            ends[number] = (x - ARROW, y + rise)
    return ends


def _forward(course: Course, end: Point, areas: Sequence[Area]) -> list[tuple[Point, Point, Point, Point]]:
    """Cubics with horizontal tangents, each as long as nothing is in its way."""
    stops = [course.start, *(point for pair in course.via for point in pair), end]
    curves, here = [], 0
    while here < len(stops) - 1:
        there = len(stops) - 1
        while there > here + 1 and not _is_clear(_cubic(stops[here], stops[there]), areas):
            there -= 1
        curves.append(_cubic(stops[here], stops[there]))
        here = there
    return curves


def _backward(start: Point, end: Point, low: float) -> list[tuple[Point, Point, Point, Point]]:
    """Out to the right, back below everything, and in from the left."""
    (x, y), (u, v) = start, end
    down = ((x, y), (x + 24, y), (x + 24, low), (x, low))
    along = ((x, low), (x, low), (u, low), (u, low))
    up = ((u, low), (u - 24, low), (u - 24, v), (u, v))
    return [down, along, up]


def _cubic(start: Point, end: Point) -> tuple[Point, Point, Point, Point]:
    middle = (start[0] + end[0]) / 2
    return (start, (middle, start[1]), (middle, end[1]), end)


def _at(curve: tuple[Point, Point, Point, Point], t: float) -> Point:
    s = 1 - t
    weights = (s * s * s, 3 * s * s * t, 3 * s * t * t, t * t * t)
    return (
        sum(weight * point[0] for weight, point in zip(weights, curve, strict=True)),
        sum(weight * point[1] for weight, point in zip(weights, curve, strict=True)),
    )


def _is_clear(curve: tuple[Point, Point, Point, Point], areas: Sequence[Area]) -> bool:
    """Whether a curve keeps away from all areas; where it starts and ends it may touch them."""
    top, bottom = sorted((curve[0][1], curve[3][1]))
    near = [
        area
        for area in areas
        if area[0] < curve[3][0] - 2 and area[2] > curve[0][0] + 2 and area[1] <= bottom and area[3] >= top
    ]
    points = [_at(curve, step / _SAMPLES) for step in range(1, _SAMPLES)] if near else []
    return not any(left < x < right and up < y < down for x, y in points for left, up, right, down in near)


def _area(box: Box) -> Area:
    """What a line should not cross: the sheet, the sheets behind it, its flags, and a little air."""
    rise = FLAG_RISE if box.flags else _CLEARANCE
    return (box.x, box.y - rise, box.x + box.width + box.stack, box.y + box.height + box.stack + _CLEARANCE)


def _label_spot(label: str, curves: list[tuple[Point, Point, Point, Point]], taken: list[Area]) -> Point:
    """The first free spot for a label along a line, from the middle of its first bend outward; it is then taken."""
    half = text_width(label, SMALL_SIZE) / 2 + 3
    spots = [_at(curve, t) for curve in curves for t in (0.5, 0.42, 0.58, 0.34, 0.66, 0.26, 0.74)]

    def area(spot: Point) -> Area:
        return (spot[0] - half, spot[1] - 8, spot[0] + half, spot[1] + 8)

    free = (spot for spot in spots if not any(_overlap(area(spot), other) for other in taken))
    chosen = next(free, spots[0])
    taken.append(area(chosen))
    return chosen


def _overlap(one: Area, other: Area) -> bool:
    return one[0] < other[2] and other[0] < one[2] and one[1] < other[3] and other[1] < one[3]


def _data(curves: list[tuple[Point, Point, Point, Point]]) -> str:
    """SVG path data; a flat cubic is written as a straight line."""
    text = f"M{_number(curves[0][0][0])} {_number(curves[0][0][1])}"
    for start, one, two, end in curves:
        if start[1] == one[1] == two[1] == end[1]:
            text += f"H{_number(end[0])}"
        else:
            text += "C" + " ".join(_number(part) for point in (one, two, end) for part in point)
    return text


def _number(value: float) -> str:
    return f"{value:.1f}".removesuffix(".0")
