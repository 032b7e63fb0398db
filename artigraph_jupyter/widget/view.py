"""What the widgets share: they show something first, answer the page's questions, and leave a picture in the file.

Messages are small JSON objects. The page sends ``{v, id, ask, with}``; the answer has the same ``id`` and either
``answer`` or ``error``, a sentence. The kernel keeps nothing about a page: each question says all that it depends on.
A page that has asked something is told once, by ``{v, event}``, that a cell has run since.
"""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from typing import Any

import anywidget
import traitlets
from IPython.core.getipython import get_ipython

from artigraph.bridge import block
from artigraph.errors import ArtigraphError
from artigraph.graph.engine import Database, current_database
from artigraph_jupyter.html import text
from artigraph_jupyter.widget.assets import sheet
from artigraph_jupyter.widget.desk import Desk


def place(database: Database) -> str:
    """Where a database is, in few words and without a password."""
    return database.file.name if database.file is not None else database.where


PROTOCOL = 1
"""The number that both halves say; a saved notebook may hold a page of another one."""


class View(anywidget.AnyWidget):
    """A widget over the database that was in use when it was made.

    Args:
        first: what the page shows before it asked anything, plain JSON.
        still: mime type -> what a notebook without a kernel shows.
    """

    _css = sheet()
    first = traitlets.Dict().tag(sync=True)
    _shell: Any = None  # also of one that could not be made

    def __init__(self, first: Mapping[str, Any], still: Mapping[str, str]) -> None:
        self._desk = Desk(current_database())
        self._still = dict(still)
        self._running: set[asyncio.Task[None]] = set()
        self._is_watched = False
        self._shell = get_ipython()
        super().__init__(first={"v": PROTOCOL, **first})
        self.on_msg(self._receive)
        if self._shell is not None:
            self._shell.events.register("post_run_cell", self._after_cell)

    def close(self) -> None:
        """Answer no more."""
        if self._shell is not None:
            self._shell.events.unregister("post_run_cell", self._after_cell)
            self._shell = None
        super().close()

    def __repr__(self) -> str:
        return self._still.get("text/plain") or object.__repr__(self)

    def _repr_mimebundle_(self, **options: Any) -> tuple[dict[str, Any], dict[str, Any]]:
        own: Any = super()._repr_mimebundle_(**options)
        return {**own[0], **self._still}, own[1]

    def _receive(self, _view: object, asked: Any, _buffers: object) -> None:
        """Answer on the loop that the message came on, without holding it up."""
        self._is_watched = True
        try:
            loop = asyncio.get_running_loop()
        except RuntimeError:  # no kernel around it
            block(self._answer, asked)
            return
        task = loop.create_task(self._answer(asked))
        self._running.add(task)
        task.add_done_callback(self._running.discard)

    def _after_cell(self, _result: object) -> None:
        if self._is_watched:
            self._is_watched = False
            self.send({"v": PROTOCOL, "event": "ran"})

    async def _answer(self, asked: Any) -> None:
        buffers: list[bytes] = []
        number = asked.get("id") if isinstance(asked, dict) else None
        answer: dict[str, Any] = {"v": PROTOCOL, "id": number}
        try:
            answer["answer"], buffers = await self._desk.answer(_checked(asked), asked.get("with") or {})
        except (ArtigraphError, ValueError) as error:
            answer["error"] = text(error, 2_000)
        except Exception as error:  # noqa: BLE001 - whatever goes wrong is told in the page, not lost in a log
            answer["error"] = text(f"{type(error).__name__}: {error}", 2_000)
        self.send(answer, buffers)


def _checked(asked: Any) -> str:
    """The question in a message; ValueError when the page speaks another protocol."""
    if not isinstance(asked, dict) or asked.get("v") != PROTOCOL:
        raise ValueError("this output is of another version of artigraph; run its cell again")
    return str(asked.get("ask"))
