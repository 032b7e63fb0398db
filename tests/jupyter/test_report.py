"""Calls that a cell forgot to await are told of after it: red when they are gone, grey while they are held."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from tests.jupyter.kernel import Kernel, kernel_in

RED, GREY = "\x1b[31m", "\x1b[90m"


@pytest.fixture(scope="module")
def kernel(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Kernel]:
    with kernel_in(tmp_path_factory.mktemp("report")) as running:
        yield running


@pytest.mark.parametrize(
    ("cell", "line", "call"),
    [
        ("x = 1\nag.save(1);\nx = 2", 2, "save(...)"),
        ("for n in range(1):\n    ag.save(n)\nx = 2", 2, "save(...)"),
        ("%%span s\nx = 1\nag.save(\n    x,\n)\nx = 2", 3, "save(...)"),
        ("%%span s\nawait asyncio.sleep(0)\nag.load('x')\nx = 2", 3, "load(...)"),
        ("%%capture\nx = 1\nag.save(1)\nx = 2", 2, "save(...)"),
    ],
)
def test_a_dropped_call_is_told_in_red_with_its_line(kernel: Kernel, cell: str, line: int, call: str) -> None:
    assert kernel.ok(cell).err == f"{RED}never run: line {line} {call} - write await or .s\x1b[0m\n"


@pytest.mark.parametrize(
    ("cell", "line", "held"),
    [
        ("x = 1\np = ag.save(1)", 2, "p"),
        ("jobs = [ag.save(1)]", 1, "a container"),
        ("%%span s\np = ag.save(1)", 2, "p"),
    ],
)
def test_a_held_call_is_told_in_grey_with_its_holder_and_only_once(
    kernel: Kernel, cell: str, line: int, held: str
) -> None:
    said = f"{GREY}not run yet: line {line} save(...), held by {held} - write await or .s\x1b[0m\n"
    assert kernel.ok(cell).err == said
    assert kernel.ok("p = jobs = None").err == ""


def test_a_call_as_the_last_expression_is_shown_and_told(kernel: Kernel) -> None:
    answer = kernel.ok("x = 1\nag.save(1, 'unsaved')")
    assert answer.text == "<pending: save(...), line 2: write await or .s>"
    assert f"held by Out[{answer.count}]" in answer.err
    assert kernel.value("len(ag.find('unsaved'))") == 0


def test_what_was_run_in_any_way_is_not_told(kernel: Kernel) -> None:
    cell = (
        "ag.save.s(1); await ag.save(1); p = ag.save(1); p.s()\n"
        "await asyncio.gather(ag.save(1), ag.save(2)); t = asyncio.create_task(ag.save(3)); await t"
    )
    assert kernel.ok(cell).err == ""


def test_a_background_task_that_runs_on_is_not_told(kernel: Kernel) -> None:
    assert kernel.ok("task = asyncio.create_task(ag.save(4, 'later'))").err == ""
    assert kernel.ok("await task;").err == ""
    assert kernel.value("len(ag.find('later'))") == 1


def test_after_an_error_it_is_told_too(kernel: Kernel) -> None:
    answer = kernel.run("ag.save(1)\nraise ValueError('x')")
    assert "never run: line 1" in answer.err
