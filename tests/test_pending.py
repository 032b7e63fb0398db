"""A Pending: lazy, the same outcome for everyone, and never lost silently."""

import asyncio
import gc
import inspect
import threading
import warnings
from collections.abc import Coroutine
from contextlib import asynccontextmanager, contextmanager, suppress

import pytest

from artigraph import bridge
from artigraph.errors import PendingError, WouldDeadlockError

runs = []
begun = threading.Event()


@pytest.fixture(autouse=True)
def _no_runs():
    runs.clear()


class Model:
    @bridge.method
    async def save(self, label=None):
        runs.append(label)
        await asyncio.sleep(0.001)
        return len(runs)

    @bridge.method
    async def gated(self, goes_on):
        while not goes_on.is_set():
            await asyncio.sleep(0.001)
        return 1

    @bridge.method
    async def fail(self):
        try:
            {}["first"]
        except KeyError:
            int("second")

    @bridge.method
    async def slow(self, *, session=None):
        runs.append("begun")
        begun.set()
        try:
            await asyncio.sleep(30)
        finally:
            runs.append("ended")


@bridge.dual
async def opened(log, kind):
    @contextmanager
    def sync():
        log.append("in")
        yield "value"
        log.append("out")

    @asynccontextmanager
    async def both():
        with sync() as value:
            yield value

    return sync() if kind == "sync" else both()


async def test_nothing_runs_before_it_is_awaited():
    pending = Model().save()
    await asyncio.sleep(0.01)
    assert runs == []
    assert await pending == 1


async def test_awaited_again_it_gives_the_same_outcome_of_one_run():
    pending = Model().save()
    assert (await pending, await pending, pending.s()) == (1, 1, 1)
    assert await asyncio.gather(*(asyncio.create_task(pending) for _ in range(3))) == [1, 1, 1]
    assert len(runs) == 1


async def test_two_tasks_that_wait_at_once_share_one_run():
    pending = Model().save()

    async def wait():
        return await pending

    tasks = [asyncio.create_task(wait()), asyncio.create_task(wait()), asyncio.create_task(pending)]
    assert await asyncio.gather(*tasks) == [1, 1, 1]
    assert len(runs) == 1


async def test_two_threads_that_wait_at_once_share_one_run():
    pending = Model().save()
    assert await asyncio.gather(*(asyncio.to_thread(pending.s) for _ in range(4))) == [1, 1, 1, 1]
    assert len(runs) == 1


async def test_an_error_is_the_same_object_and_its_chain_does_not_grow():
    pending = Model().fail()
    depths = set()
    for _ in range(5):
        with pytest.raises(ValueError, match="second") as caught:
            await pending
        depths.add(len(caught.traceback))
    try:
        int("mine")
    except ValueError:
        with pytest.raises(ValueError, match="second") as again:
            pending.s()
    assert again.value is caught.value
    assert isinstance(again.value.__context__, KeyError)
    assert len(depths) == 1


async def test_asyncio_takes_it_where_it_takes_a_coroutine():
    pending = Model().save()
    assert isinstance(pending, Coroutine)
    assert inspect.isawaitable(pending)
    assert await asyncio.wait_for(pending, 5) == 1
    async with asyncio.TaskGroup() as group:
        task = group.create_task(Model().save("a"))
        assert "coro=<Model.save()>" in repr(task)
    assert task.result() == 2
    async with asyncio.timeout(5):
        assert await Model().save() == 3
    assert await asyncio.gather(echo(session=4), Model().save()) == [4, 5]
    assert await asyncio.to_thread(lambda: asyncio.run(delayed())) == 6


async def delayed():
    return await asyncio.create_task(Model().save())


async def test_cancelling_who_awaits_it_cancels_the_work_and_waits_for_its_end():
    for coroutine in (Model().slow(), waiting(Model().slow())):
        runs.clear()
        begun.clear()
        task = asyncio.create_task(coroutine)
        await asyncio.to_thread(begun.wait, 10)
        task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await task
        assert runs == ["begun", "ended"]


async def waiting(pending):
    return await pending


async def test_a_cancelled_call_with_a_session_is_cancelled_in_place():
    task = asyncio.create_task(Model().slow(session=object()))
    await asyncio.sleep(0)
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task
    assert runs == ["begun", "ended"]


async def test_one_of_two_waiters_may_leave_without_stopping_the_other():
    goes_on = threading.Event()
    pending = Model().gated(goes_on)
    stays, leaves = asyncio.create_task(waiting(pending)), asyncio.create_task(waiting(pending))
    await asyncio.sleep(0)
    leaves.cancel()
    with pytest.raises(asyncio.CancelledError):
        await leaves
    goes_on.set()
    assert await stays == 1


async def test_concurrent_waiters_of_a_call_with_a_session_share_one_run():
    pending = echo(session="s")
    assert await asyncio.gather(waiting(pending), waiting(pending)) == ["s", "s"]
    assert runs == ["s"]


@bridge.dual
async def echo(*, session):
    runs.append(session)
    await asyncio.sleep(0)
    return session


async def test_a_task_cancelled_before_its_first_step_runs_nothing_and_warns_of_nothing():
    task = asyncio.create_task(Model().save())
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task
    assert runs == []


async def test_with_and_async_with_enter_the_result():
    log = []
    with opened(log, "sync") as value:
        log.append(value)
    async with opened(log, "both") as value:
        log.append(value)
    assert log == ["in", "value", "out"] * 2


async def test_used_as_its_result_it_names_the_call_and_both_cures():
    pending = Model().save()
    with pytest.raises(
        PendingError, match=r"Model\.save\(\.\.\.\).*'hex'.*await Model\.save.*Model\.save\.s"
    ) as caught:
        _ = pending.hex
    assert isinstance(caught.value, AttributeError)
    for use in (bool, len, iter, aiter, lambda p: p[0], lambda p: 1 in p):
        with pytest.raises(PendingError):
            use(pending)
    assert not hasattr(pending, "_repr_html_")
    pending.close()


async def test_its_repr_says_what_to_do_and_then_what_became_of_it():
    line = inspect.currentframe().f_lineno + 1
    pending = Model().save()
    assert repr(pending) == f"<pending: Model.save(...), line {line}: write await or .s>"
    await pending
    assert repr(pending) == f"<done: Model.save(...), line {line}>"
    failing = Model().fail()
    with pytest.raises(ValueError, match="second"):
        await failing
    assert repr(failing).startswith("<failed: Model.fail(...)")


async def test_a_dropped_call_warns_with_the_line_that_made_it():
    line = inspect.currentframe().f_lineno + 2
    with pytest.warns(RuntimeWarning, match=r"Model\.save\(\.\.\.\) was never run") as caught:
        Model().save(
            "label",
        )
    assert [(w.filename, w.lineno) for w in caught] == [(__file__, line)]
    assert runs == []


async def test_awaited_closed_or_dismissed_calls_are_dropped_in_silence():
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        await Model().save()
        Model().save().close()
        bridge.dismiss(Model().save())
        gc.collect()


async def test_a_drop_hook_is_told_instead_of_a_warning():
    told = []
    bridge.set_drop_hook(told.append)
    try:
        Model().save()
        gc.collect()
    finally:
        bridge.set_drop_hook(None)
    assert [info.call for info in told] == ["Model.save(...)"]
    assert told[0].filename == __file__


async def test_live_pendings_are_those_that_wait_to_be_run():
    first, second, third = Model().save(), echo(session=1), Model().save()
    assert bridge.live_pendings() == [first, second, third]
    assert [p.info.call for p in bridge.live_pendings()] == ["Model.save(...)", "echo(...)", "Model.save(...)"]
    await first
    bridge.dismiss(second)
    assert bridge.live_pendings() == [third]
    third.close()
    assert bridge.live_pendings() == []


async def test_an_outcome_keeps_no_garbage_alive():
    class Big:
        pass

    @bridge.dual
    async def failing(big):
        raise ValueError(big.__class__.__name__)

    def count():
        return sum(type(thing) is Big for thing in gc.get_objects())

    gc.collect()
    gc.disable()
    try:
        for use in (failing.s, lambda big: failing(big).s()):
            with suppress(ValueError):
                use(Big())
            bridge.block(asyncio.sleep, 0)  # the library thread has gone on to the next job
            assert count() == 0
        for use in (failing, failing.a, lambda big: asyncio.create_task(failing(big))):
            with suppress(ValueError):
                await use(Big())
            await bridge.ask(asyncio.sleep, 0)
            await asyncio.sleep(0)
            assert count() == 0
    finally:
        gc.enable()


async def test_s_beside_a_hold_is_refused_and_awaiting_is_not():
    transaction = bridge.hold("a transaction")
    try:
        pending = Model().save()
        with pytest.raises(WouldDeadlockError, match="a transaction is open"):
            pending.s()
        assert await pending == 1
    finally:
        transaction.release()
