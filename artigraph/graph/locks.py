"""Locks that a server keeps for us until a transaction ends: for making tables, and between savers and removers.

SQLite needs none of them: its writers take turns. On PostgreSQL they are advisory locks. MariaDB has a named lock for
the tables, and a table of 256 rows for the blobs.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from contextlib import contextmanager

from sqlalchemy import Column, Connection, MetaData, SmallInteger, Table, bindparam, insert, inspect, select, text

from artigraph.errors import StoreBusyError
from artigraph.graph.types import MYSQL

SPACE = 0x61727469
"""The first key of our advisory locks; the second is a bucket, or ``TABLES``."""

TABLES = 256
PATIENCE = 60  # seconds to wait for another process that makes the tables

BUCKET = Table("artigraph_bucket", MetaData(), Column("bucket", SmallInteger, primary_key=True, autoincrement=False))
"""On MariaDB only: a row per first byte of a hash, there to be locked."""


@contextmanager
def tables_lock(connection: Connection) -> Iterator[None]:
    """Nobody else makes tables in this database meanwhile.

    Raises:
        StoreBusyError: another process has been making them for a minute.
    """
    if connection.dialect.name == "postgresql":
        connection.execute(text("SELECT pg_advisory_xact_lock(:space, :key)"), {"space": SPACE, "key": TABLES})
        yield
    elif connection.dialect.name in MYSQL:  # making a table ends the transaction, and locks of rows with it
        name = "concat('artigraph.', md5(database()))"
        if connection.execute(text(f"SELECT get_lock({name}, :wait)"), {"wait": PATIENCE}).scalar() != 1:
            raise StoreBusyError("another process is making the tables; try again")
        try:
            yield
        finally:
            connection.execute(text(f"DO release_lock({name})"))
    else:
        yield


def share_blobs(connection: Connection, hashes: Iterable[bytes]) -> None:
    """(savers) Nobody removes blobs of these hashes until the transaction ends."""
    _lock(connection, hashes, alone=False)


def take_blobs(connection: Connection, hashes: Iterable[bytes]) -> None:
    """(removers) Nobody starts to need blobs of these hashes until the transaction ends."""
    _lock(connection, hashes, alone=True)


def make_buckets(connection: Connection) -> None:
    """Make, on MariaDB, the rows that stand for blobs."""
    if connection.dialect.name in MYSQL and not inspect(connection).has_table(BUCKET.name):
        BUCKET.create(connection)
        connection.execute(insert(BUCKET), [{"bucket": number} for number in range(256)])


def _lock(connection: Connection, hashes: Iterable[bytes], *, alone: bool) -> None:
    buckets = sorted({each[0] for each in hashes})  # in one order everywhere, so that nobody waits in a circle
    if not buckets or connection.dialect.name == "sqlite":
        return
    if connection.dialect.name == "postgresql":
        connection.exec_driver_sql(_ALONE if alone else _SHARED, (SPACE, buckets))
    else:
        rows = select(BUCKET).where(BUCKET.c.bucket.in_(bindparam("buckets", expanding=True)))
        connection.execute(rows.order_by(BUCKET.c.bucket).with_for_update(read=not alone), {"buckets": buckets}).all()


_ALONE = "SELECT pg_advisory_xact_lock($1::int, key) FROM unnest($2::int[]) AS key"
_SHARED = "SELECT pg_advisory_xact_lock_shared($1::int, key) FROM unnest($2::int[]) AS key"
