"""What is known of one node: bounded, named by its links where it has no name."""

from __future__ import annotations

from uuid import UUID

import pytest

import artigraph as ag
from artigraph.bridge import block
from artigraph.errors import NodeNotFoundError
from artigraph.graph.engine import current_database
from artigraph.ids import new_id
from artigraph.lineage.facts import NEIGHBOURS, Facts, node_facts
from tests.stores import store

__all__ = ["store"]


def facts(node_id: UUID) -> Facts:
    return block(current_database().read, lambda connection: node_facts(connection, node_id))


def test_of_many_neighbours_the_first_are_named_in_their_order_and_all_are_counted(store):
    with ag.span_context("make") as span:
        for number in range(30):
            ag.save(number, f"made {number}")
    outputs = facts(span.id).outputs
    assert [node.label for _, node in outputs.shown] == [f"made {number}" for number in range(NEIGHBOURS)]
    assert outputs.total == 30


def test_a_role_stands_beside_what_was_used_under_it(store):
    with ag.span_context("make"):
        made = ag.save([1], "list")
    with ag.span_context("use") as span:
        ag.load("list")
    assert facts(span.id).inputs.shown[0][0] == "list"
    assert [node.label for _, node in facts(made).used_by.shown] == ["use"]
    assert facts(made).maker.label == "make"


def test_the_code_of_a_part_is_that_of_the_span_that_made_its_whole(store):
    @ag.dataclass
    class FactsModel(ag.ArtifactModel, version=1):
        x: int

    with ag.span_context(ag.Span("cell", source="FactsModel(1).save()")):
        whole = FactsModel(1).save("whole")
    (part,) = [UUID(node.id) for _, node in facts(whole).parts.shown]
    known = facts(part)
    assert (known.node.label, known.source) == ("x", "FactsModel(1).save()")
    assert [node.label for _, node in known.around.shown] == ["whole"]


def test_a_node_that_is_not_there_is_an_error(store):
    with pytest.raises(NodeNotFoundError):
        facts(new_id())
