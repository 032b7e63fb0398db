from __future__ import annotations

import asyncio
import gc
import time
from contextlib import asynccontextmanager, contextmanager
from dataclasses import dataclass

import pytest
from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

import artigraph as ag
from artigraph.errors import LabelTakenError, StoreBusyError, UnserializableError, WouldDeadlockError
from artigraph.graph.engine import current_database
from artigraph.graph.schema import OrmNode
from tests.stores import count


@dataclass
class Grouped(ag.ArtifactModel):
    x: int


def test_a_sync_block_is_committed_whole_at_its_end(file_store):
    with ag.current_session() as group:
        ag.save(Grouped(1))
        ag.save(Grouped(2))
        assert count(file_store) == 0
        assert len(ag.read(Grouped)) == 2
        assert len(group.scalars(select(OrmNode.id))) == 4
    assert count(file_store) == 4


def test_a_sync_block_that_raises_leaves_nothing(store):
    with pytest.raises(ZeroDivisionError), ag.current_session():  # noqa: PT012 - the block is the point
        ag.save(Grouped(1))
        raise ZeroDivisionError
    assert not ag.exists(ag.Node)


async def test_an_async_block_commits_or_rolls_back(store):
    async with ag.current_session():
        await ag.save(Grouped(1))
    with pytest.raises(ZeroDivisionError):  # noqa: PT012 - the block is the point
        async with ag.current_session() as group:
            await ag.save(Grouped(2))
            assert len(await group.execute(select(OrmNode.id))) == 4
            raise ZeroDivisionError
    assert [each.x for each in await ag.read(Grouped)] == [1]


async def test_a_failing_call_inside_takes_only_itself_back(store):
    a, b = ag.Node("a"), ag.Node("b")
    async with ag.current_session():
        await ag.write_many([a, b, ag.Link(a, b, "x")])
        with pytest.raises(LabelTakenError):
            await ag.write_many([ag.Node("lost"), ag.Link(a, b, "x")])
        with pytest.raises(UnserializableError):
            await ag.save(object())
        await ag.save(Grouped(1))
    assert sorted(each.label or "" for each in await ag.read(ag.Node, ag.NodeFilter(node_type="node"))) == ["a", "b"]
    assert len(await ag.read(Grouped)) == 1


def test_a_block_inside_a_block_is_a_part_of_it(store):
    with pytest.raises(ZeroDivisionError), ag.current_session():  # noqa: PT012 - the block is the point
        with ag.current_session():
            ag.save(Grouped(1))
        assert len(ag.read(Grouped)) == 1
        raise ZeroDivisionError
    assert not ag.exists(ag.Node)


async def test_a_sync_call_inside_an_async_block_joins_it(store):
    async with ag.current_session():
        await ag.save(Grouped(1))
        ag.save.s(Grouped(2))
        assert len(ag.read.s(Grouped)) == 2
    assert len(await ag.read(Grouped)) == 2


async def test_a_sync_call_of_another_task_is_refused_at_once(store):
    opened, done = asyncio.Event(), asyncio.Event()

    async def holder():
        async with ag.current_session():
            await ag.save(Grouped(1))
            opened.set()
            await done.wait()

    task = asyncio.create_task(holder())
    await opened.wait()
    began = time.monotonic()
    with pytest.raises(WouldDeadlockError):
        ag.save.s(Grouped(2))
    assert time.monotonic() - began < 1
    done.set()
    await task
    await ag.save(Grouped(3))
    assert [each.x for each in await ag.read(Grouped)] == [1, 3]


async def test_other_tasks_wait_with_their_writes_and_see_them_all(store):
    async def one(n: int):
        async with ag.current_session():
            await ag.save(Grouped(n))
            await asyncio.sleep(0)
            await ag.save(Grouped(n + 100))

    await asyncio.gather(*(one(n) for n in range(8)))
    assert len(await ag.read(Grouped)) == 16


async def test_a_cancelled_block_leaves_nothing_and_frees_the_database(store):
    async def forever():
        async with ag.current_session():
            await ag.save(Grouped(1))
            await asyncio.Event().wait()

    task = asyncio.create_task(forever())
    await asyncio.sleep(0.05)
    task.cancel()
    await asyncio.wait([task])
    await ag.save(Grouped(2))
    assert [each.x for each in await ag.read(Grouped)] == [2]


async def test_a_session_of_the_caller_is_committed_by_the_caller(file_store):
    engine = ag.get_engine()
    async with AsyncSession(engine) as session:
        node_id = await ag.save(Grouped(1), session=session)
        assert await ag.load(node_id, session=session) == Grouped(1)
        a = ag.Node("a")
        await ag.write_many([a, ag.Link(a, node_id, "l")], session=session)
        assert count(file_store) == 0
        await session.commit()
    assert count(file_store) == 3
    async with AsyncSession(engine) as session:
        await ag.save(Grouped(2), session=session)
        await ag.write_one(ag.Node("b"), session=session)
        assert await ag.delete_many([a], session=session) == 1
        await session.rollback()
    assert count(file_store) == 3
    await engine.dispose()


async def test_the_first_call_with_a_session_makes_the_tables(tmp_path):
    reset = ag.set_engine(f"sqlite:///{tmp_path}/x.db", create_tables=True)
    engine = ag.get_engine()
    async with AsyncSession(engine) as session, session.begin():
        await ag.save(Grouped(1), session=session)
    assert len(await ag.read(Grouped)) == 1
    await engine.dispose()
    reset()


def test_a_session_of_the_caller_cannot_be_used_without_await(file_store):
    session = AsyncSession(ag.get_engine())
    with pytest.raises(WouldDeadlockError):
        ag.save(Grouped(1), session=session)


WAIT = "this call would wait for itself: a session of yours .* give the call that session="


@asynccontextmanager
async def writing_session():
    """A session of the caller that has written and not committed."""
    engine = ag.get_engine()
    try:
        async with AsyncSession(engine) as session:
            await ag.save(Grouped(1), session=session)
            yield session
    finally:
        await engine.dispose()


@contextmanager
def at_once():
    began = time.monotonic()
    yield
    assert time.monotonic() - began < 5


async def test_a_write_beside_a_session_of_the_same_task_is_refused_at_once(file_store):
    async with writing_session() as session:
        with at_once():
            with pytest.raises(WouldDeadlockError, match=WAIT):
                ag.save.s(Grouped(2))
            with pytest.raises(WouldDeadlockError, match=WAIT):
                await ag.save(Grouped(2))
            with pytest.raises(WouldDeadlockError, match=WAIT):
                async with ag.current_session():
                    pass
        assert await ag.read(Grouped) == ag.read.s(Grouped) == []
        await session.commit()
        ag.save.s(Grouped(3))
        await ag.save(Grouped(4))
    assert [each.x for each in await ag.read(Grouped)] == [1, 3, 4]


@pytest.mark.parametrize("end", ["commit", "rollback", "close"])
async def test_a_session_that_ended_is_in_nobody_s_way(file_store, end):
    async with writing_session() as session:
        await getattr(session, end)()
        ag.save.s(Grouped(2))
        await ag.save(Grouped(3), session=session)
        await session.commit()
    assert [each.x for each in await ag.read(Grouped)] == ([1, 2, 3] if end == "commit" else [2, 3])


async def test_a_session_nobody_has_any_more_is_in_nobody_s_way(file_store):
    async with writing_session() as session:
        held = current_database().sessions
        assert len(held) == 1
        await session.rollback()
    del session
    gc.collect()
    assert len(held) == 0


async def test_another_task_waits_for_a_session_and_a_blocking_call_beside_it_does_not(file_store):
    async with writing_session() as session:
        other = asyncio.create_task(ag.save.a(Grouped(2)))
        await asyncio.sleep(0.2)
        assert not other.done()
        with at_once(), pytest.raises(WouldDeadlockError):
            await asyncio.create_task(_blocking())
        await session.commit()
        await other
    assert len(await ag.read(Grouped)) == 2


async def test_a_thread_of_its_own_waits_for_a_session(file_store):
    async with writing_session() as session:
        other = asyncio.create_task(asyncio.to_thread(ag.save.s, Grouped(2)))
        await asyncio.sleep(0.2)
        await session.commit()
        await other
    assert len(await ag.read(Grouped)) == 2


async def _blocking():
    ag.save.s(Grouped(9))


async def test_who_waited_in_vain_is_told_of_sessions_too(tmp_path):
    reset = ag.set_engine(f"sqlite:///{tmp_path / 'a.db'}", create_tables=True, busy_timeout=0.1)
    async with writing_session():
        with pytest.raises(StoreBusyError, match="or by a session or connection of this one"):
            await asyncio.create_task(ag.save.a(Grouped(2)))
    reset()
