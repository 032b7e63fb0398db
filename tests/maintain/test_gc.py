"""``gc`` removes what no row needs and nothing else, also while others save."""

from __future__ import annotations

import os
import subprocess
import sys
import time
from contextlib import suppress
from pathlib import Path

import pytest

import artigraph as ag
from artigraph.errors import WouldDeadlockError
from artigraph.storage.file import FileSystemStorage
from tests.maintain.conftest import BIG
from tests.stores import blobs


def orphan(path: Path, data: bytes = b"nobody needs me" * 30_000, *, age: float = 0) -> Path:
    """A blob that no row needs: its row is gone, as after a crash between the two."""
    before = set(blobs(path))
    node = ag.save.s(data, "lost")
    (made,) = set(blobs(path)) - before
    kept = made.read_bytes()
    ag.delete_one.s(node)
    assert not made.exists()
    made.write_bytes(kept)
    os.utime(made, (time.time() - age,) * 2)
    return made


def test_by_default_it_only_says_what_it_would_remove(filled: Path) -> None:
    lost = orphan(filled, age=2 * 24 * 3600)
    report = ag.gc.s()
    assert (report.dry_run, report.orphans) == (True, 1)
    assert lost.exists()
    assert "would remove 1 blob (600 KB)" in str(report)
    report = ag.gc.s(dry_run=False)
    assert (report.dry_run, report.orphans) == (False, 1)
    assert not lost.exists()
    assert ag.gc.s(dry_run=False, grace=0).orphans == 0
    assert ag.load.s("big") == BIG
    assert ag.verify.s(data=True).ok


def test_what_is_younger_than_a_day_is_spared(filled: Path) -> None:
    lost = orphan(filled, age=23 * 3600)
    (sweep,) = ag.gc.s(dry_run=False).storages
    assert (sweep.blobs, sweep.orphans, sweep.young) == (2, 0, 1)
    assert lost.exists()
    assert ag.gc.s(dry_run=False, grace=22 * 3600).orphans == 1
    assert not lost.exists()
    with pytest.raises(ValueError, match="0 or more"):
        ag.gc.s(grace=-1)


def test_unfinished_files_of_saves_that_never_ended_go(filled: Path) -> None:
    spool = FileSystemStorage(filled.with_suffix(".blobs")).spool()
    assert ag.gc.s(dry_run=False).unfinished == 0
    os.utime(spool, (1, 1))
    assert ag.gc.s().unfinished == 1
    assert spool.exists()
    assert ag.gc.s(dry_run=False).unfinished == 1
    assert not spool.exists()


def test_a_blob_whose_need_is_not_written_down_is_spared(filled: Path, damage) -> None:
    damage("DELETE FROM artigraph_blob_use")
    assert ag.gc.s(dry_run=False, grace=0).orphans == 0
    assert ag.load.s("big") == BIG


def test_one_folder_under_two_names_is_one_storage(filled: Path) -> None:
    other = FileSystemStorage(filled.with_suffix(".blobs"))
    other.register()
    node = ag.save.s(BIG, "again", storage=other)
    assert len(blobs(filled)) == 1
    (sweep,) = ag.gc.s(dry_run=False, grace=0).storages
    assert sweep.orphans == 0
    ag.delete_one.s(node)
    assert ag.load.s("big") == BIG
    ag.delete_one.s(ag.find("big")[0].id)
    assert blobs(filled) == []


def test_a_blob_needed_under_an_unknown_name_is_spared(filled: Path, damage) -> None:
    damage(
        "UPDATE artigraph_blob_use SET storage = 'unknown'", "UPDATE artigraph_node SET remote_artifact_storage = NULL"
    )
    assert ag.gc.s(dry_run=False, grace=0).orphans == 0
    assert len(blobs(filled)) == 1
    damage("UPDATE artigraph_blob_use SET storage = 'blobs'")
    damage("UPDATE artigraph_node SET remote_artifact_storage = 'blobs' WHERE remote_artifact_location IS NOT NULL")


def test_every_storage_that_rows_name_is_collected(store, tmp_path: Path) -> None:
    one, other = FileSystemStorage(tmp_path / "one", name="one"), FileSystemStorage(tmp_path / "other", name="other")
    for storage in (one, other):
        storage.register(replace=True)
        ag.save.s(1, f"kept in {storage.name}", storage=storage)
        ag.save.s(2, f"lost in {storage.name}", storage=storage)
    left = {each.name: sorted((tmp_path / each.name).glob("*/*")) for each in (one, other)}
    for storage in (one, other):
        node = ag.find(f"lost in {storage.name}")[0].id
        ag.delete_one.s(node)
        ag.save.s(3, "x")
    for storage in (one, other):
        for gone in {*left[storage.name]} - {*(tmp_path / storage.name).glob("*/*")}:
            gone.write_bytes(b"2")
    report = ag.gc.s(dry_run=False, grace=0)
    assert {each.storage: each.orphans for each in report.storages if each.storage in left} == {"one": 1, "other": 1}
    assert [ag.load.s(f"kept in {name}") for name in left] == [1, 1]


def test_inside_a_transaction_it_is_refused_at_once(filled: Path) -> None:
    with ag.current_session(), pytest.raises(WouldDeadlockError):
        ag.gc.s()


VALUES = [b"shared by all" * 25_000 + bytes([number]) for number in range(3)]

SAVER = """
import sys
from pathlib import Path
import artigraph as ag
ag.set_engine(sys.argv[1])
print("ready", flush=True)
number, kept = 0, []
while number < 6 or not Path(sys.argv[2]).exists():
    value = b"shared by all" * 25_000 + bytes([number % 3])
    kept.append((ag.save.s(value, "v"), value))
    if len(kept) > 1:
        node, value = kept.pop(0)
        assert ag.load.s(node) == value
        ag.delete_one.s(node)
    number += 1
assert all(ag.load.s(node) == value for node, value in kept)
"""


def test_a_blob_survives_when_it_is_collected_and_saved_again_at_the_same_time(
    file_store: Path, tmp_path: Path
) -> None:
    """Every blob always looks old, so each save meets one that is about to be removed."""
    for value in VALUES:
        ag.save.s(value, "first")
    known = {path: path.read_bytes() for path in blobs(file_store)}
    ag.delete.s(ag.NodeFilter(label="first"))
    stop = tmp_path / "stop"
    command = [sys.executable, "-W", "error", "-c", SAVER, f"sqlite:///{file_store}", str(stop)]
    savers = [subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True) for _ in range(2)]
    for saver in savers:
        assert saver.stdout is not None
        saver.stdout.readline()
    rounds = removed = 0
    while any(saver.poll() is None for saver in savers):
        for path, data in known.items():
            with suppress(FileExistsError, FileNotFoundError):
                if rounds % 2 and not path.exists():
                    path.parent.mkdir(mode=0o700, exist_ok=True)
                    with path.open("xb") as file:
                        file.write(data)
                os.utime(path, (1, 1))
        removed += ag.gc.s(dry_run=False, grace=60).orphans
        rounds += 1
        if removed >= 5 and rounds >= 30:
            stop.touch()
    assert [saver.communicate()[1] for saver in savers] == ["", ""]
    assert [saver.returncode for saver in savers] == [0, 0]
    report = ag.verify.s(data=True)
    assert report.ok, report
