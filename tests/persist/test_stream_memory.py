"""Streams take little memory, however long they are."""

from __future__ import annotations

import subprocess
import sys
import textwrap
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]


@pytest.mark.full
@pytest.mark.timeout(600)
@pytest.mark.parametrize("kind", ["bytes", "arrow", "parquet", "json", "csv"])
@pytest.mark.parametrize("chunk", [1 << 16, 5 << 20])
def test_a_gigabyte_takes_little_memory(tmp_path, kind, chunk):
    peak, seconds = measured(tmp_path, kind, chunk, 1 << 30)
    sys.stdout.write(f"1 GiB of {kind} in chunks of {chunk:,}: {peak:.0f} MiB more at most, {seconds}\n")
    assert peak < 64


@pytest.mark.full
def test_single_bytes_take_little_memory(tmp_path):
    peak, seconds = measured(tmp_path, "bytes", 1, 1 << 16)
    sys.stdout.write(f"64 KiB in chunks of 1: {peak:.0f} MiB more at most, {seconds}\n")
    assert peak < 64


@pytest.mark.parametrize("kind", ["bytes", "arrow"])
def test_much_more_than_the_memory_it_takes(tmp_path, kind):
    peak, _ = measured(tmp_path, kind, 1 << 20, 100 << 20)
    assert peak < 64


def measured(folder: Path, kind: str, chunk: int, total: int) -> tuple[float, str]:
    """MiB that a process needs more than before to save and read a stream, and how long both took."""
    if not Path("/proc/self/clear_refs").exists():
        pytest.skip("only Linux tells the memory of a process this way")
    done = subprocess.run(
        [sys.executable, "-W", "error", "-c", textwrap.dedent(MEASURE), kind, str(chunk), str(total)],
        cwd=folder,
        env={"PYTHONPATH": str(ROOT), "PATH": "", "MALLOC_ARENA_MAX": "2"},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    peak, _, seconds = done.stdout.strip().partition(" ")
    return float(peak), seconds


MEASURE = """
    import asyncio, sys, time
    import numpy, pyarrow
    import pyarrow.parquet
    import artigraph as ag

    kind, chunk, total = sys.argv[1], int(sys.argv[2]), int(sys.argv[3])
    names = {"bytes": None, "arrow": None, "parquet": None, "json": None, "csv": "csv.rows/1"}

    def item(place):
        if kind == "bytes":
            return place.to_bytes(8) * (chunk // 8) if chunk > 7 else b"x"
        if kind == "json":
            return {"place": place, "text": "x" * chunk}
        if kind == "csv":
            return {f"c{n}": "x" * 50_000 for n in range(max(1, chunk // 50_000))}
        columns = {"n": numpy.arange(place, place + chunk // 8)}
        return pyarrow.table(columns) if kind == "parquet" else pyarrow.record_batch(columns)

    async def items():
        for place in range(total // chunk):
            yield item(place)

    def memory(what):
        with open("/proc/self/status") as status:
            return next(int(line.split()[1]) for line in status if line.startswith(what)) / 1024

    async def main():
        ag.set_engine("sqlite:///stream.db", create_tables=True)
        for warm in range(3):
            async def few():
                yield item(0)
            async for each in await ag.load(await ag.save(few(), serializer=names[kind])):
                pass
        with open("/proc/self/clear_refs", "w") as refs:
            refs.write("5")  # the peak begins anew
        before = memory("VmRSS")
        began = time.perf_counter()
        node = await ag.save(items(), serializer=names[kind])
        written = time.perf_counter()
        count = 0
        async for each in await ag.load(node):
            count += 1
        read = time.perf_counter()
        assert count == total // chunk, count
        print(memory('VmHWM') - before, f"{written - began:.1f} s to write, {read - written:.1f} s to read")

    asyncio.run(main())
"""
