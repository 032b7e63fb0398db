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


def test_the_span_knows_notebook_kernel_user_and_environment(kernel: Kernel) -> None:
    kernel.ok("import os; os.environ['JPY_SESSION_NAME'] = '/home/me/work.ipynb'")
    kernel.ok("%%span facts\nx = 1", cell_id="abc")
    info = kernel.value("newest('facts').info")
    connection_file = kernel.value("get_ipython().config['IPKernelApp']['connection_file']")
    assert (info["notebook"], info["cell_id"]) == ("/home/me/work.ipynb", "abc")
    assert f"{info['kernel']}.json" in connection_file
    assert info["user"] == kernel.value("__import__('getpass').getuser()")
    assert kernel.value("newest('facts').environment['libraries']['pandas'] == pd.__version__")
    shown = kernel.ok("newest('facts')").text
    assert "work.ipynb" in shown
    assert "Python 3" in shown


@pytest.mark.needs_program("git")
def test_whether_the_code_differs_from_its_commit_is_noted_in_the_background(kernel: Kernel) -> None:
    identity = "-c user.name=t -c user.email=t@example.org"
    kernel.ok("!mkdir code && git -C code init -q && echo 'x = 1' > code/a.py && git -C code add . ")
    kernel.ok(f"!git -C code {identity} commit -q -m one")
    kernel.ok("os.chdir('code')")
    watch = "__import__('artigraph_jupyter')._installed[id(get_ipython())]._kernel.code.wait()"
    kernel.ok("%%span 'at one'\nx = 1")
    kernel.ok(watch)
    assert kernel.value("newest('at one').info['dirty']") is False
    assert len(kernel.value("newest('at one').environment['commit']")) == 40
    kernel.ok("!echo 'x = 2' > a.py")
    kernel.ok("%%span 'after one'\nx = 1")
    kernel.ok(watch)
    assert kernel.value("newest('after one').info['dirty']") is True
    assert "with changes" in kernel.ok("newest('after one')").text
    kernel.ok("os.chdir('..')")


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


def test_an_interrupt_ends_every_span_that_is_open(kernel: Kernel) -> None:
    loop = "print('go', flush=True)\n        for _ in range(600): time.sleep(0.1)"
    body = f"with ag.span_context('middle'):\n    with ag.span_context('inmost'):\n        {loop}"
    answer = kernel.run(f"%%span outmost\nimport time\n{body}\nprint('end')", interrupt_after="go")
    assert (answer.errors[0]["ename"], answer.out) == ("KeyboardInterrupt", "go\n")
    assert [ended(kernel, label) for label in ("outmost", "middle", "inmost")] == ["interrupted"] * 3


def test_an_interrupt_in_blocking_code_of_an_awaiting_cell_ends_the_span_once_it_arrives(kernel: Kernel) -> None:
    block = "print('go', flush=True)\nfor _ in range(10): time.sleep(0.1)"
    cell = f"%%span busy\nimport time\nawait asyncio.sleep(0)\n{block}\nawait asyncio.sleep(30)\nprint('end')"
    answer = kernel.run(cell, interrupt_after="go")
    assert (answer.status, answer.out) == ("error", "go\n")
    assert ended(kernel, "busy") == "interrupted"


def test_an_interrupt_stops_a_blocking_cell_within_half_a_second(kernel: Kernel) -> None:
    lines = ["import time", "stopped = None", "print('go', flush=True)", "try:", "    time.sleep(30)"]
    lines += ["except KeyboardInterrupt:", "    stopped = time.time()", "    raise"]
    kernel.run("\n".join(["%%span quick", *lines]), interrupt_after="go")
    took = kernel.value("stopped") - kernel.sent_at
    print(f"interrupted after {took * 1000:.0f} ms")  # noqa: T201 - the figure is asked for
    assert took < 0.5


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


def test_save_leaves_out_what_no_serializer_knows_and_says_so_in_one_red_line(kernel: Kernel) -> None:
    for extra in ("", "await asyncio.sleep(0)"):
        cell = f"%%span odd --save first thing second\n{extra}\nfirst, thing, second = 1, object(), [2]\n'value'"
        answer = kernel.ok(cell)
        assert answer.text == "'value'"
        assert answer.err.startswith("\x1b[31mthing was not recorded: UnserializableError: no serializer knows thing")
        assert answer.err.count("\n") == 1
        assert ended(kernel, "odd") == "error"
        assert kernel.value("ag.read_span_artifacts.s(newest('odd'))") == {"first": 1, "second": [2]}


def test_save_keeps_the_others_when_a_name_is_not_bound(kernel: Kernel) -> None:
    answer = kernel.run("%%span some --save first nowhere second\nfirst, second = 1, [2]")
    assert answer.err == "UsageError: --save nowhere: the cell bound no such name\n"
    assert kernel.value("ag.read_span_artifacts.s(newest('some'))") == {"first": 1, "second": [2]}


def test_save_is_one_transaction_and_takes_models_that_are_there_already(kernel: Kernel) -> None:
    kernel.ok("@ag.dataclass\nclass Kept(ag.ArtifactModel, version=1):\n    n: int\nmodel = Kept(1); model.save.s()")
    kernel.ok("%%span kept --save model model number\nnumber = 3")
    assert kernel.value("{k: getattr(v, 'n', v) for k, v in ag.read_span_artifacts.s(newest('kept')).items()}") == {
        "model": 1,
        "number": 3,
    }


def test_params_are_recorded_and_secrets_are_not(kernel: Kernel) -> None:
    kernel.ok("depth, frame = 3, pd.DataFrame({'a': [1]})")
    asked = "--param depth --param rate=0.5 --param name=[1] --param api_key=canary --param frame"
    kernel.ok(f"%%span fit {asked}\nx = 1")
    params = kernel.value("newest('fit').params")
    assert (params["depth"], params["rate"], params["name"], params["api_key"]) == (3, 0.5, "[1]", "***")
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


def test_a_store_that_fails_when_outputs_are_saved_leaves_the_value_and_says_one_red_line(kernel: Kernel) -> None:
    kernel.ok("import sqlite3")
    kernel.ok(f"reset = ag.set_engine('sqlite:///{kernel.folder}/kernel.db', create_tables=True, busy_timeout=0.1)")
    lock = "other = sqlite3.connect('kernel.db', isolation_level=None); other.execute('BEGIN IMMEDIATE')"
    answer = kernel.ok(f"%%span full --save c1 c2\nc1, c2 = 1, 2\n{lock}\n'value'")
    assert answer.text == "'value'"
    assert answer.err.startswith("\x1b[31mc1, c2, the end of this span were not recorded: StoreBusyError: ")
    assert answer.err.count("\n") == 1
    kernel.ok("other.close(); reset()")


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
