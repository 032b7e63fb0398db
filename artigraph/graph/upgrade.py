"""Upgrading a database that an older version made."""

from __future__ import annotations

import sqlite3
from datetime import UTC, datetime
from pathlib import Path

from anyio import to_thread
from sqlalchemy import Connection

from artigraph.bridge import dual
from artigraph.errors import SchemaTooNewError
from artigraph.graph.engine import current_database
from artigraph.graph.locks import make_buckets, tables_lock
from artigraph.graph.schema import SCHEMA_VERSION
from artigraph.graph.tables import stored_version
from artigraph.registry import load


@dual
async def upgrade() -> Path | None:
    """Bring the tables of the current database to the version of this library, in one transaction.

    Returns:
        The copy of the SQLite file that was made before; None when there was nothing to do, or on a server.

    Raises:
        NoEngineError: no database was chosen.
        SchemaTooNewError: a newer artigraph made the tables.
        StoreBusyError and others of the database: nothing has changed.
    """
    database = current_database()
    door = database.unchecked_door()
    stored = await door.read(stored_version)
    if stored == SCHEMA_VERSION:
        return None
    if stored is not None and stored > SCHEMA_VERSION:
        raise SchemaTooNewError(stored, SCHEMA_VERSION)
    copy = None
    if database.file is not None:
        copy = await to_thread.run_sync(_copy, database.file, stored or "none")

    def work(connection: Connection) -> None:
        with tables_lock(connection):
            make_buckets(connection)
            load("artigraph.graph.migrations.run", "upgrading a database").migrate(connection)

    await door.write(work)
    return copy


def _copy(file: Path, version: str) -> Path:
    """A consistent copy beside the file, whatever other processes do with it meanwhile."""
    at = datetime.now(UTC).strftime("%Y%m%dT%H%M%S%f")
    copy = file.with_name(f"{file.name}.schema-{version}.{at}")
    source, target = sqlite3.connect(file), sqlite3.connect(copy)
    try:
        source.backup(target)
    finally:
        target.close()
        source.close()
    copy.chmod(0o600)
    return copy
