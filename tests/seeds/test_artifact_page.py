"""The examples of the page about keyed artifacts: making, versions, loading, opening, replacing, the trash, lineage."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pyarrow.parquet as pq
import pytest

import artigraph as ag

FRAME = pd.DataFrame({"a": [3, 1, 4, 2], "b": ["c", "a", "d", "b"], "c": [3.3, 1.1, 4.4, 2.2]})


@pytest.fixture(autouse=True)
def files(tmp_path, monkeypatch):
    """The files and folders that the page speaks of, in the working directory."""
    monkeypatch.chdir(tmp_path)
    FRAME.to_parquet("my_file.parquet")
    (tmp_path / "my_folder").mkdir()
    (tmp_path / "my_folder" / "a.txt").write_text("a")
    (tmp_path / "my_file.txt").write_text("old")
    (tmp_path / "my_new_file.txt").write_text("new")
    (tmp_path / "some.csv").write_text("a\n1\n")
    for name in ("a", "b"):
        place = tmp_path / "project_alpha" / "run_001"
        place.mkdir(parents=True, exist_ok=True)
        (place / f"{name}.txt").write_text(name)


def test_from_a_local_file_or_folder(run):
    names = run(
        """
        artifact = await ln.Artifact("./my_file.parquet", key="examples/my_file.parquet").save()
        folder = await ln.Artifact("./my_folder", key="project1/my_folder").save()
        """,
        ln=ag,
    )
    assert (names["artifact"].suffix, names["folder"].n_files) == (".parquet", 1)


def test_query_and_access_it_later_on(run):
    names = run(
        """
        await ln.Artifact("./my_file.parquet", key="examples/my_file.parquet").save()
        artifact = await ln.Artifact.get(key="examples/my_file.parquet")
        cached_path = await artifact.cache()
        df = await artifact.load()
        pyarrow_dataset = await artifact.open()
        """,
        ln=ag,
    )
    assert names["cached_path"].name == "my_file.parquet"
    assert names["df"].equals(FRAME)
    assert names["pyarrow_dataset"].count_rows() == 4


def test_bulk_create_artifacts_for_every_file_in_a_directory(run):
    names = run('artifacts = await ln.Artifact.from_dir("project_alpha/run_001").save()', ln=ag)
    keys = [artifact.key for artifact in names["artifacts"]]
    assert keys == ["project_alpha/run_001/a.txt", "project_alpha/run_001/b.txt"]


def test_a_new_version_by_passing_an_existing_key(run, tmp_path):
    source = """
        artifact_v2 = await ln.Artifact("./my_file.parquet", key="examples/my_file.parquet").save()
        versions = artifact_v2.versions
        """
    run(source, ln=ag)
    FRAME.head(2).to_parquet(tmp_path / "my_file.parquet")
    names = run(source, ln=ag)
    assert [version.version for version in names["versions"]] == [1, 2]


def test_without_a_key_versions_are_based_on_revises(run, tmp_path):
    names = run(
        """
        artifact = await ln.Artifact("./my_folder", description="My folder").save()
        path.write_text("changed")
        artifact_v2 = await ln.Artifact("./my_folder", revises=artifact).save()
        """,
        ln=ag,
        path=tmp_path / "my_folder" / "a.txt",
    )
    assert (names["artifact_v2"].version, names["artifact_v2"].stem) == (2, names["artifact"].stem)


def test_parquet_kwargs(run):
    run(
        """
        df_sorted = df.sort_values(by=["a", "b"])
        sorting_columns = [
            pq.SortingColumn(0, descending=False, nulls_first=False),
            pq.SortingColumn(1, descending=False, nulls_first=False),
        ]
        artifact = await ln.Artifact.from_dataframe(
            df_sorted, key="df_sorted.parquet", parquet_kwargs={"sorting_columns": sorting_columns}
        ).save()
        pyarrow_dataset = await artifact.open()
        fragment = next(pyarrow_dataset.get_fragments())
        assert list(fragment.metadata.row_group(0).sorting_columns) == sorting_columns
        """,
        ln=ag,
        df=FRAME,
        pq=pq,
    )


def test_a_lazy_artifact(run):
    names = run(
        """
        lazy = ln.Artifact.from_lazy(suffix=".npy", overwrite_versions=True, key="mydata.npy")
        np.save(lazy.path, np.ones(3))
        artifact = await lazy.save()
        loaded = await artifact.load()
        """,
        ln=ag,
        np=np,
    )
    assert names["loaded"].tolist() == [1, 1, 1]


def test_a_lazy_artifact_of_zarr(run):
    zarr = pytest.importorskip("zarr", exc_type=ImportError)
    names = run(
        """
        lazy = ln.Artifact.from_lazy(suffix=".zarr", overwrite_versions=True, key="mydata.zarr")
        zarr.open(lazy.path, mode="w")["test"] = np.array([1, 2])
        artifact = await lazy.save()
        loaded = await artifact.load()
        """,
        ln=ag,
        np=np,
        zarr=zarr,
    )
    assert names["loaded"]["test"][:].tolist() == [1, 2]


@pytest.mark.filterwarnings("default")  # of the libraries among themselves
def test_anndata_with_settings_of_each_format(run):
    anndata = pytest.importorskip("anndata", exc_type=ImportError)
    adata = anndata.AnnData(np.arange(6.0).reshape(3, 2))
    names = run(
        """
        compressed = await ln.Artifact.from_anndata(
            adata,
            key="examples/dataset1.h5ad",
            h5ad_kwargs={"compression": "gzip"},
        ).save()
        chunked = await ln.Artifact.from_anndata(
            adata,
            key="examples/dataset1.zarr",
            format="zarr",
            zarr_kwargs={"chunks": [2, 2]},
        ).save()
        loaded = [await compressed.load(), await chunked.load()]
        """,
        ln=ag,
        adata=adata,
    )
    assert [(each.X == adata.X).all() for each in names["loaded"]] == [True, True]
    assert {names["compressed"].otype, names["chunked"].otype} == {"AnnData"}
    assert names["compressed"].n_observations == 3


def test_replace_the_content_of_a_text_file(run):
    names = run(
        """
        await ln.Artifact("./my_file.txt", key="my_file.txt").save()
        artifact = await ln.Artifact.get(key="my_file.txt")
        artifact.replace("./my_new_file.txt")
        await artifact.save()
        text = await artifact.load()
        """,
        ln=ag,
    )
    assert (names["text"], names["artifact"].version) == ("new", 1)


def test_open_a_dataset_as_a_polars_lazy_frame(run):
    names = run(
        """
        artifact = await ln.Artifact("./my_file.parquet", key="sequences/mydataset.parquet").save()
        async with artifact.open(engine="polars") as df:
            height = df.collect().height
        """,
        ln=ag,
    )
    assert names["height"] == 4


def test_delete_a_single_file_artifact(run):
    names = run(
        """
        await ln.Artifact("./some.csv", key="some.csv").save()
        artifact = await ln.Artifact.get(key="some.csv")
        await artifact.delete()
        trashed = artifact.trashed_at
        await artifact.restore()
        """,
        ln=ag,
    )
    assert names["trashed"] is not None
    assert names["artifact"].trashed_at is None


def test_its_lineage(run, tmp_path):
    names = run(
        """
        async with ln.span_context("make"):
            artifact = await ln.Artifact("./some.csv", key="some.csv").save()
        lineage = await artifact.view_lineage(with_children=True, return_graph=False)
        """,
        ln=ag,
    )
    assert {node.label for node in names["lineage"].nodes} == {"make", "some.csv"}
    assert not list(tmp_path.rglob("*.pdf"))
