"""The benchmark's systems do the work they are timed for."""

from __future__ import annotations

import sqlite3
from pathlib import Path

import pytest

from tests.benchmarks import floor, frame, limit
from tests.benchmarks.__main__ import BOUNDS, row
from tests.benchmarks.harness import Taken, children, measure

WORKS = [work for work in BOUNDS if work != "import"]
SPANS = ("span_tree_write", "descendants_read")


@pytest.mark.parametrize("work", WORKS)
@pytest.mark.parametrize("adapter", [limit, floor], ids=lambda module: module.__name__.rpartition(".")[2])
async def test_limit_and_floor_write_the_same_rows(adapter, work: str, tmp_path: Path):
    taken = await measure(adapter, work, tmp_path / "bench.db", count=20)
    assert taken.wall > 0
    database = sqlite3.connect(tmp_path / "bench.db")
    counts = [database.execute(f"SELECT count(*) FROM {table}").fetchone()[0] for table in ("node", "link")]
    if work == "filter_kept":
        assert database.execute("SELECT count(*) FROM kept").fetchone()[0] == 60
    else:
        assert counts == ([80, 79] if work in SPANS else [120, 100])
    database.close()


def test_a_tree_of_spans_is_chains_of_nine_under_one_root():
    below = children(20)
    assert below[0] == [1, 10, 19]
    assert below[1] == [2]
    assert sum(len(line) for line in below) == 19


def test_a_row_says_whether_the_bound_is_kept():
    found = {"limit": Taken(0.01, 0.01), "floor": Taken(0.02, 0.02), "ours": Taken(0.024, 0.024)}
    assert "2.40x" in row("save_batch", found)
    assert "2.5x limit ok" in row("save_batch", found)
    assert "1.1x floor OVER" in row("save_each", found)


@pytest.mark.skipif(not Path("/proc/self/clear_refs").exists(), reason="only Linux tells the memory of a process so")
@pytest.mark.parametrize("system", ["limit", "ours"])
async def test_a_frame_is_written_and_read_and_what_it_took_is_known(system: str, tmp_path: Path):
    written = await frame.measure(system, "write", tmp_path, rows=1000)
    assert written.cpu > 0
    assert written.hashing > 0
    assert (await frame.measure(system, "read", tmp_path, rows=1000)).wall > 0
