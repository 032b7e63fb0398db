"""Rows into tables, many at a time.

A ``Batch`` is rows of one table with the same columns, ids and times in raw form. On SQLite the rows go to the driver
as they are; elsewhere SQLAlchemy converts them and batches the INSERT.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from functools import cache
from typing import Any

from sqlalchemy import Connection, LargeBinary, Table, insert
from sqlalchemy.dialects import mysql, postgresql, sqlite

from artigraph.graph.types import Id, Time

Row = tuple[Any, ...]

_SQLITE = sqlite.dialect()


@dataclass(slots=True)
class Batch:
    """Rows of one table, as tuples in the order of ``columns``; JSON columns as Python values."""

    table: Table
    columns: tuple[str, ...]
    rows: list[Row] = field(default_factory=list)
    ignore: bool = False
    """Leave rows alone whose id exists already."""


def insert_batches(connection: Connection, batches: Iterable[Batch]) -> None:
    """Insert all rows, one statement per batch; give parents before what points to them."""
    for batch in batches:
        if not batch.rows:
            continue
        if connection.dialect.name == "sqlite":
            _insert_sqlite(connection, batch)
        else:
            rows = [dict(zip(batch.columns, row, strict=True)) for row in batch.rows]
            connection.execute(_statement(batch, connection.dialect.name), rows)


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
    connection.exec_driver_sql(statement, rows if len(rows) > 1 else rows[0])


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


def _statement(batch: Batch, dialect: str) -> Any:
    if not batch.ignore:
        return insert(batch.table)
    if dialect == "postgresql":
        return postgresql.insert(batch.table).on_conflict_do_nothing()
    return mysql.insert(batch.table).prefix_with("IGNORE")
