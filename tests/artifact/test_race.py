"""Several processes that save under the same keys at once."""

from __future__ import annotations

import subprocess
import sys

import pytest

import artigraph as ag
from artigraph.storage.file import FileSystemStorage
from tests.servers.use import POSTGRES, execute, fresh_database
from tests.stores import opened, rows

SAVER = """
import sys
from pathlib import Path
import artigraph as ag
from artigraph.storage.file import FileSystemStorage

url, folder, who = sys.argv[1:]
ag.set_engine(url, create_tables=True, storage=FileSystemStorage(folder + "/blobs"))
file = Path(folder, f"{who}.txt")

print("ready", flush=True)
sys.stdin.readline()
for n in range(50):
    file.write_text(f"{who} {n}")
    saved = ag.Artifact(file, key=f"raced/{n % 40}.txt").save()
    assert saved.load() == f"{who} {n}", (saved.load(), who, n)
"""

SAME = """
import sys
from pathlib import Path
import artigraph as ag
from artigraph.storage.file import FileSystemStorage

url, folder, who = sys.argv[1:]
ag.set_engine(url, create_tables=True, storage=FileSystemStorage(folder + "/blobs"))
Path(folder, f"{who}.txt").write_text("all alike")
print("ready", flush=True)
sys.stdin.readline()
for n in range(10):
    ag.Artifact(Path(folder, f"{who}.txt"), key=f"alike/{n}.txt").save()
    ag.Artifact(Path(folder, f"{who}.txt")).save()
"""

VERSIONS = (
    "SELECT k.key, n.artifact_version, n.artifact_trashed_at FROM artigraph_node n"
    " JOIN artigraph_key k ON k.stem = n.artifact_stem ORDER BY k.key, n.artifact_version"
)


def race(script, url, folder):
    """Run the script in 4 processes that begin at one moment."""
    command = [sys.executable, "-W", "error", "-c", script, url, str(folder)]
    pipe = subprocess.PIPE
    racers = [
        subprocess.Popen([*command, f"racer{n}"], stdin=pipe, stdout=pipe, stderr=pipe, text=True) for n in range(4)
    ]
    for racer in racers:
        assert racer.stdout.readline() == "ready\n", racer.communicate(timeout=60)
    for racer in racers:
        racer.stdin.write("go\n")
        racer.stdin.flush()
    for racer in racers:
        _, said = racer.communicate(timeout=100)
        assert (racer.returncode, said) == (0, "")


@pytest.fixture(params=["sqlite", POSTGRES])
def raced_url(request, tmp_path):
    if request.param == POSTGRES:
        with fresh_database(POSTGRES) as url:
            yield from opened(url, url, storage=FileSystemStorage(tmp_path / "blobs"))
    else:
        for path in opened(f"sqlite:///{tmp_path / 'raced.db'}", tmp_path / "raced.db"):
            yield f"sqlite:///{path}"


def read(url, statement):
    return execute(url, statement) if url.startswith("postgres") else rows(url.removeprefix("sqlite:///"), statement)


@pytest.mark.timeout(200)
def test_4_processes_that_save_50_times_under_40_keys_make_gapless_versions(raced_url, tmp_path):
    race(SAVER, raced_url, tmp_path)
    found = [(key, version) for key, version, _ in read(raced_url, VERSIONS)]
    assert len(found) == 200
    families = {key: [version for one, version in found if one == key] for key, _ in found}
    assert len(families) == 40
    for key, versions in families.items():
        assert versions == list(range(1, len(versions) + 1)), key
    latest = [ag.Artifact.get.s(key=f"raced/{n}.txt") for n in range(40)]
    assert [each.version for each in latest] == [len(families[f"raced/{n}.txt"]) for n in range(40)]
    assert all(sum(one.is_latest for one in each.versions) == 1 for each in latest[:3])


@pytest.mark.timeout(200)
def test_4_processes_that_save_the_same_make_it_once(raced_url, tmp_path):
    race(SAME, raced_url, tmp_path)
    assert [version for _, version, _ in read(raced_url, VERSIONS)] == [1] * 10
    assert len(read(raced_url, "SELECT id FROM artigraph_node WHERE artifact_uid IS NOT NULL")) == 11
    assert len(read(raced_url, "SELECT DISTINCT hash FROM artigraph_blob_use")) == 1
