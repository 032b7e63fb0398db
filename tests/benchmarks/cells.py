"""What ``%%span`` and autospan cost an empty cell, in a real kernel."""

from __future__ import annotations

import tempfile
import time
from pathlib import Path
from statistics import median
from typing import Any

from jupyter_client.blocking.client import BlockingKernelClient
from jupyter_client.manager import start_new_kernel

from tests.benchmarks.harness import Taken

ROUNDS = 9
CELLS_PER_ROUND = 20
BOUND = 0.015
"""Seconds of processor time that a span may add to a cell."""

SETUP = """
get_ipython().history_manager.enabled = False
%load_ext artigraph_jupyter
%artigraph connect sqlite:///{file}
import artigraph as ag, pandas as pd, time
frame = pd.DataFrame({{"a": range(1000)}})
"""
CELLS = {"plain": "pass", "span": "%%span empty\npass", "autospan": "pass"}


def cell_rows() -> list[str]:
    """The lines of the table: one for ``%%span``, one for autospan."""
    with tempfile.TemporaryDirectory() as folder:
        manager, client = start_new_kernel(kernel_name="python3", cwd=folder)
        try:
            run(client, SETUP.format(file=Path(folder) / "bench.db"))
            taken = rounds(client)
        finally:
            client.stop_channels()
            manager.shutdown_kernel(now=True)
    return [line(f"{name}_cell", taken["plain"], taken[name]) for name in ("span", "autospan")]


def rounds(client: BlockingKernelClient) -> dict[str, Taken]:
    """Name of a cell -> what one takes, from its request to its reply: medians of rounds, the cells in turn."""
    taken: dict[str, list[Taken]] = {name: [] for name in CELLS}
    for number in range(1 + ROUNDS):  # the first warms up and is not counted
        for name, code in CELLS.items():
            run(client, f"%artigraph autospan {'on' if name == 'autospan' else 'off'}")
            cpu, wall = processor_time(client), time.perf_counter()
            for _ in range(CELLS_PER_ROUND):
                run(client, code)
            wall, cpu = time.perf_counter() - wall, processor_time(client) - cpu
            if number:
                taken[name].append(Taken(wall / CELLS_PER_ROUND, cpu / CELLS_PER_ROUND))
    return {
        name: Taken(median(each.wall for each in every), median(each.cpu for each in every))
        for name, every in taken.items()
    }


def processor_time(client: BlockingKernelClient) -> float:
    """Seconds that all threads of the kernel have used so far."""
    asked = client.execute("", user_expressions={"used": "time.process_time()"})
    return float(reply_to(client, asked)["user_expressions"]["used"]["data"]["text/plain"])


def run(client: BlockingKernelClient, code: str) -> None:
    """Run a cell to its end.

    Raises:
        AssertionError: it failed.
    """
    reply_to(client, client.execute(code))


def reply_to(client: BlockingKernelClient, asked: str) -> Any:
    """What the kernel answers to a request.

    Raises:
        AssertionError: an error.
    """
    while (reply := client.get_shell_msg(timeout=60))["parent_header"].get("msg_id") != asked:
        pass
    assert reply["content"]["status"] == "ok", reply["content"]
    return reply["content"]


def line(name: str, plain: Taken, with_span: Taken) -> str:
    """One line of the table.

    >>> line("span_cell", Taken(0.004, 0.002), Taken(0.0095, 0.006))
    'span_cell       an empty cell takes 2.0 ms, with it 6.0: +4.0 ms, bound 15 ms ok; by the clock +5.5 ms'
    """
    more, by_clock = (1000 * each for each in (with_span.cpu - plain.cpu, with_span.wall - plain.wall))
    verdict = "ok" if more <= 1000 * BOUND else "OVER"
    return (
        f"{name:16}an empty cell takes {1000 * plain.cpu:.1f} ms, with it {1000 * with_span.cpu:.1f}: +{more:.1f} ms, "
        f"bound {1000 * BOUND:.0f} ms {verdict}; by the clock +{by_clock:.1f} ms"
    )
