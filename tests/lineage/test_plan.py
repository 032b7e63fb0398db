"""What a drawing consists of."""

from __future__ import annotations

from artigraph.lineage.picture import LineageEdge, LineageNode, Picture, enclosing
from artigraph.lineage.plan import make_plan


def test_a_span_around_others_is_a_frame_and_no_box(pipeline: Picture) -> None:
    plan = make_plan(pipeline, False, enclosing(pipeline))
    assert [frame.id for frame in plan.frames] == ["prepare"]
    assert "prepare" not in plan.numbers
    assert not [link for link in plan.links if link.edge.kind == "child"]


def test_without_frames_containment_is_a_line(pipeline: Picture) -> None:
    plan = make_plan(pipeline, False, {})
    assert {link.edge.target for link in plan.links if link.edge.kind == "child"} == {"clean", "split"}


def test_a_frame_with_lines_of_its_own_gets_doors() -> None:
    nodes = (
        LineageNode("out", "out", "span"),
        LineageNode("in", "in", "span", parent="out"),
        LineageNode("x", "x", "artifact"),
    )
    picture = Picture(nodes, (LineageEdge("x", "out", "input"),), "out")
    plan = make_plan(picture, False, enclosing(picture))
    assert plan.doors == {"out": (2, 3)}
    assert plan.ends() == [(1, 2)]


def test_using_one_thing_under_two_roles_is_one_line_with_both() -> None:
    nodes = LineageNode("a", "a", "artifact"), LineageNode("s", "s", "span")
    edges = LineageEdge("a", "s", "input", role="train"), LineageEdge("a", "s", "input", role="test", changed=True)
    plan = make_plan(Picture(nodes, edges, "a"), False, {})
    assert [link.words for link in plan.links] == ["train, test ≠"]


def test_a_role_like_the_name_is_left_out_when_compact() -> None:
    nodes = LineageNode("a", "raw/train", "keyed"), LineageNode("s", "s", "span")
    picture = Picture(nodes, (LineageEdge("a", "s", "input", role="train"),), "a")
    assert make_plan(picture, False, {}).links[0].words == "train"
    assert make_plan(picture, True, {}).links[0].words == ""


def test_a_stub_goes_below_when_its_side_has_lines(pipeline: Picture) -> None:
    plan = make_plan(pipeline, False, enclosing(pipeline))
    boxes = {box.node.id: box for box in plan.boxes}
    assert plan.stubs(boxes["evaluate"]) == [("upstream", 2, True)]
    assert plan.stubs(boxes["report"]) == [("downstream", 3, False)]
