"""Keeping keyed artifacts: hash, look, put what is missing, and write all rows in one transaction."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any
from uuid import UUID

from sqlalchemy import Connection, insert, select, update
from sqlalchemy.ext.asyncio import AsyncSession

from artigraph.artifact.key import new_stem
from artigraph.artifact.made import link_made, link_used
from artigraph.artifact.offer import KeptRows, Offer
from artigraph.artifact.put import MissingError, Puts
from artigraph.artifact.version import Family, Known, alone_with, families_named, families_of, latest_sizes
from artigraph.errors import VersionConflictError
from artigraph.graph.current import OpenSpan
from artigraph.graph.engine import Database
from artigraph.graph.insert import insert_batches
from artigraph.graph.locks import share_blobs, take_blobs
from artigraph.graph.schema import KEY, NODE
from artigraph.ids import now
from artigraph.persist.family import key_digest
from artigraph.persist.tags import put_tags
from artigraph.persist.trash import take_back
from artigraph.registry import Registry
from artigraph.serializer.file import file_serializer


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
        await keeper.guess(session)
        await keeper.puts.prepare()
        await keeper.puts.put(session)
        await keeper.write(session)
    except BaseException:
        await keeper.puts.drop(session)
        raise
    finally:
        for offer in offers:
            offer.content.drop()
    known = [offer for offer in offers if not offer.is_new]
    await Puts(known, database, registry).drop(session)  # equal content in other bytes


class _Keeper:
    """One call of ``keep``."""

    def __init__(self, offers: Sequence[Offer], database: Database, registry: Registry, span: OpenSpan | None) -> None:
        self.offers, self.database, self.span = offers, database, span
        self.puts = Puts(offers, database, registry)

    async def guess(self, session: AsyncSession | None) -> None:
        """For big files under a key: look how big the latest version is; one as big is likely to be equal."""
        big = [offer for offer in self.offers if offer.key is not None and offer.content.is_big()]
        if big:
            keys = [offer.key for offer in big if offer.key is not None]
            sizes = await self.database.read(lambda connection: latest_sizes(connection, keys), session=session)
            for offer in big:
                offer.likely = sizes.get(offer.key or "")

    async def write(self, session: AsyncSession | None) -> None:
        """Write the rows; a blob that was removed meanwhile is put first."""
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
                if not isinstance(error, MissingError):
                    raise
                await self.puts.put(session, trusting=False)
            else:
                if self.span is not None:
                    self.span.written(uses)
                return

    def _settle(self, connection: Connection, at: int) -> None:
        """(inside the transaction) Say what each offer becomes, and write it."""
        families = families_of(connection, {o.key for o in self.offers if o.key and not o.stem}, lock=True)
        named = families_named(connection, {o.stem for o in self.offers if o.stem}, lock=True)
        hashes = [piece.digest for _, piece in self.puts.pieces()]
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
                    if family is not None:
                        family.latest = known
                continue
            offer.became = offer.id
            stem, version = (family.stem, family.top + 1) if family is not None else (new_stem(), 1)
            rows.add(offer, stem, version)
            fresh = Known(offer.id.bytes, version, offer.content.hash, False, offer.content.same_as)
            if family is None:
                alone[offer.content.hash] = fresh
            else:
                family.top, family.newest, family.latest = version, fresh, fresh
                if family.key is None and offer.key is not None:
                    connection.execute(
                        insert(KEY).values(key_digest=key_digest(offer.key), key=offer.key, stem=family.stem)
                    )
                    family.key = offer.key
        self.puts.confirm(connection, [offer for offer in self.offers if offer.is_new])
        insert_batches(connection, rows.batches())
        take_back(connection, restored, at)
        tell(connection, [offer for offer in self.offers if not offer.is_new], at)
        link_made(connection, self.offers, at)
        for offer in self.offers:
            for also in offer.also:
                also(connection, offer.became or offer.id)


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


_SAID = frozenset({"data", "reader", "options", "n_observations"})
"""Facts that may be said anew of the same content."""


def tell(connection: Connection, offers: Iterable[Offer], at: int) -> None:
    """Write what was said anew about artifacts that exist."""
    for offer in offers:
        said = {
            "node_label": offer.label,
            "artifact_kind": offer.kind,
            "artifact_description": offer.description,
            "artifact_otype": offer.otype,
        }
        changes: dict[str, Any] = {name: value for name, value in said.items() if value is not None}
        if offer.extra or offer.content.options:
            stored = connection.execute(select(NODE.c.artifact_extra).where(NODE.c.id == offer.became)).scalar() or {}
            fresh = {name: fact for name, fact in (offer.facts() or {}).items() if name in _SAID}
            if stored | fresh != stored:
                changes["artifact_extra"] = stored | fresh
                changes |= {"artifact_serializer": file_serializer.name} if offer.content.options else {}
        if changes:
            connection.execute(update(NODE).where(NODE.c.id == offer.became).values(**changes, node_updated_at=at))
        if offer.tags and offer.became is not None:
            put_tags(connection, offer.became, offer.tags)
