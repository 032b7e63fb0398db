"""Lines: smooth, around what is in their way, with their words in a free spot."""

from __future__ import annotations

from dataclasses import replace

import pytest

from artigraph.lineage.box import Box, measure
from artigraph.lineage.picture import LineageEdge, LineageNode
from artigraph.lineage.route import ARROW, Course, draw_paths, inset


def box(name: str, x: float, y: float, kind: str = "artifact") -> Box:
    return replace(measure((LineageNode(name, name, kind),), "", False)[0], x=x, y=y)


def course(source: Box, target: Box, label: str = "", via: tuple[float, ...] = ()) -> Course:
    stops = tuple(((220.0, y), (320.0, y)) for y in via)
    start, end = (source.x + source.width, source.middle), (target.x, target.middle)
    edge = LineageEdge(source.node.id, target.node.id, "input")
    return Course(edge, label, start, end, target, stops, backward=end[0] <= start[0])


def test_neighbours_in_one_row_are_joined_by_a_straight_line() -> None:
    a, b = box("a", 0, 0), box("b", 200, 0)
    (path,), _ = draw_paths([course(a, b)], [a, b], 50)
    assert path.d == f"M{a.width} 22H{200 - ARROW}"
    assert path.tip == (199, 22)


def test_a_line_goes_around_a_box_in_its_way() -> None:
    a, wall, b = box("a", 0, 0), box("wall", 220, 0), box("b", 440, 0)
    (direct,), _ = draw_paths([course(a, b, via=(90,))], [a, b], 150)
    (around,), _ = draw_paths([course(a, b, via=(90,))], [a, wall, b], 150)
    assert direct.d.count("C") == 0
    assert around.d.count("C") == 2
    assert " 90" in around.d


def test_a_line_back_goes_below_everything() -> None:
    a, b = box("a", 0, 0), box("b", 200, 0)
    (path,), low = draw_paths([course(b, a)], [a, b], 50)
    assert low == 62
    assert " 62" in path.d
    assert path.tip[0] == a.x - 1


def test_lines_into_one_box_arrive_apart_and_do_not_cross() -> None:
    sources = [box(f"s{n}", 0, 100 * n) for n in range(3)]
    target = box("t", 300, 100)
    paths, _ = draw_paths([course(source, target) for source in reversed(sources)], [*sources, target], 400)
    heights = [path.tip[1] for path in paths]
    assert heights == sorted(heights, reverse=True)
    assert len(set(heights)) == 3


def test_words_do_not_lie_on_each_other_or_on_a_box() -> None:
    sources = [box(f"s{n}", 0, 60 * n) for n in range(3)]
    target = box("t", 220, 60)
    paths, _ = draw_paths([course(s, target, "role") for s in sources], [*sources, target], 400)
    spots = [path.label_at for path in paths]
    for number, (x, y) in enumerate(spots):
        assert 96 < x < 220
        assert all(abs(x - u) > 26 or abs(y - v) > 15 for u, v in spots[:number])


@pytest.mark.parametrize(("kind", "expected"), [("artifact", 0), ("run", 5), ("span", 2.95)])
def test_a_line_ends_at_the_outline_however_it_is_shaped(kind: str, expected: float) -> None:
    assert inset(box("a", 0, 0, kind), 11) == pytest.approx(expected, abs=0.01)
