"""The ``%%span`` line, in plain IPython shells, around a context manager that only records."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any

import pytest
from IPython.core.interactiveshell import InteractiveShell
from traitlets.config import Config

from artigraph_jupyter.request import SpanRequest
from artigraph_jupyter.rewrite import MARKER, install


class Recorder:
    """Opens blocks that note what happened to them."""

    def __init__(self) -> None:
        self.requests: list[SpanRequest] = []
        self.events: list[str] = []

    def __call__(self, request: SpanRequest) -> Recorder:
        self.requests.append(request)
        return self

    def __enter__(self) -> None:
        self.events.append("open")

    def __exit__(self, kind: type | None, *_: object) -> None:
        self.events.append(kind.__name__ if kind else "ok")

    async def __aenter__(self) -> None:
        self.events.append("async open")

    async def __aexit__(self, kind: type | None, *_: object) -> None:
        self.events.append(kind.__name__ if kind else "ok")


class Notebook:
    """A shell that knows the line, and its recorder."""

    def __init__(self, shell: InteractiveShell) -> None:
        self.shell = shell
        self.opened = Recorder()
        self.uninstall = install(shell, self.opened)

    def run(self, cell: str) -> Any:
        """The value of the cell; its error is raised."""
        done = self.shell.run_cell(cell, store_history=True)
        done.raise_error()
        return done.result

    @property
    def request(self) -> SpanRequest:
        return self.opened.requests[-1]


@pytest.fixture
def shell() -> Iterator[InteractiveShell]:
    made = InteractiveShell(config=Config({"HistoryManager": {"enabled": False}}), colors="nocolor")
    yield made
    made.restore_sys_module_state()


@pytest.fixture
def notebook(shell: InteractiveShell) -> Notebook:
    return Notebook(shell)


# ---------------------------------------------------------------- what runs


def test_the_body_runs_inside_the_block_and_its_last_value_is_the_cells(notebook: Notebook) -> None:
    assert notebook.run("%%span train\nx = 20\nx + 1") == 21
    assert notebook.opened.events == ["open", "ok"]
    assert notebook.shell.user_ns["x"] == 20
    assert notebook.shell.user_ns["_"] == 21


def test_a_body_that_awaits_runs_in_an_async_block(notebook: Notebook) -> None:
    assert notebook.run("%%span\nimport asyncio\nawait asyncio.sleep(0, 7)") == 7
    assert notebook.opened.events == ["async open", "ok"]


@pytest.mark.parametrize(
    ("body", "kind"),
    [
        ("[x async for x in g()]", "async open"),
        ("async for x in g(): pass", "async open"),
        ("async def f(): await g()\nlambda: [(yield)]", "open"),
        ("list([x for x in (1, 2)])", "open"),
    ],
)
def test_only_an_await_of_the_cell_itself_makes_the_block_async(notebook: Notebook, body: str, kind: str) -> None:
    notebook.run("async def g():\n  yield 1")
    notebook.run(f"%%span\n{body}")
    assert notebook.opened.events == [kind, "ok"]


def test_the_last_value_is_shown_once_and_after_the_block(
    notebook: Notebook, capsys: pytest.CaptureFixture[str]
) -> None:
    notebook.run("%%span\nprint('body')\n'value'")
    assert capsys.readouterr().out == "body\nOut[1]: 'value'\n"


def test_a_semicolon_silences_the_last_value(notebook: Notebook, capsys: pytest.CaptureFixture[str]) -> None:
    notebook.run("%%span\n'value';")
    assert capsys.readouterr().out == ""


def test_an_error_of_the_body_ends_the_block_and_is_shown_once_with_its_own_line(
    notebook: Notebook, capsys: pytest.CaptureFixture[str]
) -> None:
    with pytest.raises(ZeroDivisionError):
        notebook.run("%%span\na = 1\n\nb = a / 0\n")
    shown = capsys.readouterr().out
    assert notebook.opened.events == ["open", "ZeroDivisionError"]
    assert shown.count("ZeroDivisionError: division by zero") == 1
    assert re.search(r"line:? ?4|----> 4 ", shown)
    assert "artigraph" not in shown


@pytest.mark.parametrize("cell", ["%%span", "%%span empty\n", "%%span empty\n\n# only a comment\n"])
def test_an_empty_body_is_a_span_too(notebook: Notebook, cell: str) -> None:
    assert notebook.run(cell) is None
    assert notebook.opened.events == ["open", "ok"]


def test_leading_blank_lines_and_indentation_are_as_ipython_treats_them(notebook: Notebook) -> None:
    assert notebook.run("\n\n    %%span a b\n    1".replace("a b", "ab")) == 1
    assert notebook.request.name == "ab"


def test_future_imports_at_the_start_of_the_body_work(notebook: Notebook) -> None:
    assert notebook.run("%%span\nfrom __future__ import annotations\nx: Unknown = 3\nx") == 3


def test_future_imports_of_an_awaiting_body_are_refused(notebook: Notebook, capsys: pytest.CaptureFixture[str]) -> None:
    notebook.shell.run_cell("%%span\nfrom __future__ import annotations\nimport asyncio\nawait asyncio.sleep(0)")
    assert "UsageError: a span that awaits cannot start with __future__" in capsys.readouterr().err
    assert notebook.opened.events == []


def test_magics_and_the_shell_work_in_the_body(notebook: Notebook, capfd: pytest.CaptureFixture[str]) -> None:
    assert (
        notebook.run("%%span\nimport math\n%time y = 6 * 7\n!echo from the shell\nlines = !echo one\nlines[0]") == "one"
    )
    assert notebook.shell.user_ns["y"] == 42
    assert "from the shell" in capfd.readouterr().out


@pytest.mark.parametrize("gap", ["", "\n", "\n\n"])
def test_a_cell_magic_below_runs_inside_the_block(
    notebook: Notebook, gap: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert notebook.run(f"%%span t\n{gap}%%time\nz = [1, 2]\nz") == [1, 2]
    assert "Wall time" in capsys.readouterr().out
    assert notebook.opened.events == ["open", "ok"]


def test_captured_output_below_stays_captured(notebook: Notebook, capsys: pytest.CaptureFixture[str]) -> None:
    notebook.run("%%span t\n%%capture out\nprint('hidden')")
    assert capsys.readouterr().out == ""
    assert notebook.run("out.stdout") == "hidden\n"


def test_cells_without_the_line_are_left_alone(notebook: Notebook) -> None:
    assert notebook.run("%%time\n1") == 1
    assert notebook.run("text = '''\n%%span no\n'''\nlen(text)") == 11
    assert notebook.opened.requests == []


def test_a_cell_may_run_a_span_cell_inside_its_own(notebook: Notebook, capsys: pytest.CaptureFixture[str]) -> None:
    notebook.run("%%span outer\nget_ipython().run_cell('%%span inner\\n5')\n6")
    assert capsys.readouterr().out == "Out[1]: 5\nOut[1]: 6\n"
    assert [request.name for request in notebook.opened.requests] == ["outer", "inner"]
    assert notebook.opened.events == ["open", "open", "ok", "ok"]


# ---------------------------------------------------------------- how it is shown


@pytest.mark.parametrize(
    ("mode", "body", "shown"),
    [
        ("last_expr", "1\n2", "2"),
        ("last_expr", "x = 1", ""),
        ("last", "1\n2", "2"),
        ("last", "1\nx = 2", ""),
        ("all", "1\nx = 2\n3", "1 3"),
        ("none", "1\n2", ""),
        ("last_expr_or_assign", "1\nx = 2", "2"),
        ("last_expr_or_assign", "x = 2\nx += 1", "3"),
        ("last_expr_or_assign", "x, y = 1, 2", ""),
        ("last_expr_or_assign", "5", "5"),
    ],
)
def test_what_is_shown_follows_the_shells_setting(
    notebook: Notebook, capsys: pytest.CaptureFixture[str], mode: str, body: str, shown: str
) -> None:
    notebook.shell.ast_node_interactivity = mode
    notebook.run(f"%%span\n{body}")
    assert re.findall(r"Out\[1\]: (.*)", capsys.readouterr().out) == shown.split()


def test_the_marker_is_no_variable_of_the_user(notebook: Notebook, capsys: pytest.CaptureFixture[str]) -> None:
    notebook.run("%%span\nx = 1")
    capsys.readouterr()
    assert notebook.run("%who_ls") == ["x"]


def test_a_reset_of_all_variables_does_not_hurt(notebook: Notebook) -> None:
    notebook.run("%%span\nx = 1")
    notebook.run("%reset -f")
    assert notebook.run("%%span\n2") == 2


def test_the_value_is_not_held_on_to(notebook: Notebook) -> None:
    notebook.run("%%span\n[1, 2, 3];")
    notebook.run("%%span\nget_ipython()")
    assert notebook.shell.user_ns[MARKER].last() is None


# ---------------------------------------------------------------- what is asked


def test_options_are_read_as_a_shell_would(notebook: Notebook) -> None:
    notebook.run(
        "%%span 'train the model' --save model scores --tag stage=fit --tag 'by=Ann B' --run "
        "--param lr --param depth=3 --no-source --into runs\nmodel = 1"
    )
    request = notebook.request
    assert (request.name, request.save, request.run) == ("train the model", ("model", "scores"), True)
    assert request.tags == (("stage", "fit"), ("by", "Ann B"))
    assert (request.params, request.keep_source, request.into) == (("lr", "depth=3"), False, "runs")


def test_the_request_holds_the_cell_as_it_was_run_and_what_it_reads(notebook: Notebook) -> None:
    notebook.run("a = b = 1")
    cell = "%%span t --save c\nc = a + 1\n%time d = b\n"
    notebook.run(cell)
    assert notebook.request.source == cell
    assert notebook.request.arguments == "t --save c"
    assert notebook.request.reads == ("a", "b")


def test_a_nested_magics_code_is_read_too(notebook: Notebook) -> None:
    notebook.run("a = 1")
    notebook.run("%%span\n%%capture\nc = a")
    assert notebook.request.reads == ("a",)


@pytest.mark.parametrize(
    ("cell", "name"),
    [
        ("%%span\n# load the flights\nx = 1", "load the flights"),
        ("%%span --run\n\n  ## Load ##\nx = 1", "Load ##"),
        ("%%span\nx = 1\n# later", "cell"),
        ("%%span\n#\nx = 1", "cell"),
        ("%%span\n# " + "x" * 300, "x" * 80),
        ("%%span named\n# not this\nx = 1", "named"),
        ("%%span b\\'s", "b's"),
    ],
)
def test_the_name_is_the_argument_or_the_comment_at_the_start(notebook: Notebook, cell: str, name: str) -> None:
    notebook.run(cell)
    assert notebook.request.name == name


@pytest.mark.parametrize(
    ("arguments", "complaint"),
    [
        ("train --sav x", "unrecognized arguments: --sav x"),
        ("train model", "unrecognized arguments: model"),
        ("train --save", "argument --save: expected at least one argument"),
        ("train --tag stage", "--tag stage: write --tag KEY=VALUE"),
        ("bob's", "close the quote"),
        ("''", "empty NAME"),
    ],
)
def test_a_wrong_line_is_a_usage_error_and_nothing_runs(
    notebook: Notebook, capsys: pytest.CaptureFixture[str], arguments: str, complaint: str
) -> None:
    notebook.shell.run_cell(f"%%span {arguments}\nran = True")
    shown = capsys.readouterr()
    assert shown.err.startswith("UsageError: ")
    assert complaint in shown.err
    assert "Traceback" not in shown.out + shown.err
    assert "ran" not in notebook.shell.user_ns


@pytest.mark.parametrize("cell", ["ran = True\n%%span late\nran = True", "%%span a\nran = True\n%%span b\n"])
def test_a_line_further_down_is_a_usage_error_and_nothing_runs(
    notebook: Notebook, capsys: pytest.CaptureFixture[str], cell: str
) -> None:
    notebook.shell.run_cell(cell)
    assert capsys.readouterr().err == "UsageError: %%span must be the first line of its cell; nothing was run\n"
    assert "ran" not in notebook.shell.user_ns
    assert notebook.opened.requests == []


def test_the_line_below_another_span_line_is_a_usage_error(
    notebook: Notebook, capsys: pytest.CaptureFixture[str]
) -> None:
    notebook.shell.run_cell("%%span a\n%%span b\nran = True")
    assert "UsageError: %%span must be the first line" in capsys.readouterr().err
    assert "ran" not in notebook.shell.user_ns


def test_an_awaiting_cell_without_autoawait_is_a_usage_error(
    notebook: Notebook, capsys: pytest.CaptureFixture[str]
) -> None:
    notebook.shell.autoawait = False
    notebook.shell.run_cell("%%span\nran = True\nawait f()")
    assert "UsageError: this cell awaits and autoawait is off" in capsys.readouterr().err
    assert "ran" not in notebook.shell.user_ns
    assert notebook.run("%%span\n3") == 3


def test_a_question_mark_shows_the_help(notebook: Notebook, capsys: pytest.CaptureFixture[str]) -> None:
    notebook.run("%%span?")
    shown = capsys.readouterr().out
    assert "--save NAME" in shown
    assert "what it saves becomes its outputs" in shown


def test_a_syntax_error_is_the_users_and_stays_one(notebook: Notebook, capsys: pytest.CaptureFixture[str]) -> None:
    notebook.shell.run_cell("%%span\nx = 1\nif x:\n")
    assert re.search(r"(line |:)3\n", capsys.readouterr().out)
    notebook.shell.run_cell("%%span\nreturn 1\n")
    assert "'return' outside function" in capsys.readouterr().out
    assert notebook.run("%%span\n4") == 4


def test_an_error_of_the_opener_keeps_the_body_from_running(shell: InteractiveShell) -> None:
    def refuse(request: SpanRequest) -> Recorder:
        raise OSError(request.name)

    install(shell, refuse)
    done = shell.run_cell("%%span full\nran = True")
    assert isinstance(done.error_in_exec, OSError)
    assert "ran" not in shell.user_ns


def test_a_terminal_waits_for_the_whole_cell(notebook: Notebook) -> None:
    assert notebook.shell.check_complete("%%span train")[0] == "incomplete"
    assert notebook.shell.check_complete("%%span train\nx = 1\n\n")[0] == "complete"


def test_uninstalling_takes_everything_back(notebook: Notebook, capsys: pytest.CaptureFixture[str]) -> None:
    before = InteractiveShell(config=Config({"HistoryManager": {"enabled": False}}))
    notebook.run("%%span\n1")
    notebook.uninstall()
    shell = notebook.shell
    assert len(shell.input_transformers_cleanup) == len(before.input_transformers_cleanup)
    assert shell.ast_transformers == []
    assert "span" not in shell.magics_manager.magics["cell"]
    assert MARKER not in shell.user_ns
    shell.run_cell("%%span\nran = 1")
    assert "`%%span` not found" in capsys.readouterr().err


def test_the_compilers_warnings_come_as_often_as_without_the_line(notebook: Notebook) -> None:
    with pytest.warns(SyntaxWarning, match='"is" with') as plain:
        notebook.run("1 is 1")
    with pytest.warns(SyntaxWarning, match='"is" with') as inside:
        notebook.run("%%span\n1 is 1")
    assert len(inside) == len(plain)
