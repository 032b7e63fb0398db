from __future__ import annotations

import asyncio
import threading
from contextlib import closing

import pytest

from artigraph.errors import UnfinishedError
from artigraph.persist import handover
from artigraph.persist.handover import Handover, item_size


async def count(n):
    for each in range(n):
        yield each


class Plain:
    """An async iterable that is no generator."""

    def __aiter__(self):
        return count(3)


@pytest.mark.parametrize("n", [0, 1, handover.BATCH_ITEMS, 3 * handover.BATCH_ITEMS + 1])
async def test_a_worker_gets_every_item_in_order(n):
    source = Handover(count(n), asyncio.get_running_loop())
    assert await asyncio.to_thread(list, source) == list(range(n))
    assert source.count == n


def test_without_a_loop_the_stream_has_one_of_its_own():
    assert list(Handover(Plain(), None)) == [0, 1, 2]
    assert not [thread for thread in threading.enumerate() if thread.name == "artigraph-stream" and thread.is_alive()]


async def test_a_worker_that_takes_no_more_closes_the_stream():
    closed = []

    async def endless():
        try:
            while True:
                yield bytes(1 << 20)
        finally:
            await asyncio.sleep(0)
            closed.append(threading.get_ident())

    def work(source):
        with closing(source.__iter__()) as items:
            return len(next(items))

    assert await asyncio.to_thread(work, Handover(endless(), asyncio.get_running_loop())) == 1 << 20
    assert closed == [threading.get_ident()]


@pytest.mark.parametrize("early", [True, False])
async def test_a_stream_that_was_stopped_says_so(early):
    async def waiting():
        yield bytes(1 << 20)
        await asyncio.Event().wait()

    source = Handover(waiting(), asyncio.get_running_loop())
    if early:
        source.stop()
    else:
        asyncio.get_running_loop().call_later(0.05, source.stop)
    with pytest.raises(UnfinishedError, match="stopped"):
        await asyncio.to_thread(list, source)


async def test_what_closing_raises_comes_out_unless_something_came_before():
    async def badly(first):
        try:
            yield 1
            if first:
                raise KeyError("first")
        finally:
            await asyncio.sleep(0)
            raise ZeroDivisionError("last")

    with pytest.raises(ZeroDivisionError):
        await asyncio.to_thread(list, Handover(badly(True), asyncio.get_running_loop()))


async def test_the_loop_does_other_things_while_a_busy_stream_is_taken():
    turns = 0

    async def busy():
        for _ in range(100):
            sum(range(30_000))  # no await anywhere
            yield 1

    async def other():
        nonlocal turns
        while True:
            await asyncio.sleep(0)
            turns += 1

    task = asyncio.ensure_future(other())
    await asyncio.to_thread(list, Handover(busy(), asyncio.get_running_loop()))
    task.cancel()
    assert turns > 10


def test_the_size_of_an_item_is_that_of_its_buffer():
    assert item_size(memoryview(bytes(1000))) == 1000
    assert item_size(bytes(1000)) > 1000
