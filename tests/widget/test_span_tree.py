"""SpanTree: pages of spans in the order they ran, what is inside one, and questions."""

from __future__ import annotations

import asyncio
import json
from typing import Any

import pytest

import artigraph as ag
from artigraph.bridge import block
from artigraph.errors import NodeNotFoundError
from artigraph.graph.engine import current_database
from artigraph.lineage.spans import SpanQuery, children, newest_spans
from artigraph_jupyter import SpanTree
from artigraph_jupyter.widget.desk import Desk
from tests.stores import rows
from tests.widget.conftest import node


def ask(question: str, **facts: Any) -> dict[str, Any]:
    answer, _ = asyncio.run(Desk(current_database()).answer(question, facts))
    return json.loads(json.dumps(answer))


def labels(page: dict[str, Any]) -> list[str]:
    return [row["label"] for row in page["rows"]]


def test_the_newest_spans_that_are_inside_of_no_other_in_the_order_they_ran(told):
    page = SpanTree().first["page"]
    assert labels(page) == ["load", "sweep", "evaluate", "broken"]
    sweep = page["rows"][1]
    assert (sweep["kind"], sweep["opens"], sweep["counts"], sweep["hidden"]) == ("run", True, "2 spans, 13 outputs", 11)
    assert [made["label"] for made in sweep["made"]] == ["score 0", "score 1"]
    assert page["rows"][3]["state"]["word"] == "ZeroDivisionError"
    assert page["rows"][3]["opens"] is False


def test_what_is_inside_a_span_are_its_spans_and_then_what_it_made(told):
    page = ask("inside", id=node("sweep"))
    assert labels(page) == ["fold 0", "fold 1", *(f"score {n}" for n in range(12)), "model"]
    assert page["cursor"] is None


def test_pages_follow_one_another_without_gap_or_repetition(told):
    with ag.span_context("wide"):
        for number in range(7):
            with ag.span_context(f"inner {number}"):
                ag.save(number, f"made {number}")
            ag.save(number, f"own {number}")
    database, wide = current_database(), ag.read_one(ag.Span, ag.NodeFilter(label="wide")).id
    seen, cursor, counts = [], None, []
    while True:
        page = block(database.read, lambda c, after=cursor: children(c, wide, after, limit=4))
        seen += [row.node.label for row in page.rows]
        counts.append(page.more)
        cursor = page.cursor
        if cursor is None:
            break
    assert seen == [f"inner {n}" for n in range(7)] + [f"own {n}" for n in range(7)]
    assert counts == [10, 6, 2, 0]
    seen, cursor = [], None
    while True:
        page = block(database.read, lambda c, before=cursor: newest_spans(c, None, before, limit=2))
        seen = [row.node.label for row in page.rows] + seen
        cursor = page.cursor
        if cursor is None:
            break
    assert seen == ["load", "sweep", "evaluate", "broken", "wide"]


@pytest.mark.parametrize(
    ("question", "found"),
    [
        ({"text": "FOLD"}, ["fold 0", "fold 1"]),
        ({"status": "error"}, ["broken"]),
        ({"tag": "team = blue"}, ["load"]),
        ({"tag": "team"}, ["load"]),
        ({"tag": "team=red"}, []),
        ({"text": "100%"}, []),
        ({"days": 1, "text": "a"}, ["load", "evaluate"]),
    ],
    ids=["text", "status", "tag-value", "tag", "other-value", "wildcard", "time"],
)
def test_a_question_finds_spans_at_any_depth(told, question, found):
    assert labels(ask("spans", **question)) == found


def test_a_span_that_was_found_inside_another_says_where(told):
    assert [row["around"] for row in ask("spans", text="fold")["rows"]] == ["in sweep", "in sweep"]


def test_a_question_that_makes_no_sense_is_refused(told):
    for wrong in ({"status": "sideways"}, {"days": -1}, {"days": "7"}, {"cursor": "x"}):
        with pytest.raises(ValueError, match=r"none of|number of days|cursor"):
            ask("spans", **wrong)


def test_open_and_abandoned_are_told_apart_by_their_process(told):
    with ag.span_context("still open"):
        assert labels(ask("spans", status="open")) == ["still open"]
        assert labels(ask("spans", status="abandoned")) == []
    assert rows(told, "SELECT count(*) FROM artigraph_node WHERE span_status = 'open'") == [(0,)]


def test_the_tree_of_one_span_starts_with_it(told):
    first = SpanTree("sweep").first
    assert first["root"]["label"] == "sweep"
    assert labels(first["page"])[:2] == ["fold 0", "fold 1"]
    with pytest.raises(NodeNotFoundError):
        SpanTree("nothing")


def test_without_a_kernel_the_output_holds_a_table_and_text(told):
    data, _ = SpanTree()._repr_mimebundle_()
    assert "sweep" in data["text/html"]
    assert "▶ sweep" in data["text/plain"]


def test_an_empty_store_says_what_to_type(told):
    assert ask("spans", text="nowhere")["said"] == "No span matches."
    assert not SpanQuery()
