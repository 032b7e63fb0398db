"""Drives one adapter through one piece of work, in this process, and times only the call.

An adapter is a module with the names of the works below as functions (plain or async), `open(path)` and `close()`. The
data are the same for every adapter; a work that reads finds a database written beforehand by the same adapter. Run as a
command it prints what one call took, as JSON: python -m tests.benchmarks.harness ADAPTER WORK FILE [COUNT].
"""

from __future__ import annotations

import asyncio
import inspect
import json
import sys
import time
from dataclasses import asdict, dataclass
from importlib import import_module
from pathlib import Path
from types import ModuleType
from typing import Any

MODELS = 1_000
"""How many models or spans one work has."""


@dataclass(frozen=True)
class Taken:
    """What a call took, in seconds: by the clock, and of the processor in all threads."""

    wall: float
    cpu: float


def fields(i: int) -> dict[str, Any]:
    """The five fields of small model number `i`."""
    return {
        "index": i,
        "score": i * 0.125,
        "name": f"model-{i}",
        "ok": i % 2 == 0,
        "note": f"lorem ipsum dolor sit amet {i % 97}",
    }


def kept(i: int) -> tuple[str, str]:
    """Key and description of kept file number `i`: every third is in the folder that is looked for."""
    return f"{'raw' if i % 3 == 0 else 'other'}/{i:06}.txt", f"lorem ipsum dolor sit amet {i % 97}"


def children(count: int, depth: int = 10) -> list[list[int]]:
    """A tree of `count` spans as the list of children of each: under the root hang chains of `depth - 1`."""
    below: list[list[int]] = [[] for _ in range(count)]
    for i in range(1, count):
        parent = 0 if (i - 1) % (depth - 1) == 0 else i - 1
        below[parent].append(i)
    return below


async def measure(adapter: ModuleType, work: str, path: Path, count: int = MODELS) -> Taken:
    """Do one work on a fresh database at `path` and check what it read.

    Raises:
        AssertionError: what came back is not what was written.
    """
    await done(adapter.open(path))
    try:
        if work == "span_tree_write":
            return (await timed(adapter.span_tree_write, children(count)))[1]
        if work == "descendants_read":
            root = await done(adapter.span_tree_write(children(count)))
            found, taken = await timed(adapter.descendants_read, root)
            assert sorted(found) == list(range(3 * count))
            return taken
        if work == "filter_kept":
            await done(adapter.keep([kept(i) for i in range(3 * count)]))
            await done(adapter.close())
            await done(adapter.open(path))
            found, taken = await timed(adapter.filter_kept, "raw/")
            assert [each.key for each in found] == [kept(i)[0] for i in range(0, 3 * count, 3)]
            assert found[7 % count].tags == {"number": str(7 % count * 3)}
            return taken
        models = [adapter.Small(**fields(i)) for i in range(count)]
        if work.startswith("save"):
            ids, taken = await timed(getattr(adapter, work), models)
            assert len(ids) == count
            return taken
        ids = await done(adapter.save_batch(models))
        await done(adapter.close())
        await done(adapter.open(path))  # reads start on a fresh connection
        loaded, taken = await timed(adapter.load_bulk) if work == "load_bulk" else await timed(adapter.load_each, ids)
        assert len(loaded) == count
        by_index = {model.index: model for model in loaded}
        assert {name: getattr(by_index[7], name) for name in fields(7)} == fields(7)
        return taken
    finally:
        await done(adapter.close())


async def timed(call: Any, *arguments: Any) -> tuple[Any, Taken]:
    """What a plain or async call gives, and what it took."""
    wall, cpu = time.perf_counter(), time.process_time()
    result = await done(call(*arguments))
    return result, Taken(time.perf_counter() - wall, time.process_time() - cpu)


async def done(result: Any) -> Any:
    """The result itself, awaited where it can be."""
    return await result if inspect.isawaitable(result) else result


def run(adapter: ModuleType, work: str, path: Path, count: int = MODELS) -> Taken:
    """`measure` in an event loop of its own."""
    return asyncio.run(measure(adapter, work, path, count))


if __name__ == "__main__":
    system, work, path, *count = sys.argv[1:]
    adapter = import_module(f"tests.benchmarks.{system}")
    print(json.dumps(asdict(run(adapter, work, Path(path), *map(int, count)))))
