"""Which spans made and used what is kept."""

from __future__ import annotations

from dataclasses import dataclass

import pandas as pd
import pytest

import artigraph as ag
from artigraph.errors import NodeNotFoundError
from artigraph.lineage.lineage import Lineage

FRAME = pd.DataFrame({"a": [1, 2]})


@pytest.fixture
def table(store):
    return ag.Artifact.from_dataframe(FRAME, key="in.parquet", run=False).save()


def labels(spans):
    return [span.label for span in spans]


def test_the_span_that_made_it_and_those_that_used_it_are_known(table):
    with ag.span_context("clean") as clean:
        loaded = table.load()
        made = ag.Artifact.from_dataframe(loaded.assign(b=1), key="out.parquet").save()
    assert (made.run, table.run) == (clean, None)
    assert labels(table.input_of_runs) == ["clean"]
    assert made.input_of_runs == []


@pytest.mark.parametrize("use", ["load", "open", "cache"])
def test_using_it_in_a_span_is_an_input_and_looking_is_not(table, use):
    with ag.span_context("looks"):
        looked = ag.Artifact.get(key="in.parquet")
        assert looked.path.exists()
        assert list(looked.versions) == [table]
        getattr(looked, use)(is_run_input=False)
    assert table.input_of_runs == []
    with ag.span_context("uses"):
        getattr(table, use)()
        getattr(table, use)()
    assert labels(table.input_of_runs) == ["uses"]
    with ag.span_context("untracked", track=False):
        getattr(table, use)()
    assert labels(table.input_of_runs) == ["uses"]


def test_loading_by_key_is_an_input_under_that_name(table):
    with ag.span_context("uses") as span:
        ag.load("in.parquet")
    [link] = ag.read(ag.Link, ag.LinkFilter(target=span, kind="input"))
    assert (link.source_id, link.role) == (table.id, "in.parquet")


def test_what_was_loaded_and_is_saved_under_another_key_is_an_input(table):
    loaded = table.load()
    with ag.span_context("copies"):
        ag.Artifact.from_dataframe(loaded, key="copy.parquet").save()
    assert labels(table.input_of_runs) == ["copies"]


def test_a_span_that_makes_the_same_again_is_no_maker(table):
    with ag.span_context("again"):
        ag.Artifact.from_dataframe(FRAME.copy(), key="in.parquet").save()
        ag.Artifact.from_dataframe(FRAME.copy(), key="in.parquet").save()
    assert table.run is None
    assert labels(table.recreating_runs) == ["again"]
    lineage = table.view_lineage(10, 10)
    assert [node.label for node in lineage.nodes] == ["in.parquet"]


def test_runs_are_all_that_made_or_used_it(table):
    with ag.span_context("makes"):
        made = ag.Artifact.from_dataframe(table.load(), key="copy.parquet").save()
    with ag.span_context("again"):
        ag.Artifact.from_dataframe(FRAME.copy(), key="copy.parquet").save()
    with ag.span_context("uses"):
        made.load()
    assert labels(made.runs) == ["makes", "again", "uses"]
    assert labels(table.runs) == ["makes"]
    assert ag.Artifact(value=1).runs == []


def test_a_span_that_saves_the_same_twice_made_it_once(store):
    with ag.span_context("maker") as maker:
        made = ag.Artifact.from_dataframe(FRAME, key="x.parquet").save()
        ag.Artifact.from_dataframe(FRAME.copy(), key="x.parquet").save()
    assert (made.run, made.recreating_runs) == (maker, [])


def test_run_names_the_span_or_none(store):
    with ag.span_context("other") as other:
        pass
    with ag.span_context("open"):
        told = ag.Artifact.from_dataframe(FRAME, key="told.parquet", run=other).save()
        none = ag.Artifact.from_dataframe(FRAME, key="none.parquet", run=False).save()
    assert (told.run, none.run) == (other, None)


@dataclass
class Fitted(ag.ArtifactModel):
    slope: float


def test_run_names_the_span_of_plain_values_and_models_too(store):
    with ag.span_context("other") as other:
        pass
    with ag.span_context("open") as around:
        told = [
            ag.Artifact(value=[1], run=other).save(),
            ag.Artifact(value=[2], label="two", run=other.id).save(),
            ag.Artifact(value=Fitted(3.0), key="three", run=other).save(),
        ]
        ag.write_one(written := ag.Artifact(value=[4], label="four", run=other))
        ag.Artifact(value=[8], label="eight", run=around).save()
        none = [
            ag.Artifact(value=[5], run=False).save(),
            ag.Artifact(value=[6], label="six", run=False).save(),
            ag.Artifact(value=Fitted(7.0), key="seven", run=False).save(),
        ]
    assert [spans_above(each) for each in (*told, written)] == [["other"]] * 4
    assert [spans_above(each) for each in none] == [[]] * 3
    assert ag.read_span_artifacts(around) == {"eight": [8]}
    assert ag.read_span_artifacts(other) == {"two": [2], "three": Fitted(3.0), "four": [4]}
    for write in (ag.Artifact.save, ag.write_one):
        with pytest.raises(NodeNotFoundError, match="the span that is given as run= was not saved"):
            write(ag.Artifact(value=1, label="lost", run=ag.Span("never saved")))
    assert not ag.exists(ag.NodeFilter(label="lost"))


def spans_above(artifact):
    return [node.label for node in ag.view_lineage(artifact).nodes if node.kind == "span"]


def test_a_model_under_a_key_is_an_output_too(store):
    with ag.span_context("maker") as maker:
        ag.save({"x": FRAME}, key="whole")
    assert ag.Artifact.get(key="whole").run == maker
    with ag.span_context("again"):
        ag.save({"x": FRAME.copy()}, key="whole")
    assert labels(ag.Artifact.get(key="whole").recreating_runs) == ["again"]
    assert set(ag.read_span_artifacts(maker)) == {"whole"}


def test_outputs_of_a_span_are_read_by_key(store, tmp_path):
    (tmp_path / "a.txt").write_text("text")
    with ag.span_context("maker") as maker:
        ag.Artifact(tmp_path / "a.txt", key="a.txt").save()
    assert ag.read_span_artifacts(maker) == {"a.txt": "text"}
    assert ag.read_span_artifact(maker, "a.txt") == "text"


def test_lineage_is_plain_data_that_knows_keys(table, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    before = sorted(tmp_path.rglob("*"))
    with ag.span_context("clean"):
        made = ag.Artifact.from_dataframe(table.load().assign(b=1), key="folder/out.parquet").save()
    lineage = made.view_lineage(upstream=5, with_children=True, return_graph=True)
    assert isinstance(lineage, Lineage)
    assert {node.label for node in lineage.nodes} == {"folder/out.parquet", "clean", "in.parquet"}
    assert "folder/out.parquet" in ag.view_lineage("folder/out.parquet").to_text()
    assert [path for path in sorted(tmp_path.rglob("*")) if path not in before and path.suffix == ".pdf"] == []
    made.key = "renamed.parquet"
    made.save()
    assert "renamed.parquet" in {node.label for node in made.view_lineage().nodes}
    assert ag.find()[0].label == "renamed.parquet"


def test_a_cycle_of_lineage_ends(table):
    with ag.span_context("reads and makes"):
        table.load()
        made = ag.Artifact.from_dataframe(FRAME.assign(c=3), key="cycle.parquet").save()
    with ag.span_context("back"):
        made.load()
        ag.write_one(ag.Link(ag.read_span.s("current"), table, kind="output"))
    assert len(table.view_lineage(100, 100).nodes) == 4
