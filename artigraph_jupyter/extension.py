"""What ``%load_ext artigraph_jupyter`` sets up, and ``%unload_ext`` takes away."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from IPython.core.interactiveshell import InteractiveShell

from artigraph.errors import NoEngineError
from artigraph.graph.engine import current_database
from artigraph_jupyter import rewrite, show
from artigraph_jupyter.cell import CellSpan
from artigraph_jupyter.magics import EMBEDDED, ArtigraphMagics, connect
from artigraph_jupyter.report import ForgottenCalls, say
from artigraph_jupyter.request import SpanRequest
from artigraph_jupyter.tracker import Tracker


class Extension:
    """The extension of one shell."""

    def __init__(self, shell: InteractiveShell) -> None:
        self._shell = shell
        self._tracker = Tracker(shell.user_ns, lambda: shell.user_ns_hidden)
        self._forgotten = ForgottenCalls(shell.user_ns)
        self._undo: list[Callable[[], None]] = []

    def install(self) -> None:
        """Set everything up."""
        shell: Any = self._shell
        magics = ArtigraphMagics(shell=shell)
        shell.register_magics(magics)
        self._forgotten.install()
        shell.events.register("pre_run_cell", self._before_cell)
        shell.events.register("post_run_cell", self._after_cell)
        self._undo = [rewrite.install(shell, self._open), show.install(shell), self._forgotten.uninstall]

    def uninstall(self) -> None:
        """Take everything away again."""
        shell: Any = self._shell
        for undo in reversed(self._undo):
            undo()
        shell.events.unregister("pre_run_cell", self._before_cell)
        shell.events.unregister("post_run_cell", self._after_cell)
        self._tracker.after_cell()
        shell.magics_manager.registry.pop(ArtigraphMagics.__name__, None)
        for name in ArtigraphMagics.magics["line"]:
            shell.magics_manager.magics["line"].pop(name, None)

    def _open(self, request: SpanRequest) -> CellSpan:
        return CellSpan(request, self._shell, self._tracker, _connect_if_needed)

    def _before_cell(self, info: Any) -> None:
        if _is_whole_cell(info):
            self._tracker.before_cell()

    def _after_cell(self, result: Any) -> None:
        if _is_whole_cell(result.info):
            self._tracker.after_cell()
            self._forgotten.tell()


def _is_whole_cell(info: Any) -> bool:
    """Not a part that a magic such as ``%%capture`` runs inside of one."""
    return bool(info is None or info.store_history)


def _connect_if_needed() -> None:
    """A span cell before any connect: the embedded database, and one line that says so."""
    try:
        current_database()
    except NoEngineError:
        connect(EMBEDDED)
        say(f"artigraph: connected to {current_database().file} (big values beside it, in artigraph.blobs)")
