"""AnnData, zarr and HDF5: optional libraries."""

from __future__ import annotations

import numpy as np
import pytest

import artigraph as ag
from artigraph.errors import InvalidArtifactError, MissingLibraryError, SerializeError
from artigraph.registry import load


def test_a_missing_library_is_named(file_store, tmp_path):
    try:
        load("h5py", "this test")
    except MissingLibraryError:
        (tmp_path / "x.h5").write_bytes(b"")
        with pytest.raises(MissingLibraryError, match="pip install h5py"):
            ag.Artifact(tmp_path / "x.h5").save().load()
        with pytest.raises(MissingLibraryError, match="pip install anndata"):
            ag.Artifact.from_anndata(object(), key="x.h5ad")
    else:
        (tmp_path / "x.h5").write_bytes(b"no")
        with pytest.raises(SerializeError):
            ag.Artifact(tmp_path / "x.h5").save().load()


@pytest.mark.filterwarnings("default")
def test_anndata_is_kept_as_h5ad_and_as_zarr(file_store, tmp_path):
    anndata = pytest.importorskip("anndata", exc_type=ImportError)
    adata = anndata.AnnData(np.arange(6.0).reshape(3, 2))
    for key in ("a.h5ad", "a.anndata.zarr", "b.zarr"):
        artifact = ag.Artifact.from_anndata(adata, key=key).save()
        assert (artifact.otype, artifact.n_observations, artifact.suffix) == ("AnnData", 3, key[1:])
        assert (artifact.load().X == adata.X).all()
        assert (ag.load(key).X == adata.X).all()
    compressed = ag.Artifact.from_anndata(adata, key="c.h5ad", h5ad_kwargs={"compression": "gzip"}).save()
    assert (compressed.load().X == adata.X).all()
    chunked = ag.Artifact.from_anndata(adata, key="d.zarr", format="zarr", zarr_kwargs={"chunks": [2, 2]}).save()
    assert (chunked.load().X == adata.X).all()
    with ag.Artifact.get(key="a.h5ad").open() as backed:
        assert backed.shape == (3, 2)
    adata.write_h5ad(tmp_path / "file.h5ad")
    assert (ag.Artifact.from_anndata(tmp_path / "file.h5ad").save().load().X == adata.X).all()
    assert (ag.load(ag.save(adata, key="e.h5ad")).X == adata.X).all()
    with pytest.raises(InvalidArtifactError, match="says"):
        ag.Artifact.from_anndata(adata, key="x.h5ad", format="zarr")
    with pytest.raises(InvalidArtifactError, match="format is 'csv'"):
        ag.Artifact.from_anndata(adata, format="csv")


@pytest.mark.filterwarnings("default")
def test_zarr_is_written_lazily_and_opened(file_store):
    zarr = pytest.importorskip("zarr", exc_type=ImportError)
    lazy = ag.Artifact.from_lazy(suffix=".zarr", overwrite_versions=True, key="mydata.zarr")
    zarr.open(str(lazy.path), mode="w")["test"] = np.array([1, 2])
    artifact = lazy.save()
    assert artifact.n_files > 0
    assert artifact.load()["test"][:].tolist() == [1, 2]
    assert artifact.open()["test"][:].tolist() == [1, 2]


@pytest.mark.filterwarnings("default")
def test_hdf5_is_opened(file_store, tmp_path):
    h5py = pytest.importorskip("h5py", exc_type=ImportError)
    with h5py.File(tmp_path / "x.h5", "w") as file:
        file["x"] = [1, 2]
    artifact = ag.Artifact(tmp_path / "x.h5", key="x.h5").save()
    with artifact.open() as opened, artifact.load() as loaded:
        assert opened["x"][:].tolist() == loaded["x"][:].tolist() == [1, 2]
