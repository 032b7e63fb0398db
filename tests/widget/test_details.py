"""The details panel: facts with links, the cell, a preview, bytes checked, values loaded into the namespace."""

from __future__ import annotations

import asyncio
import json
from typing import Any

import numpy as np
import pandas as pd
import plotly.graph_objects as go
import pytest
from IPython.core.interactiveshell import InteractiveShell
from PIL import Image

import artigraph as ag
from artigraph.errors import NodeNotFoundError
from artigraph.graph.engine import current_database, set_engine
from artigraph.ids import new_id
from artigraph_jupyter.widget.desk import Desk
from tests.stores import blobs
from tests.widget.conftest import node


@pytest.fixture
def shell() -> InteractiveShell:
    made = InteractiveShell.instance()
    yield made
    InteractiveShell.clear_instance()


def ask(question: str, **facts: Any) -> dict[str, Any]:
    answer, _ = asyncio.run(Desk(current_database()).answer(question, facts))
    return json.loads(json.dumps(answer))


def facts_of(label: str) -> dict[str, tuple[str, list[str]]]:
    shown = ask("details", id=node(label))["facts"]
    return {fact["name"]: (fact["text"], [link["label"] for link in fact["links"]]) for fact in shown}


def test_an_artifact_names_who_made_it_who_used_it_and_the_cell(told):
    facts = facts_of("table")
    assert facts["Made by"] == ("", ["load"])
    assert facts["Used by"] == ("", ["sweep"])
    shown = ask("details", id=node("table"))
    assert shown["code"] == {"title": "Made by this cell: load", "text": "table = [1, 2, 3]\n", "lines": 1}
    assert shown["load"]["name"] == "table"
    assert shown["load"]["code"] == f'import artigraph as ag\n\ntable = ag.load.s("{node("table")}")'


@pytest.fixture
def versions(told) -> list[ag.Artifact]:
    """Three versions of a table, the last one in the trash."""
    made = []
    for number in range(3):
        frame = pd.DataFrame({"dose": [number]})
        with ag.span_context(f"dose {number}"):
            made.append(ag.Artifact.from_dataframe(frame, key="lab/doses.parquet", description="By donor").save())
    made[2].delete()
    return made


def test_a_key_lists_its_versions_newest_first_each_with_an_id_to_go_to(versions):
    shown = ask("details", id=str(versions[0].id))
    rows = shown["versions"]["rows"]
    assert [(row["word"], row["maker"], row["shown"]) for row in rows] == [
        ("v3", "dose 2", False),
        ("v2", "dose 1", False),
        ("v1", "dose 0", True),
    ]
    assert [[badge["word"] for badge in row["badges"]] for row in rows] == [["in the trash"], ["latest"], []]
    assert [row["id"] for row in rows] == [str(each.id) for each in reversed(versions)]
    assert shown["badges"][0]["word"] == "v1 of 3"
    assert (shown["label"], shown["folder"]) == ("lab/doses.parquet v1", "lab/")
    assert ask("details", id=str(versions[2].id))["badges"][0]["word"] == "in the trash"
    assert ask("details", id=node("table"))["versions"] is None


def test_of_many_versions_the_newest_are_listed_with_the_one_that_is_shown(told):
    first, *_ = [ag.save(number, key="n.json") for number in range(14)]
    found = ask("details", id=str(first))["versions"]
    assert [row["word"] for row in found["rows"]] == [*(f"v{number}" for number in range(14, 5, -1)), "v1"]
    assert (found["count"], found["more"]) == (14, "4 more")


def test_the_code_loads_just_the_version_that_is_shown(versions):
    loads = [ask("details", id=str(each.id))["load"] for each in versions]
    assert [load["name"] for load in loads] == ["doses_v1", "doses", "doses_v3"]
    assert "ag.load.s('lab/doses.parquet')  # v2 is the latest" in loads[1]["code"]
    assert "# lab/doses.parquet v1" in loads[0]["code"]
    for number, load in enumerate(loads):
        space: dict[str, Any] = {}
        exec(load["code"], space)
        assert space[load["name"]]["dose"].tolist() == [number]


def test_features_labels_and_tags_are_facts(versions):
    versions[1].features.add_values({"temperature": 21.6, "who": ["Ann", "<Bob>"]})
    versions[1].ulabels.add("raw", "2026")
    versions[1].tags.add_values({"unit": "mg"})
    facts = {fact["name"]: fact["text"] for fact in ask("details", id=str(versions[1].id))["facts"]}
    assert facts["Features"] == "temperature = 21.6\nwho = Ann, <Bob>"
    assert facts["Labels"] == "raw, 2026"
    assert facts["Tags"] == "unit = mg"
    assert facts["About"] == "By donor"


def test_of_very_many_features_the_rest_is_counted(versions):
    versions[1].features.add_values({f"f{number:02}": number for number in range(60)})
    facts = {fact["name"]: fact["text"] for fact in ask("details", id=str(versions[1].id))["facts"]}
    assert facts["Features"].splitlines()[-2:] == ["f49 = 49", "10 more"]


def test_a_span_names_what_it_used_made_and_ran(told):
    shown = ask("details", id=node("sweep"))
    facts = {fact["name"]: fact for fact in shown["facts"]}
    assert [link["label"] for link in facts["Inputs"]["links"]] == ["table"]
    assert len(facts["Outputs"]["links"]) == 12
    assert facts["Outputs"]["more"] == "1 more"
    assert [link["label"] for link in facts["Ran"]["links"]] == ["fold 0", "fold 1"]
    assert facts["Parameters"]["text"] == "depth = 3"
    assert shown["load"] is None
    assert facts_of("load")["Tags"][0] == "team = blue"


def test_a_span_that_failed_says_how(told):
    shown = ask("details", id=node("broken"))
    assert shown["badges"][0]["word"] == "ZeroDivisionError"
    assert shown["note"] == "division by zero"


def test_a_frame_shows_its_first_rows_and_an_array_its_sketch(told):
    frame = ag.save(pd.DataFrame({"a": range(9), "<b>": [None] + ["x"] * 8}), "frame")
    shown = ask("details", id=str(frame))["preview"]
    assert shown["columns"] == ["a", "<b>"]
    assert len(shown["rows"]) == 5
    assert shown["note"] == "First 5 of 9 rows."
    array = ask("details", id=str(ag.save(np.arange(100.0), "array")))["preview"]
    assert "float64 [100]" in array["text"]
    assert len(array["bars"]) > 3


def test_an_image_shows_a_small_picture_and_a_figure_its_words(told):
    shown = ask("details", id=str(ag.save(Image.new("RGB", (900, 90), "red"), "red")))["preview"]
    assert shown["text"] == "Image: RGB, 900 × 90 pixels"
    assert shown["image"].startswith("data:image/png;base64,")
    figure = go.Figure([go.Bar(y=[1])], layout={"title": "Delays"})
    shown = ask("details", id=str(ag.save(figure, "figure")))["preview"]
    assert (shown["text"], shown["image"]) == ("Figure: “Delays”, 1 trace: 1 bar", "")


def test_the_parts_of_a_model_are_named_and_a_part_leads_to_its_whole(told):
    @ag.dataclass
    class PanelModel(ag.ArtifactModel, version=1):
        x: int
        y: list[int]

    with ag.span_context("make model"):
        whole = PanelModel(1, [2]).save("panel model")
    shown = ask("details", id=str(whole))
    fields = next(fact for fact in shown["facts"] if fact["name"] == "Fields")
    assert [link["label"] for link in fields["links"]] == ["x", "y"]
    part = {fact["name"]: fact for fact in ask("details", id=fields["links"][0]["id"])["facts"]}
    assert [link["label"] for link in part["Part of"]["links"]] == ["panel model v1"]
    assert [link["label"] for link in part["Made by"]["links"]] == ["make model"]


def test_bytes_are_read_and_found_intact_damaged_or_missing(told):
    small, big = node("table"), str(ag.save(np.random.default_rng(0).random(70_000), "big"))
    for intact in (small, big, node("sweep")):
        answer = ask("check", id=intact)
        assert answer["badge"] is None or answer["badge"]["tone"] == "good", answer
    (blob,) = blobs(told)
    kept = blob.read_bytes()
    blob.chmod(0o600)
    blob.write_bytes(bytes([kept[0] ^ 1]) + kept[1:])
    assert ask("check", id=big)["badge"]["word"] == "damaged"
    blob.unlink()
    assert ask("check", id=big)["badge"]["word"] == "missing"
    blob.write_bytes(kept)


def test_a_value_is_loaded_under_the_name_and_a_bound_name_is_asked_about(told, shell):
    shell.user_ns["taken"] = 1
    answer = ask("load", id=node("table"), name="mine")
    assert answer == {"said": "loaded as mine (list)", "name": "mine"}
    assert shell.user_ns["mine"] == [1, 2, 3]
    assert ask("load", id=node("table"), name="taken") == {"taken": "taken is bound already, to a int."}
    assert shell.user_ns["taken"] == 1
    ask("load", id=node("table"), name="taken", replace=True)
    assert shell.user_ns["taken"] == [1, 2, 3]


@pytest.mark.parametrize(
    "name", ["", "class", "a b", "x; import os", "a.b"], ids=["none", "keyword", "two", "code", "dot"]
)
def test_what_cannot_be_a_name_is_refused(told, shell, name):
    with pytest.raises(ValueError, match="cannot be the name of a variable"):
        ask("load", id=node("table"), name=name)


def test_a_widget_of_another_database_does_not_load_from_this_one(told, shell):
    desk, table = Desk(current_database()), node("table")
    reset = set_engine("sqlite:///:memory:", create_tables=True)
    with pytest.raises(ValueError, match="another database is in use by now"):
        asyncio.run(desk.answer("load", {"id": table, "name": "mine"}))
    assert asyncio.run(desk.answer("details", {"id": table}))[0]["label"] == "table"
    reset()


def test_a_node_that_is_not_there_and_a_question_nobody_knows_are_errors(told):
    with pytest.raises(NodeNotFoundError):
        ask("details", id=str(new_id()))
    with pytest.raises(ValueError, match="nothing here answers 'fly'"):
        ask("fly")
