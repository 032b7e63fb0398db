"""Rows for many ids: one statement per chunk of ids, read as plainly as the database allows."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from functools import cache
from typing import Any

from sqlalchemy import Connection, Select
from sqlalchemy.dialects import sqlite

CHUNK = 10_000
"""Ids in one statement; SQLite takes 32,766 parameters."""


def plain_rows(
    connection: Connection, statement: Select[Any], parameters: Mapping[str, Any] | None = None
) -> Sequence[Sequence[Any]]:
    """The rows of a statement; on SQLite the driver's own tuples, with ids, times and JSON as they are kept there."""
    result = connection.execute(statement, parameters)
    if connection.dialect.name != "sqlite" or result.cursor is None:
        return result.all()
    rows: Sequence[Sequence[Any]] = result.cursor.fetchall()
    result.close()
    return rows


def rows_for(
    connection: Connection, statement: Select[Any], ids: Sequence[Any], **others: Any
) -> Iterator[Sequence[Any]]:
    """The rows of a statement with the parameter ``ids`` (see ``raw_ids``), for any number of ids.

    On SQLite they are the driver's own tuples: of columns without a Python form, such as ids in raw form, text, numbers
    and bytes, that is all there is to do (measured: half the time of SQLAlchemy's rows).

    Args:
        connection: in a transaction.
        statement: the same object every time, since its text is remembered.
        ids: what the parameter takes, as the driver does.
        others: the other parameters of the statement, likewise.
    """
    for start in range(0, len(ids), CHUNK):
        chunk = list(ids[start : start + CHUNK])
        if connection.dialect.name == "sqlite":
            text, names = _text(statement, tuple(others))
            given = [each for name in names for each in (chunk if name not in others else (others[name],))]
            cursor = connection.connection.cursor()
            cursor.execute(text.replace("IN (?)", f"IN ({','.join('?' * len(chunk))})"), given)
            yield from cursor.fetchall()
            cursor.close()
        else:
            yield from connection.execute(statement, {"ids": chunk, **others})


@cache
def _text(statement: Select[Any], others: Sequence[str]) -> tuple[str, Sequence[str]]:
    """The statement as SQLite takes it, for one id, and the names of its parameters in order."""
    given = statement.params(ids=[b""], **dict.fromkeys(others))
    compiled = given.compile(dialect=sqlite.dialect(), compile_kwargs={"render_postcompile": True})
    text, names = str(compiled), compiled.positiontup or ()
    if text.count("IN (?)") != 1 or text.count("?") != len(names):
        raise ValueError(f"a statement needs one list of ids: {text}")
    return text, names
