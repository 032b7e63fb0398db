"""Span cells in a real kernel and a real store: how they end, and what is told when the store fails."""

from __future__ import annotations

import re
import sqlite3
from collections.abc import Iterator
from contextlib import closing

import pytest

from tests.jupyter.kernel import Kernel, kernel_in


@pytest.fixture(scope="module")
def kernel(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Kernel]:
    with kernel_in(tmp_path_factory.mktemp("cell")) as running:
        yield running


def ended(kernel: Kernel, label: str) -> str:
    return str(kernel.value(f"newest({label!r}).status"))


def test_the_last_value_is_shown_and_the_span_knows_its_cell(kernel: Kernel) -> None:
    answer = kernel.ok("%%span shown --tag team=a\nx = 20\nx + 1")
    assert answer.text == "21"
    assert kernel.value("newest('shown').info['execution_count']") == answer.count
    assert kernel.value("newest('shown').tags") == {"team": "a"}
    assert kernel.value("newest('shown').source.rstrip()") == "%%span shown --tag team=a\nx = 20\nx + 1"


def test_await_works_and_its_tasks_are_inside(kernel: Kernel) -> None:
    cell = (
        "%%span fetch --save got\n"
        "async def one(n):\n    async with ag.span_context(f'part {n}'): return await ag.save(n)\n"
        "got = [str(x) for x in await asyncio.gather(*(one(n) for n in range(3)))]\nlen(got)"
    )
    assert kernel.ok(cell).text == "3"
    inside = "sorted(s.label for s in ag.read_child_spans.s(newest('fetch')))"
    assert kernel.value(inside) == ["part 0", "part 1", "part 2"]
    assert kernel.value("len(ag.read_span_artifact.s(newest('fetch'), 'got'))") == 3


def test_an_error_is_shown_once_with_its_line_and_ends_the_span(kernel: Kernel) -> None:
    for extra in ("", "await asyncio.sleep(0)"):
        answer = kernel.run(f"%%span bad --save kept\n{extra}\nag.save.s(1, 'before')\nboom = {{}}['key']\n")
        assert answer.errors[0]["ename"] == "KeyError"
        assert re.search(rf"Cell In\[{answer.count}\], line 4", answer.trace)
        assert "artigraph_jupyter" not in answer.trace
        assert ended(kernel, "bad") == "error"
        assert kernel.value("newest('bad').error['type'], ag.read_span_artifacts.s(newest('bad'))") == (
            "KeyError",
            {"before": 1},
        )


@pytest.mark.parametrize("wait", ["import time; time.sleep(0.05)", "await asyncio.sleep(0.05)"])
def test_an_interrupt_stops_a_cell_at_once_and_its_span_is_interrupted(kernel: Kernel, wait: str) -> None:
    loop = f"for _ in range(1200):\n    {wait}\nprint('end')"
    cell = f"%%span stopped\nag.save.s([1], 'kept')\nprint('go', flush=True)\n{loop}"
    answer = kernel.run(cell, interrupt_after="go")
    assert answer.status == "error"
    assert answer.out == "go\n"
    assert ended(kernel, "stopped") == "interrupted"
    assert kernel.value("ag.read_span_artifacts.s(newest('stopped')), newest('stopped').closed_at is not None") == (
        {"kept": [1]},
        True,
    )


def test_the_same_cell_run_again_redefines_its_class(kernel: Kernel) -> None:
    for n in range(2):
        cell = f"%%span define --save r\n@ag.dataclass\nclass R(ag.ArtifactModel, version=1):\n    n: int\nr = R({n})"
        kernel.ok(cell)
    assert kernel.value("ag.load.s('r').n") == 1


def test_save_of_an_unbound_name_is_one_line_and_ends_the_span_as_error(kernel: Kernel) -> None:
    for extra in ("", "await asyncio.sleep(0)"):
        answer = kernel.run(f"%%span lacks --save nowhere\n{extra}\nx = 1")
        assert answer.err == "UsageError: --save nowhere: the cell bound no such name\n"
        assert ended(kernel, "lacks") == "error"


def test_save_of_what_no_serializer_knows_is_the_typed_error(kernel: Kernel) -> None:
    answer = kernel.run("%%span odd --save thing good\ngood, thing = 1, object()")
    assert answer.errors[0]["ename"] == "UnserializableError"
    assert "thing" in answer.errors[0]["evalue"]
    assert ended(kernel, "odd") == "error"


def test_params_are_recorded_and_secrets_are_not(kernel: Kernel) -> None:
    kernel.ok("depth, frame = 3, pd.DataFrame({'a': [1]})")
    kernel.ok("%%span fit --param depth --param rate=0.5 --param api_key=canary --param frame\nx = 1")
    params = kernel.value("newest('fit').params")
    assert (params["depth"], params["rate"], params["api_key"]) == (3, "0.5", "***")
    assert isinstance(params["frame"], str)
    assert "canary" not in kernel.value("newest('fit').source")
    assert kernel.run("%%span fit --param nothing\nx").err.startswith("UsageError: --param nothing")


def test_into_opens_it_inside_another_span_and_no_source_keeps_no_text(kernel: Kernel) -> None:
    kernel.ok("%%span outer\n1;")
    kernel.ok("%%span inner --into outer --no-source\n1;")
    assert kernel.value("ag.read_parent_span.s(newest('inner')).label, newest('inner').source") == ("outer", None)
    assert "NodeNotFoundError" in kernel.run("%%span x --into nowhere\n1;").errors[0]["ename"]


def test_autoawait_off_is_said_clearly(kernel: Kernel) -> None:
    kernel.ok("%autoawait off")
    assert "autoawait is off" in kernel.run("%%span x\nawait asyncio.sleep(0)").err
    kernel.ok("%autoawait asyncio")


def test_a_store_that_fails_at_the_opening_is_a_typed_error_before_the_body(kernel: Kernel) -> None:
    kernel.ok("before = ag.get_engine().url.render_as_string(False)")
    kernel.ok("reset = ag.set_engine('sqlite:////nowhere/at/all.db', create_tables=True)")
    answer = kernel.run("%%span x\nprint('ran')")
    assert (answer.errors[0]["ename"], answer.out) == ("CannotOpenError", "")
    kernel.ok("reset()")


@pytest.mark.parametrize("tail", ["", "\nawait asyncio.sleep(0)\n'value'"])
def test_a_store_that_fails_at_the_end_leaves_the_value_and_says_one_red_line(kernel: Kernel, tail: str) -> None:
    kernel.ok("import sqlite3")
    kernel.ok(f"reset = ag.set_engine('sqlite:///{kernel.folder}/kernel.db', create_tables=True, busy_timeout=0.1)")
    lock = "other = sqlite3.connect('kernel.db', isolation_level=None); other.execute('BEGIN IMMEDIATE')"
    answer = kernel.ok(f"%%span held\n{lock}{tail or chr(10) + repr('value')}")
    assert answer.text == "'value'"
    assert answer.err.startswith("\x1b[31mthe end of this span was not recorded: StoreBusyError: ")
    assert answer.err.count("\n") == 1
    kernel.ok("other.close(); reset()")


def test_a_store_that_fails_at_the_end_leaves_the_exception_as_it_is(kernel: Kernel) -> None:
    kernel.ok(f"reset = ag.set_engine('sqlite:///{kernel.folder}/kernel.db', create_tables=True, busy_timeout=0.1)")
    lock = "other = sqlite3.connect('kernel.db', isolation_level=None); other.execute('BEGIN IMMEDIATE')"
    answer = kernel.run(f"%%span held\n{lock}\nraise ValueError('mine')")
    assert (answer.errors[0]["ename"], answer.errors[0]["evalue"]) == ("ValueError", "mine")
    assert "StoreBusyError" in answer.err
    kernel.ok("other.close(); reset()")
    with closing(sqlite3.connect(kernel.folder / "kernel.db")) as plain:
        assert plain.execute("pragma integrity_check").fetchone() == ("ok",)
