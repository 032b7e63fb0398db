"""Driver errors to ours: one table, used wherever a statement runs."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager

from sqlalchemy import exc

from artigraph.errors import (
    ArtigraphError,
    CannotOpenError,
    ConnectionLostError,
    DatabaseCorruptError,
    InvalidLabelError,
    StorageFullError,
    StorageReadOnlyError,
    StoreBusyError,
    TablesMissingError,
)


@contextmanager
def translated(where: str) -> Iterator[None]:
    """Raise our errors for what the database refused; a broken constraint stays SQLAlchemy's IntegrityError.

    Args:
        where: the database, as text without credentials, for the message.
    """
    try:
        yield
    except exc.IntegrityError:
        raise
    except UnicodeEncodeError as error:
        raise InvalidLabelError(error.object, "it has half of a surrogate pair, which no database can keep") from error
    except exc.DBAPIError as error:
        ours = _sqlite(error.orig, where) if isinstance(error.orig, sqlite3.Error) else _server(error, where)
        if ours is None:
            raise
        raise ours from error
    except sqlite3.Error as error:
        ours = _sqlite(error, where)
        if ours is None:
            raise
        raise ours from error


def _sqlite(error: sqlite3.Error, where: str) -> ArtigraphError | None:
    code = getattr(error, "sqlite_errorname", "") or ""
    said = str(error)
    if code.startswith(("SQLITE_BUSY", "SQLITE_LOCKED")):
        return StoreBusyError(f"{where} is locked by another process; try again, or raise busy_timeout")
    if code == "SQLITE_FULL" or code.startswith(("SQLITE_IOERR_WRITE", "SQLITE_IOERR_FSYNC", "SQLITE_IOERR_TRUNC")):
        return StorageFullError(f"no space left to write {where}; nothing was saved; free some and try again")
    if code.startswith("SQLITE_READONLY"):
        return StorageReadOnlyError(f"{where} may be read but not written; check its owner and mode")
    if code.startswith("SQLITE_CANTOPEN"):
        return CannotOpenError(f"{where} cannot be opened; check that its folder exists and may be written")
    if code.startswith(("SQLITE_NOTADB", "SQLITE_CORRUPT")):
        return DatabaseCorruptError(f"{where} is not an SQLite database, or a damaged one ({said})")
    if said.startswith(("no such table", "no such column")) or "has no column named" in said:
        return TablesMissingError(f"{where}: {said}")
    return None


def _server(error: exc.DBAPIError, where: str) -> ArtigraphError | None:
    said = str(error.orig)
    if error.connection_invalidated or isinstance(error.orig, ConnectionError):
        return ConnectionLostError(f"the connection to {where} was lost; nothing was saved; try again")
    if "UndefinedTable" in said or "doesn't exist" in said:
        return TablesMissingError(f"{where}: {said.splitlines()[0]}")
    return None
