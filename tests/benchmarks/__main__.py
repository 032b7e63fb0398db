"""Prints how our speed compares with the limit (raw SQLite) and the floor (SQLAlchemy on aiosqlite).

Every figure is the median of several runs, each in a fresh process with a fresh file, all pinned to one processor, the
systems in turn. Ratios are of processor time in all threads, which other programs on the machine disturb least; the
last column has them by the clock. Usage: python -m tests.benchmarks [WORK ...]
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
import tempfile
from dataclasses import asdict
from importlib import import_module
from pathlib import Path
from statistics import median

from tests.benchmarks.harness import Taken, run

RUNS = 5
SYSTEMS = ("limit", "floor", "ours")
BOUNDS = {  # what ours may take, as a multiple of another system's time
    "save_batch": (2.5, "limit"),
    "load_bulk": (3.0, "limit"),
    "save_each": (1.1, "floor"),
    "load_each": (1.1, "floor"),
    "span_tree_write": (1.1, "floor"),
    "descendants_read": (2.5, "limit"),
    "import": (1.2, "floor"),
}
IMPORTS = {"floor": "sqlalchemy.ext.asyncio, aiosqlite", "ours": "artigraph"}
ONE_IMPORT = """
import time
wall, cpu = time.perf_counter(), time.process_time()
import {names}
print(f'{{{{"wall": {{time.perf_counter() - wall}}, "cpu": {{time.process_time() - cpu}}}}}}')
"""


def main(arguments: list[str]) -> None:
    """Print the table, or, as `SYSTEM WORK PATH`, measure once and print that as JSON."""
    if arguments[:1] and arguments[0] in SYSTEMS:
        system, work, path = arguments
        print(json.dumps(asdict(run(import_module(f"tests.benchmarks.{system}"), work, Path(path)))))
        return
    if hasattr(os, "sched_setaffinity"):
        os.sched_setaffinity(0, {min(os.sched_getaffinity(0))})
    print(f"1,000 models of 5 fields, 1,000 spans of 3 artifacts; ms, medians of {RUNS}, one processor")
    print(f"{'work':16}{'limit':>9}{'floor':>9}{'ours':>9}{'/limit':>9}{'/floor':>9}  {'bound':18}by the clock")
    for work in arguments or BOUNDS:
        print(row(work, medians(work)), flush=True)


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
            command = ["-c", ONE_IMPORT.format(names=IMPORTS[system])]
        else:
            command = ["-m", "tests.benchmarks", system, work, f"{folder}/bench.db"]
        environment = {name: value for name, value in os.environ.items() if name != "PYTHONDONTWRITEBYTECODE"}
        done = subprocess.run(
            [sys.executable, *command], env=environment, stdout=subprocess.PIPE, text=True, check=True
        )
    return Taken(**json.loads(done.stdout))


def row(work: str, found: dict[str, Taken]) -> str:
    """One line of the table."""
    ours = found["ours"]
    bound, against = BOUNDS[work]
    times = "".join(f"{found[s].cpu * 1000:9.1f}" if s in found else f"{'-':>9}" for s in SYSTEMS)
    ratios = "".join(f"{ours.cpu / found[s].cpu:8.2f}x" if s in found else f"{'-':>9}" for s in ("limit", "floor"))
    verdict = "ok" if ours.cpu <= bound * found[against].cpu else "OVER"
    clock = ", ".join(f"{ours.wall / found[s].wall:.2f}x {s}" for s in ("limit", "floor") if s in found)
    return f"{work:16}{times}{ratios}  {f'{bound}x {against} {verdict}':18}{clock}"


if __name__ == "__main__":
    main(sys.argv[1:])
