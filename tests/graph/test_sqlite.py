from __future__ import annotations

import asyncio
import sqlite3
import threading
import time
from dataclasses import dataclass

import aiosqlite
import pytest

import artigraph as ag
from artigraph.bridge import ask, block
from artigraph.errors import LabelTakenError
from artigraph.graph import sqlite
from artigraph.graph.engine import current_database
from artigraph.graph.stepwise import StepwiseConnection


@dataclass
class Transacted(ag.ArtifactModel):
    x: int


async def test_the_driver_has_the_private_call_that_runs_a_whole_transaction():
    async with aiosqlite.connect(":memory:") as driver:
        assert sqlite.can_run_whole(driver)
        assert isinstance(driver._conn, sqlite3.Connection)
        assert await driver._execute(lambda a, b: a + b, 1, 2) == 3


def test_a_driver_without_it_is_noticed():
    assert not sqlite.can_run_whole(object())


def test_writes_begin_immediate_and_reads_do_not(file_store):
    ag.save(Transacted(1))
    ag.read(Transacted)
    door = current_database()._door
    seen = {}
    for name, connection in (("writer", door._writer), ("reader", door._idle[0])):
        seen[name] = []
        block(connection.run, connection._raw.set_trace_callback, seen[name].append)
    ag.save(Transacted(2))
    ag.read(Transacted)
    assert "BEGIN IMMEDIATE" in seen["writer"]
    assert seen["reader"][0] == "BEGIN"
    assert "COMMIT" not in seen["reader"]


async def test_a_call_that_is_cancelled_while_it_connects_leaves_no_connection(tmp_path):
    def threads():
        return {each for each in threading.enumerate() if not each.name.startswith(("AnyIO", "asyncio"))}

    await ask(asyncio.sleep, 0)  # the library thread runs
    before = threads()
    for n in range(20):
        reset = ag.set_engine(f"sqlite:///{tmp_path}/{n}.db", create_tables=True)
        task = asyncio.ensure_future(ag.save.a(1))
        await asyncio.sleep(n / 4000)
        task.cancel()
        await asyncio.wait([task])
        reset()
    until = time.monotonic() + 20
    while left := threads() - before:
        assert time.monotonic() < until, left
        await asyncio.sleep(0.01)


async def test_a_save_that_waits_for_another_process_can_be_cancelled(file_store):
    await ag.save(Transacted(1))
    other = sqlite3.connect(file_store, isolation_level=None)
    other.execute("BEGIN IMMEDIATE")
    task = asyncio.ensure_future(ag.save.a(Transacted(2)))
    await asyncio.sleep(0.2)
    began = time.monotonic()
    task.cancel()
    await asyncio.wait([task])
    assert time.monotonic() - began < 2
    other.execute("ROLLBACK")
    other.close()
    await ag.save(Transacted(3))
    assert [each.x for each in await ag.read(Transacted)] == [1, 3]


on_sqlite = pytest.mark.parametrize("store", ["file", "memory"], indirect=True)


@pytest.fixture
def stepwise(monkeypatch):
    """Every connection that opens now lacks the driver's private call."""
    monkeypatch.setattr(sqlite, "can_run_whole", lambda driver: False)


@on_sqlite
def test_statement_by_statement_everything_works_the_same(stepwise, store):
    node_id = ag.save(Transacted(1), "n")
    assert ag.load(node_id) == ag.load("n") == Transacted(1)
    assert isinstance(current_database()._door._writer, StepwiseConnection)
    a = ag.Node("a")
    ag.write_many([a, ag.Link(a, node_id, "x")])
    with pytest.raises(LabelTakenError):
        ag.write_many([ag.Node("lost"), ag.Link(a, node_id, "x")])
    with ag.span_context("s"):
        ag.save(Transacted(2))
    with pytest.raises(ZeroDivisionError), ag.current_session():  # noqa: PT012 - the block is the point
        ag.save(Transacted(3))
        raise ZeroDivisionError
    with ag.current_session():
        ag.save(Transacted(4))
        with pytest.raises(LabelTakenError):
            ag.write_many([ag.Node("lost"), ag.Link(a, node_id, "x")])
    assert sorted(each.x for each in ag.read(Transacted)) == [1, 2, 4]
    assert not ag.exists(ag.Node, ag.NodeFilter(label="lost"))


@on_sqlite
async def test_statement_by_statement_tasks_take_turns(stepwise, store):
    await asyncio.gather(*(ag.save(Transacted(n)) for n in range(20)))
    assert len(await ag.read(Transacted)) == 20
