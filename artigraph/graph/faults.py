"""Driver errors to ours: one table per kind of database, used wherever a statement runs."""

from __future__ import annotations

import re
import sqlite3
from collections.abc import Callable, Iterator
from contextlib import contextmanager

from sqlalchemy import URL, exc

from artigraph.errors import (
    ArtigraphError,
    CannotOpenError,
    ConnectionLostError,
    DatabaseCorruptError,
    InvalidLabelError,
    InvalidValueError,
    StorageFullError,
    StorageReadOnlyError,
    StoreBusyError,
    TablesMissingError,
)

_DAMAGED = ("Could not decode to UTF-8", "malformed database schema", "duplicate column name")
"""What SQLite says, without a code of its own, of a file with bytes changed."""

CHECK_FAILED = (3819, 4025)
"""What MySQL and MariaDB say, not as an error of integrity, when a check constraint is broken."""


@contextmanager
def translated(where: str, *, connecting: bool = False) -> Iterator[None]:
    """Raise our errors for what the database refused; a broken constraint stays SQLAlchemy's IntegrityError.

    Args:
        where: the database, as text without credentials, for the message.
        connecting: nothing runs but the driver, so that every failure is one of the server or the way to it.
    """
    try:
        yield
    except (exc.IntegrityError, ArtigraphError):
        raise
    except UnicodeEncodeError as error:
        raise _no_text(error) from error
    except UnicodeDecodeError as error:
        raise DatabaseCorruptError(f"{where} has text that is none ({error}); it is damaged") from error
    except exc.TimeoutError as error:
        raise StoreBusyError(f"no connection to {where} became free in time; try again") from error
    except (exc.DBAPIError, sqlite3.Error, ConnectionError) as error:
        ours = _ours(error, where)
        if ours is not None:
            raise ours from error
        if isinstance(error, exc.DBAPIError) and _code(error.orig) in CHECK_FAILED:
            raise exc.IntegrityError(error.statement, error.params, error.orig or error) from error
        raise
    except OverflowError as error:
        raise _no_value(error, where) from error
    except exc.StatementError as error:  # no driver has seen it: a value could not be put into the form of its column
        if isinstance(error.orig, exc.SQLAlchemyError | ArtigraphError | None):
            raise
        raise _no_value(error.orig, where) from error
    except Exception as error:
        if not connecting:
            raise
        raise _server(error, where) or CannotOpenError(f"{where} cannot be opened: {error}") from error


def is_deadlock(error: exc.DBAPIError) -> bool:
    """Whether the server undid a transaction only because another one was in its way."""
    return _code(error.orig) in ("40001", "40P01", 1213, 1020)


def shown_url(url: URL) -> str:
    """A database as text, without its password or key wherever that stands."""
    hidden = {key: "***" for key in url.query if _SECRET.search(key)}
    return url.update_query_dict(hidden).render_as_string(hide_password=True)


def _ours(error: Exception, where: str) -> ArtigraphError | None:
    origin = error.orig if isinstance(error, exc.DBAPIError) else error
    if isinstance(origin, sqlite3.Error):
        return _sqlite(origin, where)
    cause: BaseException | None = origin
    while cause is not None:
        if isinstance(cause, UnicodeEncodeError):
            return _no_text(cause)
        cause = cause.__cause__ or cause.__context__
    refused = None if origin is None else origin.__cause__
    if isinstance(refused, ValueError) and not isinstance(refused, OSError):  # asyncpg's DataError
        return _no_value(refused, where)
    if isinstance(error, exc.DBAPIError) and error.connection_invalidated:
        return ConnectionLostError(_LOST.format(where=where))
    return _server(origin, where)


def _no_text(error: UnicodeEncodeError) -> InvalidLabelError:
    return InvalidLabelError(error.object, "it has half of a surrogate pair, which no database can keep")


def _no_value(error: BaseException, where: str) -> InvalidValueError:
    return InvalidValueError(f"{where} was given a value that its column does not keep ({error!s:.200})")


def _sqlite(error: sqlite3.Error, where: str) -> ArtigraphError | None:
    code = getattr(error, "sqlite_errorname", "") or ""
    said = str(error)
    if code.startswith(("SQLITE_BUSY", "SQLITE_LOCKED")):
        return StoreBusyError(
            f"{where} is locked by another process, or by a session or connection of this one that is not committed; "
            "commit that, try again, or raise busy_timeout"
        )
    if code == "SQLITE_FULL" or code.startswith(("SQLITE_IOERR_WRITE", "SQLITE_IOERR_FSYNC", "SQLITE_IOERR_TRUNC")):
        return StorageFullError(f"no space left to write {where}; nothing was saved; free some and try again")
    if code.startswith("SQLITE_READONLY"):
        return StorageReadOnlyError(f"{where} may be read but not written; check its owner and mode")
    if code.startswith("SQLITE_IOERR"):
        return CannotOpenError(f"{where} cannot be read or written ({said}); nothing was saved; check its disk")
    if code.startswith("SQLITE_CANTOPEN"):
        return CannotOpenError(f"{where} cannot be opened; check that its folder exists and may be written")
    if code.startswith(("SQLITE_NOTADB", "SQLITE_CORRUPT")) or said.startswith(_DAMAGED):
        return DatabaseCorruptError(f"{where} is not an SQLite database, or a damaged one ({said})")
    if said.startswith("Error binding parameter"):
        return _no_value(error, where)
    if said.startswith(("no such table", "no such column")) or "has no column named" in said:
        return TablesMissingError(f"{where}: {said}")
    return None


def _server(error: object, where: str) -> ArtigraphError | None:
    code = _code(error)
    for codes, kind, said in _SERVER:
        if any(code == each or (isinstance(each, str) and str(code).startswith(each)) for each in codes):
            return kind(said.format(where=where))
    return ConnectionLostError(_LOST.format(where=where)) if isinstance(error, OSError) else None


def _code(error: object) -> str | int | None:
    """The number that MariaDB gives, or the SQLSTATE that PostgreSQL gives."""
    said = getattr(error, "args", ())
    if said and isinstance(said[0], int):
        return said[0]
    state = getattr(error, "sqlstate", None)
    return None if state is None else str(state)


_SECRET = re.compile(r"pass|pwd|secret|token|key|credential", re.IGNORECASE)

_LOST = "the connection to {where} was lost, or it does not answer; nothing was saved; try again when the server runs"

_SERVER: tuple[tuple[tuple[str | int, ...], Callable[[str], ArtigraphError], str], ...] = (
    (("28", 1045, 1698), CannotOpenError, "{where} refused this user or password"),
    (("3D000", 1049), CannotOpenError, "there is no database {where}; create it first"),
    ((1044,), CannotOpenError, "this user may not use {where}, or there is no such database"),
    (("42P01", "42703", "3F000", 1146, 1054), TablesMissingError, "{where} misses a table or column of ours"),
    (("53100", 1021, 1114), StorageFullError, "no space left to write {where}; nothing was saved; free some"),
    (("25006", 1290, 1792, 1836), StorageReadOnlyError, "{where} may be read but not written"),
    (("42501", 1142, 1143), StorageReadOnlyError, "{where}: this user may not do that; grant it the right to"),
    (
        ("40001", "40P01", "55P03", 1205, 1213, 1020),
        StoreBusyError,
        "another writer is in the way in {where}; try again",
    ),
    (("53300", 1040, 1203), StoreBusyError, "{where} has too many connections; try again, or allow it more"),
    (("08", "57P", 1053, 1927, 2002, 2003, 2006, 2013, 2055), ConnectionLostError, _LOST),
    (("22021",), lambda said: InvalidLabelError("\0", said), "it has a NUL character, which PostgreSQL cannot keep"),
    (("22", 1264, 1366, 1406, 1292), InvalidValueError, "{where} was given a value that its column does not keep"),
)
"""SQLSTATEs (or how they begin) and MariaDB's numbers -> our error and what it says."""
