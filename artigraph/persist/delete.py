"""Deleting nodes with what belongs to nobody else."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from contextlib import suppress
from uuid import UUID

from anyio import to_thread
from sqlalchemy import Connection, delete, select
from sqlalchemy.ext.asyncio import AsyncSession

from artigraph.errors import HeldError, UnknownStorageError
from artigraph.graph.engine import Database, current_database
from artigraph.graph.schema import BLOB_USE, KEY, LINK, NODE
from artigraph.graph.value import Filter
from artigraph.graph.walk import one_of, raw, raw_ids
from artigraph.ids import now
from artigraph.persist.blobs import Blob, drop_unused
from artigraph.persist.cache import forget_views
from artigraph.persist.conflict import rows_of
from artigraph.persist.place import storage_named
from artigraph.persist.trash import keep_numbers, throw_away, tops_of
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


async def delete_nodes(
    ids: Sequence[bytes],
    *,
    links: Sequence[UUID] = (),
    outputs: bool = False,
    for_good: bool = False,
    session: AsyncSession | None = None,
) -> int:
    """Delete nodes, the parts that only they have, and every link, tag and blob of those.

    Keyed artifacts go into the trash; those that are in it go for good.

    Args:
        ids: raw ids; those that do not exist are no error.
        links: links that go as well.
        outputs: of a span, its outputs as well (otherwise they stay).
        for_good: keyed artifacts go at once.
        session: a caller's session, committed by the caller.

    Returns:
        How many of ``ids`` and ``links`` existed.

    Raises:
        HeldError: a collection that stays holds what would go for good; nothing was deleted.
    """
    database = current_database()

    views: list[tuple[str, bytes]] = []

    def work(connection: Connection) -> tuple[int, list[Blob]]:
        gone = connection.execute(delete(LINK).where(one_of(LINK.c.id, links))).rowcount if links else 0
        asked = _existing(connection, ids)
        kinds = ("field", "output") if outputs else ("field",)
        at = now()
        thrown = set() if for_good else throw_away(connection, asked, at)
        doomed = doomed_with(connection, [each for each in asked if each not in thrown], kinds)
        if not for_good and (along := throw_away(connection, doomed - set(asked), at)):
            doomed -= doomed_with(connection, along)
        _check_free(connection, [each for each in asked if each in doomed], doomed)
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


async def delete_where(where: Filter, *, outputs: bool = False, session: AsyncSession | None = None) -> int:
    """Delete the nodes that a filter matches, as ``delete_nodes`` does; returns how many matched."""
    database: Database = current_database()
    ids = await database.read(lambda connection: matching(connection, where), session=session)
    return await delete_nodes(ids, outputs=outputs, session=session) if ids else 0


def matching(connection: Connection, where: Filter) -> list[bytes]:
    """The raw ids of the nodes that a filter matches."""
    statement = select(raw(NODE.c.id)).where(where.compose(NODE.c.id.is_not(None)))
    return [row[0] for row in connection.execute(statement)]


def held_by_collections(connection: Connection, ids: Iterable[bytes]) -> list[tuple[bytes, bytes, str]]:
    """(raw id of one of these, raw id of a collection that holds it, what that is called)."""
    rows = rows_of(connection, _IN_COLLECTIONS, ids)
    return [(row[0], row[1], row.key or row.node_label or row.artifact_uid or "") for row in rows]


def _check_free(connection: Connection, ids: Sequence[bytes], doomed: set[bytes]) -> None:
    held = [each for each in held_by_collections(connection, ids) if each[1] not in doomed]
    if held:
        raise HeldError(
            f"{UUID(bytes=held[0][0])} is held by the collection {held[0][2]} ({UUID(bytes=held[0][1])}), which never "
            "changes; put it into the trash with delete(), or delete the collection for good first"
        )


def doomed_with(connection: Connection, ids: Iterable[bytes], kinds: Sequence[str] = ("field",)) -> set[bytes]:
    """These nodes and every part that goes with them.

    A part stays when something that stays links to it, when it has a label of its own, or when it was saved before
    the whole that would take it along.
    """
    doomed = set(ids)
    level = list(doomed)
    while level:
        candidates = set(owned_parts(connection, level, kinds)) - doomed
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
