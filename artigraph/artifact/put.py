"""The bytes of what is offered on their way into storages: hashed, put when no row needs them yet, confirmed."""

from __future__ import annotations

import asyncio
import os
from collections.abc import Coroutine, Iterable, Iterator, Sequence
from typing import Any

from anyio import to_thread
from sqlalchemy import Connection, bindparam, select
from sqlalchemy.ext.asyncio import AsyncSession

from artigraph.artifact.offer import Offer
from artigraph.graph.engine import Database
from artigraph.graph.schema import BLOB_USE
from artigraph.graph.select import rows_for
from artigraph.persist.blobs import Blob, drop_unused
from artigraph.persist.finish import finished
from artigraph.persist.piece import Piece, held
from artigraph.persist.progress import progress
from artigraph.registry import Registry
from artigraph.storage.base import Storage, location_of

AT_ONCE = 256
"""Pieces that are put together."""
HANDS = min(2, os.cpu_count() or 1)
"""Threads that hash."""

_USED = select(BLOB_USE.c.storage, BLOB_USE.c.hash).where(
    BLOB_USE.c.hash.in_(bindparam("ids", expanding=True, type_=BLOB_USE.c.hash.type))
)


class MissingError(Exception):
    """Blobs that were there a moment ago are not needed by any row any more, so they have to be put after all."""


class Puts:
    """The pieces of some offers.

    Args:
        offers: what they belong to.
        database: whose rows say what is there already.
        registry: whose storages it knows.
    """

    def __init__(self, offers: Sequence[Offer], database: Database, registry: Registry) -> None:
        self.offers, self._database, self._registry = offers, database, registry

    def pieces(self) -> Iterator[tuple[Offer, Piece]]:
        """Every piece with the offer that it is of."""
        return ((offer, piece) for offer in self.offers for piece in offer.content.pieces)

    async def prepare(self) -> None:
        """Hash every content. Raises what reading and writing files raise."""
        hands = (self.offers[hand::HANDS] for hand in range(min(HANDS, len(self.offers))))
        await _all(finished(to_thread.run_sync(_prepare, some)) for some in hands)

    async def put(self, session: AsyncSession | None, *, trusting: bool = True) -> None:
        """Put every piece that is not there, once; what a row needs is there, unless it is damaged.

        With ``trusting=False`` everything that was not put is.
        """
        known = await self._database.read(self.known, session=session) if trusting else set()
        wanted: dict[Storage, dict[bytes, list[Piece]]] = {}
        for offer, piece in self.pieces():
            if piece.location is None:
                wanted.setdefault(offer.storage, {}).setdefault(piece.digest, []).append(piece)
        for storage, pieces in wanted.items():
            trusted = {digest: alike[0].size for digest, alike in pieces.items() if (storage.name, digest) in known}
            lost = await storage.missing({location_of(digest): size for digest, size in trusted.items()})
            todo = [alike for digest, alike in pieces.items() if digest not in trusted or location_of(digest) in lost]
            firsts = [next((piece for piece in alike if piece.spool is not None), alike[0]) for alike in todo]
            for start in range(0, len(firsts), AT_ONCE):
                await finished(self._put_some(firsts[start : start + AT_ONCE], storage))

    def known(self, connection: Connection) -> set[tuple[str, bytes]]:
        """(storage, hash) of the pieces that rows need already."""
        hashes = {piece.digest for _, piece in self.pieces()}
        return {(storage, bytes(digest)) for storage, digest in rows_for(connection, _USED, list(hashes))}

    def confirm(self, connection: Connection, new: Iterable[Offer]) -> None:
        """(inside the transaction, blobs locked) See that every piece of these is there.

        Raises:
            MissingError: one is neither put nor needed by a row.
        """
        there: set[tuple[str, bytes]] | None = None
        put = {(offer.storage.name, piece.digest) for offer, piece in self.pieces() if piece.location is not None}
        for offer in new:
            for piece in offer.content.pieces:
                if piece.location is not None and piece.spool is not None:
                    offer.storage.confirm(piece.location, piece.spool)
                elif (offer.storage.name, piece.digest) not in put:
                    there = self.known(connection) if there is None else there
                    if (offer.storage.name, piece.digest) not in there:
                        raise MissingError

    async def drop(self, session: AsyncSession | None) -> None:
        """Remove the blobs that were put and that no row needs."""
        blobs = [
            Blob(offer.storage.name, piece.digest, piece.location)
            for offer, piece in self.pieces()
            if piece.location is not None
        ]
        await drop_unused(self._database, self._registry, blobs, session=session)

    async def _put_some(self, pieces: Sequence[Piece], storage: Storage) -> None:
        spools = await to_thread.run_sync(lambda: [piece.fill(storage) for piece in pieces])
        blobs = [(spool, piece.digest, piece.size) for spool, piece in zip(spools, pieces, strict=True)]
        for piece in pieces:  # from now on it may be there
            piece.location = location_of(piece.digest)
        await storage.put_many(blobs, durable=self._database.durability != "off")


def _prepare(offers: Sequence[Offer]) -> None:
    """(worker thread) Hash the contents of these."""
    total = 0
    for offer in progress(offers, "hashing"):
        offer.content.prepare(offer.storage, offer.likely)
        total = held(offer.content.pieces, total)


async def _all(works: Iterable[Coroutine[Any, Any, None]]) -> None:
    """Wait for the end of all of them, then raise the first failure."""
    for outcome in await asyncio.gather(*works, return_exceptions=True):
        if outcome is not None:
            raise outcome
