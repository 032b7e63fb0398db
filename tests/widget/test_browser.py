"""ArtifactBrowser: what stands by itself, found by key, label, type, tag, feature and time, page by page."""

from __future__ import annotations

import asyncio
import json
from datetime import date
from pathlib import Path
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
        "folder": "",
        "label": "metrics",
        "icon": None,
        "version": "",
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
    assert labels(page) == ["a model"]
    assert page["rows"][0]["type"] == "FoundModel v3"
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


@pytest.fixture
def lab(told: Path) -> ag.Artifact:
    """A table of two versions with features, labels and a tag, beside the story; the latest."""
    frame = pd.DataFrame({"dose": [1.5, 2.5]})
    ag.Artifact.from_dataframe(frame, key="lab/doses.parquet").save()
    said = {"temperature": 21.6, "scientists": ["Barbara McClintock", "Edgar Anderson"], "studied": date(2026, 1, 15)}
    latest = ag.Artifact.from_dataframe(frame + 1, key="lab/doses.parquet", features=said, tags={"unit": "mg"}).save()
    latest.features.add_values({"blind": True, "batch": "7"})
    latest.ulabels.add("raw")
    (told.parent / "note.txt").write_text("short")
    ag.Artifact(told.parent / "note.txt", key="lab/note.txt", features={"temperature": 4}).save()
    return latest


@pytest.mark.parametrize(
    ("question", "found"),
    [
        ({"text": "lab/DOS"}, ["doses.parquet"]),
        ({"text": "mcclin"}, ["doses.parquet"]),
        ({"text": "21.6"}, ["doses.parquet"]),
        ({"text": "mg"}, ["doses.parquet"]),
        ({"text": "raw"}, ["doses.parquet"]),
        ({"type": "frame"}, ["doses.parquet"]),
        ({"type": ".txt"}, ["note.txt"]),
        ({"tag": "unit = mg"}, ["doses.parquet"]),
        ({"feature": "temperature"}, ["note.txt", "doses.parquet"]),
        ({"feature": "temperature >"}, ["note.txt", "doses.parquet"]),
        ({"feature": "temperature = 21.60"}, ["doses.parquet"]),
        ({"feature": "temperature>20"}, ["doses.parquet"]),
        ({"feature": "temperature <= 4"}, ["note.txt"]),
        ({"feature": "scientists = Edgar Anderson"}, ["doses.parquet"]),
        ({"feature": "studied >= 2026-01-01"}, ["doses.parquet"]),
        ({"feature": "batch = 7"}, ["doses.parquet"]),
        ({"feature": "blind = true"}, ["doses.parquet"]),
        ({"feature": "blind = false"}, []),
        ({"feature": "weather"}, []),
        ({"feature": "temperature > 20", "text": "note"}, []),
        ({"text": "doses", "days": 1, "feature": "temperature > 20", "type": "data"}, ["doses.parquet"]),
    ],
    ids=str,
)
def test_what_was_said_of_an_artifact_finds_it(lab, question, found):
    assert labels(ask("artifacts", **question)) == found


def test_a_key_is_one_row_of_its_latest_version_and_what_is_in_the_trash_is_none(lab):
    (row,) = ask("artifacts", text="doses")["rows"]
    assert (row["folder"], row["label"], row["version"], row["type"]) == (
        "lab/",
        "doses.parquet",
        "v2",
        "DataFrame · 2 × 1",
    )
    assert ask("artifacts", text="note")["rows"][0]["type"] == ".txt"
    lab.delete()
    (row,) = ask("artifacts", text="doses")["rows"]
    assert row["version"] == "v1"


def test_what_a_collection_holds_is_still_found_by_itself(lab):
    ag.Collection(ag.Artifact.filter(key__startswith="lab/"), key="lab/all").save()
    assert labels(ask("artifacts", text="lab/")) == ["note.txt", "doses.parquet"]


def test_nothing_found_is_said(told):
    assert ask("artifacts", text="nowhere")["said"] == "Nothing matches."
