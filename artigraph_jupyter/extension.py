"""What ``%load_ext artigraph_jupyter`` sets up, and ``%unload_ext`` takes away."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import Any

from IPython.core.interactiveshell import InteractiveShell

from artigraph_jupyter import complete, rewrite, show
from artigraph_jupyter.autospan import AutoSpan
from artigraph_jupyter.cell import CellSpan, say_problem
from artigraph_jupyter.facts import cell_id_of, message_of
from artigraph_jupyter.magics import ArtigraphMagics
from artigraph_jupyter.memory import KernelMemory, Unwritten
from artigraph_jupyter.report import ForgottenCalls
from artigraph_jupyter.request import SpanRequest
from artigraph_jupyter.tracker import Tracker


class Extension:
    """The extension of one shell."""

    def __init__(self, shell: InteractiveShell) -> None:
        self._shell = shell
        tracker = Tracker(shell.user_ns, lambda: shell.user_ns_hidden)
        self._kernel = KernelMemory(tracker, Unwritten(say_problem))
        self._magics = ArtigraphMagics(shell=shell, kernel=self._kernel)
        self._is_fresh, self._depth = False, 0
        self._message: str | None = None
        self._forgotten = ForgottenCalls(shell.user_ns)
        self._undo: list[Callable[[], None]] = []

    def install(self) -> None:
        """Set everything up."""
        shell: Any = self._shell
        shell.register_magics(self._magics)
        self._forgotten.install()
        shell.events.register("pre_run_cell", self._before_cell)
        shell.events.register("post_run_cell", self._after_cell)
        rewriting = rewrite.install(shell, self._open, self._wants_span)
        self._undo = [rewriting, complete.install(shell), show.install(shell), self._forgotten.uninstall]

    def uninstall(self) -> None:
        """Take everything away again."""
        shell: Any = self._shell
        for undo in reversed(self._undo):
            undo()
        shell.events.unregister("pre_run_cell", self._before_cell)
        shell.events.unregister("post_run_cell", self._after_cell)
        self._kernel.tracker.after_cell()
        shell.configurables.remove(self._magics)
        shell.magics_manager.registry.pop(ArtigraphMagics.__name__, None)
        for name in ArtigraphMagics.magics["line"]:
            shell.magics_manager.magics["line"].pop(name, None)

    def _open(self, request: SpanRequest) -> rewrite.SpanBlock:
        defaults = self._magics
        wanted = replace(
            request,
            keep_source=request.keep_source and defaults.keep_source,
            tags=(*defaults.tags.items(), *request.tags),
        )
        cell = CellSpan(wanted, self._shell, self._kernel)
        if request.auto:
            return AutoSpan(cell, say_problem)
        self._magics.connect_if_needed()
        return cell

    def _wants_span(self) -> bool:
        """Whether this is a cell for autospan: asked once per cell, not of what magics run inside it."""
        is_fresh, self._is_fresh = self._is_fresh, False
        return is_fresh and self._magics.autospan

    def _before_cell(self, info: Any) -> None:
        message = message_of(self._shell)
        if message != self._message:  # whatever the cell before left open, this is another one
            self._message, self._depth = message, 0
        self._depth += 1
        if self._depth == 1:  # not a part that a magic such as %%capture runs inside of a cell
            self._is_fresh = True
            self._kernel.tracker.before_cell()
            cell_id = cell_id_of(self._shell)
            if cell_id is not None:
                self._kernel.sources[cell_id] = info.raw_cell

    def _after_cell(self, _result: Any) -> None:
        self._depth -= 1
        if self._depth <= 0:
            self._is_fresh, self._depth = False, 0
            self._kernel.tracker.after_cell()
            self._forgotten.tell()
