from __future__ import annotations

import operator
from datetime import UTC, datetime, timedelta
from itertools import pairwise
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

import artigraph as ag
from artigraph.errors import InvalidFilterError, InvalidLabelError
from artigraph.ids import new_id
from tests.stores import few_parameters

TEXT = st.text(st.characters(exclude_characters="\x00", exclude_categories=["Cs"]), min_size=1, max_size=4)
LABELS = st.one_of(st.text(alphabet="aAb%_É", min_size=1, max_size=4), TEXT)
FOLD = str.maketrans("ABCDEFGHIJKLMNOPQRSTUVWXYZ", "abcdefghijklmnopqrstuvwxyz")

MODEL = {
    "eq": operator.eq,
    "ne": operator.ne,
    "gt": lambda a, b: a.encode() > b.encode(),
    "ge": lambda a, b: a.encode() >= b.encode(),
    "lt": lambda a, b: a.encode() < b.encode(),
    "le": lambda a, b: a.encode() <= b.encode(),
    "startswith": str.startswith,
    "istartswith": lambda a, b: a.translate(FOLD).startswith(b.translate(FOLD)),
    "contains": operator.contains,
    "icontains": lambda a, b: b.translate(FOLD) in a.translate(FOLD),
}
CONDITION = st.tuples(st.sampled_from(sorted(MODEL)), LABELS)
TREE: Any = st.recursive(
    CONDITION,
    lambda inner: st.one_of(
        st.tuples(st.just("~"), inner), st.tuples(st.just("&"), inner, inner), st.tuples(st.just("|"), inner, inner)
    ),
    max_leaves=5,
)


def as_filter(tree: Any) -> ag.Filter:
    if tree[0] == "~":
        return ~as_filter(tree[1])
    if tree[0] in ("&", "|"):
        join = operator.and_ if tree[0] == "&" else operator.or_
        return join(as_filter(tree[1]), as_filter(tree[2]))
    return ag.NodeFilter(label=ag.ValueFilter(**{tree[0]: tree[1]}))


def matches(tree: Any, label: str) -> bool:
    if tree[0] == "~":
        return not matches(tree[1], label)
    if tree[0] == "&":
        return matches(tree[1], label) and matches(tree[2], label)
    if tree[0] == "|":
        return matches(tree[1], label) or matches(tree[2], label)
    return bool(MODEL[tree[0]](label, tree[1]))


@given(labels=st.lists(LABELS, max_size=6), tree=TREE)
@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_every_tree_of_conditions_matches_what_plain_python_matches(store, labels, tree):
    ag.delete(ag.Node)
    ag.write_many([ag.Node(label) for label in labels])
    found = ag.read(ag.Node, as_filter(tree))
    assert sorted(str(each.label) for each in found) == sorted(label for label in labels if matches(tree, label))


def test_nothing_in_a_value_is_a_wildcard(store):
    ag.write_many([ag.Node(label) for label in ("a%", "ab", "a_", "A%")])
    for value, expected in (("a%", ["a%"]), ("a_", ["a_"])):
        for way in ("startswith", "contains", "eq"):
            found = ag.read(ag.Node, ag.NodeFilter(label=ag.ValueFilter(**{way: value})))
            assert [each.label for each in found] == expected
    assert len(ag.read(ag.Node, ag.NodeFilter(label=ag.ValueFilter(istartswith="A%")))) == 2


def test_only_ascii_letters_are_folded(store):
    ag.write_many([ag.Node("ÉAa"), ag.Node("éaa")])
    for way in ("icontains", "istartswith"):
        found = ag.read(ag.Node, ag.NodeFilter(label=ag.ValueFilter(**{way: "ÉAA"})))
        assert [each.label for each in found] == ["ÉAa"]


def test_an_empty_list_matches_nothing_and_never_all(store):
    ag.write_many([ag.Node("a"), ag.Node("b")])
    for empty in (
        {"id": []},
        {"label": []},
        {"node_type": []},
        {"child_of": []},
        {"descendant_of": []},
        {"parent_of": ()},
    ):
        assert ag.read(ag.Node, ag.NodeFilter(**empty)) == []
        assert ag.delete(ag.Node, ag.NodeFilter(**empty)) == 0
    assert ag.read(ag.Link, ag.LinkFilter(source=[])) == []
    assert ag.delete_many([]) == 0
    assert len(ag.read(ag.Node)) == 2


def test_not_holds_for_rows_that_have_no_value(store):
    ag.write_many([ag.Node(), ag.Node("a")])
    assert [each.label for each in ag.read(ag.Node, ~ag.NodeFilter(label="a"))] == [None]
    assert [each.label for each in ag.read(ag.Node, ag.NodeFilter(label=ag.ValueFilter(is_null=False)))] == ["a"]


def test_many_ids_at_once(store):
    nodes = [ag.Node(str(n)) for n in range(50)]
    ag.write_many(nodes)
    found = ag.read(ag.Node, ag.NodeFilter(id=[*nodes, *(new_id() for _ in range(20_000))]))
    assert found == nodes


def test_more_ids_than_a_statement_takes_parameters(store):
    nodes = [ag.Node(str(n)) for n in range(3)]
    links = [ag.Link(nodes[0], each) for each in nodes[1:]]
    ag.write_many([*nodes, *links])
    with few_parameters():
        many = [*nodes[:2], *(new_id() for _ in range(40_000))]
        assert ag.read(ag.Node, ag.NodeFilter(id=many)) == nodes[:2]
        assert ag.read(ag.Node, ~ag.NodeFilter(id=many)) == nodes[2:]
        assert ag.read(ag.Node, ag.NodeFilter(child_of=many)) == nodes[1:]
        assert ag.read(ag.Node, ag.NodeFilter(ancestor_of=many[1:])) == nodes[:1]
        assert len(ag.read(ag.Link, ag.LinkFilter(source=many))) == 2
        assert ag.delete_many([*links, *(ag.Link(nodes[0], nodes[1]) for _ in range(40_000))]) == 2


def test_types_count_with_their_subclasses(store):
    ag.write_one(ag.Node())
    ag.save(1)
    with ag.span_context("s"):
        pass
    assert {each.node_type for each in ag.read(ag.Node, ag.NodeFilter(node_type=ag.Artifact))} <= {"node"}
    assert len(ag.read(ag.Node, ag.NodeFilter(node_type=ag.Artifact))) == 1
    assert len(ag.read(ag.Node, ag.NodeFilter(node_type=["span", "node"]))) == 2
    assert [each.label for each in ag.read(ag.Span, ag.NodeFilter(status="ok"))] == ["s"]


def test_sizes_times_and_serializers_of_artifacts(store):
    ag.save("x" * 100, "long")
    ag.save("x", "short")
    assert [each.label for each in ag.read(ag.Artifact, ag.ArtifactFilter(size=ag.ValueFilter(gt=50)))] == ["long"]
    assert len(ag.read(ag.Artifact, ag.ArtifactFilter(serializer="json/1"))) == 2
    now = datetime.now(UTC)
    hour = timedelta(hours=1)
    between = ag.ValueFilter(gt=now - hour, lt=now + hour)
    assert len(ag.read(ag.Artifact, ag.NodeFilter(created_at=between))) == 2
    assert not ag.read(ag.Artifact, ag.NodeFilter(updated_at=ag.ValueFilter(gt=now + hour)))


def test_relatives_on_a_cycle_and_with_several_starts(store):
    a, b, c = nodes = [ag.Node(name) for name in "abc"]
    ag.write_many([*nodes, ag.Link(a, b), ag.Link(b, c), ag.Link(c, a), ag.Link(a, a, "self")])
    assert ag.read(ag.Node, ag.NodeFilter(descendant_of=a)) == [b, c]
    assert ag.read(ag.Node, ag.NodeFilter(ancestor_of=[a.id])) == [b, c]
    assert ag.read(ag.Node, ag.NodeFilter(child_of=ag.NodeFilter(label="b"))) == [c]
    assert set(ag.read(ag.Node, ag.NodeFilter(parent_of=[b, c]))) == {a, b}
    assert ag.read(ag.Node, ag.NodeFilter(descendant_of=a, kinds=["input"])) == []


@pytest.mark.timeout(10)
def test_descendants_of_a_diamond_of_40_layers_are_bounded(store):
    layers = [[ag.Node(f"{n}{side}") for side in "lr"] for n in range(40)]
    links = [ag.Link(up, down) for above, below in pairwise(layers) for up in above for down in below]
    ag.write_many([*(node for layer in layers for node in layer), *links])
    assert len(ag.read(ag.Node, ag.NodeFilter(descendant_of=layers[0][0]))) == 78
    assert len(ag.read(ag.Node, ag.NodeFilter(ancestor_of=layers[-1][0]))) == 78


def test_what_is_no_node_is_told(store):
    with pytest.raises(InvalidFilterError, match="is no node"):
        ag.read(ag.Node, ag.NodeFilter(id=3.5))
    with pytest.raises(InvalidLabelError, match="surrogate"):
        ag.read(ag.Node, ag.NodeFilter(label="\ud800"))
    with pytest.raises(InvalidFilterError, match="cannot be read"):
        ag.read(int)
