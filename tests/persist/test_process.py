"""Several processes and tasks on one file."""

from __future__ import annotations

import subprocess
import sys

import pytest

import artigraph as ag
from artigraph.storage.file import FileSystemStorage
from tests.servers.use import execute
from tests.stores import check_store, count, rows

WRITER = """
import asyncio, sys
from dataclasses import dataclass
import artigraph as ag
from artigraph.storage.file import FileSystemStorage

@dataclass
class Many(ag.ArtifactModel):
    who: str
    n: int
    data: list

async def task(name):
    for n in range(12):
        await ag.save(Many(name, n, list(range(20_000 * (n == 0) * 5))), f"{name}-{n}")

async def main():
    await asyncio.gather(*(task(f"{sys.argv[2]}.{k}") for k in range(8)))

storage = FileSystemStorage(sys.argv[3]) if len(sys.argv) > 3 else None
ag.set_engine(sys.argv[1], create_tables=True, storage=storage)
asyncio.run(main())
"""

RACER = """
import sys
import artigraph as ag
from artigraph.storage.file import FileSystemStorage

storage = FileSystemStorage(sys.argv[2])
ag.set_engine(sys.argv[1], create_tables=True, storage=storage)
for n in range(15):
    made = [ag.save(bytes([k]) * 300_000) for k in range(2)]
    kept = made.pop(n % 2)
    assert ag.load(kept) == bytes([n % 2]) * 300_000
    ag.delete_many(made)
    if n < 14:
        ag.delete_one(kept)
"""

MAKER = """
import sys
import artigraph as ag
ag.set_engine(sys.argv[1], create_tables=True)
sys.stdin.readline()
print(ag.save(1))
"""


def start(script, *arguments):
    command = [sys.executable, "-W", "error", "-c", script, *arguments]
    pipe = subprocess.PIPE
    return subprocess.Popen(command, stdin=pipe, stdout=pipe, stderr=pipe, text=True)


@pytest.mark.timeout(110)
def test_8_tasks_in_each_of_4_processes_lose_nothing(tmp_path):
    path = tmp_path / "x.db"
    started = [start(WRITER, f"sqlite:///{path}", str(k)) for k in range(4)]
    for each in started:
        _, said = each.communicate(timeout=100)
        assert (each.returncode, said) == (0, "")
    labels = {row[0] for row in rows(path, "SELECT node_label FROM artigraph_node WHERE node_label IS NOT NULL")}
    assert labels == {f"{k}.{t}-{n}" for k in range(4) for t in range(8) for n in range(12)}
    check_store(path)


@pytest.mark.timeout(60)
def test_processes_that_make_the_tables_at_the_same_moment_all_succeed(tmp_path):
    path = tmp_path / "x.db"
    started = [start(MAKER, f"sqlite:///{path}") for _ in range(4)]
    for each in started:
        each.stdin.write("\n")
        each.stdin.flush()
    ids = set()
    for each in started:
        out, said = each.communicate(timeout=50)
        assert (each.returncode, said) == (0, "")
        ids.add(out.strip())
    assert len(ids) == count(path) == 4
    reset = ag.set_engine(f"sqlite:///{path}")
    assert [ag.load(each) for each in ids] == [1] * 4
    reset()


@pytest.mark.timeout(110)
def test_4_processes_on_one_server_lose_nothing_and_keep_their_blobs(server_store, tmp_path):
    started = [start(WRITER, server_store, str(k), str(tmp_path / "shared")) for k in range(4)]
    for each in started:
        _, said = each.communicate(timeout=100)
        assert (each.returncode, said) == (0, "")
    found = execute(server_store, "SELECT node_label FROM artigraph_node WHERE node_label IS NOT NULL")
    assert {row[0] for row in found} == {f"{k}.{t}-{n}" for k in range(4) for t in range(8) for n in range(12)}
    FileSystemStorage(tmp_path / "shared").register()
    blobs = ag.read(ag.Artifact, ag.NodeFilter(node_type="remote_artifact"))
    assert [len(each.value) for each in blobs] == [100_000] * 32


@pytest.mark.timeout(110)
def test_a_blob_that_some_delete_and_others_save_again_is_there_as_long_as_a_row_needs_it(server_store, tmp_path):
    started = [start(RACER, server_store, str(tmp_path / "shared")) for _ in range(4)]
    for each in started:
        _, said = each.communicate(timeout=100)
        assert (each.returncode, said) == (0, "")
    found = execute(
        server_store, "SELECT DISTINCT remote_artifact_location FROM artigraph_node WHERE artifact_size > 1"
    )
    places = [tmp_path / "shared" / row[0] for row in found]
    assert len(places) == 1
    assert all(place.stat().st_size >= 300_000 for place in places)


@pytest.mark.timeout(60)
def test_processes_that_make_the_tables_of_a_server_at_the_same_moment_all_succeed(empty_database):
    started = [start(MAKER, empty_database) for _ in range(4)]
    for each in started:
        each.stdin.write("\n")
        each.stdin.flush()
    for each in started:
        _, said = each.communicate(timeout=50)
        assert (each.returncode, said) == (0, "")
    assert execute(empty_database, "SELECT count(*) FROM artigraph_node") == [(4,)]
    assert len(execute(empty_database, "SELECT version_num FROM artigraph_schema")) == 1
