"""Prints how our speed compares with the limit (raw SQLite) and the floor (SQLAlchemy on aiosqlite).

Every figure is the median of several runs, each in a fresh process with a fresh file, all pinned to one processor, the
systems in turn. Ratios are of processor time in all threads, which other programs on the machine disturb least; the
last column has them by the clock. Below the table stand a big frame beside pyarrow's own, and 100,000 models.
Usage: python -m tests.benchmarks [WORK ... | frame | growth]
"""

from __future__ import annotations

import json
import os
import sqlite3
import subprocess
import sys
import tempfile
from importlib.metadata import version
from pathlib import Path
from statistics import median

from tests.benchmarks.cells import cell_rows
from tests.benchmarks.harness import Taken

HARNESS = "tests.benchmarks.harness"
RUNS = 5
SYSTEMS = ("limit", "floor", "ours")
BOUNDS = {  # what ours may take, as a multiple of another system's time
    "save_batch": (2.5, "limit"),
    "load_bulk": (3.0, "limit"),
    "save_each": (1.1, "floor"),
    "load_each": (1.1, "floor"),
    "span_tree_write": (1.1, "floor"),
    "descendants_read": (2.5, "limit"),
    "filter_kept": (3.0, "limit"),
    "import": (1.2, "floor"),
}
CELLS = "cells"
"""The work that is measured in a kernel, against a cell without a span."""
IMPORTS = {"floor": "sqlalchemy.ext.asyncio, aiosqlite", "ours": "artigraph"}
ONE_IMPORT = """
import time
wall, cpu = time.perf_counter(), time.process_time()
import {names}
print(f'{{{{"wall": {{time.perf_counter() - wall}}, "cpu": {{time.process_time() - cpu}}}}}}')
"""


def main(arguments: list[str]) -> None:
    """Print the table."""
    if hasattr(os, "sched_setaffinity"):
        os.sched_setaffinity(0, {min(os.sched_getaffinity(0))})
    works = [work for work in arguments or BOUNDS if work in BOUNDS]
    if works:
        counts = "1,000 models of 5 fields, 1,000 spans of 3 artifacts, 1,000 of 3,000 kept files"
        print(f"{counts}; ms, medians of {RUNS}, one processor")
        print(f"{'work':16}{'limit':>9}{'floor':>9}{'ours':>9}{'/limit':>9}{'/floor':>9}  {'bound':18}by the clock")
    for work in works:
        print(row(work, medians(work)), flush=True)
    for name, lines in ((CELLS, cell_rows), ("frame", frame_lines), ("growth", growth_lines)):
        if name in arguments or not arguments:
            print("", *lines(), sep="\n", flush=True)


def medians(work: str) -> dict[str, Taken]:
    """System -> its median times for a work; the systems take turns."""
    systems = IMPORTS if work == "import" else SYSTEMS
    for system in systems:
        once(system, work)  # writes byte code and warms the disk; not counted
    taken = [{system: once(system, work) for system in systems} for _ in range(RUNS)]
    return {
        system: Taken(median(run[system].wall for run in taken), median(run[system].cpu for run in taken))
        for system in systems
    }


def once(system: str, work: str) -> Taken:
    """One measurement in a fresh process."""
    with tempfile.TemporaryDirectory() as folder:
        if work == "import":
            return Taken(**python("-c", ONE_IMPORT.format(names=IMPORTS[system])))
        return Taken(**python("-m", HARNESS, system, work, f"{folder}/bench.db"))


def python(*command: str) -> dict[str, float]:
    """The JSON that a fresh Python prints."""
    environment = {name: value for name, value in os.environ.items() if name != "PYTHONDONTWRITEBYTECODE"}
    done = subprocess.run([sys.executable, *command], env=environment, stdout=subprocess.PIPE, text=True, check=True)
    found: dict[str, float] = json.loads(done.stdout)
    return found


def frame_lines() -> list[str]:
    """A frame of 200 MB written and read, medians of three."""
    taken: dict[tuple[str, str], list[dict[str, float]]] = {}
    for _ in range(3):
        for system in ("limit", "ours"):
            with tempfile.TemporaryDirectory() as folder:
                for work in ("write", "read"):
                    one = python("-m", "tests.benchmarks.frame", system, work, folder)
                    taken.setdefault((work, system), []).append(one)
    of = {key: {name: median(run[name] for run in runs) for name in runs[0]} for key, runs in taken.items()}
    libraries = ", ".join(f"{name} {version(name)}" for name in ("pandas", "pyarrow"))
    lines = [f"a frame of 200 MB to Parquet and back; seconds of the processor; {libraries}"]
    for work, factor in (("write", 1.15), ("read", 1.1)):
        limit, ours = of[work, "limit"], of[work, "ours"]
        bound = factor * limit["cpu"] + limit["hashing"]
        what = f"{factor}x limit" + (" + a hash" if work == "write" else "")
        lines.append(
            f"frame_{work:8} limit {limit['cpu']:.2f}, ours {ours['cpu']:.2f}, {ours['cpu'] / limit['cpu']:.2f}x; "
            f"bound {what} {verdict(ours['cpu'], bound)}; by the clock {ours['wall'] / limit['wall']:.2f}x"
        )
    ours = of["write", "ours"]
    lines.append(f"extra memory    {ours['memory']:.0f} MB to write; bound 40 MB {verdict(ours['memory'], 40)}")
    limit, stall = (1000 * max(of[work, system]["stall"] for work in ("write", "read")) for system in ("limit", "ours"))
    lines.append(f"longest stall   limit {limit:.0f}, ours {stall:.0f} ms; bound 50 ms {verdict(stall, 50)}")
    return lines


def growth_lines() -> list[str]:
    """How the time per model grows from 1,000 to 100,000 models, and the size of the file."""
    quotients, sizes = {}, {}
    for system in ("limit", "ours"):
        per_model = {}
        for count, runs in ((1_000, RUNS), (100_000, 3)):
            taken = []
            for _ in range(runs):
                with tempfile.TemporaryDirectory() as folder:
                    file = Path(folder) / "bench.db"
                    taken.append(python("-m", HARNESS, system, "save_batch", str(file), str(count))["cpu"])
                    with sqlite3.connect(file) as connection:
                        connection.execute("PRAGMA wal_checkpoint(TRUNCATE)")
                    connection.close()
                    sizes[system] = file.stat().st_size / 1e6
            per_model[count] = median(taken) / count
        quotients[system] = per_model[100_000] / per_model[1_000]
    grown, size = quotients["ours"] / quotients["limit"], sizes["ours"] / sizes["limit"]
    grown_of, size_of = (f"limit {of['limit']:.2f}, ours {of['ours']:.2f}" for of in (quotients, sizes))
    return [
        "time per model at 100,000 models over that at 1,000; MB of the file of 100,000",
        f"growth          {grown_of}, {grown:.2f}x; bound 1.15x limit {verdict(grown, 1.15)}",
        f"file            {size_of}, {size:.2f}x; bound 2x limit {verdict(size, 2)}",
    ]


def verdict(found: float, bound: float) -> str:
    """Whether a bound is kept."""
    return "ok" if found <= bound else "OVER"


def row(work: str, found: dict[str, Taken]) -> str:
    """One line of the table."""
    ours = found["ours"]
    bound, against = BOUNDS[work]
    times = "".join(f"{found[s].cpu * 1000:9.1f}" if s in found else f"{'-':>9}" for s in SYSTEMS)
    ratios = "".join(f"{ours.cpu / found[s].cpu:8.2f}x" if s in found else f"{'-':>9}" for s in ("limit", "floor"))
    kept = verdict(ours.cpu, bound * found[against].cpu)
    clock = ", ".join(f"{ours.wall / found[s].wall:.2f}x {s}" for s in ("limit", "floor") if s in found)
    return f"{work:16}{times}{ratios}  {f'{bound}x {against} {kept}':18}{clock}"


if __name__ == "__main__":
    main(sys.argv[1:])
