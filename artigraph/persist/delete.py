"""Deleting nodes with what belongs to nobody else."""

from __future__ import annotations

from collections.abc import Iterable, Sequence, Set
from contextlib import suppress
from typing import Any
from uuid import UUID

from anyio import to_thread
from sqlalchemy import Connection, Select, delete, select
from sqlalchemy.ext.asyncio import AsyncSession

from artigraph.errors import ImmutableError, UnknownStorageError
from artigraph.graph.among import among
from artigraph.graph.engine import Database, current_database
from artigraph.graph.schema import BLOB_USE, KEY, LINK, NODE
from artigraph.graph.value import Filter, filter_of
from artigraph.graph.walk import raw, raw_ids
from artigraph.ids import now
from artigraph.persist.blobs import Blob, drop_unused
from artigraph.persist.cache import forget_views
from artigraph.persist.conflict import rows_of
from artigraph.persist.place import storage_named
from artigraph.persist.trash import keep_numbers, keyed_of, throw_away, tops_of
from artigraph.registry import current_registry
from artigraph.storage.base import location_of

CHUNK = 5_000

_IN_COLLECTIONS = (
    select(raw(LINK.c.target_id), raw(LINK.c.source_id), KEY.c.key, NODE.c.node_label, NODE.c.artifact_uid)
    .join(NODE, NODE.c.id == LINK.c.source_id)
    .outerjoin(KEY, KEY.c.stem == NODE.c.artifact_stem)
    .where(raw(LINK.c.target_id).in_(raw_ids()), LINK.c.kind == "field", NODE.c.node_type == "collection")
)
_VIEWED = select(NODE.c.remote_artifact_storage, NODE.c.artifact_hash).where(
    raw(NODE.c.id).in_(raw_ids()), NODE.c.artifact_uid.is_not(None), NODE.c.remote_artifact_storage.is_not(None)
)
_FIELDS = (
    select(raw(LINK.c.source_id), raw(LINK.c.target_id), LINK.c.label, NODE.c.model_artifact_type_name)
    .join(NODE, NODE.c.id == LINK.c.source_id)
    .where(LINK.c.kind == "field", NODE.c.model_artifact_type_name.is_not(None))
)
"""What models hold."""
_HELD = _FIELDS.where(raw(LINK.c.target_id).in_(raw_ids()))


async def delete_nodes(
    ids: Sequence[bytes],
    *,
    links: Sequence[UUID] = (),
    outputs: bool = False,
    for_good: bool = False,
    sparing: bool = False,
    session: AsyncSession | None = None,
) -> int:
    """Delete nodes, the parts that only they have, and every link, tag and blob of those.

    Keyed artifacts go into the trash; those that are in it go for good.

    Args:
        ids: raw ids; those that do not exist are no error.
        links: links that go as well.
        outputs: of a span, its outputs as well (otherwise they stay).
        for_good: keyed artifacts go at once.
        sparing: a part of a model that stays is left, instead of an error.
        session: a caller's session, committed by the caller.

    Returns:
        How many of ``ids`` and ``links`` existed.

    Raises:
        ImmutableError: a part of a model that stays, or what would go for good of a collection that stays; nothing is
            deleted then.
    """
    database = current_database()

    views: list[tuple[str, bytes]] = []

    def work(connection: Connection) -> tuple[int, list[Blob]]:
        asked = _existing(connection, ids)
        kinds = ("field", "output") if outputs else ("field",)
        thrown, doomed = _sorted_out(connection, asked, kinds, links, for_good=for_good, sparing=sparing)
        at = now()
        _refuse_members(connection, [each for each in asked if each in doomed], doomed)
        gone = connection.execute(delete(LINK).where(among(LINK.c.id, links))).rowcount if links else 0
        throw_away(connection, thrown, at)
        tops = tops_of(connection, doomed)
        views[:] = [(row[0], bytes(row[1])) for row in rows_of(connection, _VIEWED, doomed)]
        blobs = remove_nodes(connection, doomed)
        keep_numbers(connection, tops, at)
        return gone + len(asked), blobs

    count, blobs = await database.write(work, session=session)
    registry = current_registry()
    await drop_unused(database, registry, blobs, session=session)
    for name in {name for name, _ in views}:
        with suppress(UnknownStorageError):
            hashes = [digest for storage, digest in views if storage == name]
            await to_thread.run_sync(forget_views, storage_named(database, registry, name), hashes)
    return count


async def delete_links(ids: Select[tuple[UUID]], *, session: AsyncSession | None = None) -> int:
    """Delete the links whose ids a query gives; returns how many there were.

    Raises:
        ImmutableError: a field of a model; nothing is deleted then.
    """

    def work(connection: Connection) -> int:
        _refuse_parts(connection.execute(_FIELDS.where(LINK.c.id.in_(ids)).limit(1)).all())
        return connection.execute(delete(LINK).where(LINK.c.id.in_(ids))).rowcount

    return await current_database().write(work, session=session)


async def delete_where(where: Filter, *, outputs: bool = False, session: AsyncSession | None = None) -> int:
    """Delete the nodes that a filter matches, as ``delete_nodes`` does; returns how many matched."""
    database: Database = current_database()
    ids = await database.read(lambda connection: matching(connection, where), session=session)
    return await delete_nodes(ids, outputs=outputs, session=session) if ids else 0


def matching(connection: Connection, where: Filter) -> list[bytes]:
    """The raw ids of the nodes that a filter matches."""
    statement = select(raw(NODE.c.id)).where(filter_of(where).compose(NODE.c.id.is_not(None)))
    return [row[0] for row in connection.execute(statement)]


def held_by_collections(connection: Connection, ids: Iterable[bytes]) -> list[tuple[bytes, bytes, str]]:
    """(raw id of one of these, raw id of a collection that holds it, what that is called)."""
    rows = rows_of(connection, _IN_COLLECTIONS, ids)
    return [(row[0], row[1], row.key or row.node_label or row.artifact_uid or "") for row in rows]


def _refuse_members(connection: Connection, ids: Sequence[bytes], doomed: set[bytes]) -> None:
    held = [each for each in held_by_collections(connection, ids) if each[1] not in doomed]
    if held:
        raise ImmutableError(
            f"collection {held[0][2]!r} {UUID(bytes=held[0][1])}",
            UUID(bytes=held[0][0]),
            "holds this and never changes; put this into the trash with delete(), or delete the collection first",
        )


def _sorted_out(
    connection: Connection,
    asked: Sequence[bytes],
    kinds: Sequence[str],
    links: Sequence[UUID],
    *,
    for_good: bool,
    sparing: bool,
) -> tuple[set[bytes], set[bytes]]:
    """What goes into the trash, and what is deleted with all that goes along; what is in the trash keeps its parts.

    Raises:
        ImmutableError: a model that stays holds something of it.
    """
    thrown = set() if for_good else keyed_of(connection, asked)
    spared = set(thrown)
    while True:
        doomed = doomed_with(connection, [each for each in asked if each not in spared], kinds, spared)
        held = [row for row in rows_of(connection, _HELD, doomed.intersection(asked)) if row[0] not in doomed]
        if not sparing:
            _refuse_parts([row for row in held if row[0] not in spared])
        along = keyed_of(connection, doomed) if not held and not for_good else set()
        if not held and not along:
            break
        thrown |= along
        spared |= along.union(row[1] for row in held)
    if links:
        fields = connection.execute(_FIELDS.where(among(LINK.c.id, links))).all()
        _refuse_parts([row for row in fields if row[0] not in doomed])
    return thrown, doomed


def _refuse_parts(held: Sequence[Any]) -> None:
    """Raises ImmutableError when a model holds something."""
    for holder, part, label, name in held[:1]:
        raise ImmutableError(
            f"field {label!r} of {name} {UUID(bytes=holder)}",
            UUID(bytes=part),
            "is a part of what stays; delete the whole, or change the object and save it with on_conflict='replace'",
        )


def doomed_with(
    connection: Connection, ids: Iterable[bytes], kinds: Sequence[str] = ("field",), spared: Set[bytes] = frozenset()
) -> set[bytes]:
    """These nodes and every part that goes with them, except for what is ``spared``.

    A part stays when something that stays links to it, when it has a label of its own, or when it was saved before
    the whole that would take it along.
    """
    doomed = set(ids)
    level = list(doomed)
    while level:
        candidates = set(owned_parts(connection, level, kinds)) - doomed - spared
        held = {target for source, target in _holders(connection, candidates) if source not in doomed}
        level = list(candidates - held)
        doomed.update(level)
    return doomed


def remove_nodes(connection: Connection, ids: Iterable[bytes]) -> list[Blob]:
    """Delete these rows, and with them their links, tags and blob uses; returns the blobs they needed."""
    blobs: list[Blob] = []
    for chunk in _chunks(ids):
        rows = connection.execute(
            select(BLOB_USE.c.storage, BLOB_USE.c.hash).where(raw(BLOB_USE.c.node_id).in_(raw_ids())), {"ids": chunk}
        )
        blobs += [Blob(row[0], bytes(row[1]), location_of(bytes(row[1]))) for row in rows]
        connection.execute(delete(NODE).where(raw(NODE.c.id).in_(raw_ids())), {"ids": chunk})
    return blobs


def _existing(connection: Connection, ids: Sequence[bytes]) -> list[bytes]:
    found: list[bytes] = []
    for chunk in _chunks(ids):
        rows = connection.execute(select(raw(NODE.c.id)).where(raw(NODE.c.id).in_(raw_ids())), {"ids": chunk})
        found += [row[0] for row in rows]
    return found


def owned_parts(connection: Connection, wholes: Sequence[bytes], kinds: Sequence[str] = ("field",)) -> Iterable[bytes]:
    """The parts of these that have no label of their own and were not saved before their whole."""
    whole = NODE.alias("whole")
    for chunk in _chunks(wholes):
        statement = (
            select(raw(LINK.c.target_id))
            .join(NODE, NODE.c.id == LINK.c.target_id)
            .join(whole, whole.c.id == LINK.c.source_id)
            .where(
                raw(LINK.c.source_id).in_(raw_ids()),
                LINK.c.kind.in_(kinds),
                (LINK.c.kind != "field")
                | (NODE.c.node_label.is_(None) & (NODE.c.node_created_at >= whole.c.node_created_at)),
            )
        )
        yield from (row[0] for row in connection.execute(statement, {"ids": chunk}))


def _holders(connection: Connection, parts: Iterable[bytes]) -> Iterable[tuple[bytes, bytes]]:
    for chunk in _chunks(parts):
        statement = select(raw(LINK.c.source_id), raw(LINK.c.target_id)).where(raw(LINK.c.target_id).in_(raw_ids()))
        yield from ((row[0], row[1]) for row in connection.execute(statement, {"ids": chunk}))


def _chunks(ids: Iterable[bytes]) -> Iterable[list[bytes]]:
    listed = list(ids)
    for start in range(0, len(listed), CHUNK):
        yield listed[start : start + CHUNK]
