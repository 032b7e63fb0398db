"""SQLite statement by statement: for engines of the caller, and for a driver without the call ``sqlite.py`` needs.

Slower (a hop to the driver's thread per statement), with the same transactions.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from contextlib import suppress
from typing import Any, TypeVar

from sqlalchemy import Connection, event
from sqlalchemy.exc import OperationalError
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine

from artigraph.graph.faults import translated

T = TypeVar("T")
Work = Callable[[Connection], T]


class StepwiseConnection:
    """One connection with the verbs of ``SqliteConnection``, through SQLAlchemy's async connection."""

    def __init__(self, outer: AsyncConnection, where: str) -> None:
        self._outer, self._where = outer, where

    @classmethod
    async def over(cls, outer: AsyncConnection, pragmas: Sequence[str], where: str) -> StepwiseConnection:
        """A connection ready for work: pragmas set, transactions under our control."""

        def prepare(connection: Connection) -> None:
            driver: Any = connection.connection.dbapi_connection
            driver.isolation_level = None
            for pragma in pragmas:
                with suppress(*([OperationalError] if "journal_mode" in pragma else [])):  # read-only: it stays
                    connection.exec_driver_sql(pragma).close()
            connection.rollback()

        await outer.run_sync(prepare)
        return cls(outer, where)

    async def transact(self, work: Work[T], begin: str) -> T:
        """Run ``work`` between ``begin`` and COMMIT or ROLLBACK."""

        def whole(connection: Connection) -> T:
            try:
                connection.exec_driver_sql(begin)
                result = work(connection)
                connection.commit()
            except BaseException:
                connection.rollback()
                raise
            return result

        with translated(self._where):
            return await self._outer.run_sync(whole)

    async def begin(self) -> None:
        """Open a writing transaction that outlives this call."""
        with translated(self._where):
            await self._outer.exec_driver_sql("BEGIN IMMEDIATE")

    async def step(self, work: Work[T]) -> T:
        """Run ``work`` inside the open transaction, all of it or nothing."""

        def part(connection: Connection) -> T:
            connection.exec_driver_sql("SAVEPOINT step")
            try:
                result = work(connection)
            except BaseException:
                connection.exec_driver_sql("ROLLBACK TO step")
                connection.exec_driver_sql("RELEASE step")
                raise
            connection.exec_driver_sql("RELEASE step")
            return result

        with translated(self._where):
            return await self._outer.run_sync(part)

    async def finish(self, commit: bool) -> None:
        """Close the transaction that ``begin`` opened."""
        with translated(self._where):
            await (self._outer.commit() if commit else self._outer.rollback())

    async def close(self) -> None:
        """Give the connection back to the driver."""
        await self._outer.close()


def listen_for_sqlite(engine: AsyncEngine, pragmas: Sequence[str]) -> None:
    """Set pragmas on every connection of an engine, and let SQLAlchemy say where a transaction begins.

    Left to itself, Python's ``sqlite3`` begins one at the first INSERT, and not at a SAVEPOINT.
    """

    @event.listens_for(engine.sync_engine, "connect")
    def _connect(connection: Any, _record: object) -> None:
        connection.isolation_level = None
        for pragma in pragmas:
            connection.execute(f"PRAGMA {pragma}").close()

    @event.listens_for(engine.sync_engine, "begin")
    def _begin(connection: Connection) -> None:
        connection.exec_driver_sql("BEGIN")
