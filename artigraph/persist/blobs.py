"""Removing blobs that no node needs any more: rows go first, blobs after, in an order that savers respect."""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass
from functools import cache

from sqlalchemy import Connection, bindparam, select
from sqlalchemy.ext.asyncio import AsyncSession

from artigraph.errors import ArtigraphError, UnknownStorageError
from artigraph.graph.engine import Database
from artigraph.graph.group import Group, open_group
from artigraph.graph.locks import take_blobs
from artigraph.graph.schema import BLOB_USE
from artigraph.persist.conflict import rows_of
from artigraph.persist.place import storage_named
from artigraph.registry import Registry

_USED = (
    select(BLOB_USE.c.storage, BLOB_USE.c.hash).where(BLOB_USE.c.hash.in_(bindparam("ids", expanding=True))).distinct()
)


@dataclass(frozen=True, slots=True)
class Blob:
    """Bytes in a storage."""

    storage: str
    hash: bytes
    location: str


async def drop_unused(
    database: Database, registry: Registry, blobs: Sequence[Blob], *, session: AsyncSession | None = None
) -> None:
    """Remove those blobs that no row needs, best-effort: what stays is an orphan, which ``gc`` finds.

    The check and the removal happen in one transaction of their own, so no saver can start to need a blob between the
    two. It goes no further before what was committed would survive a power cut: rows that came back would miss them.
    Inside a caller's session or a group, whose rows are not committed yet, nothing is removed.
    """
    if not blobs or session is not None or open_group(database) is not None:
        return
    with suppress(ArtigraphError, OSError):
        await remove_unused(database, registry, blobs)


async def remove_unused(database: Database, registry: Registry, blobs: Sequence[Blob]) -> list[Blob]:
    """Remove those blobs that no row needs, in one transaction; returns those that were there. Not for inside a group.

    Raises:
        StoreBusyError, StorageReadOnlyError and others of the database and the storages: some may be removed by then.
    """
    group = Group(database)
    await group.begin()
    try:
        alone = await group.step(lambda connection: unused(connection, blobs, database, registry, lock=True))
        if alone:
            await database.flush()
        return [blob for blob in alone if await storage_named(database, registry, blob.storage).delete(blob.location)]
    finally:
        await group.end(commit=True)


def unused(
    connection: Connection, blobs: Sequence[Blob], database: Database, registry: Registry, *, lock: bool = False
) -> list[Blob]:
    """Those blobs that no row needs.

    A row needs a blob also under another name of the same storage, and under a name that this process does not know.

    Args:
        connection: inside one transaction.
        blobs: what to ask about.
        database: knows what is behind the names of storages.
        registry: knows it as well.
        lock: see that until its end nobody starts to need them.
    """
    hashes = list({blob.hash for blob in blobs})
    if lock:
        take_blobs(connection, hashes)
    needed: dict[bytes, set[str]] = {}
    for name, digest in rows_of(connection, _USED, hashes):
        needed.setdefault(bytes(digest), set()).add(name)

    @cache
    def same(one: str, other: str) -> bool:
        if one == other:
            return True
        try:
            first, second = (storage_named(database, registry, name) for name in (one, other))
        except UnknownStorageError:
            return True
        return type(first) is type(second) and first.place == second.place

    return [
        blob for blob in dict.fromkeys(blobs) if not any(same(name, blob.storage) for name in needed.get(blob.hash, ()))
    ]
