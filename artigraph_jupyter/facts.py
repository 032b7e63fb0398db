"""Which cell of which notebook a span is, and who runs it."""

from __future__ import annotations

import getpass
import os
import threading
from contextlib import suppress
from functools import cache
from pathlib import Path
from typing import Any
from uuid import UUID

from sqlalchemy import Connection, select, update

from artigraph.bridge import block
from artigraph.errors import ArtigraphError
from artigraph.graph.engine import Database
from artigraph.graph.schema import NODE
from artigraph.span.commit import commit_of, differs

LONGEST = 1024
"""Characters of a path that are kept."""


def cell_facts(shell: Any) -> dict[str, Any]:
    """What a span keeps of its cell: ``execution_count``, ``cell_id``, ``notebook``, ``kernel``, ``user``.

    What the program around the kernel does not tell is left out: JupyterLab tells the id of a cell, Jupyter servers
    and VS Code the path of the notebook.
    """
    inputs = shell.history_manager.input_hist_parsed  # the counter of the shell is ahead already, in some versions
    facts: dict[str, Any] = {"execution_count": max(len(inputs) - 1, 0)}
    told = {
        "cell_id": cell_id_of(shell),
        "notebook": shell.user_ns.get("__vsc_ipynb_file__") or os.environ.get("JPY_SESSION_NAME"),
        "kernel": _kernel(shell),
        "user": _user(),
    }
    return facts | {name: str(value)[:LONGEST] for name, value in told.items() if value}


def cell_id_of(shell: Any) -> str | None:
    """The id that the notebook gave to the cell that runs; None where it sends none."""
    found = (_request(shell).get("metadata") or {}).get("cellId")
    return str(found)[:64] if found else None


def message_of(shell: Any) -> str | None:
    """The id of the request that runs; None in a terminal, which has none."""
    found: str | None = (_request(shell).get("header") or {}).get("msg_id")
    return found


def _request(shell: Any) -> dict[str, Any]:
    return (shell.get_parent() if hasattr(shell, "get_parent") else None) or {}


def _kernel(shell: Any) -> str:
    """The id of the kernel, as servers list it; ``terminal`` for IPython in a terminal."""
    file = shell.config.get("IPKernelApp", {}).get("connection_file")
    return Path(file).stem.removeprefix("kernel-") if isinstance(file, str) else "terminal"


@cache
def _user() -> str | None:
    try:
        return getpass.getuser()
    except (KeyError, OSError, ImportError):  # a user without a name, as in some containers
        return None


class CodeWatch:
    """Asks git in the background whether the code differs from its commit, and notes it on spans as ``dirty``.

    A cell never waits for it. One question is asked at a time, for all spans that came meanwhile.
    """

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._waiting: list[tuple[UUID, Database]] = []
        self._thread: threading.Thread | None = None

    def ask(self, span_id: UUID, database: Database) -> None:
        """Note it on this span, soon; nothing happens outside of a git repository."""
        if commit_of(Path()) is None:
            return
        with self._lock:
            self._waiting.append((span_id, database))
            if self._thread is None:
                self._thread = threading.Thread(target=self._run, name="artigraph git", daemon=True)
                self._thread.start()

    def wait(self) -> None:
        """Wait until everything asked so far is noted."""
        thread = self._thread
        if thread is not None:
            thread.join()

    def _run(self) -> None:
        while True:
            with self._lock:
                spans, self._waiting = self._waiting, []
                if not spans:
                    self._thread = None
                    return
            dirty = differs(Path())
            for span_id, database in spans if dirty is not None else ():
                with suppress(ArtigraphError):  # it is one fact less; the span itself is there
                    block(database.write, _noting(span_id, dirty))


def _noting(span_id: UUID, dirty: bool | None) -> Any:
    def work(connection: Connection) -> None:
        here = NODE.c.id == span_id
        info = connection.execute(select(NODE.c.span_info).where(here)).scalar()
        connection.execute(update(NODE).where(here).values(span_info={**(info or {}), "dirty": dirty}))

    return work
