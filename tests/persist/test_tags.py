from __future__ import annotations

import pytest

import artigraph as ag
from artigraph.errors import InvalidLabelError, NodeNotFoundError
from artigraph.graph.engine import current_database
from artigraph.graph.schema import NODE
from tests.stores import rows, statements


def test_tags_are_read_back_by_whatever_means_the_node(store):
    record = ag.save_one([1], label="x", tags={"a": "1", "b": ""})
    for target in (record, record.id, str(record.id), "x", ag.Artifact(value=[1], id=record.id)):
        assert ag.read_tags(target) == {"a": "1", "b": ""}
    assert ag.read_tags(ag.save(1)) == {}


def test_a_handle_that_was_read_has_its_tags(store):
    ag.save([1], "x", tags={"a": "1"})
    ag.save([2], "y")
    found = ag.read(ag.Artifact)
    assert [(each.label, dict(each.tags)) for each in found] == [("x", {"a": "1"}), ("y", {})]


def test_what_is_not_there_has_no_tags(store):
    record = ag.save_one([1])
    with pytest.raises(NodeNotFoundError, match="field 'x'"):
        ag.read_tags(record, "x")
    ag.delete_one(record)
    with pytest.raises(NodeNotFoundError):
        ag.read_tags(record)


def test_filters_find_names_and_values(store):
    first, second = ag.save(1, tags={"a": "1", "b": "x"}), ag.save(2, tags={"a": "2"})
    for tags, ids in [
        ({"a": "1"}, {first}),
        ({"a": None}, {first, second}),
        ({"a": "1", "b": "y"}, set()),
        ({"A": "1"}, set()),
    ]:
        assert {each.id for each in ag.read(ag.Artifact, ag.NodeFilter(tags=tags))} == ids
    assert [each.id for each in ag.find(tags={"a": "2"})] == [second]


def test_a_filter_on_tags_goes_through_the_index(file_store):
    ag.save(1, tags={"a": "1"})
    with statements() as seen:
        ag.read(ag.Artifact, ag.NodeFilter(tags={"a": "1"}))
    statement = next(each for each in seen if "artigraph_tag" in each)
    plan = " ".join(row[3] for row in rows(file_store, f"EXPLAIN QUERY PLAN {statement}"))
    assert "artigraph_tag_text (space=? AND name=? AND value_text=?)" in plan
    assert "SCAN" not in plan
    assert current_database().file == file_store
    assert NODE.name in statement


def test_a_tag_that_no_database_keeps_is_refused_also_on_a_field(store):
    with pytest.raises(InvalidLabelError):
        ag.save_one(1, tags={"": "x"})
    with ag.new_saver(on_error="collect") as saver:
        future = saver.save_soon([1], tags={"x": "a" * 256})
    with pytest.raises(InvalidLabelError):
        future.get()
