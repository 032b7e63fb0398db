"""ArtifactBrowser: what stands by itself, found by label, type, tag and time, page by page."""

from __future__ import annotations

import asyncio
import json
from typing import Any

import pandas as pd
import pytest

import artigraph as ag
from artigraph.bridge import block
from artigraph.graph.engine import current_database
from artigraph.lineage.search import find_artifacts
from artigraph_jupyter import ArtifactBrowser
from artigraph_jupyter.widget.desk import Desk


def ask(question: str, **facts: Any) -> dict[str, Any]:
    answer, _ = asyncio.run(Desk(current_database()).answer(question, facts))
    return json.loads(json.dumps(answer))


def labels(page: dict[str, Any]) -> list[str]:
    return [row["label"] for row in page["rows"]]


def test_the_newest_come_first_with_size_and_maker(told):
    page = ArtifactBrowser().first["page"]
    assert labels(page)[:2] == ["metrics", "model"]
    assert page["rows"][0] | {"saved": "", "id": "", "icon": None} == {
        "id": "",
        "label": "metrics",
        "icon": None,
        "type": "str",
        "size": "6 B",
        "maker": "evaluate",
        "saved": "",
    }


@pytest.mark.parametrize(
    ("question", "found"),
    [
        ({"text": "MOD"}, ["model"]),
        ({"type": "dict"}, ["model", "fold score 1", "fold score 0"]),
        ({"tag": "stage=draft"}, ["model"]),
        ({"tag": "stage"}, ["model"]),
        ({"text": "table", "days": 1}, ["table"]),
        ({"text": "_odel"}, []),
    ],
    ids=["text", "type", "tag-value", "tag", "time", "wildcard"],
)
def test_a_question_finds_by_label_type_tag_and_time(told, question, found):
    assert labels(ask("artifacts", **question)) == found


def test_mere_parts_are_left_out_and_models_are_there(told):
    @ag.dataclass
    class FoundModel(ag.ArtifactModel, version=3):
        frame: pd.DataFrame

    FoundModel(pd.DataFrame({"a": [1]})).save("a model")
    page = ask("artifacts", text="a model")
    assert labels(page) == ["a model v3"]
    assert "frame" not in labels(ask("artifacts"))


def test_pages_follow_one_another_without_gap_or_repetition(told):
    seen, cursor = [], None
    while True:
        page = block(current_database().read, lambda c, before=cursor: find_artifacts(c, None, before, limit=5))
        seen += [found.node.label for found in page.rows]
        cursor = page.cursor
        if cursor is None:
            break
    assert len(seen) == len(set(seen)) == 17
    assert seen == labels(ask("artifacts"))


def test_it_may_begin_with_a_question_and_leaves_a_table_in_the_file(told):
    view = ArtifactBrowser("fold")
    assert labels(view.first["page"]) == ["fold score 1", "fold score 0"]
    data, _ = view._repr_mimebundle_()
    assert "fold score 1" in data["text/html"]
    assert "fold score 1" in data["text/plain"]


def test_nothing_found_is_said(told):
    assert ask("artifacts", text="nowhere")["said"] == "Nothing matches."
