"""Rows 14 and 15: a task cancelled at any moment, and Ctrl-C."""

from __future__ import annotations

import asyncio
import random
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

import artigraph as ag
from artigraph.bridge import block
from artigraph.graph.engine import current_database
from tests.faults.conftest import amount
from tests.faults.oracle import look

WORKING = """
import sys
import artigraph as ag

ag.set_engine(sys.argv[1], create_tables=True)
ag.FileSystemStorage(sys.argv[2], name="blobs").register()
ag.save("first")
print("ready", flush=True)
done = 0
try:
    with ag.span_context("outer"):
        while True:
            with ag.span_context("inner"):
                ag.save([done] * 20, f"n{done}", storage="blobs")
            done += 1
except KeyboardInterrupt:
    print("interrupted", done, flush=True)
assert ag.load(ag.save("works", "after")) == "works"
print(*[span.status for span in ag.read(ag.Span)])
"""


@dataclass
class CancelledModel(ag.ArtifactModel):
    one: int
    two: bytes = ag.artifact_field(storage="blobs")
    three: bytes = ag.artifact_field(storage="blobs")


@pytest.fixture
def store(folder) -> Iterator[Path]:
    """The file of an open, empty store."""
    reset = ag.set_engine(f"sqlite:///{folder / 'x.db'}", create_tables=True)
    ag.FileSystemStorage(folder / "x.blobs", name="blobs").register(replace=True)
    database = current_database()
    block(database.prepare, create=True)
    yield folder / "x.db"
    reset()
    block(database.close)


@pytest.mark.row(14)
@pytest.mark.timeout(7200)
def test_saves_and_deletes_that_are_cancelled_at_any_moment_are_whole_or_not_there(store, record_property):
    dice = random.Random()
    seed = dice.randrange(1 << 32)
    dice.seed(seed)
    print("seed", seed)
    cases = amount(100, 2000)

    async def save(number):
        model = CancelledModel(number, b"%d" % number, b"shared %d" % (number % 3))
        await ag.save(model, f"n{number}")
        if number % 2:
            await ag.delete_one(model)

    async def main():
        for start in range(0, cases, 4):
            tasks = [asyncio.create_task(save(number)) for number in range(start, start + 4)]
            for task in tasks:
                await asyncio.sleep(dice.uniform(0, 0.004))
                task.cancel()
            ended = await asyncio.gather(*tasks, return_exceptions=True)
            assert all(each is None or isinstance(each, asyncio.CancelledError) for each in ended), ended
            assert await ag.load(await ag.save([start])) == [start]  # no transaction of theirs is open

    asyncio.run(main())
    state = look(store, all_named=False)
    assert state.is_whole, state
    for found in ag.find("n"):
        assert ag.load(found.id).one == int(found.label[1:])
    record_property("cases", cases)


@pytest.mark.row(15)
def test_ctrl_c_at_any_moment_ends_the_spans_keeps_what_was_saved_and_the_program_goes_on(folder, record_property):
    cases = amount(4, 100)
    for number in range(cases):
        path = folder / f"{number}.db"
        command = [sys.executable, "-W", "error", "-c", WORKING, f"sqlite:///{path}", str(path.with_suffix(".blobs"))]
        pipe = subprocess.PIPE
        with subprocess.Popen(command, stdout=pipe, stderr=pipe, text=True) as program:
            assert program.stdout.readline() == "ready\n"
            time.sleep(random.uniform(0, 0.3))
            program.send_signal(signal.SIGINT)
            said, errors = program.communicate(timeout=60)
        word, done, *spans = said.split()
        assert (word, errors) == ("interrupted", ""), said
        assert set(spans) <= {"ok", "interrupted"}, said
        assert spans[:1] == ["interrupted"] or (done == "0" and not spans), said  # none when it came at the opening
        state = look(path, all_named=False)
        assert state.is_whole, state
    record_property("cases", cases)
