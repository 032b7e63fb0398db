"""The door of a database server: SQLAlchemy's async engine, a transaction per call."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from typing import TypeVar

from sqlalchemy import URL, Connection
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine, create_async_engine

from artigraph.graph.faults import translated

T = TypeVar("T")
Work = Callable[[Connection], T]


class ServerDoor:
    """A pool of connections to a server; writers wait for each other in the server, not here."""

    memory = False

    def __init__(self, url: URL, *, engine: AsyncEngine | None) -> None:
        self.where = url.render_as_string(hide_password=True)
        self._engine = engine or create_async_engine(url, hide_parameters=True, pool_pre_ping=True)

    async def write(self, work: Work[T]) -> T:
        """Run ``work`` in one transaction; committed when it returns, rolled back when it raises."""
        with translated(self.where):
            async with self._engine.begin() as connection:
                return await connection.run_sync(work)

    async def read(self, work: Work[T]) -> T:
        """Run ``work`` on one snapshot; what it writes is rolled back."""
        with translated(self.where):
            async with self._engine.connect() as connection:
                return await connection.run_sync(work)

    @asynccontextmanager
    async def writer(self) -> AsyncIterator[ServerConnection]:
        """A connection of the pool, for one user at a time."""
        with translated(self.where):
            async with self._engine.connect() as connection:
                yield ServerConnection(connection, self.where)

    async def close(self) -> None:
        """Close every connection."""
        await self._engine.dispose()


class ServerConnection:
    """One connection with an open transaction; the same verbs as SQLite's."""

    def __init__(self, connection: AsyncConnection, where: str) -> None:
        self._connection, self._where = connection, where

    async def begin(self) -> None:
        """Open a transaction."""
        await self._connection.begin()

    async def step(self, work: Work[T]) -> T:
        """Run ``work`` inside the open transaction, all of it or nothing."""
        with translated(self._where):
            async with self._connection.begin_nested():
                return await self._connection.run_sync(work)

    async def finish(self, commit: bool) -> None:
        """Close the transaction that ``begin`` opened."""
        with translated(self._where):
            await (self._connection.commit() if commit else self._connection.rollback())
