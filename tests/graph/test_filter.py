from __future__ import annotations

import operator
from datetime import UTC, date, datetime, timedelta
from itertools import pairwise
from typing import Any

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import func

import artigraph as ag
from artigraph.errors import InvalidFilterError, InvalidLabelError
from artigraph.ids import new_id

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
    with pytest.raises(InvalidFilterError, match="is no class of things in the graph"):
        ag.read(int)


class LongLabel(ag.Filter):
    """A filter as a user writes it."""

    def __init__(self, at_least: int) -> None:
        self.at_least = at_least

    def compose(self, condition):
        condition &= func.length(ag.OrmNode.node_label) >= self.at_least
        return condition


def test_a_filter_of_ones_own_combines_with_all_others(store):
    ag.write_many([ag.Node(label) for label in ("a", "abc", "abcd", "xyz")])
    long = LongLabel(3)
    starts = ag.ValueFilter(startswith="a").against(ag.OrmNode.node_label)
    for where, expected in (
        (long, ["abc", "abcd", "xyz"]),
        (long & ag.NodeFilter(label=ag.ValueFilter(startswith="a")), ["abc", "abcd"]),
        (~long | LongLabel(4), ["a", "abcd"]),
        (~(long & starts), ["a", "xyz"]),
    ):
        assert [each.label for each in ag.read(ag.Node, where)] == expected
    [whole] = ag.read(ag.Node, ag.NodeFilter(label="a"))
    ag.write_many([ag.Link(whole, node) for node in ag.read(ag.Node, long)])
    assert len(ag.read(ag.Node, ag.NodeFilter(child_of=~long) & LongLabel(4))) == 1
    assert ag.delete(ag.Node, long) == 3


def test_patterns_know_two_wildcards_and_case(store):
    ag.write_many([ag.Node(label) for label in ("ab%", "abc", "ABC", "a*c", "a[b]", "a\\c", "éa")])
    for way, pattern, expected in (
        ("like", "ab_", ["ab%", "abc"]),
        ("like", "a%c", ["abc", "a*c", "a\\c"]),
        ("like", "a*c", ["a*c"]),
        ("like", "a[b]", ["a[b]"]),
        ("like", "a\\%", ["a\\c"]),
        ("like", "_a", ["éa"]),
        ("ilike", "%C", ["abc", "ABC", "a*c", "a\\c"]),
        ("ilike", "AB_", ["ab%", "abc", "ABC"]),
    ):
        found = ag.read(ag.Node, ag.NodeFilter(label=ag.ValueFilter(**{way: pattern})))
        assert [each.label for each in found] == expected, (way, pattern)


def test_tags_are_compared_as_other_texts(store):
    for stage in ("raw", "clean", "cleaner"):
        ag.save(1, stage, tags={"stage": stage})
    ag.save(1, "none")
    for wanted, expected in (
        ("raw", ["raw"]),
        (["raw", "clean"], ["raw", "clean"]),
        (ag.ValueFilter(startswith="clean"), ["clean", "cleaner"]),
        (None, ["raw", "clean", "cleaner"]),
    ):
        assert [each.label for each in ag.read(ag.Artifact, ag.NodeFilter(tags={"stage": wanted}))] == expected
    assert [each.label for each in ag.read(ag.Artifact, ~ag.NodeFilter(tags={"stage": None}))] == ["none"]


def test_spans_are_found_by_status_and_times(store):
    with ag.span_context("first"):
        pass
    with pytest.raises(ZeroDivisionError), ag.span_context("second"):
        1 / 0
    with ag.span_context("third"):
        first, second, third = ag.read(ag.Span)
        for where, expected in (
            (ag.NodeFilter(status="error"), [second]),
            (ag.NodeFilter(status=["ok", "open"]), [first, third]),
            (ag.NodeFilter(opened_at=ag.ValueFilter(ge=second.opened_at)), [second, third]),
            (ag.NodeFilter(closed_at=ag.ValueFilter(lt=third.opened_at)), [first, second]),
            (ag.NodeFilter(closed_at=ag.ValueFilter(is_null=True)), [third]),
        ):
            assert ag.read(ag.Span, where) == expected


def test_the_filters_of_types_and_links_that_other_documents_have(store):
    @ag.dataclass
    class Older(ag.ArtifactModel, version=2):
        x: int

    @ag.dataclass
    class OlderStill(Older, version=1):
        y: int = 0

    one, two = Older(1), OlderStill(2)
    ag.write_many([one, two, ag.Node("n")])
    models = {ag.ModelTypeFilter(Older): 2, ag.ModelTypeFilter(Older, subclasses=False): 1}
    models |= {ag.ModelTypeFilter(Older, version=1): 1, ag.ModelTypeFilter("Older"): 1}
    for where, count in models.items():
        assert len(ag.read(ag.Artifact, ag.ModelFilter(model_type=where))) == count
    assert len(ag.read(ag.Node, ag.NodeFilter(node_type=ag.NodeTypeFilter(not_type=ag.OrmArtifact)))) == 1
    assert len(ag.read(ag.Node, ag.NodeTypeFilter(ag.OrmArtifact, not_type=ag.OrmModelArtifact))) == 3
    assert ag.read(ag.Node, ag.NodeTypeFilter(ag.OrmArtifact, subclasses=False)) == []
    whole = ag.Node("whole")
    ag.write_many([whole, ag.Link(whole, one)])
    assert [link.label for link in ag.read(ag.Link, ag.LinkFilter(ancestor=whole), order_by="label")] == ["x", None]
    assert len(ag.read(ag.Link, ag.LinkFilter(parent=one))) == 1
    [part] = ag.read(ag.Node, ag.NodeFilter(child_of=one))
    assert len(ag.read(ag.Link, ag.LinkFilter(descendant=part))) == 2
    assert ag.read(ag.Link, ag.LinkFilter(ancestor=part)) == []
    assert ag.read(ag.Link, ag.LinkFilter(ancestor=[])) == []


@pytest.mark.parametrize(
    "asked",
    [
        lambda: ag.NodeFilter(tags=5),
        lambda: ag.NodeFilter(tags={"a": 5}),
        lambda: ag.NodeFilter(tags={5: "a"}),
        lambda: ag.NodeFilter(json="run_params"),
        lambda: ag.NodeFilter(created_at="2020"),
        lambda: ag.NodeFilter(created_at=object()),
        lambda: ag.NodeFilter(created_at=ag.ValueFilter(startswith="2020")),
        lambda: ag.NodeFilter(opened_at="x"),
        lambda: ag.NodeFilter(closed_at=ag.ValueFilter(lt="x")),
        lambda: ag.NodeFilter(label=object()),
        lambda: ag.NodeFilter(label=["a", 5]),
        lambda: ag.NodeFilter(label=ag.ValueFilter(gt=5)),
        lambda: ag.NodeFilter(id=ag.ValueFilter(in_=["nope"])),
        lambda: ag.NodeFilter(node_type=int),
        lambda: ag.NodeFilter(node_type=5),
        lambda: ag.NodeFilter(node_type=ag.Link),
        lambda: ag.NodeTypeFilter(type=int),
        lambda: ag.NodeTypeFilter(not_type=[int]),
        lambda: ag.ArtifactFilter(size="big"),
        lambda: ag.ArtifactFilter(size=2**63),
        lambda: ag.ArtifactFilter(size=ag.ValueFilter(lt=float("inf"))),
        lambda: ag.ArtifactFilter(size=float("nan")),
        lambda: ag.ArtifactFilter(hash="abc"),
        lambda: ag.ModelFilter(model_type=int),
        lambda: ag.ModelFilter(version="1"),
        lambda: ag.ModelFilter(fields=5),
        lambda: ag.ModelTypeFilter(type=int),
        lambda: ag.ModelTypeFilter(type=["A"]),
        lambda: ag.NodeFilter(child_of=new_id(), kinds=["zz"]),
        lambda: ag.NodeFilter(child_of=new_id(), kinds="zz"),
        lambda: ag.NodeFilter(child_of=new_id(), kinds=5),
        lambda: ag.ValueFilter(in_=5),
        lambda: ag.ValueFilter(in_="ab"),
        lambda: ag.ValueFilter(not_in=5),
        lambda: ag.ValueFilter(startswith=5),
        lambda: ag.ValueFilter(like=5),
        lambda: ag.ValueFilter(icontains=b"a"),
    ],
)
def test_what_cannot_be_compared_is_told(store, asked):
    with pytest.raises(InvalidFilterError):
        ag.read(ag.Node, asked())


def test_times_are_compared_with_dates_and_texts_too(store):
    ag.write_one(ag.OrmNode(id=new_id(), node_created_at=datetime(2020, 1, 1, 12, tzinfo=UTC)))
    day = date(2020, 1, 1)
    for asked, count in (
        (ag.ValueFilter(gt=day), 1),
        (ag.ValueFilter(gt=day + timedelta(days=1)), 0),
        (ag.ValueFilter(ge="2020-01-01T12:00:00+00:00", le="2020-01-01 12:00"), 1),
        (ag.ValueFilter(in_=iter([day, datetime(2020, 1, 1, 12)])), 1),  # noqa: DTZ001 - without a zone it is UTC
        (day, 0),
        ("2020-01-01T13:00+01:00", 1),
    ):
        assert len(ag.read(ag.Node, ag.NodeFilter(created_at=asked))) == count, asked


def test_a_number_of_numpy_is_one_and_a_kind_is_one_of_several(store):
    a, b = ag.Node("a"), ag.Node("b")
    ag.write_many([a, b, ag.Link(a, b)])
    ag.save("text")
    assert len(ag.read(ag.Artifact, ag.ArtifactFilter(size=ag.ValueFilter(gt=np.int64(1), in_=np.array([6]))))) == 1
    assert ag.read(ag.Node, ag.NodeFilter(child_of=a, kinds="user")) == [b]
    assert ag.read(ag.Node, ag.NodeFilter(child_of=a, kinds="field")) == []


def test_a_filter_is_neither_true_nor_false():
    label = ag.NodeFilter(label="a")
    for misused in (lambda: label and label, lambda: not label, lambda: bool(label), lambda: 1 < ag.Feature("x") < 5):
        with pytest.raises(InvalidFilterError, match=r"combine filters with &, \| and ~"):
            misused()
    with pytest.raises(InvalidFilterError, match="'b' is no filter"):
        label & "b"
    with pytest.raises(InvalidFilterError, match="is no filter"):
        ag.Q(key="x") | None
