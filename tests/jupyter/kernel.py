"""A real kernel that tests talk to: cells in, what a notebook would show out."""

from __future__ import annotations

import re
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from jupyter_client.blocking.client import BlockingKernelClient
from jupyter_client.manager import KernelManager, start_new_kernel


@dataclass
class Answer:
    """What one cell answered."""

    status: str = ""
    out: str = ""
    err: str = ""
    data: list[dict[str, Any]] = field(default_factory=list)
    """Mime bundles of results and displays."""
    errors: list[dict[str, Any]] = field(default_factory=list)
    payload: list[dict[str, Any]] = field(default_factory=list)
    count: int = 0

    @property
    def text(self) -> str:
        """The plain text of what was shown last."""
        return str(self.data[-1]["text/plain"])

    @property
    def html(self) -> str:
        return str(self.data[-1]["text/html"])

    @property
    def trace(self) -> str:
        """The one traceback, without colours."""
        assert len(self.errors) == 1, self.errors
        return re.sub(r"\x1b\[[\d;]*m", "", "\n".join(self.errors[0]["traceback"]))


class Kernel:
    """A running kernel in a folder of its own."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        manager: KernelManager
        client: BlockingKernelClient
        manager, client = start_new_kernel(kernel_name="python3", cwd=str(folder))
        self.manager, self.client = manager, client
        self.sent_at = 0.0
        """When the last interrupt was sent."""

    def run(self, code: str, interrupt_after: str | None = None, cell_id: str | None = None) -> Answer:
        """Run a cell to its end; the interrupt is sent when it has printed this text."""
        asked = self._send(code, cell_id)
        answer, sent = Answer(), False
        while True:
            message = self.client.get_iopub_msg(timeout=60)
            if message["parent_header"].get("msg_id") != asked:
                continue
            kind, content = message["msg_type"], message["content"]
            if kind == "status" and content["execution_state"] == "idle":
                break
            if kind == "stream" and content["name"] == "stdout":
                answer.out += content["text"]
            elif kind == "stream":
                answer.err += content["text"]
            elif kind in ("execute_result", "display_data"):
                answer.data.append(content["data"])
            elif kind == "error":
                answer.errors.append(content)
            if interrupt_after and not sent and interrupt_after in answer.out:
                time.sleep(0.1)
                sent, self.sent_at = True, time.time()
                self.manager.interrupt_kernel()
        while (reply := self.client.get_shell_msg(timeout=60))["parent_header"].get("msg_id") != asked:
            pass
        answer.status, answer.count = reply["content"]["status"], reply["content"]["execution_count"]
        answer.payload = reply["content"].get("payload", [])
        return answer

    def _send(self, code: str, cell_id: str | None) -> str:
        """Ask for a cell to be run, as JupyterLab does when it has an id; whatever comes of it, the next one runs."""
        if cell_id is None:
            return self.client.execute(code, stop_on_error=False)
        content = {"code": code, "silent": False, "store_history": True, "user_expressions": {}, "stop_on_error": False}
        message = self.client.session.msg("execute_request", content, metadata={"cellId": cell_id})
        self.client.shell_channel.send(message)
        return str(message["header"]["msg_id"])

    def ok(self, code: str, cell_id: str | None = None) -> Answer:
        """Run a cell that must not fail."""
        answer = self.run(code, cell_id=cell_id)
        assert answer.status == "ok", (code, answer.err, answer.errors)
        return answer

    def value(self, expression: str) -> Any:
        """What an expression of plain literals is in the kernel."""
        answer = self.ok(f"print(repr(({expression})))")
        return eval(answer.out, {})  # the kernel is the test's own

    def completions(self, code: str) -> list[str]:
        """What Tab offers at the end of the code."""
        asked = self.client.complete(code)
        while (reply := self.client.get_shell_msg(timeout=60))["parent_header"].get("msg_id") != asked:
            pass
        return list(reply["content"]["matches"])

    def kill(self) -> None:
        self.client.stop_channels()
        self.manager.shutdown_kernel(now=True)


LOAD = "%load_ext artigraph_jupyter\n%artigraph connect sqlite:///{file}\nimport artigraph as ag, asyncio, pandas as pd"
FACTS = '''
def inputs(label):
    """Role -> (label of what was used, changed) of the newest span of that label."""
    span = ag.read.s(ag.Span, ag.NodeFilter(label=label))[-1]
    found = {}
    for link in ag.read.s(ag.Link, ag.LinkFilter(target=span.id, kind="input")):
        rows = ag.read.s(ag.Node, ag.NodeFilter(id=link.source_id))
        found[link.role] = (rows[0].label, link.changed)
    return found
def makers(label):
    """Labels of the spans that made what has this label, the newest last."""
    nodes = ag.read.s(ag.Node, ag.NodeFilter(label=label))
    links = [link for node in nodes for link in ag.read.s(ag.Link, ag.LinkFilter(target=node.id, kind="output"))]
    return [ag.read_span.s(link.source_id).label for link in links]
def upstream(label, hops=20):
    return {node.label for node in ag.view_lineage.s(label, upstream=hops, downstream=0).nodes}
def newest(label):
    return ag.read.s(ag.Span, ag.NodeFilter(label=label))[-1]
'''


@contextmanager
def kernel_in(folder: Path, *, load: str = LOAD, file: str = "kernel.db") -> Iterator[Kernel]:
    """A kernel with the extension loaded and the functions of ``FACTS``, shut down afterwards."""
    running = Kernel(folder)
    try:
        running.ok("get_ipython().history_manager.enabled = False")
        if load:
            running.ok(load.format(file=folder / file))
            running.ok(FACTS)
        yield running
    finally:
        running.kill()
