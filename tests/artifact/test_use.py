"""Values under keys, views, damage, replacing, lazy artifacts."""

from __future__ import annotations

import os
import stat
from dataclasses import dataclass

import numpy as np
import pytest

import artigraph as ag
from artigraph.errors import (
    BlobCorruptError,
    BlobMissingError,
    CannotOpenError,
    ImmutableError,
    InvalidArtifactError,
    NodeNotFoundError,
    UnknownStorageError,
    UnserializableError,
)
from artigraph.storage.file import FileSystemStorage
from tests.artifact.keyed import kept
from tests.stores import blobs, count

VALUES = {
    "no suffix": ("plain", [1, (2, 3), {4}]),
    "json": ("a.json", {"a": (1, 2)}),
    "text": ("a.txt", "text"),
    "array": ("a.npy", np.arange(3)),
    "arrays": ("a.npz", {"x": np.arange(3)}),
    "yaml": ("a.yaml", {"a": [1, None]}),
    "bytes": ("a.bin", b"\0\1"),
    "a dict of arrays": ("arrays", {"x": np.arange(3), "y": [np.ones(2)]}),
}


@dataclass
class KeptModel(ag.ArtifactModel):
    number: int
    array: np.ndarray


@pytest.mark.parametrize(("key", "value"), VALUES.values(), ids=VALUES.keys())
def test_a_value_under_a_key_comes_back_and_has_versions(store, key, value):
    first = ag.save(value, key=key)
    assert str(ag.load(key)) == str(value)
    assert type(ag.load(first)) is type(value)
    assert ag.save(value, key=key) == first
    assert ag.Artifact.get(key=key).version == 1


def test_the_file_of_a_value_is_what_its_suffix_says(file_store):
    ag.save({"a": [1, 2]}, key="a.json")
    assert ag.Artifact.get(key="a.json").path.read_text() == '{"a":[1,2]}'
    with pytest.raises(UnserializableError):
        ag.save([1, 2], key="a.npy")
    with pytest.raises(NodeNotFoundError):
        ag.load("a.npy")
    assert ag.load(ag.save([1], "label", key="b.json", tags={"t": "u"})) == [1]
    assert ag.Artifact.get(key="b.json").tags == {"t": "u"}


def test_a_model_under_a_key_has_versions_and_stays_a_model(store):
    model = KeptModel(1, np.arange(3))
    first = ag.save(model, key="models/m")
    assert ag.save(KeptModel(1, np.arange(3)), key="models/m") == first
    assert ag.save(model, key="models/m") == first == model.graph_id
    model.number = 2
    second = ag.save(model, key="models/m")
    assert second == model.graph_id != first
    latest = ag.Artifact.get(key="models/m")
    assert (latest.version, latest.type_name, latest.id) == (2, "KeptModel", second)
    assert [each.load().number for each in latest.versions] == [1, 2]
    assert ag.load("models/m").number == 2
    latest.delete()
    assert KeptModel.load("models/m").number == 1
    assert ag.save(KeptModel(2, np.arange(3)), key="models/m") == second


def test_a_view_is_read_only_and_has_the_name_of_the_key(file_store, tmp_path):
    (tmp_path / "a.txt").write_text("text")
    artifact = ag.Artifact(tmp_path / "a.txt", key="deep/name.txt").save()
    path = artifact.cache()
    assert (path.name, path.read_text()) == ("name.txt", "text")
    assert stat.S_IMODE(path.stat().st_mode) == 0o400
    assert stat.S_IMODE(path.parent.stat().st_mode) == 0o700
    assert artifact.path == path
    before = path.stat().st_ino
    assert artifact.cache().stat().st_ino == before


def test_a_view_that_somebody_changed_is_made_again(file_store, tmp_path):
    (tmp_path / "a.txt").write_text("text")
    artifact = ag.Artifact(tmp_path / "a.txt", key="a.txt").save()
    path = artifact.cache()
    path.chmod(0o600)
    path.write_text("TEXT")
    assert artifact.cache().read_text() == "text"
    assert artifact.load() == "text"
    path.unlink()
    path.mkdir()
    assert artifact.cache().read_text() == "text"


def test_views_go_with_what_is_deleted_for_good(file_store, tmp_path):
    (tmp_path / "a.txt").write_text("text")
    artifact = ag.Artifact(tmp_path / "a.txt", key="a.txt").save()
    path = artifact.cache()
    artifact.delete()
    assert path.exists()
    artifact.delete()
    assert not path.exists()
    with pytest.raises(NodeNotFoundError):
        artifact.delete()


def test_damaged_and_missing_bytes_are_typed_errors_and_saving_again_mends_them(file_store, tmp_path):
    (tmp_path / "a.txt").write_text("text")
    artifact = ag.Artifact(tmp_path / "a.txt", key="a.txt").save()
    (blob,) = blobs(file_store)
    blob.chmod(0o600)
    blob.write_text("TEXT")
    for call in (artifact.load, artifact.cache, artifact.open):
        with pytest.raises(BlobCorruptError, match=r"a\.txt"):
            call()
    blob.unlink()
    with pytest.raises(BlobMissingError, match=r"a\.txt"):
        artifact.load()
    assert ag.Artifact(tmp_path / "a.txt", key="a.txt").save() == artifact
    assert artifact.load() == "text"


def test_content_is_replaced_without_a_version(store, tmp_path):
    (tmp_path / "a.txt").write_text("old")
    artifact = ag.Artifact(tmp_path / "a.txt", key="a.txt", description="kept").save()
    uid = artifact.uid
    (tmp_path / "b.txt").write_text("new")
    artifact.replace(tmp_path / "b.txt")
    artifact.save()
    assert (artifact.load(), artifact.uid, artifact.version, artifact.description) == ("new", uid, 1, "kept")
    assert ag.load("a.txt") == "new"
    with pytest.raises(InvalidArtifactError, match="does not exist"):
        artifact.replace("missing.txt")
    (tmp_path / "c.csv").write_text("a")
    with pytest.raises(InvalidArtifactError, match=r"says \.txt"):
        artifact.replace(tmp_path / "c.csv")
    with pytest.raises(InvalidArtifactError, match="nothing to replace"):
        ag.Artifact(tmp_path / "a.txt").replace(tmp_path / "b.txt")


def test_the_bytes_that_were_replaced_are_removed(file_store, tmp_path):
    (tmp_path / "a.txt").write_text("old")
    artifact = ag.Artifact(tmp_path / "a.txt", key="a.txt").save()
    (tmp_path / "a.txt").write_text("new")
    artifact.replace(tmp_path / "a.txt")
    artifact.save()
    assert [each.read_text() for each in blobs(file_store)] == ["new"]


def test_what_somebody_relies_on_is_not_replaced(store, tmp_path):
    (tmp_path / "a.txt").write_text("1")
    first = ag.Artifact(tmp_path / "a.txt", key="a.txt").save()
    (tmp_path / "a.txt").write_text("2")
    second = ag.Artifact(tmp_path / "a.txt", key="a.txt").save()
    (tmp_path / "a.txt").write_text("3")
    first.replace(tmp_path / "a.txt")
    with pytest.raises(ImmutableError, match="older version"):
        first.save()
    with ag.span_context("user"):
        second.load()
    second.replace(tmp_path / "a.txt")
    with pytest.raises(ImmutableError, match="was used"):
        second.save()
    assert [each.load(track=False) for each in second.versions] == ["1", "2"]


def test_a_lazy_artifact_is_saved_at_the_end_of_its_block(file_store):
    with ag.Artifact.from_lazy(suffix=".txt", key="lazy.txt", description="d") as lazy:
        lazy.path.write_text("written")
    assert ag.load("lazy.txt") == "written"
    assert lazy.artifact.description == "d"
    assert not lazy.path.exists()


async def test_a_lazy_artifact_works_with_async_with_and_with_save(file_store):
    async with ag.Artifact.from_lazy(".json", True, "lazy.json") as lazy:
        lazy.path.write_text("[1]")
    assert await ag.load("lazy.json") == [1]
    folder = ag.Artifact.from_lazy(suffix=".parts", key="folder.parts")
    folder.path.mkdir()
    (folder.path / "a").write_text("a")
    saved = await folder.save()
    assert (saved.n_files, await folder.save()) == (1, saved)


def test_a_lazy_artifact_is_discarded_when_its_block_raises(file_store):
    lazy = ag.Artifact.from_lazy(suffix=".txt", key="lazy.txt")
    with pytest.raises(ZeroDivisionError), lazy:
        1 / len(lazy.path.write_text("half") * "")
    assert not lazy.path.exists()
    assert count(file_store) == 0
    with pytest.raises(InvalidArtifactError, match="does not exist"):
        ag.Artifact.from_lazy(suffix=".txt").save()
    with pytest.raises(InvalidArtifactError, match="no suffix"):
        ag.Artifact.from_lazy(suffix="txt")
    with pytest.raises(InvalidArtifactError, match="does not end"):
        ag.Artifact.from_lazy(suffix=".txt", key="a.csv")


def test_a_storage_can_be_named(file_store, tmp_path):
    (tmp_path / "a.txt").write_text("text")
    place = FileSystemStorage(tmp_path / "place", name=f"place-{os.getpid()}")
    artifact = ag.Artifact(tmp_path / "a.txt", key="a.txt", storage=place).save()
    assert artifact.load() == "text"
    assert blobs(file_store) == []
    assert ag.Artifact(tmp_path / "a.txt", key="b.txt", storage=place.name).save().load() == "text"
    with pytest.raises(UnknownStorageError):
        ag.Artifact(tmp_path / "a.txt", key="c.txt", storage="nowhere").save()


def test_a_storage_is_got_by_its_root(file_store, tmp_path):
    with pytest.raises(CannotOpenError, match=r"no folder .*save"):
        ag.Storage.get(root=str(tmp_path / "rooted"))
    assert not (tmp_path / "rooted").exists()
    place = ag.Storage(root=str(tmp_path / "rooted")).save()
    ag.save([1] * 10, key="a.json", storage=place)
    assert len([path for path in (tmp_path / "rooted").glob("??/*") if path.is_file()]) == 1
    assert ag.Storage.get(root=str(tmp_path / "rooted")) == ag.Storage(root=str(tmp_path / "rooted")) == place
    with pytest.raises(TypeError):
        ag.Storage()
    assert ag.load("a.json") == [1] * 10


def test_what_lies_in_a_storage_has_its_path_there_as_key(file_store, tmp_path):
    place = ag.Storage(root=str(tmp_path / "place"))
    (tmp_path / "place/sub/deep").mkdir(parents=True)
    for name in ("place/sub/a.txt", "place/sub/deep/b.csv", "elsewhere.txt"):
        (tmp_path / name).write_text("x\n1\n")
    one = ag.Artifact(tmp_path / "place/sub/a.txt", storage=place).save()
    assert (one.key, one.load()) == ("sub/a.txt", "x\n1\n")
    assert ag.Artifact(tmp_path / "place/sub/../sub/a.txt").save() == one
    assert ag.Artifact.from_dataframe(tmp_path / "place/sub/deep/b.csv").save().key == "sub/deep/b.csv"
    assert ag.Artifact(tmp_path / "place/sub").save().key == "sub"
    assert [each.key for each in ag.Artifact.from_dir(tmp_path / "place/sub/deep")] == ["sub/deep/b.csv"]
    assert ag.Artifact(tmp_path / "place/sub/a.txt", key="own.txt").key == "own.txt"
    assert ag.Artifact(tmp_path / "elsewhere.txt", storage=place).key is None
    assert ag.Artifact(one.cache()).key is None


def test_a_view_has_a_name_that_a_file_can_have(file_store, tmp_path):
    names = [".", "x/.", "a" * 300 + ".csv", "é" * 200 + ".tar.gz", "b" * 251 + ".csv", "dir/"]
    views = [kept(tmp_path, "plain.txt", "x\n1\n").cache()]
    (tmp_path / "f").write_text("x\n1\n")
    for key in names:
        one = ag.Artifact(tmp_path / "f", key=key).save()
        views.append(one.cache())
        assert views[-1].read_text() == "x\n1\n", key
        assert views[-1].name.endswith(one.suffix)
    assert len({each.parent for each in views}) == 1
    assert len(set(views)) == len(views)
    assert views[-2].name == names[-2]
    assert len(views[3].name.encode()) == len(views[-2].name.encode()) == 255
    assert ag.Artifact.get(key=names[2]).open().count_rows() == 1


async def test_a_storage_is_saved_in_async_code(file_store, tmp_path):
    place = await ag.Storage(root=str(tmp_path / "rooted")).save()
    assert ag.Storage.get(root=str(tmp_path / "rooted")) == place


def test_a_lazy_artifact_is_told_what_the_seed_tells_it(file_store):
    with ag.Artifact.from_lazy(".txt", True, "k.txt", "said", False) as lazy:
        lazy.path.write_text("1")
    assert (lazy.artifact.key, lazy.artifact.description, lazy.artifact.run) == ("k.txt", "said", None)
    with pytest.raises(InvalidArtifactError, match="has no color; there are key"):
        ag.Artifact.from_lazy(".txt", color="red")
    with pytest.warns(UserWarning, match="upload"), ag.Artifact.from_lazy(".txt", upload=True) as lazy:
        lazy.path.write_text("2")


def test_what_is_got_becomes_an_input_when_that_is_said(file_store, tmp_path):
    one = kept(tmp_path, "one", features={"n": 1})
    for asked, used in (({}, 0), ({"is_run_input": False}, 0), ({"is_run_input": True}, 1)):
        with ag.span_context("use"):
            assert ag.Artifact.get(key="one", n=1, **asked) == ag.Artifact.get(key="one", **asked) == one
            assert ag.Artifact.get(path=tmp_path / "one", **asked) == one
        assert len(one.input_of_runs) == used
