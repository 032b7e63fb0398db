"""Columns and rows, from both engines."""

from __future__ import annotations

import pytest

from artigraph.lineage.place import Groups, Places, place_with_dot, place_with_igraph, straighten

HEIGHTS = [40.0] * 5
ARROWS = [(0, 1), (1, 2), (2, 3), (0, 3), (4, 3)]


@pytest.fixture(params=["dot", "igraph"])
def places(request: pytest.FixtureRequest) -> Places:
    if request.param == "igraph":
        return place_with_igraph(HEIGHTS, ARROWS, 20)
    return place_with_dot(HEIGHTS, ARROWS, 20, Groups())


@pytest.mark.needs_program("dot")
def test_data_runs_from_left_to_right(places: Places) -> None:
    assert [places.column[item] for item in (0, 1, 2, 3)] == [0, 1, 2, 3]
    assert all(places.column[source] < places.column[target] for source, target in ARROWS)


@pytest.mark.needs_program("dot")
def test_what_nothing_leads_to_stands_right_before_its_use(places: Places) -> None:
    assert places.column[4] == 2


@pytest.mark.needs_program("dot")
def test_boxes_of_one_column_do_not_overlap(places: Places) -> None:
    assert abs(places.row[2] - places.row[4]) >= 40


@pytest.mark.needs_program("dot")
def test_a_long_line_is_told_where_to_pass_each_column(places: Places) -> None:
    passing = places.via[0, 3]
    assert len(passing) == 2
    assert abs(passing[0] - places.row[1]) > 20


def test_igraph_survives_circles_and_links_to_itself() -> None:
    places = place_with_igraph([40.0] * 3, [(0, 1), (1, 2), (2, 0), (1, 1)], 20)
    assert sorted(places.column) == [0, 1, 2]


@pytest.mark.needs_program("dot")
def test_strangers_stay_out_of_a_frame() -> None:
    groups = Groups({0: None}, {0: 0, 1: 0})
    places = place_with_dot([40.0] * 4, [(0, 1), (2, 1), (0, 3)], 20, groups)
    rows = sorted(places.row[item] for item in (0, 1))
    for stranger in (2, 3):
        assert not rows[0] < places.row[stranger] < rows[1]


def test_a_small_step_in_a_chain_is_taken_out_and_a_big_one_stays() -> None:
    small = straighten(Places([0, 1], [10.0, 16.0], {}), [20.0, 20.0], [(0, 1)])
    assert small.row == [13.0, 13.0]
    big = straighten(Places([0, 1], [10.0, 60.0], {}), [20.0, 20.0], [(0, 1)])
    assert big.row == [10.0, 60.0]


def test_nothing_is_moved_into_a_neighbour() -> None:
    crowded = straighten(Places([0, 1, 1], [10.0, 20.0, 41.0], {}), [20.0] * 3, [(0, 1)])
    assert crowded.row == [10.0, 20.0, 41.0]
