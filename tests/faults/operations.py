"""Every step that a call takes against disk and database, counted, with something done at one of them.

Statements are seen by a ``sqlite3.Connection`` of our own, file operations by Python's audit events; so nothing of the
library is replaced, and what fails does so where a disk or a database would fail.
"""

from __future__ import annotations

import errno
import os
import re
import sqlite3
import sys
import threading
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from sqlalchemy.ext.asyncio import AsyncEngine, create_async_engine

FILE_EVENTS = {"open", "os.link", "os.rename", "os.chmod", "os.utime", "os.remove", "os.mkdir"}
TAKES_SPACE = {"create", "os.link", "os.rename", "os.mkdir", "fsync", "INSERT", "UPDATE", "DELETE", "CREATE", "COMMIT"}

_WRITING = os.O_WRONLY | os.O_RDWR | os.O_CREAT
_OURS = re.compile(r"\.?[0-9a-f]{32}|[0-9a-f]{62}")


class Operations:
    """The steps of one store: a database file and the folder of its blobs."""

    def __init__(self, folder: Path) -> None:
        self.folder = str(folder)
        self.seen: list[str] = []
        """What was done since ``watch``, as the first word of a statement or the name of an audit event."""
        self.hit: str | None = None
        """The step at which something was done; None when it never came to that."""
        self._fault: Fault | None = None
        self._at = self._counted = 0
        self._watching = False
        self._lock = threading.Lock()
        self._fsync = os.fsync

    def watch(self, at: int = 0, fault: Fault | None = None) -> None:
        """From now on, let ``fault`` happen at the step ``at`` of those it can happen at; the first is 0."""
        self.seen.clear()
        self.hit, self._counted, self._at, self._fault, self._watching = None, 0, at, fault, True
        os.fsync = self._sync
        _watched.append(self)

    def rest(self) -> None:
        """Count no more."""
        self._watching = False
        os.fsync = self._fsync
        if self in _watched:
            _watched.remove(self)

    def step(self, what: str) -> None:
        """A step begins."""
        fault = self._fault
        if not self._watching:
            return
        with self._lock:
            self.seen.append(what)
            if fault is None or not fault.concerns(what):
                return
            number, self._counted = self._counted, self._counted + 1
        if number == self._at or (number > self._at and fault.lasts):
            self.hit = self.hit or what
            fault.happen(what)

    def engine(self, url: str) -> AsyncEngine:
        """An engine whose connections count their statements."""
        driver = url.replace("sqlite:", "sqlite+aiosqlite:")
        return create_async_engine(driver, connect_args={"factory": self._connection_class()})

    def touches(self, name: str, arguments: tuple[Any, ...]) -> bool:
        """Whether an audit event is about a file of the store's folder."""
        if name not in FILE_EVENTS or not isinstance(arguments[0], str | os.PathLike):
            return False
        paths = arguments[:2] if name in ("os.link", "os.rename") else arguments[:1]
        return any(
            _OURS.fullmatch(str(path)) or f"{path}/".startswith(f"{self.folder}/") for path in paths if path is not None
        )

    def _sync(self, file: Any) -> None:
        self.step("fsync")
        self._fsync(file)

    def _connection_class(self) -> type[sqlite3.Connection]:
        step = self.step

        class Cursor(sqlite3.Cursor):
            def execute(self, statement: str, *rest: Any) -> Any:
                step(statement.split(maxsplit=1)[0].upper())
                return super().execute(statement, *rest)

            def executemany(self, statement: str, *rest: Any) -> Any:
                step(statement.split(maxsplit=1)[0].upper())
                return super().executemany(statement, *rest)

        class Connection(sqlite3.Connection):
            def cursor(self, *_: Any) -> Any:
                return super().cursor(Cursor)

            def execute(self, statement: str, *rest: Any) -> Any:
                return self.cursor().execute(statement, *rest)

            def commit(self) -> None:
                step("COMMIT")
                super().commit()

        return Connection


def is_file(what: str) -> bool:
    """Whether a step is one of files."""
    return what in FILE_EVENTS or what == "fsync"


@dataclass(frozen=True)
class Fault:
    """Something that goes wrong at a step."""

    concerns: Callable[[str], bool]
    """Whether it can happen at a step."""
    happen: Callable[[str], None]
    lasts: bool = False
    """Whether it happens at all later steps too."""


def database_error() -> Fault:
    """SQLite finds that the disk cannot be read or written."""

    def happen(_: str) -> None:
        raise _sqlite("disk I/O error", "SQLITE_IOERR_READ")

    return Fault(lambda step: not _is_file(step), happen)


def disk_full() -> Fault:
    """There is no space left; reading and removing goes on."""

    def happen(step: str) -> None:
        if _is_file(step):
            raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))
        raise _sqlite("database or disk is full", "SQLITE_FULL")

    return Fault(lambda step: step in TAKES_SPACE, happen, lasts=True)


def file_error(number: int) -> Fault:
    """The system refuses one thing with a file, with this error number."""

    def happen(_: str) -> None:
        raise OSError(number, os.strerror(number))

    return Fault(_is_file, happen)


def _is_file(step: str) -> bool:
    return step in FILE_EVENTS or step in ("create", "fsync")


def _sqlite(said: str, name: str) -> sqlite3.OperationalError:
    error = sqlite3.OperationalError(said)
    error.sqlite_errorname, error.sqlite_errorcode = name, getattr(sqlite3, name)
    return error


_watched: list[Operations] = []


def _hear(name: str, arguments: tuple[Any, ...]) -> None:
    for each in _watched:
        if each.touches(name, arguments):
            each.step("create" if name == "open" and arguments[2] & _WRITING else name)


sys.addaudithook(_hear)
