"""Spans in scripts, tasks and threads: how they nest, how they end, and that their end is always written."""

from __future__ import annotations

import asyncio
import random
import signal
import sqlite3
import subprocess
import sys
import threading
from collections.abc import Callable
from pathlib import Path
from types import FrameType
from typing import Any

import pytest

import artigraph as ag
from artigraph.errors import (
    CannotOpenError,
    InvalidLabelError,
    NodeNotFoundError,
    NoEngineError,
    SpanOpenedError,
    StorageReadOnlyError,
    StoreBusyError,
)
from artigraph.graph.current import open_span
from artigraph.span import context

Spans = Callable[[], dict[str, Any]]

on_a_file = pytest.mark.parametrize("url", ["file"], indirect=True)


def test_a_block_is_a_span_that_is_open_while_it_runs(spans: Spans) -> None:
    with ag.span_context("load") as span:
        assert (span.status, spans()["load"].status) == ("open", "open")
    kept = spans()["load"]
    assert (span.status, kept.status, kept.error) == ("ok", "ok", None)
    assert kept.opened_at <= kept.closed_at
    assert (kept.opened_at, kept.closed_at) == (span.opened_at, span.closed_at)


def test_an_exception_ends_it_as_error_and_comes_out_unchanged(spans: Spans) -> None:
    boom = ValueError("bad rows")
    with pytest.raises(ValueError, match="bad rows") as caught, ag.span_context("clean"):
        raise boom
    assert caught.value is boom
    assert boom.__context__ is None
    error = spans()["clean"].error
    assert (spans()["clean"].status, error["type"], error["message"]) == ("error", "ValueError", "bad rows")
    assert "raise boom" in error["traceback"]


@pytest.mark.parametrize(
    ("raised", "status"),
    [
        (KeyboardInterrupt(), "interrupted"),
        (asyncio.CancelledError(), "interrupted"),
        (TimeoutError(), "error"),
        (SystemExit(1), "error"),
    ],
)
def test_interruptions_are_told_from_errors(spans: Spans, raised: BaseException, status: str) -> None:
    with pytest.raises(type(raised)), ag.span_context("step"):
        raise raised
    assert spans()["step"].status == status


def test_blocks_inside_blocks_are_children(url: str) -> None:
    with ag.span_context("outer") as outer:
        with ag.span_context("inner 1") as first, ag.span_context("innermost") as deep:
            pass
        with ag.span_context("inner 2"):
            pass
    assert [span.label for span in ag.read_child_spans.s(outer)] == ["inner 1", "inner 2"]
    assert ag.read_parent_span.s(outer) is None
    assert ag.read_parent_span.s(deep.id) == first
    assert [span.label for span in ag.read_ancestor_spans.s(deep)] == ["outer", "inner 1"]
    assert [span.label for span in ag.read_descendant_spans.s(outer)] == ["inner 1", "innermost", "inner 2"]


def test_it_is_closed_before_the_next_line_and_nothing_is_open_then(url: str) -> None:
    with ag.span_context("one"):
        assert open_span() is not None
    assert open_span() is None


def test_a_span_of_yours_with_parent_source_info_and_tags_is_kept(url: str) -> None:
    with ag.span_context("first") as first:
        pass
    mine = ag.Span("second", parent_id=first, source="x = 1", info={"n": [1]}, tags={"team": "a"})
    with ag.span_context(mine) as given:
        assert given is mine
    kept = ag.read_span.s(mine)
    assert (kept.source, kept.info, kept.tags, kept.parent_id) == ("x = 1", {"n": [1]}, {"team": "a"}, first.id)


def test_opening_one_span_twice_is_a_typed_error(url: str) -> None:
    with ag.span_context("once") as span:
        pass
    with pytest.raises(SpanOpenedError), ag.span_context(span):
        pytest.fail("the body must not run")
    assert ag.read_span.s(span).status == "ok"


def test_without_a_database_or_with_a_bad_label_the_body_does_not_run(tmp_path: Path) -> None:
    with pytest.raises(NoEngineError), ag.span_context("x"):
        pytest.fail("the body must not run")
    reset = ag.set_engine(f"sqlite:///{tmp_path}/missing/x.db", create_tables=True)
    with pytest.raises(CannotOpenError), ag.span_context("x"):
        pytest.fail("the body must not run")
    with pytest.raises(InvalidLabelError), ag.span_context(""):
        pytest.fail("the body must not run")
    reset()


def test_a_parent_that_does_not_exist_is_a_typed_error(url: str) -> None:
    with pytest.raises(NodeNotFoundError), ag.span_context(ag.Span("x", parent_id=ag.Span("y"))):
        pytest.fail("the body must not run")
    assert open_span() is None


async def test_gathered_tasks_and_task_groups_each_have_their_own(spans: Spans) -> None:
    async def work(name: str) -> None:
        async with ag.span_context(name), ag.span_context(f"in {name}"):
            await asyncio.sleep(0.001)

    async with ag.span_context("all") as whole:
        await asyncio.gather(*(work(f"g{n}") for n in range(5)))
        async with asyncio.TaskGroup() as group:
            for n in range(5):
                group.create_task(work(f"t{n}"))
    children = [span.label for span in await ag.read_child_spans(whole)]
    assert sorted(children) == sorted([*(f"g{n}" for n in range(5)), *(f"t{n}" for n in range(5))])
    for n in range(5):
        inner = (await ag.read(ag.Span, ag.NodeFilter(label=f"in g{n}")))[0]
        parent = await ag.read_parent_span(inner)
        assert parent is not None
        assert parent.label == f"g{n}"


async def test_a_failing_task_of_a_group_interrupts_the_others(spans: Spans) -> None:
    async def fail() -> None:
        async with ag.span_context("failing"):
            raise ValueError("x")

    inside = asyncio.Event()

    async def wait() -> None:
        async with ag.span_context("waiting"):
            inside.set()
            await asyncio.sleep(30)

    with pytest.raises(ExceptionGroup):  # noqa: PT012
        async with ag.span_context("group"), asyncio.TaskGroup() as group:
            group.create_task(wait())
            await inside.wait()
            group.create_task(fail())
    status = {label: span.status for label, span in spans().items()}
    assert status == {"failing": "error", "waiting": "interrupted", "group": "error"}


async def test_a_timeout_inside_the_block_is_an_error(spans: Spans) -> None:
    with pytest.raises(TimeoutError):
        async with ag.span_context("slow"), asyncio.timeout(0.01):
            await asyncio.sleep(30)
    assert (spans()["slow"].status, spans()["slow"].error["type"]) == ("error", "TimeoutError")


def test_threads_begin_outside_and_to_thread_inside(spans: Spans) -> None:
    def work(name: str) -> None:
        with ag.span_context(name):
            pass

    async def main() -> None:
        async with ag.span_context("main"):
            await asyncio.to_thread(work, "inside")
            thread = threading.Thread(target=work, args=("outside",))
            thread.start()
            await asyncio.to_thread(thread.join)

    asyncio.run(main())
    found = spans()
    assert found["inside"].parent_id == found["main"].id
    assert found["outside"].parent_id is None


async def test_cancelled_at_any_moment_no_span_stays_open(spans: Spans) -> None:
    chance = random.Random(7)

    async def work(name: str) -> None:
        async with ag.span_context(name):
            await ag.save(1, "n")
            async with ag.span_context(f"in {name}"):
                await asyncio.sleep(0.001)

    for n in range(100):
        task = asyncio.create_task(work(f"s{n}"))
        await asyncio.sleep(chance.uniform(0, 0.006))
        task.cancel()
        await asyncio.wait([task])
    left = [span for span in spans().values() if span.status == "open"]
    assert left == []
    assert {span.status for span in spans().values()} <= {"ok", "interrupted"}


async def test_a_second_cancellation_does_not_stop_the_closing_write(spans: Spans) -> None:
    inside = asyncio.Event()

    async def work() -> None:
        async with ag.span_context("step"):
            inside.set()
            await asyncio.sleep(30)

    task = asyncio.create_task(work())
    await inside.wait()
    for _ in range(20):
        task.cancel()
        await asyncio.sleep(0)
    with pytest.raises(asyncio.CancelledError):
        await task
    assert spans()["step"].status == "interrupted"


def test_tasks_left_over_when_a_loop_ends_are_closed_as_interrupted(spans: Spans) -> None:
    async def work(n: int) -> None:
        async with ag.span_context(f"left {n}"):
            await asyncio.sleep(0.001 * n)

    async def main() -> None:
        tasks = [asyncio.create_task(work(n)) for n in range(20)]
        await asyncio.sleep(0.012)
        assert tasks

    asyncio.run(main())
    assert {span.status for span in spans().values()} <= {"ok", "interrupted"}


async def test_a_generator_that_is_thrown_away_is_closed(spans: Spans) -> None:
    async def numbers() -> Any:
        async with ag.span_context("generator"):
            yield 1
            yield 2

    generator = numbers()
    assert await anext(generator) == 1
    await generator.aclose()
    assert spans()["generator"].status == "interrupted"


def test_ctrl_c_ends_a_span_as_interrupted(start: Callable[[str], subprocess.Popen[str]], spans: Spans) -> None:
    process = start(
        "import time\n"
        "with ag.span_context('outer'), ag.span_context('inner'):\n"
        "    ag.save(1, 'kept')\n    print('go', flush=True)\n    time.sleep(60)\n"
    )
    assert process.stdout is not None
    assert process.stdout.readline() == "go\n"
    process.send_signal(signal.SIGINT)
    _, errors = process.communicate(timeout=30)
    assert "KeyboardInterrupt" in errors
    assert {label: span.status for label, span in spans().items()} == {"outer": "interrupted", "inner": "interrupted"}
    assert ag.read_span_artifacts.s(spans()["inner"]) == {"kept": 1}


def test_ctrl_c_at_any_moment_leaves_no_span_open_in_a_living_process(
    start: Callable[[str], subprocess.Popen[str]], spans: Spans
) -> None:
    process = start(
        "import os, random, signal, threading, time\n"
        "with ag.span_context('first'): ag.read(ag.Span)\n"
        "def shoot():\n"
        "    time.sleep(random.uniform(0, 0.004)); os.kill(os.getpid(), signal.SIGINT)\n"
        "for n in range(100):\n"
        "    try:\n"
        "        gun = threading.Thread(target=shoot); gun.start()\n"
        "        with ag.span_context(f's{n}'):\n"
        "            time.sleep(0.001)\n"
        "        time.sleep(1)\n"
        "    except KeyboardInterrupt: pass\n"
        "    try: gun.join()\n"
        "    except KeyboardInterrupt: pass\n"
        "print([span.label for span in ag.read(ag.Span) if span.status == 'open'])\n"
    )
    out, errors = process.communicate(timeout=90)
    assert (out, errors) == ("[]\n", "")


@pytest.mark.parametrize(
    ("where", "status"),
    [("__exit__", "interrupted"), ("close", "interrupted"), ("_left", "interrupted"), ("_block_to_its_end", "ok")],
)
def test_ctrl_c_before_the_end_of_a_block_has_begun_ends_the_span_all_the_same(
    spans: Spans, where: str, status: str
) -> None:
    def interrupt(frame: FrameType, event: str, arg: object) -> None:
        if frame.f_code.co_name == where and frame.f_code.co_filename == context.__file__:
            sys.settrace(None)
            raise KeyboardInterrupt

    with ag.span_context("around") as around:
        try:
            with ag.span_context("cut off"):
                ag.save.s(1)
                sys.settrace(interrupt)
        except KeyboardInterrupt:
            pass
        current = open_span()
        assert current is not None
        assert current.id == around.id
    assert {label: span.status for label, span in spans().items()} == {"around": "ok", "cut off": status}


def test_a_program_that_ends_inside_a_span_says_nothing_and_the_span_is_abandoned(
    start: Callable[[str], subprocess.Popen[str]], spans: Spans
) -> None:
    process = start("left = ag.span_context('left')\nleft.__enter__()\n")
    assert process.communicate(timeout=30) == ("", "")
    assert spans()["left"].status == "abandoned"


@on_a_file
def test_a_store_that_fails_at_the_end_of_a_block_is_a_typed_error(url: str, tmp_path: Path) -> None:
    other = sqlite3.connect(tmp_path / "spans.db", isolation_level=None)
    reset = ag.set_engine(url, create_tables=True, busy_timeout=0.1)
    with pytest.raises(StoreBusyError), ag.span_context("held"):
        other.execute("BEGIN IMMEDIATE")
    other.execute("ROLLBACK")
    other.close()
    reset()


@on_a_file
def test_the_body_s_exception_is_what_comes_out_when_the_store_fails_too(url: str, tmp_path: Path) -> None:
    other = sqlite3.connect(tmp_path / "spans.db", isolation_level=None)
    reset = ag.set_engine(url, create_tables=True, busy_timeout=0.1)
    with pytest.raises(ValueError, match="mine") as caught, ag.span_context("held"):  # noqa: PT012
        other.execute("BEGIN IMMEDIATE")
        raise ValueError("mine")
    assert "end of this span was not recorded" in "".join(caught.value.__notes__)
    other.execute("ROLLBACK")
    other.close()
    reset()


@on_a_file
def test_a_read_only_database_can_be_read_inside_a_span_of_another(url: str, tmp_path: Path, used: Any) -> None:
    ag.save.s([1, 2], "pair")
    read_only = f"sqlite+aiosqlite:///file:{tmp_path}/spans.db?mode=ro&uri=true"
    with ag.span_context("span") as span:
        reset = ag.set_engine(read_only)
        assert ag.load.s("pair") == [1, 2]
        with pytest.raises(StorageReadOnlyError), ag.span_context("x"):
            pytest.fail("the body must not run")
        reset()
    assert used(span) == []


def test_a_span_that_is_deleted_while_it_runs_ends_in_peace(url: str) -> None:
    ag.save.s([1], "x")
    with ag.span_context("gone") as span:
        ag.load.s("x")
        ag.delete_one.s(span)
    assert ag.read.s(ag.Span) == []


async def test_a_span_in_a_session_group_is_written_with_it(url: str) -> None:
    with pytest.raises(ValueError, match="undo"):  # noqa: PT012
        async with ag.current_session():
            async with ag.span_context("in"):
                pass
            raise ValueError("undo")
    assert await ag.read(ag.Span) == []
    async with ag.span_context("after"):
        assert [span.status for span in await ag.read(ag.Span)] == ["open"]
