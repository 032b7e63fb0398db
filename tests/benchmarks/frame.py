"""A frame of 200 MB to a file and back, beside pyarrow's own: time, memory, and how long the caller's loop stalls.

Usage: python -m tests.benchmarks.frame limit|ours write|read FOLDER; prints what it took as JSON. Reading finds what a
process before it wrote into the same folder.
"""

from __future__ import annotations

import asyncio
import hashlib
import json
import sys
import time
from collections.abc import Callable, Coroutine
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq

import artigraph as ag
import artigraph.serializer.pandas  # imports are no part of what is measured

ROWS = 2_400_000
"""They make a file of about 200 MB."""

load, save = ag.load, ag.save


@dataclass(frozen=True)
class FrameTaken:
    """What a call took: seconds of the processor and by the clock, the longest stall of the loop, MB of memory more."""

    cpu: float
    wall: float
    stall: float
    memory: float
    hashing: float
    """Seconds of the processor to hash the file once."""


def frame(rows: int = ROWS) -> pd.DataFrame:
    """Numbers and texts."""
    random = np.random.default_rng(0)
    names = np.array([f"item-{i:08x}-{(i * 2654435761) % 2**32:08x}" for i in range(200_000)], dtype=object)
    colours = np.array(["red", "green", "blue", "black", "white", "grey"], dtype=object)
    columns: dict[str, Any] = {"id": np.arange(rows, dtype="int64"), "count": random.integers(0, 1_000_000, rows)}
    columns |= {f"x{i}": random.standard_normal(rows) for i in range(7)}
    columns["flag"] = random.integers(0, 2, rows).astype(bool)
    columns["colour"] = colours[random.integers(0, len(colours), rows)]
    columns["name"] = names[random.integers(0, len(names), rows)]
    return pd.DataFrame(columns)


async def limit_write(folder: Path, value: pd.DataFrame) -> None:
    """pyarrow's own way, in a thread."""
    await asyncio.to_thread(lambda: pq.write_table(pa.Table.from_pandas(value), folder / "f.parquet"))


async def limit_read(folder: Path) -> pd.DataFrame:
    """pyarrow's own way, in a thread."""
    return await asyncio.to_thread(lambda: pq.read_table(folder / "f.parquet", memory_map=True).to_pandas())


async def ours_write(folder: Path, value: pd.DataFrame) -> None:
    """One save."""
    await save(value, "frame")


async def ours_read(folder: Path) -> pd.DataFrame:
    """One load."""
    return await load("frame")


async def measured(call: Callable[..., Coroutine[Any, Any, Any]], *arguments: Any) -> tuple[Any, FrameTaken]:
    """What a call gives, and what it took."""
    worst = 0.0

    async def tick() -> None:
        nonlocal worst
        while True:
            before = time.perf_counter()
            await asyncio.sleep(0.002)
            worst = max(worst, time.perf_counter() - before - 0.002)

    ticking = asyncio.create_task(tick())
    await asyncio.sleep(0.02)
    worst = 0.0
    forget_peak()
    before = memory("VmRSS")
    wall, cpu = time.perf_counter(), time.process_time()
    result = await call(*arguments)
    cpu, wall = time.process_time() - cpu, time.perf_counter() - wall
    await asyncio.sleep(0.005)
    ticking.cancel()
    return result, FrameTaken(cpu, wall, worst, memory("VmHWM") - before, 0)


def forget_peak() -> None:
    """Let the most memory that was used begin anew."""
    Path("/proc/self/clear_refs").write_text("5")


def memory(what: str) -> float:
    """VmRSS (now) or VmHWM (the most) of this process in MB."""
    lines = Path("/proc/self/status").read_text().splitlines()
    return next(int(line.split()[1]) for line in lines if line.startswith(what)) / 1000


def hashing_time(folder: Path) -> float:
    """Seconds of the processor to hash the biggest file of a folder."""
    file = max((each for each in folder.rglob("*") if each.is_file()), key=lambda each: each.stat().st_size)
    before = time.process_time()
    with file.open("rb") as opened:
        hashlib.file_digest(opened, "sha256")
    return time.process_time() - before


async def measure(system: str, work: str, folder: Path, rows: int = ROWS) -> FrameTaken:
    """Write or read the frame, and check what was read.

    Raises:
        AssertionError: what came back is not what was written.
    """
    if system == "ours":
        ag.set_engine(f"sqlite:///{folder / 'frame.db'}", create_tables=True)
        await ag.exists(ag.NodeFilter(label="nothing"))
    call = {"limit": (limit_write, limit_read), "ours": (ours_write, ours_read)}[system][work == "read"]
    if work == "read":
        found, taken = await measured(call, folder)
        assert (len(found), len(found.columns)) == (rows, 12)
        return taken
    _, taken = await measured(call, folder, frame(rows))
    return FrameTaken(**{**asdict(taken), "hashing": hashing_time(folder)})


if __name__ == "__main__":
    print(json.dumps(asdict(asyncio.run(measure(sys.argv[1], sys.argv[2], Path(sys.argv[3]))))))
