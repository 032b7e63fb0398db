"""``%load_ext`` and ``%unload_ext``: everything comes, and everything goes."""

from __future__ import annotations

import signal
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.jupyter.kernel import Kernel, kernel_in

STATE = """
def state():
    shell = get_ipython()
    display = shell.display_formatter.formatters
    from artigraph import pending, identity
    return repr((
        sorted(shell.magics_manager.magics["line"]), sorted(shell.magics_manager.magics["cell"]),
        "ArtigraphMagics" in shell.magics_manager.registry,
        sorted(map(str, shell.display_formatter.mimebundle_formatter.type_printers)),
        [len(each.type_printers) for name, each in display.items() if name != "text/plain"],
        {name: len(each) for name, each in shell.events.callbacks.items()},
        len(shell.input_transformers_cleanup), len(shell.ast_transformers),
        len(pending._drop_hooks), identity.memories._held is None,
        sorted(name for name in shell.user_ns if "span_of" in name),
        sorted(name for name in set(shell.user_ns_hidden) - hidden if not name.startswith("_")),
    ))
hidden = set(get_ipython().user_ns_hidden)
"""


@pytest.fixture
def kernel(tmp_path: Path) -> Iterator[Kernel]:
    with kernel_in(tmp_path, load="") as running:
        yield running


def test_unloading_takes_away_all_that_loading_set_up(kernel: Kernel) -> None:
    kernel.ok("import artigraph as ag, artigraph_jupyter\nlen?\n" + STATE)  # help loads magics of IPython's own
    before = kernel.value("state()")
    kernel.ok("%load_ext artigraph_jupyter")
    loaded = kernel.value("state()")
    assert loaded != before
    assert "already loaded" in kernel.ok("%load_ext artigraph_jupyter").out
    kernel.ok("artigraph_jupyter.load_ipython_extension(get_ipython())")
    assert kernel.value("state()") == loaded
    kernel.ok("%artigraph connect\n%lineage?")
    kernel.ok("%%span x\n1")
    kernel.ok("%reload_ext artigraph_jupyter")
    assert kernel.value("state()").replace("'span_of_this_cell'", "") == loaded
    kernel.ok("%unload_ext artigraph_jupyter")
    assert kernel.value("state()") == before
    assert kernel.run("%%span x\n1").status == "error"
    assert "never run" in kernel.ok("async def f(): ag.save(1)\nawait f()").err  # as a warning, with its line
    assert "RuntimeWarning" in kernel.ok("async def f(): ag.save(1)\nawait f()").err


def test_a_span_before_connect_uses_the_file_beside_the_notebook_and_says_so_in_one_line(kernel: Kernel) -> None:
    kernel.ok("%load_ext artigraph_jupyter\nimport artigraph as ag")
    answer = kernel.ok("%%span first\n1 + 1")
    assert answer.out.count("\n") == 1
    assert str(kernel.folder / "artigraph.db") in answer.out
    assert answer.text == "2"
    assert kernel.ok("%%span second\n2").out == ""
    assert (kernel.folder / "artigraph.db").exists()


def test_a_span_left_open_by_a_killed_kernel_is_abandoned_in_the_next(kernel: Kernel) -> None:
    kernel.ok("%load_ext artigraph_jupyter\n%artigraph connect")
    kernel.client.execute("%%span cut\nimport time\nprint('go', flush=True)\ntime.sleep(60)")
    while "go" not in kernel.client.get_iopub_msg(timeout=30)["content"].get("text", ""):
        pass
    kernel.manager.signal_kernel(signal.SIGKILL)  # a restart would interrupt it first
    kernel.manager.restart_kernel(now=True)
    kernel.client.wait_for_ready(timeout=30)
    kernel.ok("%load_ext artigraph_jupyter\n%artigraph connect")
    shown = kernel.ok("%spans")
    assert "cut" in shown.text
    assert "abandoned" in shown.text
    assert "abandoned" in shown.html
