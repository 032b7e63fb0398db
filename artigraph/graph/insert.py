"""Rows into tables, many at a time.

A ``Batch`` is rows of one table with the same columns, ids and times in raw form. On SQLite the rows go to the driver
as they are; PostgreSQL gets one array per column; MariaDB gets INSERTs of many rows, each below half of what one packet
may hold.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field
from functools import cache
from typing import Any

from sqlalchemy import JSON, Connection, Dialect, Float, Integer, LargeBinary, Table, insert
from sqlalchemy.dialects import mysql, postgresql, sqlite
from sqlalchemy.exc import IntegrityError

from artigraph.errors import NoStorageError
from artigraph.graph.types import Id, Time

Row = tuple[Any, ...]

ARRAYS_LIMIT = 32 << 20
"""Bytes that go to PostgreSQL in one statement, about."""

_SQLITE = sqlite.dialect()
_POSTGRES: Dialect = postgresql.dialect()  # type: ignore[no-untyped-call]

_ARRAYS = ((Id, "uuid"), (Time, "timestamptz"), (LargeBinary, "bytea"), (Integer, "bigint"), (Float, "float8"))
"""Element types of the arrays that PostgreSQL gets; text for everything else."""


@dataclass(slots=True)
class Batch:
    """Rows of one table, as tuples in the order of ``columns``; JSON columns as Python values."""

    table: Table
    columns: tuple[str, ...]
    rows: list[Row] = field(default_factory=list)
    ignore: bool = False
    """Leave rows alone whose id exists already."""


def insert_batches(connection: Connection, batches: Iterable[Batch]) -> None:
    """Insert all rows, a statement per batch or a few; give parents before what points to them.

    Raises:
        NoStorageError: a row that is bigger than the server takes.
    """
    dialect = connection.dialect.name
    for batch in batches:
        if not batch.rows:
            continue
        if dialect == "sqlite":
            _insert_sqlite(connection, batch)
        elif dialect == "postgresql" and len(batch.rows) > 1:
            _insert_arrays(connection, batch)
        else:
            limit = _packet(connection) // 2 if dialect != "postgresql" else ARRAYS_LIMIT
            for rows in _portions(batch.rows, limit, strict=dialect != "postgresql"):
                named = [dict(zip(batch.columns, row, strict=True)) for row in rows]
                connection.execute(_statement(batch, dialect), named)


def _insert_sqlite(connection: Connection, batch: Batch) -> None:
    statement, processors = _sqlite_form(batch.table, batch.columns, batch.ignore)
    rows: Any = batch.rows
    if processors:
        rows = [
            tuple(
                process(value) if process is not None else value for process, value in zip(processors, row, strict=True)
            )
            for row in rows
        ]
    cursor = connection.connection.cursor()  # the driver's own: SQLAlchemy adds a third to a short transaction
    try:
        cursor.executemany(statement, rows)
    except sqlite3.IntegrityError as error:
        raise IntegrityError(statement, None, error) from error
    finally:
        cursor.close()


@cache
def _sqlite_form(
    table: Table, columns: tuple[str, ...], ignore: bool
) -> tuple[str, list[Callable[[Any], Any] | None] | None]:
    """The INSERT as text, and what converts each column (None: nothing has to be converted)."""
    names = ", ".join(_SQLITE.identifier_preparer.quote(name) for name in columns)
    text = f"INSERT INTO {table.name} ({names}) VALUES ({', '.join('?' * len(columns))})"  # noqa: S608 - our own names
    if ignore:
        text += " ON CONFLICT DO NOTHING"
    processors: list[Callable[[Any], Any] | None] = []
    for name in columns:
        kind = table.columns[name].type
        raw = isinstance(kind, Id | Time | LargeBinary)
        processors.append(None if raw else kind.dialect_impl(_SQLITE).bind_processor(_SQLITE))
    return text, processors if any(processors) else None


def _insert_arrays(connection: Connection, batch: Batch) -> None:
    dialect = connection.dialect
    kinds = [batch.table.columns[name].type for name in batch.columns]
    processors = [kind.dialect_impl(dialect).bind_processor(dialect) for kind in kinds]
    text = _arrays_form(batch.table, batch.columns, batch.ignore)
    for rows in _portions(batch.rows, ARRAYS_LIMIT):
        arrays = tuple(
            [process(value) for value in column] if process is not None else list(column)
            for process, column in zip(processors, zip(*rows, strict=True), strict=True)
        )
        connection.exec_driver_sql(text, arrays)


@cache
def _arrays_form(table: Table, columns: tuple[str, ...], ignore: bool) -> str:
    """The INSERT as text: one parameter, an array, per column."""
    quote = _POSTGRES.identifier_preparer.quote
    names = [quote(name) for name in columns]
    kinds = [table.columns[name].type for name in columns]
    elements = [next((name for kind, name in _ARRAYS if isinstance(each, kind)), "text") for each in kinds]
    arrays = [f"${place}::{element}[]" for place, element in enumerate(elements, 1)]
    taken = [f"{name}::json" if isinstance(kind, JSON) else name for name, kind in zip(names, kinds, strict=True)]
    listed = ", ".join(names)
    text = (
        f"INSERT INTO {table.name} ({listed}) "  # noqa: S608 - our own names
        f"SELECT {', '.join(taken)} FROM unnest({', '.join(arrays)}) AS given ({listed})"
    )
    return f"{text} ON CONFLICT DO NOTHING" if ignore else text


def _portions(rows: list[Row], limit: int, *, strict: bool = False) -> Iterator[list[Row]]:
    """The rows in lists that are at most ``limit`` bytes each, reckoned generously; a bigger row is alone in its."""
    portion: list[Row] = []
    total = 0
    for row in rows:
        size = 32 * len(row) + sum(2 * len(value) for value in row if isinstance(value, bytes | str))
        if strict and size > limit:
            raise NoStorageError("a value", size, limit)
        if portion and total + size > limit:
            yield portion
            portion, total = [], 0
        portion.append(row)
        total += size
    if portion:
        yield portion


def _packet(connection: Connection) -> int:
    """Bytes that the server takes at once (``max_allowed_packet``)."""
    info = connection.connection.info
    if "artigraph_packet" not in info:
        info["artigraph_packet"] = connection.exec_driver_sql("SELECT @@max_allowed_packet").scalar()
    return int(info["artigraph_packet"])


def _statement(batch: Batch, dialect: str) -> Any:
    if not batch.ignore:
        return insert(batch.table)
    if dialect == "postgresql":
        return postgresql.insert(batch.table).on_conflict_do_nothing()
    key = next(iter(batch.table.primary_key))  # INSERT IGNORE would hide more than a taken key
    return mysql.insert(batch.table).on_duplicate_key_update({key.name: key})
