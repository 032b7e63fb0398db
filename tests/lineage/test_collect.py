from __future__ import annotations

from dataclasses import dataclass
from itertools import pairwise
from typing import Any

import pytest

import artigraph as ag
from artigraph.bridge import block
from artigraph.errors import NodeNotFoundError
from artigraph.graph.engine import current_database
from artigraph.lineage.collect import collect
from artigraph.lineage.lineage import Lineage
from tests.stores import store

__all__ = ["store"]


@dataclass
class Drawn(ag.ArtifactModel):
    x: Any
    y: Any = None


def walk(target: Any, upstream: int = 1, downstream: int = 1, **options: Any) -> Lineage:
    node_id = getattr(target, "id", target)
    return block(current_database().read, lambda c: collect(c, node_id, upstream, downstream, **options))


def labels(picture: Lineage) -> set[str]:
    return {node.label for node in picture.nodes}


def edges(picture: Lineage) -> set[tuple[str, str, str]]:
    names = {node.id: node.label for node in picture.nodes}
    return {(names[edge.source], edge.kind, names[edge.target]) for edge in picture.edges}


def step(name: str, made: Any, label: str, *used: Any) -> Any:
    with ag.span_context(name) as span:
        for each in used:
            ag.load(each)
        ag.save(made, label)
    return span


def test_a_hop_is_one_arrow(store):
    step("a", 1, "one")
    step("b", 2, "two", "one")
    middle = ag.read_one(ag.Node, ag.NodeFilter(label="two"))
    assert labels(walk(middle, 1, 0)) == {"two", "b"}
    assert labels(walk(middle, 2, 0)) == {"two", "b", "one"}
    assert labels(walk(middle, 9, 9)) == {"two", "b", "one", "a"}
    assert edges(walk(middle, 9, 0)) == {("b", "output", "two"), ("one", "input", "b"), ("a", "output", "one")}
    assert labels(walk(middle, 0, 0)) == {"two"}


def test_what_lies_beyond_the_last_hop_is_counted(store):
    step("a", 1, "one")
    for n in range(3):
        step(f"b{n}", n, f"r{n}", "one")
    picture = walk(ag.read_one(ag.Node, ag.NodeFilter(label="one")), 0, 0)
    [focus] = picture.nodes
    assert (focus.more_upstream, focus.more_downstream) == (1, 3)


def test_the_limit_bounds_the_picture_and_says_what_is_hidden(store):
    step("a", 1, "one")
    for n in range(10):
        step(f"b{n}", n, f"r{n}", "one")
    picture = walk(ag.read_one(ag.Node, ag.NodeFilter(label="one")), 1, 1, limit=5)
    assert len(picture.nodes) == 5
    assert picture.hidden == 7


def test_a_field_used_or_asked_for_is_drawn_as_its_whole(store):
    whole = Drawn(Drawn([1]), 2)
    step("make", whole, "whole")
    fields = {link.label: link.target_id for link in ag.read(ag.Link, ag.LinkFilter(source=whole))}
    deep = ag.read_one(ag.Link, ag.LinkFilter(source=fields["x"], label="x")).target_id
    with ag.span_context("use") as span:
        ag.load(deep)
        ag.load(fields["x"])
        ag.load(fields["y"])
    picture = walk(span, 1, 0)
    assert edges(picture) == {("whole", "input", "use")}
    assert picture.focus == str(span.id)
    assert walk(deep, 0, 0).focus == str(whole.id)


def test_a_part_that_a_span_made_leads_into_its_whole(store):
    part = Drawn(1)
    step("part", part, "part")
    step("whole", Drawn(part), "whole")
    whole = ag.read_one(ag.Node, ag.NodeFilter(label="whole", node_type="model_artifact"))
    assert ("part", "field", "whole") in edges(walk(whole, 1, 0))
    assert ("part", "output", "part") in edges(walk(whole, 2, 0))


def test_a_shared_part_is_drawn_once_for_each_whole_that_holds_it(store):
    shared = Drawn("shared")
    step("first", shared, "shared")
    ag.save(Drawn(shared), "one")
    ag.save(Drawn(shared), "two")
    picture = walk(shared, 0, 1)
    assert edges(picture) == {("shared", "field", "one"), ("shared", "field", "two")}


def test_the_inside_of_a_span_belongs_to_it(store):
    ag.save(1, "before")
    with ag.span_context("outer") as outer, ag.span_context("inner"):
        ag.load("before")
        ag.save(2, "after")
    picture = walk(outer, 1, 1)
    assert labels(picture) == {"outer", "inner", "before", "after"}
    parents = {node.label: node.parent for node in picture.nodes}
    assert parents["inner"] == str(outer.id)


def test_a_cell_that_runs_twice_is_not_upstream_of_itself(store):
    ag.save(1, "raw")
    first = step("cell", 2, "result", "raw")
    second = step("cell", 2, "result", "raw")
    assert str(first.id) not in {node.id for node in walk(second, 9, 0).nodes}


@pytest.mark.timeout(10)
def test_a_cycle_of_links_ends(store):
    nodes = [ag.Node(name) for name in "abc"]
    ring = [*pairwise(nodes), (nodes[2], nodes[0])]
    ag.write_many(
        [*nodes, *(ag.Link(a, b, kind="output") for a, b in ring), *(ag.Link(a, b, kind="field") for a, b in ring)]
    )
    assert len(walk(nodes[0], 10**6, 10**6).nodes) <= 3
    ag.write_many([ag.Link(a, b, kind="child") for a, b in ring])
    assert len(walk(nodes[0], 10**6, 10**6).nodes) <= 3


@pytest.mark.timeout(10)
def test_a_diamond_of_40_layers_is_walked_once(store):
    layers = [[ag.Node(f"{n}{side}") for side in "lr"] for n in range(40)]
    links = [ag.Link(up, down, kind="output") for above, below in pairwise(layers) for up in above for down in below]
    ag.write_many([*(node for layer in layers for node in layer), *links])
    picture = walk(layers[0][0], 0, 100)
    assert len(picture.nodes) == 79
    assert len(picture.edges) == 2 + 38 * 4


def test_what_is_not_there_is_not_found(store):
    with pytest.raises(NodeNotFoundError):
        walk(ag.Node())
