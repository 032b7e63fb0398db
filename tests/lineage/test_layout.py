"""The scene: everything in its place, the same every time, with either engine or a clear error with none."""

from __future__ import annotations

import itertools

import pytest

from artigraph.errors import MissingLibraryError
from artigraph.lineage import layout
from artigraph.lineage.layout import Scene, lay_out
from artigraph.lineage.picture import LineageEdge, LineageNode, Picture


@pytest.fixture(params=["dot", "igraph"])
def engine(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> str:
    """Both engines; without `dot` on the path igraph is taken."""
    if request.param == "igraph":
        monkeypatch.setenv("PATH", "")
    return str(request.param)


def overlaps(scene: Scene) -> list[tuple[str, str]]:
    return [
        (one.node.id, two.node.id)
        for one, two in itertools.combinations(scene.boxes, 2)
        if one.x < two.x + two.width
        and two.x < one.x + one.width
        and one.y < two.y + two.height
        and two.y < one.y + one.height
    ]


@pytest.mark.needs_program("dot")
@pytest.mark.parametrize("name", ["pipeline", "cycle", "diamond", "hostile"])
@pytest.mark.parametrize("compact", [False, True])
def test_boxes_lie_inside_the_scene_and_on_no_other(
    engine: str, name: str, compact: bool, request: pytest.FixtureRequest
) -> None:
    scene = lay_out(request.getfixturevalue(name), compact)
    assert not overlaps(scene)
    for box in scene.boxes:
        assert box.x >= 0
        assert box.y >= 0
        assert box.x + box.width + box.stack <= scene.width
        assert box.y + box.height + box.stack <= scene.height


@pytest.mark.needs_program("dot")
def test_the_same_picture_gives_the_same_scene(engine: str, pipeline: Picture) -> None:
    assert lay_out(pipeline) == lay_out(pipeline)


@pytest.mark.needs_program("dot")
def test_a_frame_holds_what_is_in_it_and_nothing_else(pipeline: Picture) -> None:
    scene = lay_out(pipeline)
    (frame,) = scene.frames
    assert frame.title == "prepare"
    within = {
        box.node.id
        for box in scene.boxes
        if frame.x < box.x + box.width
        and box.x < frame.x + frame.width
        and frame.y < box.y + box.height
        and box.y < frame.y + frame.height
    }
    assert within == {"clean", "split", "tidy"}


def test_without_dot_a_parent_is_a_box_with_lines_to_its_children(
    pipeline: Picture, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PATH", "")
    scene = lay_out(pipeline)
    assert not scene.frames
    assert {path.edge.target for path in scene.paths if path.edge.kind == "child"} == {"clean", "split"}


@pytest.mark.needs_program("dot")
def test_a_frame_in_focus_is_entered_and_left_at_its_border() -> None:
    nodes = (
        LineageNode("raw", "raw", "artifact"),
        LineageNode("cell", "cell", "span"),
        LineageNode("call", "call", "span", parent="cell"),
        LineageNode("out", "out", "artifact"),
    )
    edges = LineageEdge("raw", "cell", "input"), LineageEdge("cell", "out", "output")
    scene = lay_out(Picture(nodes, edges, "cell"))
    (frame,) = scene.frames
    assert frame.focus
    tips = {path.edge.target: path.tip for path in scene.paths}
    assert tips["cell"][0] == pytest.approx(frame.x - 1)
    assert frame.y < tips["cell"][1] < frame.y + frame.height
    assert scene.paths[1].d.startswith(f"M{frame.x + frame.width:.1f}".removesuffix(".0"))


@pytest.mark.needs_program("dot")
def test_many_nodes_or_a_wide_picture_are_drawn_compact(diamond: Picture, pipeline: Picture) -> None:
    assert lay_out(diamond).compact
    assert not lay_out(Picture(pipeline.nodes[:2], (), "load")).compact


@pytest.mark.needs_program("dot")
def test_stubs_stand_on_the_side_they_open(pipeline: Picture) -> None:
    scene = lay_out(pipeline, compact=False)
    boxes = {box.node.id: box for box in scene.boxes}
    below, right = scene.stubs
    assert (below.node_id, below.below, below.count) == ("evaluate", True, 2)
    assert below.y > boxes["evaluate"].y + boxes["evaluate"].height
    assert right.x > boxes["report"].x + boxes["report"].width


def test_nothing_gives_an_empty_scene() -> None:
    assert lay_out(Picture()) == Scene(0, 0)


@pytest.mark.needs_program("dot")
def test_a_dot_that_fails_is_replaced_by_igraph(pipeline: Picture, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("artigraph.lineage.place.DOT_SECONDS", 0)
    assert len(lay_out(pipeline).boxes) == len(pipeline.nodes)


def test_neither_engine_is_a_clear_error(pipeline: Picture, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PATH", "")
    monkeypatch.setitem(__import__("sys").modules, "igraph", None)
    with pytest.raises(MissingLibraryError, match="pip install igraph"):
        layout.lay_out(pipeline)
