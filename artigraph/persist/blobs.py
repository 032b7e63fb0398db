"""Removing blobs that no node needs any more: rows go first, blobs after, in an order that savers respect."""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass

from sqlalchemy import Connection, bindparam, select
from sqlalchemy.ext.asyncio import AsyncSession

from artigraph.errors import ArtigraphError
from artigraph.graph.engine import Database
from artigraph.graph.group import Group, open_group
from artigraph.graph.locks import take_blobs
from artigraph.graph.schema import BLOB_USE
from artigraph.persist.conflict import rows_of
from artigraph.persist.place import storage_named
from artigraph.registry import Registry

_USED = select(BLOB_USE.c.storage, BLOB_USE.c.hash).where(BLOB_USE.c.hash.in_(bindparam("ids", expanding=True)))


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
    two. Inside a caller's session or a group, whose rows are not committed yet, nothing is removed.
    """
    if not blobs or session is not None or open_group(database) is not None:
        return
    with suppress(ArtigraphError, OSError):
        group = Group(database)
        await group.begin()
        try:
            for blob in await group.step(lambda connection: _unused(connection, blobs)):
                await storage_named(database, registry, blob.storage).delete(blob.location)
        finally:
            await group.end(commit=True)


def _unused(connection: Connection, blobs: Sequence[Blob]) -> list[Blob]:
    take_blobs(connection, [blob.hash for blob in blobs])
    used = {(row.storage, bytes(row.hash)) for row in rows_of(connection, _USED, (blob.hash for blob in blobs))}
    return [blob for blob in dict.fromkeys(blobs) if (blob.storage, blob.hash) not in used]
