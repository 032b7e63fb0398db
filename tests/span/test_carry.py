"""Spans taken along: into threads, pools of processes, programs, tasks that know nothing of them."""

from __future__ import annotations

import asyncio
import multiprocessing
import os
import re
import subprocess
import sys
import threading
from collections.abc import Callable, Iterator
from concurrent.futures import ProcessPoolExecutor, ThreadPoolExecutor
from contextvars import Context
from pathlib import Path
from typing import Any

import pytest

import artigraph as ag
from artigraph.errors import InvalidOptionError, NodeNotFoundError, NoOpenSpanError
from artigraph.span.context import SpanContext
from tests.span import carried

Spans = Callable[[], dict[str, Any]]
Used = Callable[[Any], list[tuple[Any, str | None]]]
ROOT = Path(__file__).parents[2]


@pytest.fixture(autouse=True)
def database(url: str) -> str:
    return url


def children(label: str) -> set[str]:
    return {span.label for span in ag.read_child_spans.s(ag.read_one.s(ag.Span, ag.NodeFilter(label=label)))}


def test_a_carrier_is_a_w3c_trace_whose_outermost_span_is_the_trace() -> None:
    with ag.span_context("outer") as outer, ag.span_context("inner") as inner:
        carrier = ag.inject()
    assert re.fullmatch(rf"00-{outer.id.hex}-{inner.id.hex[16:]}-01", carrier["traceparent"])
    assert carrier["tracestate"] == f"artigraph={inner.id.hex}"
    assert all(type(each) is str for pair in carrier.items() for each in pair)


def test_without_an_open_span_there_is_nothing_to_carry() -> None:
    for call in (ag.inject, ag.child_env, lambda: ag.carry(print)):
        with pytest.raises(NoOpenSpanError):
            call()


@pytest.mark.parametrize(
    "carrier",
    [{}, {"traceparent": "00-" + "a" * 32 + "-" + "b" * 16 + "-01"}, {"traceparent": "x", "tracestate": "artigraph=1"}],
    ids=["empty", "of-another-tracer", "broken"],
)
def test_a_carrier_without_a_span_of_ours_is_refused(carrier: dict[str, str]) -> None:
    with pytest.raises(NoOpenSpanError, match="carrier"):
        ag.attach(carrier)


def test_other_vendors_in_the_same_trace_state_are_left_alone(spans: Spans) -> None:
    with ag.span_context("sent"):
        carrier = ag.inject()
    carrier["tracestate"] = f"rojo=00f067aa0ba902b7,{carrier['tracestate']},congo=t61rcWkgMzE"
    with ag.attach(carrier) as span_id:
        assert span_id == spans()["sent"].id


def test_a_span_that_this_database_does_not_have_is_refused(tmp_path: Path) -> None:
    with ag.span_context("elsewhere"):
        carrier = ag.inject()
    reset = ag.set_engine(f"sqlite:///{tmp_path}/other.db", create_tables=True)
    try:
        with pytest.raises(NodeNotFoundError, match="database"), ag.attach(carrier):
            raise AssertionError
    finally:
        reset()


def test_threads_of_a_pool_work_in_the_span() -> None:
    def work(number: int) -> int:
        with ag.span_context(f"part-{number}"):
            return number

    with ThreadPoolExecutor(4) as pool, ag.span_context("all"):
        assert list(pool.map(ag.carry(work), range(8))) == list(range(8))
        assert list(pool.map(work, [99])) == [99]
    assert children("all") == {f"part-{number}" for number in range(8)}


def test_a_thread_of_this_process_shares_what_the_span_made(used: Used) -> None:
    """What the span itself made is no input of it, wherever it is loaded."""
    with ag.span_context("whole") as span:
        node_id = ag.save.s([1, 2], "made")
        thread = threading.Thread(target=ag.carry(lambda: ag.load.s(node_id)))
        thread.start()
        thread.join()
    assert used(span) == []


def test_async_functions_are_carried_into_tasks_without_context() -> None:
    async def work(label: str) -> None:
        await ag.save(1, label)

    async def main() -> dict[str, Any]:
        async with ag.span_context("async") as span:
            call = ag.carry(work)
            jobs = [asyncio.create_task(call(f"value-{n}"), context=Context()) for n in range(3)]
            await asyncio.gather(*jobs)
        return await ag.read_span_artifacts(span)

    assert set(asyncio.run(main())) == {"value-0", "value-1", "value-2"}


def test_a_generator_is_refused() -> None:
    def rows() -> Iterator[int]:
        yield 1

    with ag.span_context("g"), pytest.raises(TypeError, match="generator"):
        ag.carry(rows)


def test_a_pool_of_fresh_processes_works_in_the_span(url: str) -> None:
    context = multiprocessing.get_context("spawn")
    pool = ProcessPoolExecutor(2, mp_context=context, initializer=ag.set_engine, initargs=(url,))
    with pool, ag.span_context("pool"):
        assert list(pool.map(ag.carry(carried.square), [2, 3])) == [4, 9]
    assert children("pool") == {"square-2", "square-3"}
    assert ag.load.s("square-of-3") == 9


def test_a_program_started_in_the_span_adds_to_it(url: str, spans: Spans, used: Used) -> None:
    code = f"""
import artigraph as ag
ag.set_engine({url!r})
with ag.attach():
    ag.load.s("table")
    with ag.span_context("program"):
        ag.save.s(2, "result")
"""
    ag.save.s([1, 2, 3], "table")
    with ag.span_context("caller") as span:
        environ = ag.child_env({**os.environ, "PYTHONPATH": str(ROOT)})
        subprocess.run([sys.executable, "-W", "error", "-c", code], env=environ, check=True, timeout=60)
    assert children("caller") == {"program"}
    assert [role for _, role in used(span)] == ["table"]
    assert spans()["caller"].status == "ok"


def test_the_environment_of_a_program_is_ours_with_two_more_names() -> None:
    with ag.span_context("env"):
        environ = ag.child_env()
    assert set(environ) - set(os.environ) <= {"TRACEPARENT", "TRACESTATE"}
    assert environ["TRACESTATE"].startswith("artigraph=")


def test_the_exception_of_the_block_comes_out_and_the_span_stays_open(spans: Spans) -> None:
    boom = ValueError("no")
    with ag.span_context("kept"):
        carrier = ag.inject()
        with pytest.raises(ValueError, match="no") as caught, ag.attach(carrier):
            raise boom
        assert caught.value is boom
        assert spans()["kept"].status == "open"


def test_a_span_that_was_put_off_is_written_when_it_is_carried_away(spans: Spans) -> None:
    with SpanContext(ag.Span("late"), put_off=True):
        assert "late" not in spans()
        with ag.attach(ag.inject()):
            assert spans()["late"].status == "open"


def test_what_is_no_carrier_is_told(url: str) -> None:
    for carrier in (5, {"traceparent": 5}, {"traceparent": None}, [1]):
        with pytest.raises(NoOpenSpanError):
            ag.attach(carrier)  # type: ignore[arg-type]
    with ag.span_context(), pytest.raises(InvalidOptionError, match="environment variables"):
        ag.child_env(5)  # type: ignore[arg-type]
