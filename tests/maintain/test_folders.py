"""Kept files and folders are looked after as values are: each file of a folder is a blob of its own."""

from __future__ import annotations

from pathlib import Path

import pytest

import artigraph as ag
from tests.maintain.conftest import rewrite
from tests.stores import blobs


@pytest.fixture
def folders(file_store: Path, tmp_path: Path) -> Path:
    """Two versions of a folder that share a file, and a kept file."""
    folder = tmp_path / "folder"
    folder.mkdir()
    (folder / "same.txt").write_text("the same in both")
    for text in ("one", "two"):
        (folder / "changed.txt").write_text(text)
        ag.Artifact(folder, key="data/folder").save.s()
    ag.Artifact(folder / "same.txt", key="same.txt").save.s()
    return file_store


def holding(path: Path, text: str) -> Path:
    return next(blob for blob in blobs(path) if blob.read_bytes() == text.encode())


def kinds(**options: bool) -> list[str]:
    return [problem.kind for problem in ag.verify.s(**options).problems]


def test_they_are_whole_and_nothing_of_them_is_collected(folders: Path) -> None:
    report = ag.verify.s(data=True)
    assert report.ok, report
    assert report.blobs == 3
    assert ag.gc.s(dry_run=False, grace=0).orphans == 0
    assert ag.stats.s().shared_bytes == 2 * len("the same in both")


@pytest.mark.parametrize(("bad", "seen_by_size"), [("on", True), ("eno", False)], ids=["another size", "the same size"])
def test_a_damaged_file_of_a_folder_is_found(folders: Path, bad: str, seen_by_size: bool) -> None:
    rewrite(holding(folders, "one"), bad.encode())
    assert kinds() == (["damaged"] if seen_by_size else [])
    assert kinds(data=True) == ["damaged"]
    assert len(ag.repair.s(data=True).moved) == 1
    assert kinds() == ["missing"]


def test_a_need_of_a_folder_that_is_not_written_down_is_found_and_mended(folders: Path, damage) -> None:
    damage("DELETE FROM artigraph_blob_use")
    assert kinds() == ["unlisted"] * 5
    assert ag.gc.s(dry_run=False, grace=0).orphans == 0
    assert ag.repair.s().listed == 5
    assert kinds(data=True) == []


def test_a_changed_manifest_is_found(folders: Path, damage) -> None:
    damage("UPDATE artigraph_node SET database_artifact_data = X'00' WHERE artifact_version = 1 AND artifact_size = 19")
    assert kinds() == ["content"]


def test_pruned_versions_are_gone_for_good_and_numbers_go_on(folders: Path, tmp_path: Path) -> None:
    report = ag.prune.s(1, dry_run=False)
    assert [old.series for old in report.removed] == ["data/folder"]
    assert len(blobs(folders)) == 2
    (tmp_path / "folder" / "changed.txt").write_text("three")
    assert ag.Artifact(tmp_path / "folder", key="data/folder").save.s().version == 3
    assert kinds(data=True) == []


def test_views_of_kept_files_go_with_the_store(folders: Path, tmp_path: Path) -> None:
    path = ag.Artifact.get.s(key="data/folder").cache.s()
    assert (path / "changed.txt").read_text() == "two"
    assert ag.gc.s(dry_run=False, grace=0).orphans == 0
    ag.rm_store.s(folders, yes=True)
    assert {each.name for each in tmp_path.iterdir()} == {"folder"}
