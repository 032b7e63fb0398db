"""Autospan: every cell is a span that is written only if it touches an artifact, and never makes the cell fail."""

from __future__ import annotations

from collections.abc import Callable
from types import TracebackType

from artigraph.errors import NoEngineError
from artigraph_jupyter.cell import CellSpan


class AutoSpan:
    """A span around a cell that nobody marked.

    Args:
        cell: what a marked cell would run inside of.
        failed: told what could not be recorded.
    """

    def __init__(self, cell: CellSpan, failed: Callable[[str, Exception], None]) -> None:
        self._cell, self._failed = cell, failed
        self._is_open = False

    def __enter__(self) -> None:
        try:
            self._cell.__enter__()
            self._is_open = True
        except NoEngineError:
            return
        except Exception as problem:  # noqa: BLE001 - the cell runs whatever happens here
            self._failed("this cell was not recorded", problem)

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self._is_open:
            self._cell.__exit__(kind, error, trace)

    async def __aenter__(self) -> None:
        self.__enter__()

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self._is_open:
            await self._cell.__aexit__(kind, error, trace)
