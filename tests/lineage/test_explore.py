"""Walks that grow where they are asked to, over what was really saved."""

from __future__ import annotations

from typing import Any

import pytest

import artigraph as ag
from artigraph.bridge import block
from artigraph.errors import NodeNotFoundError
from artigraph.graph.engine import current_database
from artigraph.ids import new_id
from artigraph.lineage.explore import explore
from artigraph.lineage.lineage import Lineage
from tests.stores import store

__all__ = ["store"]


def walk(target: Any, upstream: int = 1, downstream: int = 1, **options: Any) -> Lineage:
    return block(current_database().read, lambda c: explore(c, target, upstream, downstream, **options))


def labels(picture: Lineage) -> set[str]:
    return {node.label for node in picture.nodes}


def beyond(picture: Lineage) -> dict[str, tuple[int, int]]:
    counts = {node.label: (node.more_upstream, node.more_downstream) for node in picture.nodes}
    return {label: count for label, count in counts.items() if any(count)}


def step(name: str, *used: str, made: str | None = None) -> Any:
    with ag.span_context(name) as span:
        for label in used:
            ag.load(label)
        if made:
            ag.save(f"value of {made}", made)
    return span.id


def node(label: str) -> Any:
    return ag.read_one(ag.Node, ag.NodeFilter(label=label)).id


@pytest.fixture
def chain(store) -> None:
    """a -> x -> b -> y -> c -> z, and w made beside x by a."""
    with ag.span_context("a"):
        ag.save("value of x", "x")
        ag.save("value of w", "w")
    step("b", "x", made="y")
    step("c", "y", made="z")


def test_every_node_counts_what_is_not_drawn_on_both_sides(chain):
    assert labels(walk(node("y"))) == {"b", "y", "c"}
    assert beyond(walk(node("y"))) == {"b": (1, 0), "c": (0, 1)}
    assert beyond(walk(node("x"))) == {"a": (0, 1), "b": (0, 1)}


def test_an_opened_side_is_one_hop_more(chain):
    assert labels(walk(node("y"), opened=[(node("b"), "upstream")])) == {"x", "b", "y", "c"}
    both = [(node("x"), "upstream"), (node("b"), "upstream")]
    assert labels(walk(node("y"), opened=both)) == {"a", "x", "b", "y", "c"}, "whatever their order"
    assert labels(walk(node("y"), opened=both[:1])) == {"b", "y", "c"}, "what is not reached is passed over"


def test_a_deep_side_is_followed_to_its_end(chain):
    assert labels(walk(node("z"), 1, 0, deep=[(node("z"), "upstream")])) == {"z", "c", "y", "b", "x", "a"}
    assert labels(walk(node("z"), 0, 0, deep=[(node("z"), "upstream")])) == {"z", "c", "y", "b", "x", "a"}


def test_a_closed_side_is_not_followed_and_counts_what_it_hides(chain):
    closed = walk(node("y"), 9, 9, closed=[(node("y"), "upstream")])
    assert labels(closed) == {"y", "c", "z"}
    assert beyond(closed) == {"y": (1, 0)}
    assert labels(walk(node("y"), opened=[(node("y"), "upstream")], closed=[(node("y"), "upstream")])) == {"y", "c"}


def test_of_a_node_with_very_many_links_the_first_are_read_and_the_rest_counted(store):
    ag.save("value", "hub")
    for number in range(12):
        step(f"user {number}", "hub")
    small = walk(node("hub"), fan=5)
    assert len(labels(small)) == 6
    assert small.hidden == 7
    one = walk(node("user 3"), 1, 0, fan=5)
    assert labels(one) == {"user 3", "hub"}
    assert beyond(one)["hub"][1] in (11, 12), "the one that is drawn may be among those not read"


def test_a_span_with_more_inside_than_a_picture_holds_counts_the_rest(store):
    with ag.span_context("outer"):
        for number in range(8):
            step(f"inner {number}")
    small = walk(node("outer"), limit=5)
    assert len(small.nodes) <= 6
    assert small.hidden == 3


def test_a_node_that_is_not_there_is_an_error(store):
    with pytest.raises(NodeNotFoundError):
        walk(new_id())
