"""Rows for many ids: one statement per chunk of ids, read as plainly as the database allows."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from functools import cache
from typing import Any

from sqlalchemy import Connection, Select
from sqlalchemy.dialects import sqlite

CHUNK = 10_000
"""Ids in one statement; SQLite takes 32,766 parameters."""


def rows_for(connection: Connection, statement: Select[Any], ids: Sequence[bytes]) -> Iterator[Sequence[Any]]:
    """The rows of a statement whose only parameter is ``raw_ids()``, for any number of ids.

    On SQLite they are the driver's own tuples: of columns without a Python form, such as ids in raw form, text, numbers
    and bytes, that is all there is to do (measured: half the time of SQLAlchemy's rows).
    """
    for start in range(0, len(ids), CHUNK):
        chunk = list(ids[start : start + CHUNK])
        if connection.dialect.name == "sqlite":
            cursor = connection.connection.cursor()
            cursor.execute(_text(statement).replace("IN (?)", f"IN ({','.join('?' * len(chunk))})"), chunk)
            yield from cursor.fetchall()
            cursor.close()
        else:
            yield from connection.execute(statement, {"ids": chunk})


@cache
def _text(statement: Select[Any]) -> str:
    one = statement.params(ids=[b""])
    text = str(one.compile(dialect=sqlite.dialect(), compile_kwargs={"render_postcompile": True}))
    if text.count("?") != 1 or "IN (?)" not in text:
        raise ValueError(f"ids have to be the only parameter of this statement: {text}")
    return text
