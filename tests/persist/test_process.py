"""Several processes and tasks on one file."""

from __future__ import annotations

import subprocess
import sys

import pytest

import artigraph as ag
from tests.stores import check_store, count, rows

WRITER = """
import asyncio, sys
from dataclasses import dataclass
import artigraph as ag

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

ag.set_engine(sys.argv[1], create_tables=True)
asyncio.run(main())
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
