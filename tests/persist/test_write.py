from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
import pytest

import artigraph as ag
from artigraph.errors import (
    ImmutableError,
    InvalidFilterError,
    InvalidOptionError,
    LabelTakenError,
    MultipleNodesError,
    NodeNotFoundError,
    UnserializableError,
)
from tests.stores import blobs, count, statements


@dataclass
class Written(ag.ArtifactModel):
    x: Any


@dataclass
class WrittenMore(Written):
    y: Any = None


BIG = np.arange(100_000)


def test_nodes_links_models_rows_and_artifacts_go_in_one_transaction_in_any_order(store):
    a, b, model, thing = ag.Node("a"), ag.OrmNode(id=ag.Node().id), Written(1), ag.Artifact(value=2)
    ag.write_many(
        [ag.Link(a, b, "row"), ag.Link(a, model, "model"), thing, ag.Link(model, thing, "thing"), model, b, a]
    )
    assert {link.label for link in ag.read(ag.Link, ag.LinkFilter(source=a))} == {"row", "model"}
    assert ag.read(Written) == [Written(1)]
    assert ag.load(thing) == 2


def test_an_artifact_around_a_model_is_that_model(store):
    model = Written(1)
    thing = ag.Artifact(value=model, label="n")
    node = ag.Node()
    ag.write_many([thing, node, ag.Link(node, thing, "l")])
    assert thing.id == model.id
    assert ag.load("n") == model


def test_a_keyed_artifact_is_written_as_its_save_does(store):
    keyed, other = ag.Artifact(value=5, key="k"), ag.Artifact(value=Written(1), key="whole")
    ag.write_one(keyed)
    assert (ag.load("k"), keyed.version) == (5, 1)
    note = ag.Node("note")
    keyed.description = "five"
    ag.write_many([keyed, other, note, ag.Link(note, keyed, "about")])
    assert ag.Artifact.get(key="k").description == "five"
    assert (ag.load("whole"), other.version) == (Written(1), 1)
    keyed.save()


def test_a_keyed_artifact_is_not_written_when_something_beside_it_fails(store):
    keyed = ag.Artifact(value=5, key="k")
    with pytest.raises(NodeNotFoundError):
        ag.write_many([keyed, ag.Link(keyed, ag.Node())])
    assert not ag.exists(ag.Node)
    ag.write_one(keyed)
    assert ag.load("k") == 5


@pytest.mark.parametrize(
    "call",
    [
        lambda: ag.write_one(ag.Node("n"), on_conflict="overwrite"),
        lambda: ag.save(1, on_conflict="overwrite"),
        lambda: ag.save(1, key="k", on_conflict="overwrite"),
        lambda: Written(1).save(on_conflict="overwrite"),
        lambda: ag.save_one(1, on_conflict="overwrite"),
        lambda: ag.new_saver(on_conflict="overwrite"),
        lambda: ag.new_saver(on_error="overwrite"),
        lambda: ag.new_loader(on_error="overwrite"),
    ],
)
def test_a_word_that_an_option_does_not_know_is_refused(file_store, call):
    with pytest.raises(InvalidOptionError, match="is 'overwrite'; it can be 'raise', '"):
        call()
    assert count(file_store) == 0


def test_the_same_thing_twice_is_written_once(store):
    a = ag.Node("a")
    thing = ag.Artifact(value=1)
    model = Written(1)
    ag.write_many([a, a, thing, thing, model, model])
    assert len(ag.read(ag.Node, ag.NodeFilter(node_type="node"))) == 1
    assert len(ag.read(Written)) == 1


def test_many_rows_take_few_statements(store):
    ag.save(0)
    nodes = [ag.Node(str(n)) for n in range(500)]
    with statements() as seen:
        ag.write_many([*nodes, *(ag.Link(nodes[0], node, node.label) for node in nodes)])
    assert len([each for each in seen if each.startswith("SELECT")]) <= 6


def test_a_link_to_nowhere_is_an_error_and_leaves_nothing(store):
    a = ag.Node("a")
    with pytest.raises(NodeNotFoundError, match="together with"):
        ag.write_many([a, ag.Link(a, ag.Node())])
    assert not ag.exists(ag.Node)
    with pytest.raises(InvalidFilterError, match="no end of a link"):
        ag.Link("nonsense", a)
    with pytest.raises(InvalidFilterError, match="no kind of link"):
        ag.Link(a, a, kind="strange")


@pytest.mark.parametrize("verb", [ag.read, ag.read_one, ag.exists, ag.delete])
@pytest.mark.parametrize("cls", [ag.Node, ag.Artifact, ag.Link, Written])
def test_what_is_no_filter_is_told(store, verb, cls):
    node_id = ag.save(0)
    with pytest.raises(InvalidFilterError, match=r"is no filter; NodeFilter\(id="):
        verb(cls, node_id)
    assert ag.load(node_id) == 0


def test_counts_and_lists_that_are_none_are_told(store):
    for options in ({"limit": "a"}, {"limit": -1}, {"limit": 1.5}, {"offset": -1}):
        for cls in (ag.Node, Written):
            with pytest.raises(InvalidOptionError, match="it can be a number of things"):
                ag.read(cls, **options)
    node = ag.Node("a")
    for verb, things in ((ag.write_many, None), (ag.write_many, node), (ag.delete_many, node), (ag.delete_many, 5)):
        with pytest.raises(InvalidOptionError, match=r"write_one\(\) and delete_one\(\) take one"):
            verb(things)
    assert not ag.exists(ag.Node)


def test_one_thing_is_never_taken_for_all_of_its_class(store):
    with ag.span_context("one") as span:
        model = Written(1)
        model.save()
    with ag.span_context("two"):
        kept = ag.Artifact(value=1, key="k").save()
    link = ag.read(ag.Link)[0]
    for verb in (ag.read, ag.read_one, ag.exists, ag.delete):
        for thing in (span, kept, link, model, ag.Node("a"), ag.OrmNode()):
            with pytest.raises(InvalidFilterError, match=r"delete_one\(\) take one thing"):
                verb(thing)
    assert len(ag.read(ag.Span)) == 2


def test_a_condition_on_other_rows_is_told_and_never_matches_all(store):
    a, b = ag.Node("a"), ag.Node("b")
    ag.write_many([a, b, ag.Link(a, b, "l")])
    nodes, links = ag.NodeFilter(label="a"), ag.LinkFilter(label="l")
    for verb in (ag.read, ag.exists, ag.delete):
        for cls, where in ((ag.Node, links), (ag.Link, nodes), (ag.Link, nodes & links), (ag.Node, nodes | ~links)):
            with pytest.raises(InvalidFilterError, match="is a condition on"):
                verb(cls, where)
        with pytest.raises(InvalidFilterError, match=r"on a value, as in NodeFilter\(label="):
            verb(ag.Node, ag.ValueFilter(eq="a"))
    with pytest.raises(InvalidFilterError, match="is a condition on links"):
        ag.delete(ag.NodeFilter(child_of=links))
    with pytest.raises(InvalidFilterError, match="is a condition on a value"):
        ag.delete(ag.ValueFilter(eq="l"))
    with pytest.raises(InvalidFilterError, match="is a condition on links"):
        ag.find(links).rows()
    assert (len(ag.read(ag.Node)), len(ag.read(ag.Link))) == (2, 1)
    assert ag.delete(links & ag.LinkFilter(source=a)) == 1
    assert ag.delete(ag.Node, nodes) == 1


@pytest.mark.parametrize("empty", [{"tags": {}}, {"json": {}}, {"label": []}, {"id": []}, {"child_of": []}])
def test_nothing_to_choose_from_matches_nothing(store, empty):
    ag.write_one(ag.Node("a"))
    assert not ag.exists(ag.Node, ag.NodeFilter(**empty))
    assert ag.delete(ag.NodeFilter(**empty)) == 0
    assert ag.delete(ag.ModelFilter(fields={})) == 0


def test_a_label_is_unique_among_the_links_of_its_source(store):
    a, b = ag.Node("a"), ag.Node("b")
    ag.write_many([a, b, ag.Link(a, b, "x"), ag.Link(b, a, "x"), ag.Link(a, b), ag.Link(a, b)])
    with pytest.raises(LabelTakenError, match="'x'"):
        ag.write_one(ag.Link(a, a, "x"))
    with pytest.raises(LabelTakenError):
        ag.write_many([ag.Link(a, b, "y"), ag.Link(a, a, "y")])
    model = Written(1)
    model.save()
    with pytest.raises(LabelTakenError):
        ag.write_one(ag.Link(model, a, "x"))
    assert len(ag.read(ag.Link, ag.LinkFilter(kind="user"))) == 4


def test_a_changed_node_is_refused_replaced_or_ignored(store):
    node = ag.Node("a")
    ag.write_one(node)
    ag.write_one(node)
    [before] = ag.read(ag.Node)
    node.label = "b"
    with pytest.raises(ImmutableError, match="node_label"):
        ag.write_one(node)
    ag.write_one(node, on_conflict="ignore")
    assert ag.read_one(ag.Node).label == "a"
    ag.write_one(node, on_conflict="replace")
    [after] = ag.read(ag.Node)
    assert (after.label, after.created_at) == ("b", before.created_at)
    assert after.updated_at >= before.updated_at


def test_what_cannot_be_written_says_what_can(store):
    with pytest.raises(UnserializableError, match=r"artigraph\.save\(\) takes any value"):
        ag.write_many([ag.Node(), 3])
    assert not ag.exists(ag.Node)


def test_reading_one_needs_exactly_one(store):
    assert ag.read_one_or_none(Written) is None
    with pytest.raises(NodeNotFoundError):
        ag.read_one(Written)
    ag.write_many([Written(1), WrittenMore(2)])
    assert ag.read_one(WrittenMore) == WrittenMore(2)
    with pytest.raises(MultipleNodesError):
        ag.read_one(Written)


def test_reading_counts_subclasses_in_order_by_pages(store):
    ag.write_many([Written(0), WrittenMore(1), Written(2)])
    assert [each.x for each in ag.read(Written)] == [0, 1, 2]
    assert [each.x for each in ag.read(Written, limit=1, offset=1)] == [1]
    assert [each.x for each in ag.read(Written, offset=2)] == [2]
    assert [each.x for each in ag.read(Written, ag.ModelFilter(model_type=WrittenMore))] == [1]
    assert ag.exists(WrittenMore)
    assert not ag.exists(Written, ag.ModelFilter(version=2))


def test_deleting_a_model_leaves_nothing_of_it(file_store):
    model = Written([Written(BIG), {"k": Written(2)}])
    model.save(tags={"a": "b"})
    ag.write_many([node := ag.Node(), ag.Link(node, model)])
    ag.delete_one(model)
    assert count(file_store) == 1
    for table in ("artigraph_link", "artigraph_tag", "artigraph_blob_use"):
        assert count(file_store, table) == 0
    assert blobs(file_store) == []
    with pytest.raises(NodeNotFoundError):
        ag.delete_one(model)


def test_what_others_hold_too_stays(file_store):
    shared = Written(BIG)
    one, two = Written([shared, Written(1)]), Written(shared)
    ag.write_many([one, two])
    ag.delete_one(one)
    assert np.array_equal(Written.load(two.id).x.x, BIG)
    assert len(ag.read(Written)) == 2
    ag.delete_one(two)
    assert count(file_store) == 0
    assert blobs(file_store) == []


def test_parts_with_a_name_or_an_earlier_save_stay(store):
    named, earlier = Written("named"), Written("earlier")
    earlier.save()
    whole = Written([named, earlier])
    whole.save()
    named.save("named")
    ag.delete_one(whole)
    assert {each.x for each in ag.read(Written)} == {"named", "earlier"}


def test_a_diamond_of_parts_goes_as_a_whole(file_store):
    bottom = Written("bottom")
    ag.delete_one(ag.save(Written([Written(bottom), Written([Written(bottom), bottom]), bottom])))
    assert count(file_store) == 0


def held_part(whole: Written) -> ag.Node:
    return ag.read_one(ag.Node, ag.NodeFilter(child_of=whole, label="x"))


@pytest.mark.parametrize(
    "remove",
    [
        lambda whole: ag.delete_one(held_part(whole).id),
        lambda whole: ag.delete_many([held_part(whole), ag.find_span("other")]),
        lambda whole: ag.delete(ag.Node, ag.NodeFilter(child_of=whole)),
        lambda whole: ag.delete_one(ag.read_one(ag.Link, ag.LinkFilter(source=whole))),
        lambda whole: ag.delete(ag.Link, ag.LinkFilter(source=whole)),
        lambda whole: ag.delete(ag.LinkFilter(label="x")),
        lambda whole: ag.read_one(ag.Artifact, ag.NodeFilter(id=held_part(whole).id)).delete(),
    ],
)
def test_a_part_of_what_stays_is_not_deleted_and_says_whose_it_is(store, remove):
    with ag.span_context("other"):
        pass
    whole = Written([1])
    whole.save()
    with pytest.raises(ImmutableError, match=rf"field .x. of Written {whole.id}.*delete the whole"):
        remove(whole)
    assert Written.load(whole) == Written([1])
    assert ag.exists(ag.Span)


def test_a_nested_model_of_what_stays_is_not_deleted(store):
    inner = Written(1)
    whole, many = Written(inner), Written([inner, Written(2)])
    ag.write_many([whole, many])
    with pytest.raises(ImmutableError, match="a part of what stays"):
        ag.delete_one(inner)
    with pytest.raises(ImmutableError):
        ag.delete_many([inner, whole])
    assert ag.delete_many([inner, whole, many]) == 3
    assert not ag.exists(ag.Node)


def test_a_field_is_not_written_by_hand(store):
    whole, other = Written(1), ag.Node("other")
    ag.write_many([whole, other])
    with pytest.raises(ImmutableError, match="a new field 'zz' of a model"):
        ag.write_one(ag.Link(whole, other, "zz", kind="field"))
    [link] = ag.read(ag.Link, ag.LinkFilter(source=whole))
    ag.write_one(link)
    link.label = "zz"
    with pytest.raises(ImmutableError):
        ag.write_one(link, on_conflict="replace")
    assert Written.load(whole) == Written(1)


def test_a_deleted_span_leaves_its_outputs_unless_asked(store):
    for outputs, left in ((False, 1), (True, 0)):
        with ag.span_context("s") as span:
            ag.save(Written(1), "w")
        ag.delete_one(span, outputs=outputs)
        assert not ag.exists(ag.Span)
        assert len(ag.read(Written)) == left
        ag.delete(Written)


def test_an_output_that_a_model_holds_stays_when_the_span_goes(store):
    with ag.span_context("work") as span:
        inner = Written(1)
        inner.save("inner")
    whole = Written(inner)
    whole.save()
    ag.delete_one(span, outputs=True)
    assert Written.load(whole) == Written(Written(1))


def test_deleting_by_filter_counts_what_matched(store):
    ag.write_many([Written(n) for n in range(5)])
    first = ag.read(Written)[0]
    assert ag.delete(Written, ag.NodeFilter(id=first)) == 1
    assert ag.delete(Written) == 4
    assert not ag.exists(ag.Node)


def test_links_and_nodes_are_deleted_in_one_transaction(store):
    a, b = ag.Node("a"), ag.Node("b")
    link = ag.Link(a, b, "x")
    ag.write_many([a, b, link])
    with statements() as seen:
        assert ag.delete_many([link, a, ag.Node(), ag.Link(a, b)]) == 2
    assert sum(each.startswith("COMMIT") for each in seen) == 1
    assert ag.read(ag.Node) == [b]
    assert ag.delete(ag.Link) == 0


def test_an_id_where_a_class_is_wanted_is_told_what_takes_ids(store):
    kept = ag.save(1)
    for call in (ag.delete, ag.read, ag.exists):
        with pytest.raises(InvalidFilterError, match=r"delete_one\(\)"):
            call(kept)
    assert ag.load(kept) == 1
