"""Random graphs: every filter finds what a model of it in plain Python finds."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

import artigraph as ag

KINDS = ("child", "output", "input", "user")
PLACES = st.integers(0, 5)
FOLLOWED = st.none() | st.lists(st.sampled_from(KINDS), min_size=1, max_size=2, unique=True)


@dataclass(frozen=True)
class Vertex:
    label: str | None
    is_artifact: bool
    tags: tuple[tuple[str, str], ...]


VERTEX = st.builds(
    Vertex,
    st.sampled_from([None, "a", "b", "A"]),
    st.booleans(),
    st.dictionaries(st.sampled_from(["s", "t"]), st.sampled_from(["x", "y"]), max_size=2).map(
        lambda d: tuple(d.items())
    ),
)
EDGE = st.tuples(PLACES, PLACES, st.sampled_from(KINDS))
LEAF = st.one_of(
    st.tuples(st.just("label"), st.sampled_from(["a", "b", "c"])),
    st.tuples(st.just("tag"), st.sampled_from(["s", "t"]), st.sampled_from([None, "x", "y"])),
    st.tuples(st.just("artifact")),
    st.tuples(st.just("id"), st.lists(PLACES, max_size=3)),
    st.tuples(
        st.sampled_from(["parent_of", "child_of", "ancestor_of", "descendant_of"]),
        st.lists(PLACES, max_size=2),
        FOLLOWED,
    ),
)
TREE: Any = st.recursive(
    LEAF,
    lambda inner: st.one_of(
        st.tuples(st.just("~"), inner),
        st.tuples(st.just("&"), inner, inner),
        st.tuples(st.just("|"), inner, inner),
        st.tuples(st.just("below"), inner),
    ),
    max_leaves=4,
)


class Model:
    """The graph, and what filters find in it."""

    def __init__(self, vertices: list[Vertex], edges: list[tuple[int, int, str]]) -> None:
        self.vertices, self.edges = vertices, edges

    def step(self, starts: set[int], down: bool, kinds: list[str] | None) -> set[int]:
        follow = kinds or [kind for kind in KINDS if kind != "input"]
        if down:
            return {target for source, target, kind in self.edges if source in starts and kind in follow}
        return {source for source, target, kind in self.edges if target in starts and kind in follow}

    def reach(self, starts: set[int], down: bool, kinds: list[str] | None) -> set[int]:
        found: set[int] = set()
        level = self.step(starts, down, kinds)
        while level - found:
            found |= level
            level = self.step(found, down, kinds)
        return found - starts

    def find(self, tree: Any) -> set[int]:
        everything = set(range(len(self.vertices)))
        match tree:
            case ("~", inner):
                return everything - self.find(inner)
            case ("&", left, right):
                return self.find(left) & self.find(right)
            case ("|", left, right):
                return self.find(left) | self.find(right)
            case ("below", inner):
                return self.reach(self.find(inner), True, None)
            case ("label", label):
                return {n for n, each in enumerate(self.vertices) if each.label == label}
            case ("tag", name, value):
                tagged = [dict(each.tags) for each in self.vertices]
                return {n for n, tags in enumerate(tagged) if name in tags and value in (None, tags[name])}
            case ("artifact",):
                return {n for n, each in enumerate(self.vertices) if each.is_artifact}
            case ("id", places):
                return set(places) & everything
            case (way, places, kinds):
                starts, down = set(places), way in ("child_of", "descendant_of")
                return (self.reach if way.startswith(("anc", "desc")) else self.step)(starts, down, kinds)
        raise AssertionError(tree)


def as_filter(tree: Any, nodes: list[ag.Node]) -> ag.Filter:
    match tree:
        case ("~", inner):
            return ~as_filter(inner, nodes)
        case ("&", left, right):
            return as_filter(left, nodes) & as_filter(right, nodes)
        case ("|", left, right):
            return as_filter(left, nodes) | as_filter(right, nodes)
        case ("below", inner):
            return ag.NodeFilter(descendant_of=as_filter(inner, nodes))
        case ("label", label):
            return ag.NodeFilter(label=label)
        case ("tag", name, value):
            return ag.NodeFilter(tags={name: value})
        case ("artifact",):
            return ag.NodeFilter(node_type=ag.Artifact)
        case ("id", places):
            return ag.NodeFilter(id=[nodes[n] for n in places])
        case (way, places, kinds):
            return ag.NodeFilter(**{way: [nodes[n] for n in places]}, kinds=kinds)
    raise AssertionError(tree)


@given(
    vertices=st.lists(VERTEX, min_size=6, max_size=6),
    edges=st.lists(EDGE, max_size=9),
    trees=st.lists(TREE, min_size=3),
)
@settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_filters_find_what_their_model_finds(store, vertices, edges, trees):
    ag.delete(ag.Node)
    nodes: list[ag.Node] = [
        ag.Artifact(value=1, label=each.label, tags=dict(each.tags)) if each.is_artifact else ag.Node(each.label)
        for each in vertices
    ]
    vertices = [each if each.is_artifact else Vertex(each.label, False, ()) for each in vertices]
    links = [ag.Link(nodes[source], nodes[target], kind=kind) for source, target, kind in edges]
    ag.write_many([*nodes, *links])
    places = {node.id: n for n, node in enumerate(nodes)}
    model = Model(vertices, edges)
    for tree in trees:
        found = [places[each.id] for each in ag.read(ag.Node, as_filter(tree, nodes))]
        assert found == sorted(found, key=lambda n: nodes[n].id)
        assert set(found) == model.find(tree), tree
