"""What is told under a cell in one line; above all calls that were forgotten: never run in red, still held in grey."""

from __future__ import annotations

import asyncio
import sys
from collections.abc import Mapping
from pathlib import PurePath
from typing import Any

from artigraph.bridge import Pending, PendingInfo, dismiss, live_pendings, set_drop_hook

RED, GREY, PLAIN = "\x1b[31m", "\x1b[90m", "\x1b[0m"


def say(line: str) -> None:
    """Tell what was done."""
    print(line)  # noqa: T201 - under the cell is where a notebook is told things


def warn(line: str, colour: str = RED) -> None:
    """Tell what was not."""
    print(f"{colour}{line}{PLAIN}", file=sys.stderr)  # noqa: T201 - as above


class ForgottenCalls:
    """Collects calls that were never awaited, and tells about them when a cell has ended."""

    def __init__(self, namespace: Mapping[str, Any]) -> None:
        self._namespace = namespace
        self._dropped: list[PendingInfo] = []

    def install(self) -> None:
        """Collect from now on."""
        set_drop_hook(self._dropped.append)

    def uninstall(self) -> None:
        """Leave it to warnings again."""
        set_drop_hook(None)

    def tell(self) -> None:
        """Print what was forgotten in the cell that just ended."""
        dropped, self._dropped[:] = list(self._dropped), []
        for info in dropped:
            warn(f"never run: {_where(info)} - write await or .s")
        tasks = _started_as_tasks()
        for pending in live_pendings():
            if id(pending) in tasks:
                continue
            held = f"{_where(pending.info)}, held by {self._holder(pending)}"
            warn(f"not run yet: {held} - write await or .s", GREY)
            dismiss(pending)

    def _holder(self, pending: Pending[Any]) -> str:
        for name, value in list(self._namespace.items()):
            if value is pending and not name.startswith("_"):
                return name
        outputs = self._namespace.get("Out")
        for count, value in list(outputs.items()) if isinstance(outputs, dict) else ():
            if value is pending:
                return f"Out[{count}]"
        return "a container"


def _started_as_tasks() -> set[int]:
    """The coroutines of tasks that may not have begun yet, by id."""
    try:
        return {id(task.get_coro()) for task in asyncio.all_tasks()}
    except RuntimeError:  # no loop runs here
        return set()


def _where(info: PendingInfo) -> str:
    in_cell = "ipykernel_" in info.filename or info.filename.startswith("<")
    return f"{'' if in_cell else f'{PurePath(info.filename).name}, '}line {info.lineno} {info.call}"
