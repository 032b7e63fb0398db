"""One transaction for several calls: the writing connection, kept while a group of calls is open."""

from __future__ import annotations

import asyncio
import os
from collections.abc import Callable
from contextvars import ContextVar, Token
from typing import Any, TypeVar

from sqlalchemy import Connection

from artigraph.errors import UnfinishedError

T = TypeVar("T")
Work = Callable[[Connection], T]


class Group:
    """A transaction that several calls of one context share."""

    def __init__(self, database: Any) -> None:
        self.database = database
        self._lock = asyncio.Lock()
        self._connection: Any = None
        self._ended = asyncio.Event()
        self._commit = True
        self._pid = os.getpid()
        self.undoing: list[Callable[[], None]] = []
        """What to call when it is rolled back, the newest first."""

    @property
    def is_open(self) -> bool:
        """Whether the transaction is open, in this process."""
        return self._connection is not None and self._pid == os.getpid()

    def open_on(self, database: object) -> bool:
        """Whether calls to ``database`` belong into this transaction."""
        return self.is_open and database is self.database

    async def step(self, work: Work[T]) -> T:
        """Run ``work`` inside the transaction, all of it or nothing. Raises UnfinishedError when it is not open."""
        async with self._lock:
            if not self.is_open:
                raise UnfinishedError("the block of current_session() is not open; use the group inside of it")
            result: T = await self._connection.step(work)
            return result

    async def begin(self) -> None:
        """(library loop) Take the writing connection and keep it, in a task of its own, until ``end``."""
        door = await self.database.door()
        started: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        self._task = asyncio.create_task(self._hold(door, started))
        try:
            await asyncio.shield(started)
        except BaseException:
            self._commit = False
            self._ended.set()
            if not started.done():
                self._task.cancel()
            await asyncio.wait({self._task})  # nothing of it is open any more when the caller goes on
            if started.done():
                started.exception()  # looked at, so that nobody warns of it
            raise

    async def end(self, *, commit: bool) -> None:
        """(library loop) Commit or roll back, and give the connection back."""
        async with self._lock:
            self._commit = commit
            self._ended.set()
        kept = False
        try:
            await self._task
            kept = commit
        finally:
            for undo in () if kept else reversed(self.undoing):
                undo()

    async def _hold(self, door: Any, started: asyncio.Future[None]) -> None:
        try:
            async with door.writer() as connection:
                await connection.begin()
                self._connection = connection
                started.set_result(None)
                try:
                    await self._ended.wait()
                finally:
                    self._connection = None
                    await connection.finish(self._commit and self._ended.is_set())
        except BaseException as error:
            if started.done():
                raise
            started.set_exception(error)


_group: ContextVar[Group | None] = ContextVar("artigraph_group", default=None)


def open_group(database: object) -> Group | None:
    """The group that this context has open on ``database``."""
    group = _group.get()
    return group if group is not None and group.open_on(database) else None


def enter_group(group: Group) -> Token[Group | None]:
    """Make the calls of this context part of ``group``."""
    return _group.set(group)


def leave_group(token: Token[Group | None]) -> None:
    """Undo ``enter_group``."""
    _group.reset(token)
