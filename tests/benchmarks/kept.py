"""Prints how files are kept, beside what it takes to hash and copy them and to insert their rows by hand.

Every figure is the median of several runs, each in a fresh process in a fresh folder, pinned to one processor; ratios
and ms are of processor time, the last column has them by the clock. Usage: python -m tests.benchmarks.kept [WORK ...]
"""

from __future__ import annotations

import hashlib
import json
import os
import resource
import shutil
import sqlite3
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from statistics import median
from typing import Any

import artigraph as ag
from tests.benchmarks.harness import Taken

RUNS = 3
FILES, FILE_BYTES = 200, 100_000
BIG_BYTES = 1_000_000_000
STEPS = 50
INSERT = "INSERT INTO kept VALUES (?, ?, ?, ?, ?)"
SCHEMA = "CREATE TABLE kept (id BLOB PRIMARY KEY, key TEXT, hash BLOB, size INTEGER, made INTEGER) WITHOUT ROWID"
BOUNDS = {  # what ours may take: as a multiple of the limit's time, or in ms
    "keep": (3.0, "hash, copy, one batch of inserts"),
    "keep_again": (2.0, "hash"),
    "keep_big": (1.3, "copy and hash"),
    "verify_big": (1.1, "hash"),
    "lineage": (10.0, ""),
}
MEMORY_BOUND = 32_000_000
"""Bytes that keeping a big file may take on top."""


def main(arguments: list[str]) -> None:
    """Print the table, or, as `measure WORK`, measure once and print that as JSON."""
    if arguments[:1] == ["measure"]:
        print(json.dumps(measured(arguments[1])))
        return
    if hasattr(os, "sched_setaffinity"):
        os.sched_setaffinity(0, {min(os.sched_getaffinity(0))})
    print(f"{FILES} files of {FILE_BYTES:,} bytes, one of {BIG_BYTES:,}, {STEPS} steps; ms, medians of {RUNS}")
    print(f"{'work':12}{'limit':>9}{'ours':>9}{'ratio':>8}  {'bound':48}by the clock")
    for work in arguments or BOUNDS:
        print(row(work, [once(work) for _ in range(RUNS)]), flush=True)


def once(work: str) -> dict[str, Any]:
    """One measurement in a fresh process and folder."""
    command = [sys.executable, "-m", "tests.benchmarks.kept", "measure", work]
    quiet = {**os.environ, "ARTIGRAPH_PROGRESS": "0"}
    done = subprocess.run(command, env=quiet, stdout=subprocess.PIPE, text=True, check=True)
    found: dict[str, Any] = json.loads(done.stdout)
    return found


def row(work: str, runs: list[dict[str, Any]]) -> str:
    """One line of the table."""
    bound, against = BOUNDS[work]
    limit, ours, clock = (median(run[name] for run in runs) for name in ("limit", "ours", "clock"))
    ratio = ours / limit if limit else ours * 1000
    verdict = "ok" if ratio <= bound else "OVER"
    told = f"{bound}x {against} {verdict}" if against else f"{bound} ms {verdict}"
    if "memory" in runs[0]:
        memory = max(run["memory"] for run in runs)
        told += f", {memory / 1e6:.1f} MB on top {'ok' if memory <= MEMORY_BOUND else 'OVER'}"
    shown = f"{limit * 1000:9.1f}{ours * 1000:9.1f}" if limit else f"{'-':>9}{ours * 1000:9.1f}"
    return f"{work:12}{shown}{ratio:8.2f}  {told:48}{clock:.2f}"


def measured(work: str) -> dict[str, Any]:
    """What one work takes: seconds of the processor for the limit and for us, and our time by the clock over its."""
    here = Path.cwd()
    with tempfile.TemporaryDirectory(dir=os.environ.get("ARTIGRAPH_BENCH_FOLDER")) as folder:
        os.chdir(folder)
        try:
            return WORKS[work]()
        finally:
            os.chdir(here)


def keep() -> dict[str, Any]:
    """Small files kept for the first time."""
    make_files(FILES, FILE_BYTES)
    connection = sqlite3.connect("limit.db", isolation_level=None)
    connection.execute("PRAGMA journal_mode=wal")
    connection.execute(SCHEMA)
    Path("limit").mkdir()
    limit = taken(lambda: copy_all(connection))
    opened()
    ours = taken(lambda: ag.Artifact.from_dir("files").save.s())
    return compared(limit, ours)


def keep_again() -> dict[str, Any]:
    """The same files once more."""
    make_files(FILES, FILE_BYTES)
    opened()
    ag.Artifact.from_dir("files").save.s()
    limit = taken(lambda: [sha256(path) for path in Path("files").iterdir()])
    ours = taken(lambda: ag.Artifact.from_dir("files").save.s())
    return compared(limit, ours)


def keep_big() -> dict[str, Any]:
    """One big file."""
    make_files(1, BIG_BYTES)
    opened()
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    ours = taken(lambda: ag.Artifact("files/0.bin", key="big.bin").save.s())
    memory = (resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before) * 1024
    limit = taken(lambda: (copy(Path("files/0.bin"), Path("copy")), sha256(Path("files/0.bin"))))
    return {**compared(limit, ours), "memory": memory}


def verify_big() -> dict[str, Any]:
    """The view of a big file, checked before it is handed out."""
    make_files(1, BIG_BYTES)
    opened(verify="always")
    artifact = ag.Artifact("files/0.bin", key="big.bin").save.s()
    path = artifact.cache.s()
    limit = taken(lambda: sha256(path))
    ours = taken(artifact.cache.s)
    return compared(limit, ours)


def lineage() -> dict[str, Any]:
    """The whole way back to where a chain of spans began."""
    opened()
    ag.save.s({"step": 0}, key="0.json")
    for step in range(STEPS):
        with ag.span_context(f"step {step}"):
            ag.save.s({**ag.load.s(f"{step}.json"), "step": step + 1}, key=f"{step + 1}.json")
    artifact = ag.Artifact.get.s(key=f"{STEPS}.json")
    artifact.view_lineage.s(upstream=2 * STEPS)
    runs = [taken(lambda: artifact.view_lineage.s(upstream=2 * STEPS)) for _ in range(5)]
    assert len(artifact.view_lineage.s(upstream=2 * STEPS).nodes) == 2 * STEPS + 1
    return {"limit": 0, "ours": median(run.cpu for run in runs), "clock": median(run.wall for run in runs) * 1000}


def opened(**options: Any) -> None:
    """A fresh store with its tables, and every statement made ready by keeping two files twice."""
    ag.set_engine("sqlite:///ours.db", create_tables=True, **options)
    make_files(2, 1_000, "warm")
    for _ in range(2):
        ag.Artifact.from_dir("warm").save.s()


def make_files(count: int, size: int, folder: str = "files") -> None:
    """Files of random bytes, written to the disk."""
    Path(folder).mkdir()
    for number in range(count):
        with Path(folder, f"{number}.bin").open("wb") as file:
            file.writelines(os.urandom(min(1 << 20, size - start)) for start in range(0, size, 1 << 20))
            file.flush()
            os.fsync(file.fileno())


def copy_all(connection: sqlite3.Connection) -> None:
    """Every file hashed, copied under its hash, and told to the database."""
    rows = []
    for path in Path("files").iterdir():
        digest = sha256(path)
        copy(path, Path("limit") / digest.hex())
        rows.append((os.urandom(16), path.name, digest, path.stat().st_size, time.time_ns()))
    connection.execute("BEGIN IMMEDIATE")
    connection.executemany(INSERT, rows)
    connection.execute("COMMIT")


def copy(source: Path, target: Path) -> None:
    """A copy that survives a power cut."""
    shutil.copyfile(source, target)
    with target.open("rb") as file:
        os.fsync(file.fileno())


def sha256(path: Path) -> bytes:
    """The hash of a file."""
    with path.open("rb", buffering=0) as file:
        return hashlib.file_digest(file, "sha256").digest()


def taken(call: Callable[[], object]) -> Taken:
    """What a call takes."""
    wall, cpu = time.perf_counter(), time.process_time()
    call()
    return Taken(time.perf_counter() - wall, time.process_time() - cpu)


def compared(limit: Taken, ours: Taken) -> dict[str, Any]:
    """Both, as JSON takes them."""
    return {"limit": limit.cpu, "ours": ours.cpu, "clock": ours.wall / limit.wall}


WORKS = {"keep": keep, "keep_again": keep_again, "keep_big": keep_big, "verify_big": verify_big, "lineage": lineage}


if __name__ == "__main__":
    main(sys.argv[1:])
