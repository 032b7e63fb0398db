"""SQLite statement by statement, for a driver without the call that ``sqlite.py`` needs.

Slower (a hop to the driver's thread per statement), with the same promises: one writer at a time, BEGIN IMMEDIATE.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import asynccontextmanager
from typing import Any, TypeVar

from sqlalchemy import URL, Connection, NullPool, StaticPool, event
from sqlalchemy.ext.asyncio import AsyncEngine, create_async_engine

from artigraph.graph.faults import translated
from artigraph.graph.server import ServerConnection, ServerDoor

T = TypeVar("T")
Work = Callable[[Connection], T]


class StepwiseDoor(ServerDoor):
    """A SQLite database behind SQLAlchemy's own async connections; writers take turns here, not by waiting there."""

    def __init__(self, url: URL, *, engine: AsyncEngine | None, memory: bool, pragmas: Sequence[str]) -> None:
        pool = StaticPool if memory else NullPool
        engine = engine or create_async_engine(url, poolclass=pool, hide_parameters=True)
        super().__init__(url, engine=engine)
        self.memory = memory
        self._turn = asyncio.Lock()
        self._writing = engine.execution_options(artigraph_begin="BEGIN IMMEDIATE")
        listen_for_sqlite(engine, pragmas)

    async def write(self, work: Work[T]) -> T:
        """Run ``work`` in one BEGIN IMMEDIATE transaction; committed when it returns, rolled back when it raises."""
        async with self._turn:
            with translated(self.where):
                async with self._writing.begin() as connection:
                    return await connection.run_sync(work)

    async def read(self, work: Work[T]) -> T:
        """Run ``work`` on one snapshot; what it writes is rolled back."""
        if not self.memory:
            return await super().read(work)
        async with self._turn:  # the one connection of a database in memory
            return await super().read(work)

    @asynccontextmanager
    async def writer(self) -> AsyncIterator[ServerConnection]:
        """The writing connection, for one user at a time."""
        async with self._turn:
            with translated(self.where):
                async with self._writing.connect() as connection:
                    yield ServerConnection(connection, self.where)


def listen_for_sqlite(engine: AsyncEngine, pragmas: Sequence[str]) -> None:
    """Set pragmas on every connection of an engine, and let SQLAlchemy say where a transaction begins.

    Left to itself, Python's ``sqlite3`` begins one at the first INSERT and not at a SAVEPOINT.
    """

    @event.listens_for(engine.sync_engine, "connect")
    def _connect(connection: Any, _record: object) -> None:
        connection.isolation_level = None
        for pragma in pragmas:
            connection.execute(f"PRAGMA {pragma}").close()

    @event.listens_for(engine.sync_engine, "begin")
    def _begin(connection: Connection) -> None:
        connection.exec_driver_sql(connection.get_execution_options().get("artigraph_begin", "BEGIN"))
