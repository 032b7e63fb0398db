from __future__ import annotations

import pandas as pd
import pytest

import artigraph as ag
from artigraph import Collection, Feature, Schema
from artigraph.artifact.artifact import Artifact
from artigraph.artifact.describe import Description
from tests.artifact.keyed import kept
from tests.stores import statements

DOSES = pd.DataFrame({"dose": [1.5, 2.5], "donor": ["D1", "D2"]})


@pytest.fixture
def doses(store) -> Artifact:
    with ag.span_context("load"):
        ag.Artifact.from_dataframe(DOSES, key="doses.parquet").save()
        made = ag.Artifact.from_dataframe(
            DOSES.assign(x=1),
            key="doses.parquet",
            features={"temperature": 21.5, "who": ["Ann", "Bob"]},
            schema=Schema([Feature("dose", float)], name="doses"),
            description="Doses by donor",
            tags={"unit": "mg"},
        ).save()
    made.ulabels.add("raw")
    Collection([made], key="release").save()
    with ag.span_context("train"):
        made.load()
    return made


def test_a_description_says_what_is_around_an_artifact(doses):
    said = doses.describe()
    facts = dict(said.facts())
    assert facts["description"] == "Doses by donor"
    assert facts["what"].startswith("DataFrame, .parquet, 2 rows, ")
    assert (facts["uid"], facts["hash"]) == (doses.uid, doses.hash)
    assert (facts["made by"], facts["used by"]) == ("load", "train")
    assert (facts["labels"], facts["tags"], facts["checked by"]) == ("raw", "unit = mg", "doses")
    assert facts["collections"] == "release"
    assert [each.number for each in said.versions] == [1, 2]
    assert said.features == {"temperature": ("float", 21.5), "who": ("str", ["Ann", "Bob"])}
    texts = str(pd.Series(["a"]).dtype)  # "object" before pandas 3
    assert said.columns == {"dose": "float64", "donor": texts, "x": "int64"}
    text = str(said)
    assert text.splitlines()[0] == "<Artifact doses.parquet v2> (latest)"
    for line in ("  temperature  float  21.5", "  who          str    Ann, Bob", "  dose   float64"):
        assert line in text
    assert "1.5" in text.partition("first rows")[2]


def test_describing_loads_nothing_and_is_no_use(doses):
    with ag.span_context("look") as look:
        doses.describe()
    assert not ag.read(ag.Link, ag.LinkFilter(kind="input", target=look))


def test_old_versions_and_long_lists_are_counted(file_store, tmp_path):
    for n in range(14):
        kept(tmp_path, "a", str(n), features={f"f{n}{m}": m for m in range(60)})
    said = ag.Artifact.get(key="a").describe()
    assert dict(said.facts())["versions"].startswith("4 earlier, v5 ")
    assert "features (the first 50 of 60)" in str(said)
    with statements() as many:
        said = ag.Artifact.filter(key="a", version=1).one().describe()
    assert str(said).splitlines()[0] == "<Artifact a v1>"
    assert len(many) < 20


def test_hostile_names_stay_in_their_line(file_store, tmp_path):
    made = kept(tmp_path, "a", description="one\ntwo\x1b[31m", features={"f\u202e\nx": "a\nb"}, tags={"t": "\x1b"})
    text = str(made.describe())
    assert "\x1b" not in text
    assert "\u202e" not in text
    assert "one two" in text


def test_plain_values_and_what_is_not_saved_are_described_too(file_store):
    assert "json/1 in the database" in str(ag.Artifact(value=1, label="p").save().describe())
    unsaved = ag.Artifact(value=1, label="new").describe()
    assert isinstance(unsaved, Description)
    assert "new" in str(unsaved)
