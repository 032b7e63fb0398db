"""Content that is replaced in place: tables, values and files."""

from __future__ import annotations

import pandas as pd
import polars as pl
import pytest

import artigraph as ag
from artigraph.errors import ImmutableError, InvalidArtifactError
from tests.stores import blobs

FRAME = pd.DataFrame({"a": [1, 2]})


@ag.dataclass
class Replaced(ag.ArtifactModel, version=1):
    x: int = 0


@pytest.mark.parametrize("suffix", [".parquet", ".csv", ".feather"])
def test_a_table_is_replaced_by_another(store, suffix):
    key = f"t{suffix}"
    artifact = ag.Artifact.from_dataframe(FRAME, key=key, description="kept").save()
    artifact.replace(FRAME.assign(a=9, b="x"))
    artifact.save()
    read = ag.Artifact.get(key=key)
    assert read.load().to_dict("list") == {"a": [9, 9], "b": ["x", "x"]}
    assert (read.uid, read.version, read.description, read.otype) == (artifact.uid, 1, "kept", "DataFrame")
    assert read.hash == artifact.hash
    assert ag.Artifact.filter(columns={"b": None}).one() == artifact
    artifact.replace(pl.DataFrame({"a": [1, 2, 3]}))
    artifact.save()
    assert (artifact.n_observations, ag.load(key)["a"].to_list()) == (3, [1, 2, 3])


def test_a_table_is_replaced_by_a_file_with_one(store, tmp_path):
    artifact = ag.Artifact.from_dataframe(FRAME, key="t.parquet").save()
    pd.DataFrame({"b": [1, 2, 3]}).to_parquet(tmp_path / "n.parquet")
    artifact.replace(tmp_path / "n.parquet")
    artifact.save()
    assert (artifact.otype, artifact.n_observations) == ("DataFrame", 3)
    assert ag.load("t.parquet").columns.tolist() == artifact.value.columns.tolist() == ["b"]
    assert ag.Artifact.filter(columns={"b": None}).one() == artifact


def test_a_value_is_replaced_by_another_and_by_a_file(store, tmp_path):
    artifact = ag.Artifact(value={"a": 1}, key="v.json").save()
    artifact.replace({"a": 2})
    artifact.save()
    assert artifact.value == artifact.load() == ag.load("v.json") == {"a": 2}
    (tmp_path / "v.json").write_text('{"a": 3}')
    artifact.replace(tmp_path / "v.json")
    artifact.save()
    assert artifact.value == ag.load("v.json") == {"a": 3}
    plain = ag.Artifact(value=[1], key="plain").save()
    plain.replace([2])
    assert plain.save().load() == ag.load("plain") == [2]


def test_the_otype_of_a_file_stays(store, tmp_path):
    (tmp_path / "a.txt").write_text("1")
    artifact = ag.Artifact(tmp_path / "a.txt", key="a.txt", otype="Mine", extra_data={"n": 1}).save()
    (tmp_path / "a.txt").write_text("2")
    artifact.replace(tmp_path / "a.txt")
    artifact.save()
    assert (artifact.otype, artifact.extra_data, artifact.load()) == ("Mine", {"n": 1}, "2")


def test_what_is_said_along_with_other_content_is_written(store):
    artifact = ag.Artifact.from_dataframe(FRAME, key="t.parquet").save()
    artifact.description, artifact.kind, artifact.label = "new", "dataset", "l"
    artifact.replace(FRAME.assign(a=9))
    artifact.save()
    read = ag.Artifact.get(key="t.parquet")
    assert (read.description, read.kind, read.label, read.load()["a"].tolist()) == ("new", "dataset", "l", [9, 9])


def test_an_older_version_is_not_replaced_by_a_table_or_a_value(store):
    table = ag.Artifact.from_dataframe(FRAME, key="t.parquet").save()
    ag.Artifact.from_dataframe(FRAME.assign(a=2), key="t.parquet").save()
    value = ag.Artifact(value=[1], key="v.json").save()
    ag.Artifact(value=[2], key="v.json").save()
    for older, data in ((table, FRAME.assign(a=3)), (value, [3])):
        older.replace(data)
        with pytest.raises(ImmutableError, match="older version"):
            older.save()
    assert ag.Artifact.get(table.uid).load().equals(FRAME)
    assert ag.load("v.json") == [2]


def test_what_does_not_fit_is_refused_before_anything_is_written(file_store):
    table = ag.Artifact.from_dataframe(FRAME, key="t.parquet").save()
    with pytest.raises(InvalidArtifactError, match=r"says \.parquet"):
        table.replace(FRAME, format="csv")
    model = ag.Artifact(value=Replaced(1), key="m").save()
    value = ag.Artifact(value=[1], key="v").save()
    for artifact, data in ((model, Replaced(2)), (model, [1]), (value, Replaced(2)), (value, [Replaced(2)])):
        with pytest.raises(InvalidArtifactError, match="save it as the next version"):
            artifact.replace(data)
    assert (len(blobs(file_store)), value.save().load()) == (2, [1])
    loose = ag.Artifact.from_dataframe(FRAME).save()
    loose.replace(FRAME.assign(a=5), format="csv")
    loose.save()
    assert (loose.suffix, loose.load()["a"].tolist()) == (".csv", [5, 5])
