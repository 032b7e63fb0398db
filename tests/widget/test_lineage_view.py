"""LineageView on the kernel's side: what a page is sent, for what it asks."""

from __future__ import annotations

import asyncio
import json
from typing import Any
from xml.etree import ElementTree as ET

import pandas as pd
import pytest

import artigraph as ag
from artigraph.errors import NodeNotFoundError, NoOpenSpanError
from artigraph.graph.engine import current_database
from artigraph_jupyter import LineageView
from artigraph_jupyter.widget.desk import Desk
from tests.widget.conftest import node

HOSTILE = ["<script>alert(1)</script>", '"><img src=x onerror=alert(1)>', "</style><svg onload=alert(1)>", "\u202ex"]


def ask(question: str, **facts: Any) -> dict[str, Any]:
    answer, _ = asyncio.run(Desk(current_database()).answer(question, facts))
    return json.loads(json.dumps(answer))


def labels(scene: dict[str, Any]) -> set[str]:
    return {each["label"] for each in scene["nodes"]}


def test_it_opens_with_one_hop_in_each_direction_and_the_details_of_its_focus(told):
    first = LineageView("model").first
    assert labels(first["scene"]) == {"sweep", "model", "evaluate"}
    assert first["details"]["label"] == "model"
    assert first["wish"] == {"focus": node("model"), "upstream": 1, "downstream": 1}


@pytest.mark.parametrize("form", ["label", "id", "value", "span"])
def test_a_target_is_a_label_an_id_a_live_value_or_a_span(told, form):
    ag.save(pd.DataFrame({"a": [1]}), "frame")
    targets = {"label": "model", "id": node("model"), "value": ag.load("frame"), "span": ag.read(ag.Run)[0]}
    focus = LineageView(targets[form]).first["wish"]["focus"]
    assert focus == node({"span": "sweep", "value": "frame"}.get(form, "model"))


def test_the_open_span_is_the_target_when_none_is_given(told):
    with ag.span_context("now"):
        assert "now" in labels(LineageView().first["scene"])
    with pytest.raises(NoOpenSpanError):
        LineageView()


def test_an_unknown_target_is_an_error(told):
    with pytest.raises(NodeNotFoundError):
        LineageView("nothing of the kind")


def test_without_a_kernel_the_output_holds_a_picture_and_text(told):
    data, _ = LineageView("model")._repr_mimebundle_()
    assert set(data) == {"application/vnd.jupyter.widget-view+json", "image/svg+xml", "text/plain"}
    ET.fromstring(data["image/svg+xml"])
    assert "made by ▶ sweep" in data["text/plain"]


def test_a_side_opens_and_closes_and_a_stack_comes_apart(told):
    wish = {"focus": node("model"), "upstream": 1, "downstream": 1}
    grown = ask("lineage", **wish, opened=[[node("sweep"), "downstream"]])
    (stack,) = grown["stacks"].items()
    assert stack[1]["total"] == 12
    assert "score" in labels(grown)
    assert len(labels(ask("lineage", **wish, opened=[[node("sweep"), "downstream"]], apart=[stack[0]]))) > 12
    assert labels(ask("lineage", **wish, closed=[[node("model"), "downstream"]])) == {"sweep", "model"}
    deep = ask("lineage", **wish, deep=[[node("model"), "upstream"]])
    assert {"load", "table"} <= labels(deep)


def test_a_hidden_node_takes_along_what_hangs_on_it(told):
    wish = {"focus": node("model"), "upstream": 9, "downstream": 1}
    scene = ask("lineage", **wish, hidden=[node("sweep")])
    assert labels(scene) == {"model", "evaluate"}
    assert "1 node hidden." in scene["foot"]


def test_nodes_say_what_they_are_and_which_sides_can_be_closed(told):
    scene = ask("lineage", focus=node("model"), upstream=1, downstream=1)
    by_label = {each["label"]: each for each in scene["nodes"]}
    assert by_label["sweep"]["says"] == "run sweep, 1 more upstream, 12 more downstream"
    assert by_label["model"]["less"] == ["upstream", "downstream"]
    assert by_label["evaluate"]["less"] == []


def test_the_drawing_names_the_owner_of_every_line_and_handle(told):
    scene = ask("lineage", focus=node("model"), upstream=1, downstream=1)
    drawn = ET.fromstring(scene["svg"])
    lines = [each for each in drawn.iter() if each.get("data-source")]
    assert {(each.get("data-source"), each.get("data-target")) for each in lines} == {
        (node("sweep"), node("model")),
        (node("model"), node("evaluate")),
    }
    handles = {(each.get("data-of"), each.get("data-side")) for each in drawn.iter() if each.get("data-of")}
    assert (node("sweep"), "downstream") in handles


@pytest.mark.parametrize(("form", "start"), [("svg", "<svg"), ("mermaid", "flowchart LR"), ("dot", "digraph")])
def test_the_picture_is_to_be_had_as_text(told, form, start):
    answer = ask("export", focus=node("model"), upstream=1, downstream=1, form=form)
    assert answer["text"].startswith(start)
    if form == "mermaid":
        names = [line.split("(")[0].split("[")[0].split("{")[0].strip() for line in answer["text"].splitlines()[1:4]]
        assert names == ["n0", "n1", "n2"]
        assert set(answer["nodes"]) == {node("sweep"), node("model"), node("evaluate")}


@pytest.mark.parametrize(
    "wrong",
    [
        {"focus": "no id"},
        {"focus": "0" * 32, "upstream": -1},
        {"focus": "0" * 32, "upstream": "1"},
        {"focus": "0" * 32, "opened": [["0" * 32, "sideways"]]},
    ],
    ids=["no-id", "negative-hops", "hops-as-text", "no-side"],
)
def test_a_message_that_makes_no_sense_is_refused(told, wrong):
    with pytest.raises(ValueError, match=r"is no id|hops are|a side is"):
        ask("lineage", **wrong)


@pytest.mark.parametrize("word", HOSTILE, ids=["script", "attribute", "style", "direction"])
def test_hostile_words_are_text_in_the_drawing(told, word):
    with ag.span_context(word) as span:
        ag.save(1, word)
    scene = ask("lineage", focus=str(span.id), upstream=1, downstream=1)
    tags = {each.tag.rpartition("}")[2] for each in ET.fromstring(scene["svg"]).iter()}
    assert tags <= {"svg", "style", "rect", "g", "title", "path", "text", "tspan", "circle"}
    assert "\u202e" not in json.dumps(scene, ensure_ascii=False)
