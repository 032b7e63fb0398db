"""What has been made anew: by a step that ran again, not by the next turn of a loop."""

from __future__ import annotations

import time
from collections.abc import Iterable
from contextlib import suppress
from pathlib import Path
from typing import Any
from uuid import UUID

import pandas as pd
import pytest
from sqlalchemy import update

import artigraph as ag
from artigraph.bridge import block
from artigraph.graph.engine import current_database
from artigraph.graph.schema import NODE
from tests.span.test_stale import reasons, step
from tests.stores import statements

LATER = ("input score has a newer version, of a later fold",)


def folds(label: str, scores: Iterable[Any], *, fail: bool = False) -> list[UUID]:
    """A step with a loop inside; the ids of what its turns saved."""
    made = []
    with suppress(KeyError), ag.span_context(label):
        for score in scores:
            with ag.span_context("fold"):
                made.append(ag.save.s([score], "score"))
        if fail:
            raise KeyError(label)
    return made


def use(thing: Any, label: str = "use") -> ag.Span:
    with ag.span_context(label) as span:
        ag.load.s(thing)
    return span


def of(span: ag.Span) -> tuple[str, ...]:
    return next((each.reasons for each in ag.stale_spans.s([span])), ())


def test_the_next_turn_of_a_loop_has_replaced_nothing(url: str) -> None:
    made = folds("train", range(3))
    used = use(made[0])
    assert of(used) == ()
    assert reasons() == {}


def test_a_loop_that_ran_again_has_replaced_its_turns_place_by_place(url: str) -> None:
    made = folds("train", [1, 2, 3])
    spans = [use(each, f"use {n}") for n, each in enumerate(made)]
    folds("train", [1, 2, 3])
    assert [of(span) for span in spans] == [(), (), ()]
    folds("train", [1, 20, 3])
    assert [bool(of(span)) for span in spans] == [False, True, False]
    folds("train", [1, 3])
    assert [bool(of(span)) for span in spans] == [False, True, False], "the last stands for what is missing"


def test_it_is_found_while_the_clock_stands_still(url: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(time, "time_ns", lambda: 10**18)  # set back: every time is the last one that was given
    used = use(folds("train", range(3))[1])
    assert of(used) == ()
    folds("train", [1, 20, 3])
    assert of(used) == LATER


def test_a_loop_that_broke_off_has_replaced_nothing(url: str) -> None:
    used = use(folds("train", [1, 2, 3])[2])
    folds("train", [10], fail=True)
    assert of(used) == ()
    folds("train", [10, 20, 30])
    folds("train", [3], fail=True)
    assert of(used) != ()


def test_a_loop_of_another_step_has_replaced_nothing(url: str) -> None:
    used = use(folds("train", [1, 2])[0])
    folds("validate", [10, 20])
    step("fold", saves={"score": [5]})
    assert of(used) == ()
    folds("train", [10, 20])
    folds("validate", [1, 2])
    assert of(used) != ()


def test_loops_in_loops_are_counted_through(url: str) -> None:
    def grid(scores: list[int]) -> list[UUID]:
        with ag.span_context("grid"):
            return [each for at in (0, 2) for each in folds("row", scores[at : at + 2])]

    used = use(grid([1, 2, 3, 4])[2])
    assert of(used) == ()
    grid([10, 20, 3, 40])
    assert of(used) == ()
    grid([1, 2, 30, 4])
    assert of(used) != ()


def test_what_one_step_saved_under_one_name_is_counted_too(url: str) -> None:
    def repeat(values: list[int]) -> list[UUID]:
        with ag.span_context("repeat"):
            return [ag.save.s([value], "score") for value in values]

    used = use(repeat([1, 2, 3])[0])
    repeat([1, 20, 30])
    assert of(used) == ()
    repeat([10, 2, 3])
    assert of(used) != ()


def test_the_calls_of_a_linked_function_are_told_apart(url: str) -> None:
    @ag.linked
    def scale(frame: pd.DataFrame) -> pd.DataFrame:
        return frame * 10

    def cell(label: str, *numbers: int) -> list[pd.DataFrame]:
        with ag.span_context(label):
            return [scale(pd.DataFrame({"x": [number]})) for number in numbers]

    second = cell("cell", 1, 2)[1]
    with ag.span_context("use") as used:
        scale(second)
    [call] = ag.read_child_spans.s(used)
    cell("other", 7, 8)
    assert reasons() == {}
    cell("cell", 10, 2)
    assert of(call) == ()
    cell("cell", 1, 3)
    assert of(call) == ("input frame has a newer version, of a later scale[2]",)


def test_a_step_that_reads_what_it_made_before_is_not_stale_by_itself(url: str) -> None:
    for number in range(3):
        step("count", reads="n" if number else None, saves={"n": [number]})
    assert reasons() == {}


def test_a_step_that_makes_the_next_version_of_what_it_reads_is_not_stale_by_itself(url: str, tmp_path: Path) -> None:
    ag.set_engine(url, create_tables=True, storage=ag.FileSystemStorage(tmp_path))
    for number in range(3):
        with ag.span_context("grow"):
            if number:
                ag.load.s("d/t.json")
            ag.save.s([number], key="d/t.json")
    assert reasons() == {}
    ag.save.s([9], key="d/t.json")
    assert reasons() == {"grow": ("input d/t.json has version 4",)}


def test_what_was_put_inside_of_a_span_afterwards_is_a_run_of_its_own(url: str) -> None:
    with ag.span_context("project") as project:
        pass

    def load(rows: list[int]) -> None:
        with ag.span_context(ag.Span("load", parent_id=project.id)):
            ag.save.s(rows, "table")

    load([1])
    step("use", reads="table")
    load([2])
    assert reasons() == {"use": ("input table has a newer version, of a later load",)}


def test_the_span_of_a_process_that_is_gone_is_replaced_by_the_one_after_it(url: str) -> None:
    used = use(folds("train", [1, 2])[0])
    [train] = [span for span in ag.read.s(ag.Span) if span.label == "train"]
    forget = update(NODE).where(NODE.c.id == train.id).values(span_closed_at=None, span_status="open")
    block(current_database().write, lambda connection: connection.execute(forget))
    assert of(used) == ()
    folds("train", [10, 20])
    assert of(used) != ()


@pytest.mark.parametrize("count", [1, 60])
def test_it_takes_as_many_statements_for_many_inputs_and_spans_as_for_one(url: str, count: int) -> None:
    spans = [use(made, f"use {n}") for n, made in enumerate(folds("train", range(count)))]
    folds("train", range(10, 10 + count))
    with statements() as seen:
        found = ag.stale_spans.s(spans)
    assert len(found) == count
    asked = [each for each in seen if "WITH RECURSIVE" in each]
    assert len(asked) == 2
