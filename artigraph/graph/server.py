"""The door of a database server: SQLAlchemy's async engine, a transaction per call."""

from __future__ import annotations

import asyncio
import random
from collections.abc import AsyncIterator, Callable, Coroutine
from contextlib import asynccontextmanager
from typing import Any, TypeVar

from sqlalchemy import URL, Connection, event, exc
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine, create_async_engine

from artigraph.errors import ConnectionLostError, MissingLibraryError
from artigraph.graph.faults import is_deadlock, shown_url, translated
from artigraph.graph.types import MYSQL

T = TypeVar("T")
Work = Callable[[Connection], T]

TRIES = 8
"""How often a transaction is tried that the server chose as the victim of a deadlock."""


class ServerDoor:
    """A pool of connections to a server; writers wait for each other in the server, not here."""

    memory = False

    def __init__(self, url: URL, *, engine: AsyncEngine) -> None:
        self.where = shown_url(url)
        self._engine = engine
        self._users = 0
        self._closed = False

    async def write(self, work: Work[T]) -> T:
        """Run ``work`` in one transaction; committed when it returns, rolled back when it raises.

        It runs again when the server has broken a deadlock at its cost: nothing of the first try is left then.
        """
        with translated(self.where):
            for turn in range(1, TRIES):
                try:
                    return await self._transact(work)
                except exc.DBAPIError as error:
                    if not is_deadlock(error):
                        raise
                await asyncio.sleep(random.uniform(0, 0.01 * 2**turn))  # noqa: S311 - no secret
            return await self._transact(work)

    async def read(self, work: Work[T]) -> T:
        """Run ``work`` on one snapshot; what it writes is rolled back."""
        with translated(self.where):
            async with self._connection() as connection:
                return await connection.run_sync(lambda sync: work(_begun(sync, "REPEATABLE READ")))

    @asynccontextmanager
    async def writer(self) -> AsyncIterator[ServerConnection]:
        """A connection of the pool, for one user at a time."""
        with translated(self.where):
            async with self._connection() as connection:
                yield ServerConnection(connection, self.where)

    async def close(self) -> None:
        """Close every connection, those in use when their work has ended."""
        self._closed = True
        if not self._users:
            await self._engine.dispose()

    @asynccontextmanager
    async def _connection(self) -> AsyncIterator[AsyncConnection]:
        self._users += 1
        try:
            with translated(self.where, connecting=True):
                connection = await self._engine.connect()
            try:
                yield connection
            except asyncio.CancelledError:  # perhaps between a question and its answer, which nobody may read then
                await _settled(connection.invalidate())
                raise
            finally:
                _raise(*await _settled(connection.close()))
        finally:
            self._users -= 1
            if self._closed and not self._users:
                await self._engine.dispose()

    async def _transact(self, work: Work[T]) -> T:
        async with self._connection() as connection:
            result = await connection.run_sync(lambda sync: work(_begun(sync, "READ COMMITTED")))
            await _commit(connection, self.where)
            return result


class ServerConnection:
    """One connection with an open transaction; the same verbs as SQLite's."""

    def __init__(self, connection: AsyncConnection, where: str) -> None:
        self._connection, self._where = connection, where

    async def begin(self) -> None:
        """Open a transaction."""
        with translated(self._where):
            await self._connection.run_sync(_begun, "READ COMMITTED")

    async def step(self, work: Work[T]) -> T:
        """Run ``work`` inside the open transaction, all of it or nothing."""
        with translated(self._where):
            async with self._connection.begin_nested():
                return await self._connection.run_sync(work)

    async def finish(self, commit: bool) -> None:
        """Close the transaction that ``begin`` opened."""
        with translated(self._where):
            await (_commit(self._connection, self._where) if commit else self._connection.rollback())


def server_engine(url: URL, busy_timeout: float, **options: Any) -> AsyncEngine:
    """An engine whose connections are set up as ours are.

    Args:
        url: of a server.
        busy_timeout: seconds to wait for a lock that another transaction holds.
        options: more for SQLAlchemy; a ``pool`` decides by itself whether connections are tried before use.

    Raises:
        MissingLibraryError: the driver is not installed.
    """
    if "pool" not in options:
        options["pool_pre_ping"] = True
    try:
        engine = create_async_engine(url, hide_parameters=True, **options)
    except ModuleNotFoundError as error:
        raise MissingLibraryError(
            error.name or url.get_driver_name(), f"a {url.get_backend_name()} database"
        ) from error
    settings = _settings(url.get_backend_name(), max(1, round(busy_timeout)))

    @event.listens_for(engine.sync_engine, "connect")
    def _connect(connection: Any, _record: object) -> None:
        cursor = connection.cursor()
        for setting in settings:
            cursor.execute(setting)
        cursor.close()
        connection.commit()

    return engine


def _settings(backend: str, seconds: int) -> list[str]:
    if backend not in MYSQL:
        return [f"SET lock_timeout = '{seconds}s'", "SET jit = off"]  # compiling takes longer than our queries do
    depth = 4_000_000_000  # by default a walk along links ends silently after 1000 steps
    more = f"/*M! , max_recursive_iterations = {depth} */ /*!80003 , cte_max_recursion_depth = {depth} */"
    return [f"SET SESSION innodb_lock_wait_timeout = {seconds} {more}"]


def _begun(connection: Connection, level: str) -> Connection:
    """The connection in a fresh transaction. Has to come before any other statement, on all servers."""
    connection.exec_driver_sql(f"SET TRANSACTION ISOLATION LEVEL {level}")
    return connection


async def _commit(connection: AsyncConnection, where: str) -> None:
    """Commit; once begun it is waited for, whoever loses patience, so that its outcome is known."""
    failure, cancelled = await _settled(connection.commit())
    if cancelled is None and isinstance(failure, exc.DBAPIError) and failure.connection_invalidated:
        lost = ConnectionLostError(
            f"the connection to {where} was lost in the middle of the commit; either all of it is saved or nothing: "
            "look before you try again"
        )
        lost.retryable = False
        raise lost from failure
    _raise(failure, cancelled)


async def _settled(
    work: Coroutine[Any, Any, None],
) -> tuple[BaseException | None, asyncio.CancelledError | None]:
    """Wait for the end of something, whoever loses patience: how it failed, and that somebody did."""
    task = asyncio.ensure_future(work)
    cancelled: asyncio.CancelledError | None = None
    while not task.done():
        try:
            await asyncio.wait({task})
        except asyncio.CancelledError as error:
            cancelled = error
    return task.exception(), cancelled


def _raise(failure: BaseException | None, cancelled: asyncio.CancelledError | None) -> None:
    if cancelled is not None:
        raise cancelled from failure
    if failure is not None:
        raise failure
