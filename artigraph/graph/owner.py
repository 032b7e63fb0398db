"""Which process has a span open, and whether that process still lives."""

from __future__ import annotations

import asyncio
import os
import socket
from collections.abc import Iterable
from contextlib import suppress
from contextvars import Context
from functools import cache
from pathlib import Path
from typing import Any
from uuid import UUID
from weakref import WeakKeyDictionary

from sqlalchemy import Connection, select, update

from artigraph.errors import ArtigraphError
from artigraph.graph.engine import Database
from artigraph.graph.insert import Batch, insert_batches
from artigraph.graph.schema import OWNER
from artigraph.ids import new_id, now

SEEN_EVERY = 60.0
"""Seconds between two signs of life of a process with open spans."""

GONE_AFTER = 180 * 1_000_000
"""Microseconds without a sign of life after which a process of another host counts as gone."""


class Owner:
    """This process, as one database knows it."""

    def __init__(self) -> None:
        self.id = new_id()
        self.pid = os.getpid()
        self.written = False
        self._open: set[UUID] = set()
        self._signs: asyncio.Task[None] | None = None

    def write(self, connection: Connection) -> None:
        """Put the row of this process down, once."""
        if not self.written:
            columns = ("id", "host", "boot_id", "pid", "started", "seen_at")
            row = (self.id.bytes, _host(), _boot_id(), self.pid, _started(self.pid), now())
            insert_batches(connection, [Batch(OWNER, columns, [row], ignore=True)])

    def opened(self, span_id: UUID, database: Database) -> None:
        """(library loop) A span is open: give signs of life from now on."""
        self._open.add(span_id)
        if self._signs is None:
            self._signs = asyncio.get_running_loop().create_task(self._live(database), context=Context())

    def closed(self, span_id: UUID) -> None:
        """(library loop) A span is closed; closing it again changes nothing."""
        self._open.discard(span_id)
        if not self._open and self._signs is not None:
            self._signs.cancel()
            self._signs = None

    async def _live(self, database: Database) -> None:
        statement = update(OWNER).where(OWNER.c.id == self.id)
        while True:
            await asyncio.sleep(SEEN_EVERY)
            with suppress(ArtigraphError):  # a sign that could not be given is followed by the next one
                await database.write(lambda connection: connection.execute(statement.values(seen_at=now())))


def owner_of(database: Database) -> Owner:
    """This process as the owner of spans in a database."""
    owner = _owners.get(database)
    if owner is None or owner.pid != os.getpid():
        owner = _owners[database] = Owner()
    return owner


def gone_owners(connection: Connection, ids: Iterable[UUID]) -> set[UUID]:
    """Those owners that do not live any more."""
    asked = list(ids)
    if not asked:
        return set()
    rows = connection.execute(select(OWNER).where(OWNER.c.id.in_(asked))).all()
    living = {row.id for row in rows if _lives(row)}
    return set(asked) - living


def _lives(row: Any) -> bool:
    if row.host == _host() and (row.boot_id is None or row.boot_id == _boot_id()):
        return _alive(row.pid) and row.started == _started(row.pid)
    if row.host == _host():
        return False
    return (now() - int(row.seen_at.timestamp() * 1_000_000)) < GONE_AFTER


def _alive(pid: int) -> bool:
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    except PermissionError:
        return True
    return True


@cache
def _host() -> str:
    return socket.gethostname()[:255]


@cache
def _boot_id() -> str | None:
    path = Path("/proc/sys/kernel/random/boot_id")
    return path.read_text().strip() if path.exists() else None


def _started(pid: int) -> str | None:
    """When a process started, in the system's own ticks; None where the system does not tell, or it has ended."""
    try:
        state, *facts = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    except OSError:
        return None
    return None if state in "ZX" else facts[18]  # killed, and its parent has not noticed yet


_owners: WeakKeyDictionary[Database, Owner] = WeakKeyDictionary()
