"""Keeping keyed artifacts: hash, look, put what is missing, and write all rows in one transaction."""

from __future__ import annotations

import asyncio
from collections.abc import Iterable, Sequence
from typing import Any
from uuid import UUID

from anyio import to_thread
from sqlalchemy import Connection, bindparam, select, update
from sqlalchemy.ext.asyncio import AsyncSession

from artigraph.artifact.key import new_stem
from artigraph.artifact.made import link_made, link_used
from artigraph.artifact.offer import KeptRows, Offer
from artigraph.artifact.version import Family, Known, alone_with, families_named, families_of
from artigraph.errors import VersionConflictError
from artigraph.graph.current import OpenSpan
from artigraph.graph.engine import Database
from artigraph.graph.insert import insert_batches
from artigraph.graph.locks import share_blobs, take_blobs
from artigraph.graph.schema import BLOB_USE, NODE
from artigraph.ids import now
from artigraph.persist.blobs import Blob, drop_unused
from artigraph.persist.conflict import rows_of
from artigraph.persist.finish import finished
from artigraph.persist.piece import Piece
from artigraph.registry import Registry
from artigraph.storage.base import Storage, location_of

AT_ONCE = 8
HANDS = 2
"""Threads that hash and copy."""

_USED = select(BLOB_USE.c.storage, BLOB_USE.c.hash).where(
    BLOB_USE.c.hash.in_(bindparam("ids", expanding=True, type_=BLOB_USE.c.hash.type))
)


class _MissingError(Exception):
    """Blobs that were there a moment ago are not needed by any row any more, so they have to be put after all."""


async def keep(
    offers: Sequence[Offer],
    database: Database,
    registry: Registry,
    *,
    span: OpenSpan | None = None,
    session: AsyncSession | None = None,
) -> None:
    """Keep all of these, in their order, or none; ``became`` and ``is_new`` say what each one is then.

    Args:
        offers: their contents are not prepared yet.
        database: where to.
        registry: whose storages it knows.
        span: the open span, whose uses are written along.
        session: a caller's session.

    Raises:
        VersionConflictError: an artifact to revise is not the latest of its family.
        CannotOpenError, InvalidArtifactError, StorageFullError and others of files and storages: nothing was stored.
    """
    keeper = _Keeper(offers, database, registry, span)
    try:
        await keeper.prepare()
        await keeper.write(session)
    except BaseException:
        await keeper.undo(session)
        raise
    finally:
        for offer in offers:
            offer.content.drop()


class _Keeper:
    """One call of ``keep``."""

    def __init__(self, offers: Sequence[Offer], database: Database, registry: Registry, span: OpenSpan | None) -> None:
        self.offers, self.database, self.registry, self.span = offers, database, registry, span

    async def prepare(self) -> None:
        """Hash every content."""
        await asyncio.gather(
            *(finished(to_thread.run_sync(_prepare, self.offers[hand::HANDS])) for hand in range(HANDS))
        )

    async def write(self, session: AsyncSession | None) -> None:
        """Put what no row needs yet, and write the rows."""
        known = await self.database.read(self._known, session=session)
        await self._put(known)
        while True:
            uses = self.span.take_uses() if self.span is not None else []

            def work(connection: Connection, uses: Any = uses) -> None:
                at = now()
                self._settle(connection, at)
                if self.span is not None:
                    link_used(connection, self.span.id, uses, at)

            try:
                await self.database.write(work, session=session)
            except BaseException as error:
                if self.span is not None:
                    self.span.give_back(uses)
                if not isinstance(error, _MissingError):
                    raise
                await self._put(set())
            else:
                if self.span is not None:
                    self.span.written(uses)
                return

    async def undo(self, session: AsyncSession | None) -> None:
        """Remove the blobs that were put."""
        blobs = [
            Blob(offer.storage.name, piece.digest, piece.location)
            for offer in self.offers
            for piece in offer.content.pieces
            if piece.location is not None
        ]
        await drop_unused(self.database, self.registry, blobs, session=session)

    def _known(self, connection: Connection) -> set[tuple[str, bytes]]:
        """(storage, hash) of blobs that rows need already."""
        hashes = {piece.digest for offer in self.offers for piece in offer.content.pieces}
        return {(row.storage, bytes(row.hash)) for row in rows_of(connection, _USED, hashes)}

    async def _put(self, known: set[tuple[str, bytes]]) -> None:
        """Put every piece that is not known, or known and damaged, once."""
        wanted: dict[Storage, dict[bytes, list[Piece]]] = {}
        for offer in self.offers:
            for piece in offer.content.pieces:
                if piece.location is None:
                    wanted.setdefault(offer.storage, {}).setdefault(piece.digest, []).append(piece)
        places = asyncio.Semaphore(AT_ONCE)
        for storage, pieces in wanted.items():
            trusted = {digest: alike[0].size for digest, alike in pieces.items() if (storage.name, digest) in known}
            lost = await storage.missing({location_of(digest): size for digest, size in trusted.items()})
            todo = [alike for digest, alike in pieces.items() if digest not in trusted or location_of(digest) in lost]

            async def one(alike: list[Piece], storage: Storage = storage) -> None:
                async with places:
                    await finished(self._put_one(alike, storage))

            await asyncio.gather(*(one(alike) for alike in todo))

    async def _put_one(self, alike: list[Piece], storage: Storage) -> None:
        first = next((piece for piece in alike if piece.spool is not None), alike[0])
        spool = await to_thread.run_sync(first.fill, storage)
        durable = self.database.durability != "off"
        first.location = await storage.put(spool, first.digest, first.size, durable=durable)

    def _settle(self, connection: Connection, at: int) -> None:
        """(inside the transaction) Say what each offer becomes, and write it."""
        families = families_of(connection, {o.key for o in self.offers if o.key and not o.stem}, lock=True)
        named = families_named(connection, {o.stem for o in self.offers if o.stem}, lock=True)
        hashes = [piece.digest for offer in self.offers for piece in offer.content.pieces]
        loose = [o.content.hash for o in self.offers if o.key is None and o.stem is None and _may_be_alone(o)]
        if loose:
            take_blobs(connection, [*hashes, *loose])  # two savers of one content without a key take turns
        else:
            share_blobs(connection, hashes)
        alone = alone_with(connection, loose)
        rows = KeptRows(at)
        restored: list[bytes] = []
        for offer in self.offers:
            family = named.get(offer.stem or "") or families.get(offer.key or "")
            known = _found(offer, family, alone)
            offer.is_new = known is None
            if known is not None:
                offer.became = UUID(bytes=known.id)
                if known.trashed:
                    restored.append(known.id)
                    known.trashed = False
                continue
            offer.became = offer.id
            stem, version = (family.stem, family.top + 1) if family is not None else (new_stem(), 1)
            rows.add(offer, stem, version)
            fresh = Known(offer.id.bytes, version, offer.content.hash, False, offer.content.same_as)
            if family is None:
                alone[offer.content.hash] = fresh
            else:
                family.top, family.newest, family.latest = version, fresh, fresh
        self._confirm(connection)
        insert_batches(connection, rows.batches())
        for node_id in restored:
            connection.execute(update(NODE).where(NODE.c.id == UUID(bytes=node_id)).values(artifact_trashed_at=None))
        _tell(connection, [offer for offer in self.offers if not offer.is_new], at)
        link_made(connection, self.offers, at)
        for offer in self.offers:
            for also in offer.also:
                also(connection, offer.became or offer.id)

    def _confirm(self, connection: Connection) -> None:
        """See that every blob a new row needs is there, and that nobody removes it meanwhile."""
        there: set[tuple[str, bytes]] | None = None
        put = {(o.storage.name, p.digest) for o in self.offers for p in o.content.pieces if p.location is not None}
        for offer in self.offers:
            for piece in offer.content.pieces:
                if piece.location is not None and piece.spool is not None:
                    offer.storage.confirm(piece.location, piece.spool)
                elif offer.is_new and (offer.storage.name, piece.digest) not in put:
                    there = self._known(connection) if there is None else there
                    if (offer.storage.name, piece.digest) not in there:
                        raise _MissingError


def _prepare(offers: Iterable[Offer]) -> None:
    """(worker thread) Hash the contents of these."""
    for offer in offers:
        offer.content.prepare(offer.storage, None)


def _may_be_alone(offer: Offer) -> bool:
    """Whether content without a key may turn out to be there already; nothing at all is equal to nothing."""
    return not offer.always and offer.content.size > 0


def _found(offer: Offer, family: Family | None, alone: dict[bytes, Known]) -> Known | None:
    """The version that an offer is already.

    Raises:
        VersionConflictError: what it revises is not the latest.
    """
    if offer.revises is not None and family is not None:
        latest = family.latest
        if latest is None or latest.id != offer.revises.bytes:
            raise VersionConflictError(
                f"{offer.revises} is not the latest version of its family"
                + (f"; that is version {latest.version} ({UUID(bytes=latest.id)}), revise that one" if latest else "")
            )
    if offer.always:
        return None
    if family is not None:
        return family.holding(offer.content.hash, offer.content.same_as)
    return alone.get(offer.content.hash) if _may_be_alone(offer) else None


def _tell(connection: Connection, offers: Iterable[Offer], at: int) -> None:
    """Write what was said anew about artifacts that exist."""
    for offer in offers:
        said = {
            "node_label": offer.label,
            "artifact_kind": offer.kind,
            "artifact_description": offer.description,
        }
        changes = {name: value for name, value in said.items() if value is not None}
        if changes:
            connection.execute(update(NODE).where(NODE.c.id == offer.became).values(**changes, node_updated_at=at))
