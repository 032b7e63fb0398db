"""Autospan in a real kernel: cells that touch artifacts are spans, others write nothing, none ever fails by it."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from tests.jupyter.kernel import Kernel, kernel_in


@pytest.fixture(scope="module")
def kernel(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Kernel]:
    with kernel_in(tmp_path_factory.mktemp("autospan")) as running:
        running.ok("%artigraph autospan on")
        yield running


def spans(kernel: Kernel) -> list[str]:
    return list(kernel.value("[span.label for span in ag.read.s(ag.Span)]"))


def test_a_cell_that_touches_nothing_writes_nothing_and_shows_what_it_shows(kernel: Kernel) -> None:
    before = spans(kernel)
    assert kernel.ok("x = 20\nx + 1").text == "21"
    assert kernel.ok("y = 1;").data == []
    assert kernel.ok("import asyncio\nawait asyncio.sleep(0, 'awaited')").text == "'awaited'"
    assert kernel.ok("%time 1 + 1").text == "2"
    assert kernel.ok("%%capture out\nprint(1)\n2").data == []
    assert kernel.value("out.stdout") == "1\n"
    assert kernel.ok("from __future__ import annotations\n3").text == "3"
    assert spans(kernel) == before


def test_a_cell_that_saves_is_a_span_named_by_its_comment(kernel: Kernel) -> None:
    answer = kernel.ok("# save the table\nag.save.s([1, 2, 3], 'table');")
    span = "newest('save the table')"
    assert kernel.value(f"{span}.status, {span}.info['execution_count']") == ("ok", answer.count)
    assert kernel.value(f"{span}.source.strip()") == "# save the table\nag.save.s([1, 2, 3], 'table');"
    assert kernel.value(f"{span}.environment['python']") == kernel.value("__import__('platform').python_version()")
    assert kernel.value("makers('table')") == ["save the table"]


def test_cells_are_linked_by_the_names_they_read(kernel: Kernel) -> None:
    kernel.ok("# load it\nframe = pd.DataFrame({'a': range(5)})\nag.save.s(frame, 'frame');")
    kernel.ok("# add up\nag.save.s(int(frame.a.sum()), 'total');")
    assert kernel.value("inputs('add up')") == {"frame": ("frame", False)}
    assert kernel.value("upstream('total')") == {"total", "add up", "frame", "load it"}


def test_cells_between_that_saved_nothing_are_written_once_something_needs_them(kernel: Kernel) -> None:
    kernel.ok("# raw\nraw = pd.DataFrame({'a': [1, None, 3]})")
    kernel.ok("# clean\nclean = raw.dropna()")
    kernel.ok("# unrelated\nother = raw.sum()")
    assert not {"raw", "clean"} & set(spans(kernel))
    kernel.ok("# keep\nag.save.s(clean.a.mean(), 'mean');")
    assert kernel.value("upstream('mean')") == {"mean", "keep", "clean", "raw"}
    assert kernel.value("newest('clean').status") == "ok"
    assert "unrelated" not in spans(kernel)


@pytest.mark.parametrize("extra", ["", "await asyncio.sleep(0)"], ids=["sync", "async"])
def test_an_error_is_shown_as_without_it_and_kept_if_something_was_touched(kernel: Kernel, extra: str) -> None:
    name = f"fails {len(extra)}"
    answer = kernel.run(f"# {name}\n{extra}\nag.save.s(1, 'kept')\n{{}}['key']")
    assert answer.errors[0]["ename"] == "KeyError"
    assert "artigraph_jupyter" not in answer.trace
    assert "line 4" in answer.trace
    assert kernel.value(f"newest({name!r}).status") == "error"


def test_a_marked_cell_is_its_own_span_and_not_two(kernel: Kernel) -> None:
    kernel.ok("%%span marked\nag.save.s(1, 'from marked');")
    assert kernel.value("[s.label for s in ag.read_ancestor_spans.s(newest('marked'))]") == []
    assert kernel.value("makers('from marked')") == ["marked"]


def test_a_span_inside_a_cell_is_inside_the_span_of_the_cell(kernel: Kernel) -> None:
    kernel.ok("# outer cell\nwith ag.span_context('inner'):\n    pass")
    assert kernel.value("ag.read_parent_span.s(newest('inner')).label") == "outer cell"


def test_a_store_that_fails_never_makes_a_cell_fail(kernel: Kernel) -> None:
    kernel.ok("reset = ag.set_engine('sqlite:////nowhere/at/all.db', create_tables=True)")
    assert kernel.ok("len(frame)").text == "5"
    kernel.ok("reset()\nimport sqlite3")
    kernel.ok(f"reset = ag.set_engine('sqlite:///{kernel.folder}/kernel.db', create_tables=True, busy_timeout=0.1)")
    lock = "other = sqlite3.connect('kernel.db', isolation_level=None); other.execute('BEGIN IMMEDIATE')"
    answer = kernel.ok(f"# locked\n{lock}\nlen(frame)")
    assert answer.text == "5"
    assert answer.err.startswith("\x1b[31mthe end of this span was not recorded: StoreBusyError: ")
    assert answer.err.count("\n") == 1
    kernel.ok("other.close(); reset()")
    assert "locked" not in spans(kernel)


def test_a_name_whose_value_refuses_to_be_looked_at_does_not_matter(kernel: Kernel) -> None:
    kernel.ok("class Awful:\n    def __getattribute__(self, name): raise RuntimeError(name)\nawful = Awful()")
    assert kernel.ok("z = awful\n7").text == "7"
    kernel.ok("del awful, z")


def test_an_interrupt_stops_the_cell_and_is_kept_if_something_was_touched(kernel: Kernel) -> None:
    cell = "# stopped\nimport time\nag.save.s(1, 'one')\nprint('go', flush=True)\nfor _ in range(600): time.sleep(0.1)"
    answer = kernel.run(cell, interrupt_after="go")
    assert answer.errors[0]["ename"] == "KeyboardInterrupt"
    assert kernel.value("newest('stopped').status") == "interrupted"


def test_off_means_off_and_the_setting_can_be_configured(kernel: Kernel) -> None:
    assert "Autospan is off" in kernel.ok("%artigraph autospan off").out
    kernel.ok("# quiet\nag.save.s(1, 'quiet one');")
    assert "quiet" not in spans(kernel)
    kernel.ok("%config ArtigraphMagics.autospan = True")
    assert "Autospan is on" in kernel.ok("%artigraph autospan").out
    assert "Autospan is on" in kernel.ok("%artigraph status").text
    kernel.ok("# loud\nag.save.s(1, 'loud one');")
    assert "loud" in spans(kernel)
