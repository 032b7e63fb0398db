"""Replacing the content of a version: only of the latest, and only while nobody relies on it."""

from __future__ import annotations

from uuid import UUID

from sqlalchemy import Connection, and_, delete, select, update
from sqlalchemy.ext.asyncio import AsyncSession

from artigraph.artifact.keep import tell
from artigraph.artifact.offer import Offer
from artigraph.artifact.put import MissingError, Puts
from artigraph.artifact.version import families_named
from artigraph.errors import ImmutableError
from artigraph.graph.engine import Database
from artigraph.graph.insert import Batch, insert_batches
from artigraph.graph.locks import share_blobs
from artigraph.graph.schema import BLOB_USE, LINK, NODE
from artigraph.ids import now
from artigraph.persist.blobs import Blob, drop_unused
from artigraph.registry import Registry
from artigraph.storage.base import location_of


async def replace(offer: Offer, database: Database, registry: Registry, session: AsyncSession | None) -> None:
    """Give the version ``offer.id`` the content of the offer; uid and number stay.

    Raises:
        ImmutableError: it is not the latest version, another span used it, or something holds it.
    """
    puts = Puts([offer], database, registry)
    offer.became, offer.is_new = offer.id, False

    def work(connection: Connection) -> list[Blob]:
        return _written(connection, offer, puts)

    try:
        await puts.prepare()
        await puts.put(session)
        try:
            old = await database.write(work, session=session)
        except MissingError:
            await puts.put(session, trusting=False)
            old = await database.write(work, session=session)
    except BaseException:
        await puts.drop(session)
        raise
    finally:
        offer.content.drop()
    await drop_unused(database, registry, old, session=session)


def _written(connection: Connection, offer: Offer, puts: Puts) -> list[Blob]:
    """(inside the transaction) Write the row; returns the blobs of the content before."""
    assert offer.stem is not None
    latest = families_named(connection, [offer.stem], lock=True)[offer.stem].latest
    if latest is None or latest.id != offer.id.bytes:
        raise ImmutableError("an older version, or one in the trash,", offer.id)
    _check_free(connection, offer)
    share_blobs(connection, [piece.digest for _, piece in puts.pieces()])
    puts.confirm(connection, [offer])
    uses = select(BLOB_USE.c.storage, BLOB_USE.c.hash).where(BLOB_USE.c.node_id == offer.id)
    old = [Blob(row.storage, bytes(row.hash), location_of(bytes(row.hash))) for row in connection.execute(uses)]
    connection.execute(delete(BLOB_USE).where(BLOB_USE.c.node_id == offer.id))
    connection.execute(update(NODE).where(NODE.c.id == offer.id).values(**offer.columns(), node_updated_at=now()))
    tell(connection, [offer], now())
    hashes = {piece.digest for piece in offer.content.pieces}
    fresh = [(offer.id.bytes, offer.storage.name, digest) for digest in hashes]
    insert_batches(connection, [Batch(BLOB_USE, ("node_id", "storage", "hash"), fresh)])
    for also in offer.also:
        also(connection, offer.id)
    return old


def _check_free(connection: Connection, offer: Offer) -> None:
    """Raises ImmutableError when a span other than the one that replaces it used it, or something holds it."""
    here: UUID = offer.span.id if offer.span is not None else offer.id
    used = and_(LINK.c.source_id == offer.id, LINK.c.kind == "input", LINK.c.target_id != here)
    held = and_(LINK.c.target_id == offer.id, LINK.c.kind.in_(("field", "user")))
    if connection.execute(select(LINK.c.id).where(used | held).limit(1)).first() is not None:
        raise ImmutableError("something that was used, or that something holds,", offer.id)
