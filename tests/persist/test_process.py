"""Several processes and tasks on one file."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

import artigraph as ag
from artigraph.storage.file import FileSystemStorage
from tests.servers.use import MARIADB, POSTGRES, execute, fresh_database
from tests.stores import count, opened

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


@pytest.fixture(params=["file", POSTGRES, MARIADB])
def racing(request, tmp_path) -> Iterator[str]:
    """The URL of an empty database, which is the current one; blobs go to the folder ``shared``."""
    storage = FileSystemStorage(tmp_path / "shared")
    if request.param == "file":
        for path in opened(f"sqlite:///{tmp_path / 'x.db'}", tmp_path / "x.db", storage=storage):
            yield f"sqlite:///{path}"
    else:
        with fresh_database(request.param) as url:
            yield from opened(url, url, storage=storage)


@pytest.mark.timeout(110)
def test_8_tasks_in_each_of_4_processes_lose_nothing_and_share_equal_blobs(racing, tmp_path):
    started = [start(WRITER, racing, str(k), str(tmp_path / "shared")) for k in range(4)]
    for each in started:
        _, said = each.communicate(timeout=100)
        assert (each.returncode, said) == (0, "")
    found = ag.read(ag.Artifact, ag.ModelFilter(model_type="Many"))
    assert {each.label for each in found} == {f"{k}.{t}-{n}" for k in range(4) for t in range(8) for n in range(12)}
    remote = ag.read(ag.Artifact, ag.NodeFilter(node_type="remote_artifact"))
    assert [len(each.value) for each in remote] == [100_000] * 32
    assert len(files(tmp_path / "shared")) == 1


@pytest.mark.timeout(110)
def test_a_blob_that_some_delete_and_others_save_again_is_there_as_long_as_a_row_needs_it(racing, tmp_path):
    started = [start(RACER, racing, str(tmp_path / "shared")) for _ in range(4)]
    for each in started:
        _, said = each.communicate(timeout=100)
        assert (each.returncode, said) == (0, "")
    kept = ag.read(ag.Artifact)
    assert [each.value for each in kept] == [b"\0" * 300_000] * 4
    assert len(files(tmp_path / "shared")) == 1


def files(folder: Path) -> list[Path]:
    return [each for each in folder.rglob("*") if each.is_file()]


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
