"""``rm_store`` removes a store and nothing else."""

from __future__ import annotations

import sqlite3
from pathlib import Path

import pytest

import artigraph as ag
from artigraph.bridge import block
from artigraph.errors import CannotOpenError, StoreBusyError, WrongStoreError
from artigraph.graph.engine import current_database
from artigraph.storage.file import FileSystemStorage
from tests.maintain.conftest import BIG


@pytest.fixture
def kept(tmp_path: Path):
    """A store that nobody has open, and things that lie beside it."""
    path = tmp_path / "kept.db"
    reset = ag.set_engine(f"sqlite:///{path}", create_tables=True)
    ag.save.s(BIG, "big")
    block(current_database().close)
    reset()
    FileSystemStorage(tmp_path / "kept.blobs").spool()
    (tmp_path / "kept.db.schema-0000.20260101T000000000000").write_bytes(b"a copy")
    (tmp_path / "mine.txt").write_text("mine")
    return path


def names(folder: Path) -> set[str]:
    return {each.name for each in folder.iterdir()}


def test_without_yes_it_only_says_what_would_go(kept: Path) -> None:
    report = ag.rm_store.s(kept)
    assert (report.removed, report.files) == (False, 3)
    assert kept.exists()
    assert "would remove" in str(report)


def test_file_and_blobs_go_and_all_else_stays(kept: Path, tmp_path: Path) -> None:
    report = ag.rm_store.s(kept, yes=True)
    assert (report.removed, report.files) == (True, 3)
    assert names(tmp_path) == {"kept.db.schema-0000.20260101T000000000000", "mine.txt"}
    assert report.left == (str(tmp_path / "kept.db.schema-0000.20260101T000000000000"),)


def test_files_of_others_in_the_folder_stay_and_are_told(kept: Path, tmp_path: Path) -> None:
    (tmp_path / "kept.blobs" / "notes.txt").write_text("mine")
    (tmp_path / "kept.blobs" / "ab").mkdir(exist_ok=True)
    (tmp_path / "kept.blobs" / "ab" / "thesis.tex").write_text("mine")
    report = ag.rm_store.s(kept, yes=True)
    assert not kept.exists()
    assert (tmp_path / "kept.blobs" / "ab" / "thesis.tex").read_text() == "mine"
    assert any(each.endswith("notes.txt") for each in report.left)


def test_links_are_not_followed(kept: Path, tmp_path: Path) -> None:
    outside = tmp_path / "outside" / "ab"
    outside.mkdir(parents=True)
    (outside / ("c" * 62)).write_bytes(b"not ours")
    place = tmp_path / "kept.blobs" / "ff"
    if place.exists():
        place.rename(tmp_path / "kept.blobs" / "fe")
    place.symlink_to(outside)
    ag.rm_store.s(kept, yes=True)
    assert (outside / ("c" * 62)).exists()
    other = tmp_path / "link.db"
    other.symlink_to(tmp_path / "mine.txt")
    with pytest.raises(WrongStoreError):
        ag.rm_store.s(other, yes=True)


@pytest.mark.parametrize("content", [b"", b"text " * 2000, None], ids=["empty", "text", "missing"])
def test_what_is_no_store_is_refused(tmp_path: Path, content: bytes | None) -> None:
    path = tmp_path / "x.db"
    if content is not None:
        path.write_bytes(content)
    with pytest.raises(WrongStoreError, match="no store"):
        ag.rm_store.s(path, yes=True)
    assert path.exists() == (content is not None)


def test_a_database_of_somebody_else_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "other.db"
    connection = sqlite3.connect(path)
    connection.execute("CREATE TABLE mine (x)")
    connection.commit()
    connection.close()
    with pytest.raises(WrongStoreError, match="artigraph_schema"):
        ag.rm_store.s(path, yes=True)
    assert path.exists()


@pytest.mark.parametrize("mode", ["NORMAL", "EXCLUSIVE"])
def test_a_store_that_somebody_writes_to_is_refused(kept: Path, mode: str) -> None:
    connection = sqlite3.connect(kept, isolation_level=None)
    connection.execute(f"PRAGMA locking_mode={mode}")
    connection.execute("BEGIN IMMEDIATE")
    with pytest.raises(StoreBusyError):
        ag.rm_store.s(kept, yes=True)
    connection.close()
    assert kept.exists()


def test_the_current_store_is_closed_first(tmp_path: Path) -> None:
    path = tmp_path / "current.db"
    reset = ag.set_engine(f"sqlite:///{path}", create_tables=True)
    ag.save.s(1, "one")
    ag.rm_store.s(path, yes=True)
    assert names(tmp_path) == set()
    reset()
    reset = ag.set_engine(f"sqlite:///{path}")
    with pytest.raises(CannotOpenError):
        ag.load.s("one")
    reset()
