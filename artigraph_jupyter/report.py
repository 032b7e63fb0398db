"""After each cell: calls that were forgotten. In red those that will never run, in grey those still held."""

from __future__ import annotations

import sys
from collections.abc import Mapping
from typing import Any

from artigraph.bridge import Pending, PendingInfo, dismiss, live_pendings, set_drop_hook

RED, GREY, PLAIN = "\x1b[31m", "\x1b[90m", "\x1b[0m"


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
            print(f"{RED}never run: line {info.lineno} {_call(info)} - write await or .s{PLAIN}", file=sys.stderr)
        for pending in live_pendings():
            holder = self._holder(pending)
            print(
                f"{GREY}not run yet: line {pending.info.lineno} {_call(pending.info)}, held by {holder} "
                f"- write await or .s{PLAIN}",
                file=sys.stderr,
            )
            dismiss(pending)

    def _holder(self, pending: Pending[Any]) -> str:
        for name, value in self._namespace.items():
            if value is pending and not name.startswith("_"):
                return name
        return "the cell's output or a container"


def _call(info: PendingInfo) -> str:
    return info.call
