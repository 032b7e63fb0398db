"""SQLite's door: a whole transaction runs as one function on the driver's own thread.

aiosqlite gives every connection a thread and offers one hop per statement. Here the work of a transaction is a plain
function of an ordinary SQLAlchemy ``Connection`` over the same ``sqlite3`` connection, handed to that thread once. This
is the one place with the driver's private call; where a driver lacks it, ``stepwise.py`` does the same one by one.
"""

from __future__ import annotations

import asyncio
import os
import sqlite3
import threading
import time
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager, suppress
from pathlib import Path
from typing import Any, TypeVar
from urllib.parse import quote

from sqlalchemy import URL, Connection, Engine, NullPool, create_engine
from sqlalchemy.dialects import registry
from sqlalchemy.dialects.sqlite.pysqlite import SQLiteDialect_pysqlite
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine, create_async_engine

from artigraph.errors import CannotOpenError
from artigraph.graph.faults import shown_url, translated
from artigraph.graph.held import SessionWrites
from artigraph.graph.stepwise import StepwiseConnection

T = TypeVar("T")
Work = Callable[[Connection], T]

READERS = 4
PATIENCE = 0.5  # seconds that a cancelled statement may go on before it is interrupted
STEP = 0.1  # seconds of one wait for another process that writes
IMMEDIATE = "BEGIN IMMEDIATE"

_handoff = threading.local()


class _OverRaw(SQLiteDialect_pysqlite):
    """The dialect of the inner engine: its connections are set up already, by the driver's own dialect."""

    supports_statement_cache = True

    def on_connect(self) -> Callable[[Any], None]:
        """Nothing to do: a function registered again while a statement of the caller is open is an error."""
        return lambda connection: None


registry.register("sqlite.over_raw", __name__, "_OverRaw")


class SqliteDoor:
    """The connections of one SQLite database: one writer, kept checked out, and a few readers."""

    def __init__(
        self,
        url: URL,
        *,
        engine: AsyncEngine | None,
        create: bool,
        busy_timeout: float,
        full: bool,
        sessions: SessionWrites,
    ) -> None:
        self.where = shown_url(url)
        self.memory = is_in_memory(url)
        self._file = None if self.memory or url.database is None or url.database.startswith("file:") else url.database
        self.create = create
        """Whether a missing file is made."""
        self._busy_timeout, self._full, self._sessions = busy_timeout, full, sessions
        self._url, self._given = url, engine
        self._engine: AsyncEngine | None = None
        self._closed = False
        self._sync = create_engine("sqlite+over_raw://", creator=_take_raw, poolclass=NullPool, hide_parameters=True)
        self._writer: AnyConnection | None = None
        self._write_lock = asyncio.Lock()
        self._idle: list[AnyConnection] = []
        self._places = asyncio.Semaphore(READERS)

    async def write(self, work: Work[T]) -> T:
        """Run ``work`` in one BEGIN IMMEDIATE transaction; committed when it returns, rolled back when it raises."""
        async with self.writer() as connection:
            return await connection.transact(work, IMMEDIATE)

    async def read(self, work: Work[T]) -> T:
        """Run ``work`` on one snapshot; what it writes is rolled back."""
        if self.memory:
            async with self.writer() as connection:
                return await connection.transact(work, "BEGIN")
        async with self._places:
            connection = self._idle.pop() if self._idle else await self._connect()
            try:
                return await connection.transact(work, "BEGIN")
            finally:
                if self._closed:
                    await connection.close()
                else:
                    self._idle.append(connection)

    @asynccontextmanager
    async def writer(self) -> AsyncIterator[AnyConnection]:
        """The writing connection, for one user at a time. Raises WouldDeadlockError, see ``SessionWrites``."""
        self._sessions.check(self.where)
        async with self._write_lock:
            if self._writer is None:
                self._writer = await self._connect()
            try:
                yield self._writer
            finally:
                if self._closed:
                    await self._close_writer()

    async def close(self) -> None:
        """Close every connection, those in use when their work has ended; the last one checkpoints the log."""
        self._closed = True
        while self._idle:
            await self._idle.pop().close()
        if not self._write_lock.locked():
            async with self._write_lock:
                await self._close_writer()

    async def _close_writer(self) -> None:
        writer, self._writer = self._writer, None
        if writer is not None:
            await writer.close()
        if self._engine is not None:
            await self._engine.dispose()

    async def _connect(self) -> AnyConnection:
        try:
            self._check_file()
        except PermissionError as error:
            raise CannotOpenError(f"{self._file} cannot be reached: {error.strerror}") from error
        if self._engine is None:
            self._engine = self._given or create_async_engine(
                self._frozen() or self._url, poolclass=NullPool, hide_parameters=True
            )
        with translated(self.where):
            connection = await _opened(self._engine)
            try:
                driver: Any = (await connection.get_raw_connection()).driver_connection
                if not can_run_whole(driver):
                    return await StepwiseConnection.over(connection, self._pragmas(), self.where)
                return await SqliteConnection.over(
                    connection,
                    driver,
                    engine=self._sync,
                    pragmas=self._pragmas(),
                    where=self.where,
                    busy_timeout=0 if self.memory else self._busy_timeout,
                )
            except BaseException:
                await connection.close()
                raise

    def _check_file(self) -> None:
        if self._file is None:
            return
        path = Path(self._file)
        if not path.parent.is_dir():
            raise CannotOpenError(f"there is no folder {path.parent} to keep {path.name} in; create it first")
        if path.is_dir():
            raise CannotOpenError(f"{path} is a folder, not a database; name a file in it")
        if not path.exists():
            if not self.create:
                raise CannotOpenError(f"there is no database {path}; pass create_tables=True to make one")
            try:
                os.close(os.open(path, os.O_CREAT | os.O_EXCL | os.O_RDWR, 0o600))
            except FileExistsError:
                pass  # another process was quicker
            except OSError as error:
                raise CannotOpenError(f"{path} cannot be created: {error.strerror}") from error

    def _frozen(self) -> URL | None:
        """How to open a database in a folder where nothing can be written: SQLite could not make its log there."""
        if self._file is None:
            return None
        path = Path(self._file)
        if os.access(path.parent, os.W_OK) or path.with_name(f"{path.name}-wal").exists():
            return None
        return self._url.set(database=f"file:{quote(self._file)}?mode=ro&immutable=1", query={"uri": "true"})

    def _pragmas(self) -> list[str]:
        return [
            f"PRAGMA busy_timeout={int(self._busy_timeout * 1000)}",
            *([] if self.memory else ["PRAGMA journal_mode=WAL"]),
            f"PRAGMA synchronous={'FULL' if self._full else 'NORMAL'}",
            "PRAGMA foreign_keys=ON",
            "PRAGMA cache_size=-65536",
            "PRAGMA temp_store=MEMORY",
        ]


class SqliteConnection:
    """One connection: the driver's thread, and a SQLAlchemy connection that lives on it."""

    def __init__(self, outer: AsyncConnection, driver: Any, where: str, busy_timeout: float) -> None:
        self._outer, self._driver, self._where = outer, driver, where
        self._busy_timeout = busy_timeout
        self._unwanted = False
        self._raw: sqlite3.Connection = driver._conn
        self._inner: Connection | None = None

    @classmethod
    async def over(
        cls,
        outer: AsyncConnection,
        driver: Any,
        *,
        engine: Engine,
        pragmas: list[str],
        where: str,
        busy_timeout: float,
    ) -> SqliteConnection:
        """A connection ready for work: pragmas set, transactions under our control."""
        self = cls(outer, driver, where, busy_timeout)

        def prepare() -> None:
            self._raw.isolation_level = None
            for pragma in pragmas:
                try:
                    self._raw.execute(pragma).fetchall()
                except sqlite3.OperationalError as error:
                    if "journal_mode" not in pragma or not str(error.sqlite_errorname).startswith("SQLITE_READONLY"):
                        raise
            _handoff.raw = self._raw
            self._inner = engine.connect()

        try:
            await self.run(prepare)
        except BaseException:
            await self.close()
            raise
        return self

    async def run(self, function: Callable[..., T], *args: Any) -> T:
        """Run a function on the connection's thread and wait for its end, even when cancelled."""
        self._unwanted = False
        with translated(self._where):
            return await self._until_done(asyncio.ensure_future(self._driver._execute(function, *args)))

    async def transact(self, work: Work[T], begin: str) -> T:
        """Run ``work`` between ``begin`` and COMMIT or ROLLBACK: one hop to the thread for all of it."""

        def whole() -> T:
            try:
                self._begin(begin)
                result = work(self._connection)
                self._end(commit=begin == IMMEDIATE)
            except BaseException:
                self._end(commit=False)
                raise
            return result

        return await self.run(whole)

    async def begin(self) -> None:
        """Open a writing transaction that outlives this call."""
        try:
            await self.run(self._begin, IMMEDIATE)
        except BaseException:  # also when it was cancelled as it had just begun
            await self.run(self._end, False)
            raise

    async def step(self, work: Work[T]) -> T:
        """Run ``work`` inside the open transaction, all of it or nothing."""

        def part() -> T:
            raw = self._raw
            raw.execute("SAVEPOINT step")
            try:
                result = work(self._connection)
            except BaseException:
                if raw.in_transaction:
                    raw.execute("ROLLBACK TO step")
                    raw.execute("RELEASE step")
                raise
            raw.execute("RELEASE step")
            return result

        return await self.run(part)

    async def finish(self, commit: bool) -> None:
        """Close the transaction that ``begin`` opened."""

        def end() -> None:
            try:
                self._end(commit=commit)
            except BaseException:
                self._end(commit=False)
                raise

        await self.run(end)

    @property
    def _connection(self) -> Connection:
        if self._inner is None:
            raise CannotOpenError(f"{self._where} is closed")
        return self._inner

    async def close(self) -> None:
        """Give the connection back to the driver and end its thread."""
        inner, self._inner = self._inner, None
        if inner is not None:
            await self.run(inner.close)  # closes the sqlite3 connection, on its own thread
            await self._outer.invalidate()  # ends the thread, without the rollback that a closed connection refuses
        await self._outer.close()

    def _begin(self, begin: str) -> None:
        """Wait for other writers in short steps: SQLite's own wait could not be broken off."""
        raw = self._raw
        if begin != IMMEDIATE or not self._busy_timeout:
            raw.execute(begin)
            return
        until = time.monotonic() + self._busy_timeout
        raw.execute(f"PRAGMA busy_timeout={int(min(STEP, self._busy_timeout) * 1000)}")
        try:
            while True:
                try:
                    raw.execute(begin)
                    return
                except sqlite3.OperationalError as error:
                    busy = error.sqlite_errorcode & 0xFF == sqlite3.SQLITE_BUSY
                    if not busy or self._unwanted or time.monotonic() >= until:
                        raise
        finally:
            raw.execute(f"PRAGMA busy_timeout={int(self._busy_timeout * 1000)}")

    def _end(self, commit: bool) -> None:
        inner, raw = self._connection, self._raw
        if inner.get_transaction() is not None:  # one whose commit failed counts: without a rollback, nothing works
            (inner.commit if commit else inner.rollback)()
        if raw.in_transaction:
            (raw.commit if commit else raw.rollback)()

    async def _until_done(self, future: asyncio.Future[T]) -> T:
        try:
            return await asyncio.shield(future)
        except asyncio.CancelledError as error:
            cancelled = error
        self._unwanted = True
        patience = 0 if "interrupt" in cancelled.args else PATIENCE
        while not future.done():
            with suppress(asyncio.CancelledError):
                await asyncio.wait({future}, timeout=patience)
                patience = PATIENCE
                if not future.done():
                    self._raw.interrupt()
        future.exception()
        raise cancelled


AnyConnection = SqliteConnection | StepwiseConnection


def is_in_memory(url: URL) -> bool:
    """Whether an SQLite URL names a database that ends with its connection."""
    return url.database in (None, "", ":memory:") or "mode=memory" in str(url)


def can_run_whole(driver: object) -> bool:
    """Whether the driver's connection has the private call (and connection) that ``SqliteConnection`` uses."""
    return callable(getattr(driver, "_execute", None)) and isinstance(
        getattr(driver, "_conn", None), sqlite3.Connection
    )


async def _opened(engine: AsyncEngine) -> AsyncConnection:
    """A connection to the file; a caller who is cancelled meanwhile leaves none behind."""
    opening = asyncio.ensure_future(engine.connect())
    try:
        return await asyncio.shield(opening)
    except asyncio.CancelledError:
        while not opening.done():
            with suppress(asyncio.CancelledError):
                await asyncio.wait({opening})
        if opening.exception() is None:
            await opening.result().close()
        raise


def _take_raw() -> sqlite3.Connection:
    raw: sqlite3.Connection = _handoff.raw
    return raw
