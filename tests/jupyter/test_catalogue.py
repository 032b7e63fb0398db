from __future__ import annotations

import pandas as pd

import artigraph as ag
from artigraph_jupyter import catalogue
from artigraph_jupyter.show import RENDERERS
from artigraph_jupyter.views import artifact as view
from tests.stores import file_store

__all__ = ["file_store"]


def test_a_kept_artifact_is_a_card_with_versions_features_and_first_rows(file_store):
    frame = pd.DataFrame({"dose": [1.5, 2.5]})
    with ag.span_context("load"):
        ag.Artifact.from_dataframe(frame, key="d/doses.parquet").save()
        ag.Artifact.from_dataframe(frame + 1, key="d/doses.parquet", features={"t<b>": "<script>"}).save()
    one = ag.Artifact.get(key="d/doses.parquet")
    card = catalogue.kept_card(one)
    assert [version.number for version in card.versions] == [1, 2]
    assert card.artifact.maker == "load"
    assert dict(card.facts)["Columns"] == "dose (float64)"
    html = view.to_html(card)
    assert "doses.parquet" in html
    assert "3.5" in html
    assert "<script>" not in html
    assert "&lt;script&gt;" in html
    for shown in (one, one.describe()):
        assert all("doses" in form for form in RENDERERS[next(k for k in RENDERERS if isinstance(shown, k))](shown))


def test_the_code_of_a_card_loads_its_own_version(file_store):
    first, second = (ag.Artifact(value=[n], key="n.json").save() for n in range(2))
    codes = [catalogue.kept_card(ag.Artifact.get(str(each.id))).load_code for each in (first, second)]
    assert codes[1] == "artigraph.load.s('n.json')"
    assert [eval(code, {"artigraph": ag}) for code in codes] == [[0], [1]]


def test_a_query_is_a_table_that_counts_what_it_hides(file_store, tmp_path):
    for n in range(60):
        ag.Artifact(value=n, label=f"value {n}").save()
    table = catalogue.query_table(ag.Artifact.filter(label__startswith="value"))
    assert (len(table.rows), table.total) == (50, 60)
    assert "50 of 60" in view.table_to_html(table)
    ag.Feature("dose", float).save()
    assert [row.label for row in catalogue.query_table(ag.Feature.filter()).rows] == ["dose"]
    query = ag.Artifact.filter(label="value 7")
    html, text = RENDERERS[type(query)](query)
    assert "value 7" in html
    assert "value 7" in text


def test_a_collection_is_a_card_with_the_first_of_what_it_holds(file_store):
    many = [ag.Artifact(value=n, label=f"value {n} <b>").save() for n in range(60)]
    unsaved = ag.Collection([ag.Artifact(value=1)], label="draft")
    made = ag.Collection([*many[::-1], many[0]], key="all/<i>", description="of <b>").save()
    for one in (made, ag.Collection.get(key="all/<i>")):
        card = catalogue.collection_card(one)
        assert ([row.label for row in card.rows[:2]], len(card.rows)) == (["value 59 <b>", "value 58 <b>"], 50)
        assert (card.total, dict(card.facts)["Description"]) == (61, "of <b>")
        assert eval(card.load_code, {"artigraph": ag})[:2] == [59, 58]
        html, text = RENDERERS[ag.Collection](one)
        assert "50 of 61 shown" in html
        assert "<b>" not in html
        assert "value 59" in text
        assert "11 more artifacts" in text
    html, text = RENDERERS[ag.Collection](unsaved)
    assert "draft" in html
    assert "1 artifact" in text
    assert not catalogue.collection_card(unsaved).load_code
