"""Stacks in place of many alike."""

from __future__ import annotations

from dataclasses import replace

from artigraph.lineage.alike import stacked
from artigraph.lineage.picture import LineageEdge, LineageNode, Picture, without


def fan(count: int, **facts: object) -> Picture:
    """A table, ``count`` trials that used it, and the score of each."""
    shared = LineageNode("shared", "shared", "artifact")
    trials = [LineageNode(f"t{n}", f"trial {n}", "span", "ok") for n in range(count)]
    scores = [replace(LineageNode(f"s{n}", "score", "artifact", type_name="float"), **facts) for n in range(count)]
    used = [LineageEdge("shared", trial.id, "input", role="table", changed=trial.id == "t3") for trial in trials]
    made = [LineageEdge(trial.id, score.id, "output") for trial, score in zip(trials, scores, strict=True)]
    return Picture((shared, *trials, *scores), (*used, *made), "shared")


def test_trials_without_results_are_one_stack():
    only = without(fan(200), {f"s{n}" for n in range(200)})
    small, members = stacked(only)
    assert [(node.label, node.kind, node.count, node.detail) for node in small.nodes][1:] == [
        ("trial", "many", 200, "200 spans")
    ]
    assert len(members["many-t0"]) == 200
    (edge,) = small.edges
    assert (edge.source, edge.target, edge.role, edge.changed) == ("shared", "many-t0", "table", True)


def test_trials_with_results_of_their_own_have_different_neighbours():
    assert stacked(fan(20))[1] == {}


def test_fewer_than_five_and_stacks_set_apart_stay():
    only = without(fan(4), {f"s{n}" for n in range(4)})
    assert stacked(only) == (only, {})
    more = without(fan(5), {f"s{n}" for n in range(5)})
    assert stacked(more, {"many-t0"}) == (more, {})


def test_one_that_failed_stands_beside_the_stack():
    only = without(fan(9), {f"s{n}" for n in range(9)})
    nodes = tuple(replace(node, status="error") if node.id == "t7" else node for node in only.nodes)
    small, members = stacked(replace(only, nodes=nodes))
    assert [node.id for node in small.nodes] == ["shared", "many-t0", "t7"]
    assert "t7" not in {node.id for node in members["many-t0"]}


def test_the_focus_and_spans_around_others_are_never_stacked():
    only = without(fan(9), {f"s{n}" for n in range(9)})
    inner = LineageNode("inner", "inner", "span", parent="t1")
    small, members = stacked(replace(only, nodes=(*only.nodes, inner), focus="t2"))
    assert {"t1", "t2", "inner"} <= {node.id for node in small.nodes}
    assert len(members["many-t0"]) == 7


def test_what_is_hidden_takes_along_what_hung_on_it_alone():
    small = without(fan(6), {"t1"})
    assert {node.id for node in fan(6).nodes} - {node.id for node in small.nodes} == {"t1", "s1"}
    assert without(fan(6), {"shared"}) == fan(6), "the focus stays"
