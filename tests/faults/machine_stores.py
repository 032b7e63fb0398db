"""The databases that the state machine runs on: how they are opened, read by somebody else, and made to fail."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack, contextmanager, suppress
from pathlib import Path
from typing import Any
from uuid import UUID

from sqlalchemy import event, text
from sqlalchemy.ext.asyncio import AsyncEngine, create_async_engine

import artigraph as ag
from artigraph.bridge import block
from artigraph.graph.engine import current_database
from artigraph.storage.file import FileSystemStorage
from tests.faults.operations import Operations, database_error, disk_full
from tests.faults.oracle import State, look, look_at, reading
from tests.servers.use import POSTGRES, fresh_database


class FileStore:
    """A database in a file, and a folder of blobs beside it."""

    def __init__(self, folder: Path) -> None:
        self.path = folder / "x.db"
        self.blobs = folder / "x.blobs"
        self.operations = Operations(folder)

    def connect(self) -> None:
        """Make it the current store."""
        blobs = FileSystemStorage(self.blobs, name="blobs")
        blobs.register(replace=True)
        self._reset = ag.set_engine(self.engine(), create_tables=True, durability="off", storage=blobs)
        self._database = current_database()
        block(self._database.prepare, create=True)

    def disconnect(self) -> None:
        """Leave it, as a process does that ends."""
        self._reset()
        block(self._database.close)

    def engine(self) -> AsyncEngine:
        """An engine that is the caller's."""
        return self.operations.engine(f"sqlite:///{self.path}")

    def rows(self, statement: str) -> list[tuple[Any, ...]]:
        """What another program reads; ids are UUIDs."""
        with reading(self.path) as database:
            return [_with_id(row) for row in database.execute(statement)]

    def run(self, statement: str) -> None:
        """Another program writes."""
        with reading(self.path) as database:
            database.execute(statement)
            database.commit()

    def state(self) -> State:
        """What another program finds wrong."""
        return look(self.path, all_named=False)

    @contextmanager
    def failing(self, step: int, *, full: bool) -> Iterator[None]:
        """The disk is full from a step on, or the database cannot be read at it."""
        self.operations.watch(step, disk_full() if full else database_error())
        try:
            yield
        finally:
            self.operations.rest()

    def remove(self) -> None:
        """Nothing is left but the folder."""


class PostgresStore(FileStore):
    """A database of its own on the shared server, and a folder of blobs."""

    def __init__(self, folder: Path) -> None:
        super().__init__(folder)
        self._leave = ExitStack()
        self.url = self._leave.enter_context(fresh_database(POSTGRES))
        self._other = create_async_engine(self.url, isolation_level="AUTOCOMMIT")
        self._leave.callback(block, self._other.dispose)
        self._at: Callable[[Any], None] | None = None

    def engine(self) -> AsyncEngine:
        engine = create_async_engine(self.url)
        event.listen(engine.sync_engine, "before_cursor_execute", self._before_statement)
        return engine

    def rows(self, statement: str) -> list[tuple[Any, ...]]:
        return [tuple(row) for row in block(self._ask, statement)]

    def run(self, statement: str) -> None:
        block(self._ask, statement)

    async def _ask(self, statement: str) -> Sequence[Any]:
        async with self._other.connect() as connection:
            result = await connection.execute(text(statement))
            return result.all() if result.returns_rows else []

    def state(self) -> State:
        state = State([], [], [], [])
        look_at(self.rows, self.blobs, state)
        return state

    @contextmanager
    def failing(self, step: int, *, full: bool) -> Iterator[None]:
        """The disk of the blobs is full from a step on, or the server ends the connection before a statement."""
        if full:
            with super().failing(step, full=True):
                yield
            return
        left = iter(range(step + 1))

        def end_at_last(cursor: Any) -> None:
            if next(left, None) == step:
                with suppress(Exception):  # the answer is the end of the connection
                    cursor.execute("SELECT pg_terminate_backend(pg_backend_pid())")

        self._at = end_at_last
        try:
            yield
        finally:
            self._at = None

    def remove(self) -> None:
        self._leave.close()

    def _before_statement(self, _: Any, cursor: Any, *__: Any) -> None:
        if self._at is not None:
            self._at(cursor)


def _with_id(row: tuple[Any, ...]) -> tuple[Any, ...]:
    return (UUID(bytes=row[0]), *row[1:]) if isinstance(row[0], bytes) and len(row[0]) == 16 else row
