"""Upgrading a database that an older version made."""

from __future__ import annotations

import os
import sqlite3
from collections.abc import Iterator
from contextlib import closing, contextmanager
from datetime import UTC, datetime
from pathlib import Path

from anyio import to_thread
from sqlalchemy import Connection, NullPool, create_engine

from artigraph.bridge import dual
from artigraph.errors import DatabaseCorruptError, SchemaTooNewError
from artigraph.graph.engine import Database, current_database
from artigraph.graph.faults import translated
from artigraph.graph.locks import make_buckets, tables_lock
from artigraph.graph.schema import SCHEMA_VERSION
from artigraph.graph.tables import stored_version
from artigraph.registry import load


@dual
async def upgrade() -> Path | None:
    """Bring the tables of the current database to the version of this library, in one transaction.

    An SQLite file is copied first, while nobody can write to it. On a server an advisory lock keeps others away;
    PostgreSQL undoes an upgrade that is broken off, MariaDB and MySQL cannot: make a backup there.

    Returns:
        The copy of the SQLite file, which has its version and the time in its name; None when there was nothing to do,
        or on a server.

    Raises:
        NoEngineError: no database was chosen.
        SchemaTooNewError: a newer artigraph made the tables.
        StoreBusyError and others of the database: nothing has changed.
    """
    database = current_database()
    door = database.unchecked_door()
    if not _is_old(await door.read(stored_version)):
        return None
    if database.file is not None:
        copy = await to_thread.run_sync(_upgrade_file, database, database.file)
        await database.close()  # connections that know the old tables
        return copy

    def work(connection: Connection) -> None:
        with tables_lock(connection):
            if _is_old(stored_version(connection)):
                make_buckets(connection)
                _migrate(connection)

    await door.write(work)
    return None


def _is_old(stored: str | None) -> bool:
    if stored is not None and stored > SCHEMA_VERSION:
        raise SchemaTooNewError(stored, SCHEMA_VERSION)
    return stored != SCHEMA_VERSION


def _migrate(connection: Connection) -> None:
    load("artigraph.graph.migrations.run", "upgrading a database").migrate(connection)


def _upgrade_file(database: Database, file: Path) -> Path | None:
    """Copy and upgrade a file under its writer's lock.

    Foreign keys are off meanwhile: moving a table would empty those that point to it. They are checked before the end.
    """
    with translated(database.where), _alone(file, database.busy_timeout) as connection:
        if not _is_old(stored := stored_version(connection)):
            return None  # another process was quicker
        copy = _copy(file, stored or "none")
        _migrate(connection)
        broken = connection.exec_driver_sql("PRAGMA foreign_key_check").fetchall()
        if broken:
            raise DatabaseCorruptError(
                f"{len(broken)} rows of {broken[0][0]} belong to rows that do not exist; nothing was changed: "
                "remove them with repair(), of the version that made this database, and upgrade again"
            )
    return copy


@contextmanager
def _alone(file: Path, busy_timeout: float) -> Iterator[Connection]:
    """A connection of its own, in a transaction in which nobody else writes; committed at the end."""

    def connect() -> sqlite3.Connection:
        raw = sqlite3.connect(file, timeout=busy_timeout, isolation_level=None, check_same_thread=False)
        raw.execute("PRAGMA foreign_keys=OFF")
        return raw

    engine = create_engine("sqlite://", creator=connect, poolclass=NullPool, hide_parameters=True)
    with engine.connect() as connection:
        connection.exec_driver_sql("BEGIN IMMEDIATE")
        yield connection
        connection.commit()


def _copy(file: Path, version: str) -> Path:
    """A consistent copy beside the file; it has its name only when it is complete."""
    at = datetime.now(UTC).strftime("%Y%m%dT%H%M%S%f")
    copy = file.with_name(f"{file.name}.schema-{version}.{at}")
    part = copy.with_name(f"{copy.name}.part")
    os.close(os.open(part, os.O_CREAT | os.O_EXCL | os.O_RDWR, 0o600))
    try:
        with closing(sqlite3.connect(file)) as source, closing(sqlite3.connect(part)) as target:
            source.backup(target)
        with part.open("rb") as written:
            os.fsync(written.fileno())
        part.rename(copy)
    except BaseException:
        part.unlink(missing_ok=True)
        raise
    return copy
