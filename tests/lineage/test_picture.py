"""The plain data: cutting to what is near, counting what is dropped, telling what encloses what."""

from __future__ import annotations

from artigraph.lineage.picture import LineageEdge, LineageNode, Picture, enclosing, nearest


def test_what_is_cut_is_counted_and_the_nodes_at_the_cut_say_so(pipeline: Picture) -> None:
    small = nearest(pipeline, 3, 99)
    assert [node.id for node in small.nodes] == ["evaluate", "metrics", "report"]
    assert small.hidden == 12 + 8
    assert small.nodes[0].more_upstream == 2 + 1
    assert small.omissions == "20 more nodes not shown; reads 2 values no span made: cfg, con"


def test_links_beyond_the_limit_are_counted_in_words(diamond: Picture) -> None:
    small = nearest(diamond, 80, 100)
    assert len(small.edges) == 100
    assert small.note == "56 links not shown"
    assert small.edges[-1].target == "39b"


def test_edges_to_nowhere_and_repeated_nodes_are_left_out() -> None:
    node = LineageNode("a", "a", "span")
    small = nearest(Picture((node, node), (LineageEdge("a", "gone", "output"),), "nobody"), 9, 9)
    assert small.nodes == (node,)
    assert small.edges == ()
    assert small.hidden == 0


def test_a_whole_picture_is_returned_as_it_was(pipeline: Picture) -> None:
    assert nearest(pipeline, 100, 100).nodes == pipeline.nodes


def test_an_artifact_made_and_used_inside_a_span_lies_in_it(pipeline: Picture) -> None:
    assert enclosing(pipeline) == {"clean": "prepare", "split": "prepare", "tidy": "prepare"}


def test_what_a_span_made_for_one_inside_it_lies_in_it() -> None:
    nodes = (
        LineageNode("cell", "cell", "span"),
        LineageNode("call", "call", "span", parent="cell"),
        LineageNode("x", "x", "artifact"),
    )
    edges = (LineageEdge("cell", "x", "output"), LineageEdge("x", "call", "input"))
    assert enclosing(Picture(nodes, edges, "x")) == {"call": "cell", "x": "cell"}


def test_spans_that_contain_each_other_do_not_loop(cycle: Picture) -> None:
    assert enclosing(cycle) == {"a": "b"}


def test_the_centre_of_nothing_is_nothing() -> None:
    assert Picture().centre is None
    assert Picture().omissions == ""
    assert len(Picture()) == 0
