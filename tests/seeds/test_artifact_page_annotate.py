"""LaminDB's page about artifacts, the half about finding and annotating: every snippet, its mistakes mended."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pandas as pd
import pytest

import artigraph as ag
from artigraph.errors import NodeNotFoundError
from tests.seeds.conftest import Run


@pytest.fixture(autouse=True)
def page(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The files that the page speaks of, in the current folder."""
    monkeypatch.chdir(tmp_path)
    frame = pd.DataFrame({"concentration": ["0.1", "0.2"], "donor": ["D1", None], "sample": [1, 2]})
    frame.to_parquet("my_file.parquet")
    run_folder = Path("project_alpha/run_001")
    run_folder.mkdir(parents=True)
    for name in ("a.csv", "b.csv"):
        (run_folder / name).write_text(f"n\n{len(name)}\n")


def names() -> dict[str, Any]:
    return {"ln": ag, "df": pd.read_parquet("my_file.parquet")}


def test_a_folder_of_files_is_found_by_prefix_and_frozen_as_a_collection(run: Run):
    found = run(
        """
        artifacts = await ln.Artifact.from_dir("project_alpha/run_001").save()
        artifacts = ln.Artifact.filter(key__startswith="project_alpha/run_001/")
        collection = await ln.Collection(artifacts, key="project_alpha/run_001").save()
        rows = len(await collection.load())
        """,
        **names(),
    )
    assert [each.key for each in found["artifacts"]] == ["project_alpha/run_001/a.csv", "project_alpha/run_001/b.csv"]
    assert (len(found["collection"]), found["rows"]) == (2, 2)
    assert len(found["collection"].uid) == 20


def test_columns_are_validated_and_annotated_by_the_features_that_are_registered(run: Run):
    found = run(
        """
        await ln.Feature(name="sample", dtype=int).save()
        artifact = await ln.Artifact.from_dataframe(
            "./my_file.parquet",
            key="my_dataset.parquet",
            schema="valid_features"
        ).save()
        same = await ln.Artifact.from_dataframe(df, key="examples/dataset1.parquet", schema="valid_features").save()
        schema = await ln.Schema(name="valid_features", itype="Feature").save()
        """,
        **names(),
    )
    assert found["artifact"].schema == found["same"].schema == found["schema"]
    assert {each.key for each in ag.Artifact.filter(columns="sample")} == {
        "my_dataset.parquet",
        "examples/dataset1.parquet",
    }


def test_external_features_are_said_of_the_artifact(run: Run):
    found = run(
        """
        artifact = await ln.Artifact("./my_file.parquet", features={"cell_type_by_model": "T cell"}).save()
        values = await artifact.features.get_values()
        """,
        **names(),
    )
    assert found["values"] == {"cell_type_by_model": "T cell"}


DEFINED = """
species_name = await ln.Feature(name="species_name", dtype=str).save()
scientist_names = await ln.Feature(name="scientist_names", dtype=str).save()
temperature = await ln.Feature(name="temperature_in_celsius", dtype=float).save()
experiment = await ln.Feature(name="experiment", dtype=str).save()
artifact = await ln.Artifact("./my_file.parquet", key="my_file.parquet").save()
"""
VIA_STRINGS = """
await artifact.features.set_values({
    "species_name": "human",
    "scientist_names": ["Barbara McClintock", "Edgar Anderson"],
    "temperature_in_celsius": 27.6,
    "experiment": "Experiment 1"
})
found = ln.Artifact.filter(scientist_names="Barbara McClintock")
"""
VIA_OBJECTS = """
await artifact.features.set_values({
    species_name: "human",
    scientist_names: ["Barbara McClintock", "Edgar Anderson"],
    temperature: 27.6,
    experiment: "Experiment 1"
})
found = ln.Artifact.filter(scientist_names == "Barbara McClintock")
"""


@pytest.mark.parametrize("way", [VIA_STRINGS, VIA_OBJECTS], ids=["strings", "objects"])
def test_features_are_set_queried_and_got(run: Run, way: str):
    names_then = run(
        DEFINED
        + way
        + """
values = await artifact.features.get_values()
organism = artifact.features["species_name"]
temperature = artifact.features["temperature_in_celsius"]
""",
        **names(),
    )
    assert list(names_then["found"]) == [names_then["artifact"]]
    assert names_then["values"] == {
        "species_name": "human",
        "scientist_names": ["Barbara McClintock", "Edgar Anderson"],
        "temperature_in_celsius": 27.6,
        "experiment": "Experiment 1",
    }
    assert (names_then["organism"], names_then["temperature"]) == ("human", 27.6)
    assert (
        ag.Artifact.filter(temperature_in_celsius__gt=20, suffix=".parquet", experiment__startswith="Exp").count() == 1
    )
    assert not ag.Artifact.filter(scientist_names="Barbara")


def test_labels_are_added_through_their_own_views(run: Run):
    found = run(
        """
        artifact = await ln.Artifact("./my_file.parquet", key="my_file.parquet").save()
        ulabel = await ln.ULabel(name="raw_data").save()
        await artifact.ulabels.add(ulabel)
        project = await ln.Project(name="Project A").save()
        await artifact.projects.add(project)
        """,
        **names(),
    )
    assert [each.name for each in found["artifact"].ulabels] == ["raw_data"]
    assert [each.name for each in found["artifact"].projects] == ["Project A"]
    assert {each.name for each in found["artifact"].labels} == {"raw_data", "Project A"}
    assert ag.Artifact.filter(ulabels=found["ulabel"], projects=found["project"]).one() == found["artifact"]


def test_a_schema_checks_columns_and_what_is_said_besides(run: Run):
    found = run(
        """
        from datetime import date

        temperature = await ln.Feature(name="temperature", dtype=float).save()
        date_of_study = await ln.Feature(name="date_of_study", dtype=date).save()
        external_schema = await ln.Schema(features=[temperature, date_of_study]).save()

        concentration = await ln.Feature(name="concentration", dtype=str).save()
        donor = await ln.Feature(name="donor", dtype=str, nullable=True).save()
        schema = await ln.Schema(
            features=[concentration, donor],
            slots={"__external__": external_schema},
            otype="DataFrame",
        ).save()

        artifact = await ln.Artifact.from_dataframe(
            df,
            key="examples/dataset1.parquet",
            features={"temperature": 21.6, "date_of_study": date(2024, 10, 1)},
            schema=schema,
        ).save()
        described = await artifact.describe()
        """,
        **names(),
    )
    text = str(found["described"])
    assert "temperature    float  21.6" in text
    assert "date_of_study  date   2024-10-01" in text
    assert found["artifact"].schema == found["schema"]
    assert ag.Artifact.filter(schema=found["schema"], temperature__lt=22).one() == found["artifact"]
    assert ag.Artifact.filter(donor="D1").one() == found["artifact"]


def test_versions_are_seen_as_a_data_frame_and_asked_for(run: Run):
    found = run(
        """
        await ln.Artifact.from_dataframe(df, key="examples/my_file.parquet").save()
        artifact_v2 = await ln.Artifact.from_dataframe(df.head(1), key="examples/my_file.parquet").save()
        versions = await artifact_v2.versions.to_dataframe()
        old = await ln.Artifact.filter(key="examples/my_file.parquet", is_latest=False).first()
        latest = await ln.Artifact.get(key="examples/my_file.parquet", is_latest=True)
        """,
        **names(),
    )
    assert list(found["versions"]["version"]) == [1, 2]
    assert list(found["versions"]["is_latest"]) == [False, True]
    assert found["old"].version == 1
    assert found["latest"] == found["artifact_v2"]


def test_records_are_queried_by_name(run: Run):
    found = run(
        """
        await ln.Project(name="my label").save()
        frame = await ln.Project.filter(name__startswith="my").to_dataframe()
        record = await ln.Project.get(name="my label")
        bio_dict = await ln.Feature(name="bio", dtype=dict).save()
        await ln.Schema([bio_dict], name="spatialdata_blobs_schema", otype="Any").save()
        schemas = await ln.Schema.filter(otype="Any").to_dataframe()
        schema = await ln.Schema.get(name="spatialdata_blobs_schema")
        """,
        **names(),
    )
    assert list(found["frame"]["name"]) == [found["record"].name] == ["my label"]
    assert list(found["schemas"]["name"]) == [found["schema"].name] == ["spatialdata_blobs_schema"]
    with pytest.raises(NodeNotFoundError):
        ag.Project.get(name="another")
