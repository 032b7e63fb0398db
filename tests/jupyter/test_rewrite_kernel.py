"""The ``%%span`` line in a real kernel, around a context manager that only records."""

from __future__ import annotations

import re
import time
from collections.abc import Callable, Iterator
from typing import Any

import pytest
from jupyter_client.blocking.client import BlockingKernelClient
from jupyter_client.manager import start_new_kernel

SETUP = """
import sys, contextvars
from artigraph_jupyter import rewrite
events, here = [], contextvars.ContextVar("here", default=None)
class Block:
    def __init__(self, request): self.request = request
    def __enter__(self): events.append("open"); self.token = here.set(self.request.name)
    def __exit__(self, kind, *_): events.append(kind.__name__ if kind else "ok"); here.reset(self.token)
    async def __aenter__(self): events.append("async open"); self.token = here.set(self.request.name)
    async def __aexit__(self, kind, *_): events.append(kind.__name__ if kind else "ok"); here.reset(self.token)
rewrite.install(get_ipython(), Block);
"""


class Kernel:
    """A running kernel; each call gives the messages that answer it."""

    def __init__(self, client: BlockingKernelClient, interrupt: Callable[[], None]) -> None:
        self.client = client
        self.interrupt = interrupt

    def run(self, code: str, interrupt_after: str | None = None) -> list[tuple[str, dict[str, Any]]]:
        """Messages up to idle, the reply last; the interrupt is sent when the cell has printed this text."""
        asked = self.client.execute(code)
        got: list[tuple[str, dict[str, Any]]] = []
        while True:
            message = self.client.get_iopub_msg(timeout=30)
            if message["parent_header"].get("msg_id") != asked:
                continue
            kind, content = message["msg_type"], message["content"]
            if kind == "status" and content["execution_state"] == "idle":
                break
            got.append((kind, content))
            if interrupt_after and interrupt_after in content.get("text", ""):
                time.sleep(0.1)
                self.interrupt()
        while (reply := self.client.get_shell_msg(timeout=30))["parent_header"].get("msg_id") != asked:
            pass
        return [*got, ("reply", reply["content"])]

    def events(self) -> str:
        answer = dict(self.run("seen, events[:] = events[:], []\nseen"))
        return str(answer["execute_result"]["data"]["text/plain"])


def printed(answers: list[tuple[str, dict[str, Any]]]) -> str:
    return "".join(content["text"] for kind, content in answers if kind == "stream")


@pytest.fixture(scope="module")
def kernel() -> Iterator[Kernel]:
    manager, client = start_new_kernel(kernel_name="python3")
    running = Kernel(client, manager.interrupt_kernel)
    assert running.run(SETUP)[-1][1]["status"] == "ok"
    yield running
    client.stop_channels()
    manager.shutdown_kernel(now=True)


def test_sync_cell(kernel: Kernel) -> None:
    answer = dict(kernel.run("%%span load\nx = here.get()\nx"))
    assert answer["execute_result"]["data"]["text/plain"] == "'load'"
    assert answer["reply"]["status"] == "ok"
    assert kernel.events() == "['open', 'ok']"


def test_awaiting_cell_and_its_tasks_see_the_span(kernel: Kernel) -> None:
    cell = "%%span fetch\nimport asyncio\nasync def f(): return here.get()\nawait asyncio.create_task(f())"
    assert dict(kernel.run(cell))["execute_result"]["data"]["text/plain"] == "'fetch'"
    assert kernel.events() == "['async open', 'ok']"


def test_semicolon_shows_nothing(kernel: Kernel) -> None:
    assert "execute_result" not in dict(kernel.run("%%span\n1 + 1;"))


@pytest.mark.parametrize("await_line", ["", "import asyncio; await asyncio.sleep(0)"])
def test_error_is_shown_once_with_the_right_cell_and_line(kernel: Kernel, await_line: str) -> None:
    answers = kernel.run(f"%%span bad\n{await_line}\nboom = {{}}\nboom['key']\n")
    errors = [content for kind, content in answers if kind == "error"]
    text = re.sub(r"\x1b\[[\d;]*m", "", "\n".join(errors[0]["traceback"]))
    assert [error["ename"] for error in errors] == ["KeyError"]
    assert re.search(rf"Cell In\[{answers[-1][1]['execution_count']}\], line 4", text)
    assert text.count("Cell In[") == 1
    assert "artigraph_jupyter" not in text


def test_an_interrupt_stops_a_blocking_cell(kernel: Kernel) -> None:
    kernel.events()
    cell = "%%span long\nimport time\nprint('go', flush=True)\nfor _ in range(600):\n    time.sleep(0.1)\nprint('done')"
    answers = kernel.run(cell, interrupt_after="go")
    assert answers[-1][1]["ename"] == "KeyboardInterrupt"
    assert printed(answers) == "go\n"
    assert kernel.events() == "['open', 'KeyboardInterrupt']"


def test_an_interrupt_stops_an_awaiting_cell(kernel: Kernel) -> None:
    kernel.events()
    cell = (
        "%%span long\nimport asyncio\nprint('go', flush=True)\n"
        "for _ in range(600):\n    await asyncio.sleep(0.1)\nprint('done')"
    )
    answers = kernel.run(cell, interrupt_after="go")
    assert answers[-1][1]["status"] == "error"
    assert printed(answers) == "go\n"
    assert kernel.events() == "['async open', 'CancelledError']"


def test_usage_error_is_one_line(kernel: Kernel) -> None:
    answers = kernel.run("%%span a --nonsense\nprint('ran')")
    assert answers[-1][1]["ename"] == "UsageError"
    assert printed(answers) == "UsageError: %%span: unrecognized arguments: --nonsense; %%span? lists the options\n"


def test_context_variables_of_a_sync_cell_survive(kernel: Kernel) -> None:
    kernel.run("%%span\nmine = contextvars.ContextVar('mine')\nmine.set(5);")
    assert dict(kernel.run("mine.get()"))["execute_result"]["data"]["text/plain"] == "5"
