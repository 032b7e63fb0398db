"""The library thread: what a cancelled caller may rely on, and who may not block."""

import asyncio
import contextvars
import threading

import pytest

from artigraph import bridge
from artigraph.bridge import ask, block, caller_loop
from artigraph.errors import WouldDeadlockError


class Work:
    """Work that says when it began, and takes its time to end."""

    def __init__(self):
        self.begun = threading.Event()
        self.ended = False
        self.cancelled_with = None

    async def run(self, seconds=30.0, result="done"):
        self.begun.set()
        try:
            await asyncio.sleep(seconds)
        except asyncio.CancelledError as error:
            self.cancelled_with = error.args
            await asyncio.sleep(0.05)  # a transaction that rolls back
            self.ended = True
            raise
        self.ended = True
        return result

    async def finish_anyway(self):
        with_cancel = await asyncio.gather(self.run(), return_exceptions=True)
        return "finished", with_cancel

    async def fail_when_cancelled(self):
        try:
            await self.run()
        except asyncio.CancelledError:
            raise OSError("the disk is full") from None


async def begun(work, coroutine):
    task = asyncio.create_task(coroutine)
    assert await asyncio.to_thread(work.begun.wait, 10)
    return task


async def test_a_cancelled_caller_is_told_when_the_work_has_really_ended():
    work = Work()
    task = await begun(work, bridge.ask(work.run))
    task.cancel("enough")
    with pytest.raises(asyncio.CancelledError, match="enough"):
        await task
    assert work.ended
    assert work.cancelled_with == ("cancelled",)


async def test_more_cancellations_while_waiting_are_one():
    work = Work()
    task = await begun(work, bridge.ask(work.run))
    for _ in range(5):
        task.cancel()
        await asyncio.sleep(0.005)
    with pytest.raises(asyncio.CancelledError):
        await task
    assert work.ended


async def test_a_cancelled_caller_stays_cancelled_when_the_work_finishes_all_the_same():
    work = Work()
    task = await begun(work, bridge.ask(work.finish_anyway))
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task
    assert work.ended


async def test_an_error_of_cancelled_work_is_the_cause():
    work = Work()
    task = await begun(work, bridge.ask(work.fail_when_cancelled))
    task.cancel()
    with pytest.raises(asyncio.CancelledError) as caught:
        await task
    assert isinstance(caught.value.__cause__, OSError)


async def test_a_timeout_around_a_call_is_a_timeout():
    work = Work()
    with pytest.raises(TimeoutError):
        async with asyncio.timeout(0.05):
            await bridge.ask(work.run)
    assert work.ended


async def test_calls_cancelled_at_any_moment_leave_nothing_running():
    running = 0

    async def count():
        nonlocal running
        running += 1
        try:
            for _ in range(20):
                await asyncio.sleep(0)
        finally:
            running -= 1

    for n in range(100):
        task = asyncio.create_task(bridge.ask(count))
        for _ in range(n % 7):
            await asyncio.sleep(0)
        was_cancelled = task.cancel()
        await asyncio.wait([task])
        assert task.cancelled() == was_cancelled
        assert running == 0


def test_work_cancelled_before_its_first_step_never_runs():
    ran = []

    async def run():
        ran.append(1)

    async def main():
        bridge.library_loop().call_soon_threadsafe(gate.wait)  # the library is busy
        task = asyncio.create_task(bridge.ask(run))
        await asyncio.sleep(0.01)
        task.cancel()
        await asyncio.sleep(0.01)
        gate.set()
        with pytest.raises(asyncio.CancelledError):
            await task

    gate = threading.Event()
    asyncio.run(main())
    assert ran == []


def test_the_end_of_the_callers_loop_waits_for_the_work():
    work = Work()

    async def main():
        await begun(work, bridge.ask(work.run))  # asyncio.run cancels what is left

    asyncio.run(main())
    assert work.ended


async def test_a_hold_refuses_blocking_calls_of_others_on_this_thread():
    work = Work()
    transaction = bridge.hold("a transaction")
    with pytest.raises(WouldDeadlockError, match="a transaction is open"):
        bridge.block(work.run, 0)
    assert await asyncio.to_thread(bridge.block, work.run, 0) == "done"
    token = bridge.join(transaction)
    assert transaction.joined
    assert bridge.block(work.run, 0) == "done"
    with pytest.raises(WouldDeadlockError):
        contextvars.Context().run(bridge.block, work.run, 0)
    bridge.leave(token)
    with pytest.raises(WouldDeadlockError):
        bridge.block(work.run, 0)
    transaction.release()
    transaction.release()
    assert bridge.block(work.run, 0) == "done"


async def test_the_work_of_a_joined_context_sees_that_it_joined():
    async def sees():
        return transaction.joined

    transaction = bridge.hold("a transaction")
    token = bridge.join(transaction)
    assert await bridge.ask(sees)
    await asyncio.create_task(left(token))
    assert transaction.joined
    bridge.leave(token)
    assert not await bridge.ask(sees)
    transaction.release()


async def left(token):
    bridge.leave(token)


async def test_work_knows_the_loop_of_who_waits_for_it_and_that_a_blocked_caller_has_none():
    async def where():
        return caller_loop()

    assert await ask(where) is asyncio.get_running_loop() is caller_loop()
    assert await asyncio.to_thread(block, where) is None
    assert block(where) is None

    async def nested():
        return await ask(where)

    assert await ask(nested) is asyncio.get_running_loop()
