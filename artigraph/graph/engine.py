"""Which database is in use, and the one async door to it.

A unit of work is a plain function of a SQLAlchemy ``Connection``. ``Database.write`` and ``Database.read`` run it as
one transaction in the library thread; with a caller's ``session=`` it runs in that session, on the caller's loop, and
the caller commits.
"""

from __future__ import annotations

import asyncio
import os
import re
from collections.abc import Callable
from contextvars import ContextVar
from math import inf
from pathlib import Path
from typing import Any, TypeVar

from sqlalchemy import URL, Connection, NullPool, exc, make_url
from sqlalchemy.ext.asyncio import AsyncEngine, AsyncSession, create_async_engine
from sqlalchemy.orm import Session

from artigraph.bridge import ask, at_exit, dual, in_library_thread, library_loop
from artigraph.contract import checked
from artigraph.errors import CannotOpenError, InvalidOptionError, NoEngineError
from artigraph.graph.faults import shown_url, translated
from artigraph.graph.group import open_group
from artigraph.graph.held import SessionWrites
from artigraph.graph.server import ServerDoor, server_engine
from artigraph.graph.sqlite import SqliteDoor, is_in_memory
from artigraph.graph.stepwise import listen_for_sqlite
from artigraph.graph.tables import column_count, prepare_tables

T = TypeVar("T")
Work = Callable[[Connection], T]

DRIVERS = {"sqlite": "aiosqlite", "postgresql": "asyncpg", "mysql": "asyncmy", "mariadb": "asyncmy"}
"""The async driver of each database we speak to."""


class Database:
    """One database: where it is, how it is to be used, and the door to it."""

    def __init__(
        self,
        url: URL,
        *,
        engine: AsyncEngine | None = None,
        create_tables: bool = False,
        storage: object | None = None,
        busy_timeout: float = 30,
        durability: str = "normal",
        verify: str | None = None,
    ) -> None:
        self.url = url
        self.storage = storage
        """Where big values go: whatever was given to ``set_engine``; the floors above know what it is."""
        self.beside: object | None = None
        """The storage beside the file, once the floors above have made it."""
        self.durability = durability
        self.verify = verify
        self.create_tables = create_tables
        self._given = engine
        self.busy_timeout = busy_timeout
        self._door: SqliteDoor | ServerDoor | None = None
        self._pid = os.getpid()
        self._ready_columns = 0
        self._preparing: asyncio.Lock | None = None
        self._lost: list[object] = []
        self.sessions = SessionWrites()
        """Sessions of callers that write to it."""
        self.where = shown_url(url)
        """The database as text, without its password."""
        self.in_memory = url.get_backend_name() == "sqlite" and is_in_memory(url)
        """Whether the data ends with this process."""
        self.identity: object = object() if self.in_memory else self.where
        """Equal for two settings that speak of the same data."""

    def __repr__(self) -> str:
        return f"<Database {self.where}>"

    @property
    def file(self) -> Path | None:
        """The database file, when there is one."""
        name = self.url.database
        if self.url.get_backend_name() != "sqlite" or self.in_memory or name is None or name.startswith("file:"):
            return None
        return Path(name)

    async def write(self, work: Work[T], *, session: AsyncSession | None = None) -> T:
        """Run ``work`` as one transaction: all of it is visible afterwards, or nothing.

        Raises:
            StoreBusyError: another process held the database for longer than ``busy_timeout``.
            WouldDeadlockError: a session of who waits for this has written to the SQLite file and is not committed.
            StorageFullError, StorageReadOnlyError, CannotOpenError, ConnectionLostError, TablesMissingError: as named.
        """
        if session is not None:
            return await self._in_session(session, work, writes=True)
        group = open_group(self)
        if group is not None:
            return await group.step(work)
        return await (await self.door()).write(work)

    async def read(self, work: Work[T], *, session: AsyncSession | None = None) -> T:
        """Run ``work`` on one snapshot of the data. Raises the same errors as ``write``."""
        if session is not None:
            return await self._in_session(session, work)
        group = open_group(self)
        if group is not None:
            return await group.step(work)
        return await (await self.door()).read(work)

    async def door(self) -> SqliteDoor | ServerDoor:
        """The open door, its tables checked (created, where that was asked for)."""
        door = self.unchecked_door()
        if self._ready_columns != column_count():
            await self.prepare(create=self.create_tables)
        return door

    def unchecked_door(self) -> SqliteDoor | ServerDoor:
        """The open door, whatever its tables are."""
        if self._pid != os.getpid():
            self._after_fork()
        if self._door is None:
            self._door = self._open(create=self.create_tables)
        return self._door

    async def prepare(self, *, create: bool) -> None:
        """Check the tables, or with ``create`` make what is missing."""
        door = self.unchecked_door()
        if create and isinstance(door, SqliteDoor):
            door.create = True
        if self._preparing is None:
            self._preparing = asyncio.Lock()
        async with self._preparing:
            if create or self._ready_columns != column_count():
                self._ready_columns = await prepare_tables(door, create=create)

    async def flush(self) -> None:
        """See that every commit so far survives a power cut, before something else is done that relies on it.

        A server has seen to that, and so has ``durability="full"``; with ``"off"`` nobody asks for it.
        """
        if self.file is not None and self.durability == "normal":
            await asyncio.to_thread(_sync, Path(f"{self.file.resolve()}-wal"))

    @property
    def is_open(self) -> bool:
        """Whether this process has connections to it."""
        return self._door is not None and self._pid == os.getpid()

    async def close(self) -> None:
        """Close every connection. The next call opens them again."""
        if self._pid != os.getpid():
            self._after_fork()
        door, self._door = self._door, None
        self._ready_columns = 0
        if door is not None:
            await door.close()

    def engine(self) -> AsyncEngine:
        """An engine on the same data for the caller's own loop, with a pool of its own.

        Raises:
            CannotOpenError: the data is in the memory of one connection, which is ours.
        """
        if self.in_memory:
            raise CannotOpenError("an in-memory database has one connection, and it is the library's; use a file")
        options: dict[str, Any] = {}
        if self._given is not None:
            options["pool"] = self._given.sync_engine.pool.recreate()
        elif self.file:
            options["poolclass"] = NullPool
        if self.url.get_backend_name() != "sqlite":
            return server_engine(self.url, self.busy_timeout, **options)
        engine = create_async_engine(self.url, hide_parameters=True, **options)
        listen_for_sqlite(engine, [f"busy_timeout={int(self.busy_timeout * 1000)}", "foreign_keys=ON"])
        return engine

    async def _in_session(self, session: AsyncSession, work: Work[T], *, writes: bool = False) -> T:
        def within(sync: Session) -> T:
            connection = sync.connection()
            if writes:
                self.sessions.note(connection)
            return work(connection)

        if not hasattr(session, "run_sync"):
            raise InvalidOptionError("session", session, "an AsyncSession of SQLAlchemy")
        if self._ready_columns != column_count() or self._pid != os.getpid():
            await ask(self.door)  # the tables are ours to make, in a transaction of ours
        with translated(self.where):
            await session.flush()
            return await session.run_sync(within)

    def _open(self, *, create: bool) -> SqliteDoor | ServerDoor:
        at_exit(self.close)
        if self.url.get_backend_name() != "sqlite":
            return ServerDoor(self.url, engine=self.engine())
        given = self._given
        if given is not None and not self.in_memory:
            given = self.engine()
        full = self.durability == "full"
        return SqliteDoor(
            self.url,
            engine=given,
            create=create,
            busy_timeout=self.busy_timeout,
            full=full,
            sessions=self.sessions,
        )

    def _after_fork(self) -> None:
        self._lost.append(self._door)  # kept alive: closing the parent's connections here would harm the parent
        self._door, self._preparing, self._ready_columns, self._pid = None, None, 0, os.getpid()


def set_engine(
    url: str | URL | AsyncEngine,
    create_tables: bool = False,
    *,
    storage: object | None = None,
    busy_timeout: float = 30,
    durability: str = "normal",
    verify: str | None = None,
) -> Callable[[], None]:
    """Choose the database of this process. Cheap: nothing is opened before the first call that needs it.

    The connections to the one before are closed when their work has ended, and opened again by what still needs them.

    Args:
        url: ``sqlite:///my.db``, ``sqlite:///:memory:`` (a fresh one each time), ``postgresql://...``,
            ``mariadb://...``, or an AsyncEngine.
        create_tables: make the tables where they are missing.
        storage: where values over 256 KiB and files go; a SQLite file ``x.db`` has the folder ``x.blobs`` beside it.
        busy_timeout: seconds to wait for another process that writes to the same SQLite file, or the same rows.
        durability: ``"normal"``; ``"full"`` also survives a power cut right after a save; ``"off"`` skips the fsync of
            blobs.
        verify: ``"always"``, ``"size"`` or ``"never"``; by default the hash of what is loaded is checked up to 64 MiB.

    Returns:
        A function without arguments that goes back to the setting before, and closes what only this one used.

    Raises:
        CannotOpenError: no such kind of database.
        InvalidOptionError: an option has none of the values above.

    >>> import artigraph as ag
    >>> reset = ag.set_engine("sqlite:///:memory:", create_tables=True)
    >>> reset()
    """
    if durability not in ("normal", "full", "off"):
        raise InvalidOptionError("durability", durability, ("normal", "full", "off"))
    if verify not in (None, "always", "size", "never"):
        raise InvalidOptionError("verify", verify, "'always', 'size', 'never' or None")
    if not 0 <= checked("busy_timeout", busy_timeout, int | float, "a number of seconds") < inf:
        raise InvalidOptionError("busy_timeout", busy_timeout, "a number of seconds, 0 or more")
    engine = url if isinstance(url, AsyncEngine) else None
    database = Database(
        _normalized(url.url if isinstance(url, AsyncEngine) else url),
        engine=engine,
        create_tables=create_tables,
        storage=storage,
        busy_timeout=busy_timeout,
        durability=durability,
        verify=verify,
    )
    if _all and not _all[-1].in_memory:  # what is in memory would be lost
        _let_go(_all[-1])
    _all.append(database)

    def reset() -> None:
        if database in _all:
            _all.remove(database)
            _let_go(database)

    return reset


def current_database() -> Database:
    """The database in use here. Raises NoEngineError when none was chosen."""
    database = _override.get()
    if database is not None:
        return database
    if not _all:
        raise NoEngineError
    return _all[-1]


def get_engine() -> AsyncEngine:
    """An AsyncEngine on the current database, for the caller's own loop (a separate pool; the caller disposes it).

    Raises:
        NoEngineError: no database was chosen.
        CannotOpenError: the database is in memory.
    """
    return current_database().engine()


current_engine = get_engine


@dual
async def create_tables() -> None:
    """Make what the current database misses: tables, and columns of node types defined since.

    Raises:
        NoEngineError: no database was chosen.
        SchemaTooNewError: a newer artigraph made the tables.
    """
    await current_database().prepare(create=True)


def _sync(path: Path) -> None:
    if path.exists():
        with path.open("rb") as file:
            os.fsync(file.fileno())


def _let_go(database: Database) -> None:
    """Have the connections closed soon."""
    if database._door is not None and not in_library_thread():
        asyncio.run_coroutine_threadsafe(database.close(), library_loop())


def _normalized(url: str | URL) -> URL:
    try:
        parsed = make_url(url)
    except exc.ArgumentError:  # its text repeats the URL
        shown = re.sub(r"//.*@", "//***@", str(url))[:80]
        raise CannotOpenError(f"{shown!r} is not a database URL; write one like 'sqlite:///my.db'") from None
    backend = parsed.get_backend_name()
    if backend not in DRIVERS:
        known = ", ".join(f"{name}://" for name in DRIVERS)
        raise CannotOpenError(f"{backend}:// is no database that artigraph can speak to; it can speak to {known}")
    if "+" not in parsed.drivername:
        parsed = parsed.set(drivername=f"{backend}+{DRIVERS[backend]}")
    if not _is_async(parsed):
        raise CannotOpenError(f"{parsed.drivername}:// cannot be awaited; write {backend}+{DRIVERS[backend]}://")
    name = parsed.database
    if backend == "sqlite" and name and name != ":memory:" and not name.startswith("file:"):
        parsed = parsed.set(database=str(Path(name).expanduser().absolute()))
    return parsed


def _is_async(url: URL) -> bool:
    try:
        return url.get_dialect().is_async
    except exc.NoSuchModuleError as error:
        raise CannotOpenError(f"{url.drivername}:// is no driver that SQLAlchemy knows") from error


_override: ContextVar[Database | None] = ContextVar("artigraph_database", default=None)
_all: list[Database] = []
"""Every database that was set and not reset; the last one is in use."""
