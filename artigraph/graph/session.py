"""``current_session``: several calls, one transaction."""

from __future__ import annotations

from types import TracebackType
from typing import Any

from sqlalchemy import Executable

from artigraph.bridge import Hold, ask, block, hold, join, leave, method
from artigraph.graph.engine import current_database
from artigraph.graph.group import Group, enter_group, leave_group, open_group


class SessionContext:
    """A context manager, with or without ``async``: its block is one transaction on the current database.

    Calls of the library inside the block join the transaction; it is committed at the end of the block, or rolled
    back when the block raises. Other tasks wait with their writes meanwhile. Inside another such block it is a part
    of that one: committed or rolled back with it.
    """

    def __init__(self) -> None:
        database = current_database()
        outer = open_group(database)
        self._group = outer or Group(database)
        self._inner = outer is not None
        self._hold: Hold | None = None
        self._tokens: tuple[Any, Any] | None = None

    async def __aenter__(self) -> SessionContext:
        if self._inner:
            return self
        try:
            await ask(self._group.begin)
        except BaseException:
            if self._group.is_open:  # cancelled when it had just begun
                await ask(self._group.end, commit=False)
            raise
        return self._entered()

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if not self._inner:
            self._left()
            await ask(self._group.end, commit=error is None)

    def __enter__(self) -> SessionContext:
        if self._inner:
            return self
        try:
            block(self._group.begin)
        except BaseException:
            if self._group.is_open:
                block(self._group.end, commit=False)
            raise
        return self._entered()

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if not self._inner:
            self._left()
            block(self._group.end, commit=error is None)

    @method
    async def execute(self, statement: Executable, parameters: Any = None) -> list[Any]:
        """Run a statement in the transaction; returns its rows (an empty list when it gives none)."""

        def work(connection: Any) -> list[Any]:
            result = connection.execute(statement, parameters)
            return list(result.all()) if result.returns_rows else []

        rows: list[Any] = await self._group.step(work)
        return rows

    @method
    async def scalars(self, statement: Executable, parameters: Any = None) -> list[Any]:
        """Run a statement in the transaction; returns the first column of its rows."""
        return [row[0] for row in await self.execute.a(statement, parameters)]

    def _entered(self) -> SessionContext:
        self._hold = hold("a transaction opened by current_session()")
        self._tokens = (join(self._hold), enter_group(self._group))
        return self

    def _left(self) -> None:
        if self._tokens is not None and self._hold is not None:
            joined, entered = self._tokens
            leave_group(entered)
            leave(joined)
            self._hold.release()


def current_session() -> SessionContext:
    """Group several calls into one transaction.

    Returns:
        A context manager for ``with`` or ``async with``, giving a group with ``execute`` and ``scalars``.

    Raises:
        NoEngineError: no database was chosen.
    """
    return SessionContext()
