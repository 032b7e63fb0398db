"""Spans whose row is put off until an artifact is touched, and never written when none is."""

from __future__ import annotations

import asyncio

import pytest

import artigraph as ag
from artigraph.span.context import SpanContext
from artigraph.span.trace import trace_of


def labels() -> list[str | None]:
    return [span.label for span in ag.read.s(ag.Span)]


def put_off(label: str) -> SpanContext:
    return SpanContext(ag.Span(label, tags={"team": "a"}, source="x = 1"), put_off=True)


def test_a_block_that_touches_nothing_writes_nothing(url: str) -> None:
    ag.save.s(1, "before")
    with put_off("idle"):
        assert labels() == []
    assert labels() == []


def test_a_save_inside_writes_it_with_all_that_is_known_of_it(url: str) -> None:
    with put_off("saves"):
        ag.save.s(1, "one")
        assert labels() == ["saves"]
        ag.save.s(2, "two")
    (span,) = ag.read.s(ag.Span)
    assert (span.status, span.tags, span.source) == ("ok", {"team": "a"}, "x = 1")
    assert ag.read_span_artifacts.s(span) == {"one": 1, "two": 2}


async def test_it_works_in_an_event_loop_and_with_several_tasks(url: str) -> None:
    async with put_off("tasks"):
        await asyncio.gather(*(ag.save(n, f"n{n}") for n in range(5)))
    (span,) = await ag.read(ag.Span)
    assert sorted((await ag.read_span_artifacts(span)).values()) == [0, 1, 2, 3, 4]


def test_a_load_inside_writes_it_at_its_end(url: str) -> None:
    ag.save.s(1, "before")
    with put_off("loads"):
        ag.load.s("before")
        assert labels() == []
    (span,) = ag.read.s(ag.Span)
    (used,) = ag.read.s(ag.Link, ag.LinkFilter(target=span, kind="input"))
    assert used.role == "before"


def test_a_span_inside_writes_it_and_every_span_around_it(url: str) -> None:
    with put_off("outer"), put_off("middle"), ag.span_context("inner") as inner:
        pass
    assert [span.label for span in ag.read_ancestor_spans.s(inner)] == ["outer", "middle"]


def test_asking_for_the_current_span_writes_it(url: str) -> None:
    with put_off("asked"):
        assert ag.read_span.s("current").label == "asked"
        ag.create_span_artifact.s("current", label="made", data=3)
    assert ag.load.s("made") == 3


@pytest.mark.parametrize("touch", [True, False])
def test_a_block_that_fails_is_an_error_only_if_it_touched_something(url: str, touch: bool) -> None:
    def fail() -> None:
        with put_off("fails"):
            if touch:
                ag.save.s(1, "kept")
            raise ValueError("mine")

    with pytest.raises(ValueError, match="mine"):
        fail()
    assert [span.status for span in ag.read.s(ag.Span)] == (["error"] if touch else [])


def test_a_failing_save_leaves_no_row_behind_but_the_span_that_tried(url: str) -> None:
    with put_off("tries"), pytest.raises(ag.errors.LabelTakenError):
        ag.create_span_artifacts.s("current", {"x": 1}), ag.create_span_artifact.s("current", label="x", data=2)
    assert (labels(), len(ag.find())) == (["tries"], 1)


def test_what_an_unwritten_block_bound_can_be_written_after_all(url: str) -> None:
    with put_off("first") as first:
        value = [1, 2]
    context = put_off("binds")
    with context:
        trace = trace_of(context.open, "value", value)
    assert not context.is_wanted
    context.write_after_all()
    with SpanContext(ag.Span("reads")) as reads, put_off("inside"):
        reads_context = ag.read_span.s(reads)
    assert labels() == ["binds", "reads"]
    assert (trace.maker_id, reads_context.label, first.status) == (context.span.id, "reads", "ok")


def test_a_group_of_calls_that_is_rolled_back_leaves_the_span_to_its_end(url: str) -> None:
    def grouped() -> None:
        with ag.current_session():
            ag.save.s(1, "gone")
            raise ValueError("mine")

    with put_off("grouped"):
        with pytest.raises(ValueError, match="mine"):
            grouped()
        ag.save.s(2, "kept")
    (span,) = ag.read.s(ag.Span)
    assert ag.read_span_artifacts.s(span) == {"kept": 2}
