"""Rows 5, 6 and 30: a disk that is full or may not be written, and who may look at what is on it."""

from __future__ import annotations

import os
import shutil
import stat
import subprocess
import sys
from pathlib import Path

import pytest

import artigraph as ag
from artigraph.bridge import block
from artigraph.graph.engine import current_database
from tests.faults.conftest import amount
from tests.faults.oracle import look

FILLING = """
import os, resource, shutil, sys
from pathlib import Path
import artigraph as ag
from artigraph.errors import StorageFullError

path, how, size = Path(sys.argv[1]), sys.argv[2], int(sys.argv[3])
reset = ag.set_engine(f"sqlite:///{path}", create_tables=True)
ag.FileSystemStorage(path.with_suffix(".blobs"), name="blobs").register()
saved = {"first": ag.save([1], "first")}
ballast = path.parent / "ballast"

def fill():
    if how == "tmpfs":
        ballast.write_bytes(bytes(max(0, shutil.disk_usage(path.parent).free - size)))
    else:
        resource.setrlimit(resource.RLIMIT_FSIZE, (size, resource.RLIM_INFINITY))

def free():
    if how == "tmpfs":
        ballast.unlink()
    else:
        resource.setrlimit(resource.RLIMIT_FSIZE, (resource.RLIM_INFINITY, resource.RLIM_INFINITY))

fill()
full = 0
for number in range(2000):
    value, label = os.urandom(size // 8 + 1).hex(), f"n{number}"
    try:
        saved[label] = ag.save(value, label, storage="blobs" if how != "rows" and number % 2 else None)
    except StorageFullError as error:
        full += 1
        assert "space" in str(error), error
        if full == 3:
            break
there = {found.label for found in ag.find()}
assert there == set(saved), there ^ set(saved)
assert ag.load(saved["first"]) == [1]
free()
saved["after"] = ag.save([2], "after")
assert all(ag.load(each) for each in saved.values())
print("full", full, "saved", len(saved) - 2)
"""


def run_filling(path: Path, how: str, size: int) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-W", "error", "-c", FILLING, str(path), how, str(size)]
    if how == "tmpfs":
        mount = f'mount -t tmpfs -o size=3m none "{path.parent}" && exec "$@" && true'
        keep = f'"$@" && cp -r "{path.parent}"/x.* "{path.parent.parent}"'
        command = ["unshare", "--mount", "sh", "-c", f"{mount.partition(' && ')[0]} && {keep}", "sh", *command]
    return subprocess.run(command, capture_output=True, text=True, timeout=100, check=False)


@pytest.mark.row(5)
@pytest.mark.parametrize("how", ["rows", "blobs", "tmpfs"])
def test_a_full_disk_is_told_loses_nothing_and_work_goes_on_when_there_is_space(how, tmp_path, record_property):
    if how == "tmpfs":
        probe = ["unshare", "--mount", "mount", "-t", "tmpfs", "none", str(tmp_path)]
        if shutil.which("unshare") is None or subprocess.run(probe, capture_output=True, check=False).returncode:
            pytest.skip("this machine lets us mount nothing")
    sizes = [90_000, 40_000, 200_000, 301_111, 400_000][: amount(1, 5)]
    for size in sizes:
        folder = tmp_path / str(size) / "disk"
        folder.mkdir(parents=True)
        done = run_filling(folder / "x.db", how, size)
        assert (done.stdout[:6], done.stderr) == ("full 3", "")
        place = folder.parent if how == "tmpfs" else folder
        state = look(place / "x.db")
        assert state.is_whole, state
        assert state.orphans == []
    record_property("cases", 3 * len(sizes))


@pytest.mark.row(30)
def test_nobody_else_may_look_into_a_store(folder):
    path = folder / "x.db"
    before = os.umask(0)
    try:
        reset = ag.set_engine(f"sqlite:///{path}", create_tables=True)
        ag.save("x" * 300_000, "big")
        ag.save(1)
        found = {each.relative_to(folder): stat.S_IMODE(each.stat().st_mode) for each in folder.rglob("*")}
    finally:
        os.umask(before)
    database = current_database()
    reset()
    block(database.close)
    assert len(found) >= 6
    for name, mode in found.items():
        blob = len(name.name) == 62
        assert mode == (0o700 if (folder / name).is_dir() else 0o400 if blob else 0o600), name
