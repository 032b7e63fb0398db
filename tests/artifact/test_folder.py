from __future__ import annotations

import os

import pytest

import artigraph as ag
from artigraph.errors import InvalidArtifactError
from tests.stores import blobs, count, rows


@pytest.fixture
def folder(tmp_path):
    """A folder of three files, one folder deep, and an empty one."""
    root = tmp_path / "folder"
    (root / "sub" / "empty").mkdir(parents=True)
    for name, text in {"a.txt": "A", "b.txt": "B", "sub/c.txt": "C"}.items():
        (root / name).write_text(text)
    return root


def listed(root):
    return {path.relative_to(root).as_posix(): path.read_text() for path in root.rglob("*") if path.is_file()}


def test_a_folder_is_one_artifact(store, folder):
    artifact = ag.Artifact(folder, key="project/folder").save()
    assert (artifact.n_files, artifact.size, artifact.suffix) == (3, 3, "")
    path = ag.Artifact.get(key="project/folder").load()
    assert path.name == "folder"
    assert listed(path) == listed(folder)
    assert (path / "sub" / "empty").is_dir()
    assert ag.Artifact(str(folder), key="project/folder").save() == artifact


def test_a_renamed_file_makes_another_folder(file_store, folder):
    first = ag.Artifact(folder, key="f").save()
    (folder / "a.txt").rename(folder / "z.txt")
    second = ag.Artifact(folder, key="f").save()
    assert (second.version, second.hash == first.hash) == (2, False)
    assert sorted(listed(first.load())) == ["a.txt", "b.txt", "sub/c.txt"]
    assert sorted(listed(second.load())) == ["b.txt", "sub/c.txt", "z.txt"]
    assert len(blobs(file_store)) == 3


def test_a_new_version_of_a_folder_shares_the_files_that_did_not_change(file_store, folder):
    first = ag.Artifact(folder, key="f").save()
    (folder / "a.txt").write_text("changed")
    second = ag.Artifact(folder, key="f").save()
    assert len(blobs(file_store)) == 4
    assert listed(first.path)["a.txt"] == "A"
    second.delete(permanent=True)
    assert len(blobs(file_store)) == 3
    first.delete(permanent=True)
    assert count(file_store, "artigraph_blob_use") == 0


def test_version_2_of_10_000_files_with_one_changed_writes_one_blob(file_store, tmp_path):
    for shard in range(10):
        (tmp_path / "big" / str(shard)).mkdir(parents=True)
        for number in range(1_000):
            (tmp_path / "big" / str(shard) / f"{number}.txt").write_text(f"{shard} {number}")
    first = ag.Artifact(tmp_path / "big", key="big").save()
    before = len(blobs(file_store))
    (tmp_path / "big" / "5" / "500.txt").write_text("changed")
    second = ag.Artifact(tmp_path / "big", key="big").save()
    assert (first.n_files, second.n_files, second.version) == (10_000, 10_000, 2)
    assert len(blobs(file_store)) == before + 1 == 10_001


def test_an_empty_folder_is_an_artifact(store, tmp_path):
    (tmp_path / "nothing").mkdir()
    artifact = ag.Artifact(tmp_path / "nothing", key="nothing").save()
    assert (artifact.n_files, artifact.size) == (0, 0)
    assert list(artifact.load().iterdir()) == []
    assert not ag.Artifact.from_dir(tmp_path / "nothing").save()


def test_links_that_lead_out_and_what_is_no_file_are_refused(file_store, folder, tmp_path):
    def refused(match):
        with pytest.raises(InvalidArtifactError, match=match):
            ag.Artifact(folder, key="f").save()
        with pytest.raises(InvalidArtifactError, match=match):
            ag.Artifact.from_dir(folder)

    (tmp_path / "outside.txt").write_text("secret")
    (folder / "link").symlink_to(tmp_path / "outside.txt")
    refused("leads out")
    (folder / "link").unlink()
    (folder / "link").symlink_to(tmp_path / "missing")
    refused("link to nothing")
    (folder / "link").unlink()
    (folder / "link").symlink_to(folder)
    refused("that it is in")
    (folder / "link").unlink()
    os.mkfifo(folder / "pipe")
    refused("a pipe")
    (folder / "pipe").unlink()
    assert (count(file_store), blobs(file_store)) == (0, [])
    (folder / "inside").symlink_to(folder / "a.txt")
    assert listed(ag.Artifact(folder, key="f").save().load())["inside"] == "A"


def test_from_dir_makes_an_artifact_per_file_in_one_transaction(store, folder):
    artifacts = ag.Artifact.from_dir(folder, key="runs/1").save()
    assert [each.key for each in artifacts] == ["runs/1/a.txt", "runs/1/b.txt", "runs/1/sub/c.txt"]
    assert ag.load("runs/1/sub/c.txt") == "C"
    assert [each.version for each in ag.Artifact.from_dir(folder, key="runs/1").save()] == [1, 1, 1]
    (folder / "b.txt").write_text("changed")
    assert [each.version for each in ag.Artifact.from_dir(folder, key="runs/1/").save()] == [1, 2, 1]


def test_the_default_key_of_from_dir_is_the_path_or_the_name(file_store, folder, monkeypatch):
    assert ag.Artifact.from_dir(folder)[0].key == "folder/a.txt"
    monkeypatch.chdir(folder.parent)
    assert ag.Artifact.from_dir("folder/sub")[0].key == "folder/sub/c.txt"
    monkeypatch.chdir(folder)
    assert ag.Artifact.from_dir("../folder/sub")[0].key == "sub/c.txt"
    with pytest.raises(InvalidArtifactError, match="is no folder"):
        ag.Artifact.from_dir("a.txt")


def test_from_dir_keeps_nothing_when_one_file_cannot_be_kept(file_store, folder):
    artifacts = ag.Artifact.from_dir(folder)
    (folder / "b.txt").unlink()
    with pytest.raises(OSError, match=r"b\.txt"):
        artifacts.save()
    assert (count(file_store), blobs(file_store)) == (0, [])


def test_the_list_of_files_in_a_row_is_checked(file_store, folder):
    artifact = ag.Artifact(folder, key="f").save()
    assert rows(file_store, "SELECT count(*) FROM artigraph_node WHERE database_artifact_data IS NOT NULL") == [(1,)]
    (blob,) = [each for each in blobs(file_store) if each.read_text() == "A"]
    blob.chmod(0o600)
    blob.write_text("?")
    with pytest.raises(ag.errors.BlobCorruptError):
        artifact.load()
