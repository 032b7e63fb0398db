"""Which blobs the rows of a database need, and in which storages they are looked for."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import suppress
from dataclasses import dataclass
from uuid import UUID

from sqlalchemy import Connection, and_, exists, select

from artigraph.errors import SerializeError, UnknownStorageError
from artigraph.graph.engine import Database
from artigraph.graph.schema import BLOB_USE, NODE
from artigraph.graph.walk import raw, raw_ids
from artigraph.persist.place import BESIDE, default_storage, is_beside, storage_named
from artigraph.registry import Registry
from artigraph.serializer.folder import folder_serializer
from artigraph.storage.base import Storage, location_of

CHUNK = 5_000


@dataclass(frozen=True, slots=True)
class Need:
    """A blob that some row needs."""

    storage: str
    location: str
    hash: bytes
    size: int | None
    """Bytes; None for a file of a folder, whose size only the folder's manifest tells."""
    node_id: UUID
    """One of the nodes that need it."""


LISTED = exists().where(
    BLOB_USE.c.node_id == NODE.c.id,
    BLOB_USE.c.storage == NODE.c.remote_artifact_storage,
    BLOB_USE.c.hash == NODE.c.artifact_hash,
)
"""(of a node with a location) The need is written down, so that nobody takes the blob for left over."""

UNLISTED = and_(NODE.c.remote_artifact_location.is_not(None), NODE.c.artifact_hash.is_not(None), ~LISTED)

IS_FOLDER = and_(NODE.c.artifact_serializer == folder_serializer.name, NODE.c.database_artifact_data.is_not(None))
"""The bytes in the row are a manifest, and the size is that of the files it lists."""


def needs(connection: Connection) -> dict[tuple[str, bytes], Need]:
    """Every blob that a row needs, once: (storage name, hash) -> Need."""
    own = and_(NODE.c.artifact_hash == BLOB_USE.c.hash, NODE.c.remote_artifact_storage == BLOB_USE.c.storage)
    listed = (
        select(
            *(BLOB_USE.c.storage, BLOB_USE.c.hash, BLOB_USE.c.node_id),
            *(NODE.c.remote_artifact_location, NODE.c.artifact_size),
        )
        .select_from(BLOB_USE)
        .outerjoin(NODE, and_(NODE.c.id == BLOB_USE.c.node_id, own))
    )
    found: dict[tuple[str, bytes], Need] = {}
    for storage, digest, node_id, location, size in connection.execute(listed):
        key = (storage, bytes(digest))
        if key not in found or (found[key].size is None and size is not None):
            found[key] = Need(storage, location or location_of(key[1]), key[1], size, node_id)
    for need in [*unlisted(connection), *_of_folders(connection)]:
        key = (need.storage, need.hash)
        if key not in found or found[key].size is None:
            found[key] = need
    return found


def unlisted(connection: Connection) -> list[Need]:
    """The needs of nodes that have a location, or a manifest of files, and no row that says so."""
    statement = select(
        *(NODE.c.remote_artifact_storage, NODE.c.remote_artifact_location, NODE.c.artifact_hash),
        *(NODE.c.artifact_size, NODE.c.id),
    ).where(UNLISTED)
    single = [Need(row[0], row[1], bytes(row[2]), row[3], row[4]) for row in connection.execute(statement)]
    files = _of_folders(connection)
    folders = sorted({need.node_id.bytes for need in files})
    rows = [row for some in _chunks(folders) for row in connection.execute(_USES, {"ids": some})]
    said = {(row[0], row[1], bytes(row[2])) for row in rows}
    return single + [need for need in files if (need.node_id.bytes, need.storage, need.hash) not in said]


def _of_folders(connection: Connection) -> list[Need]:
    """The files that the manifests of folders list; one that cannot be read lists none, and is found by its hash."""
    statement = select(NODE.c.id, NODE.c.remote_artifact_storage, NODE.c.database_artifact_data)
    found = []
    for node_id, storage, data in connection.execute(statement.where(IS_FOLDER)):
        with suppress(SerializeError):
            files = {entry.digest: entry.size for entry in folder_serializer.deserialize(bytes(data)) if entry.digest}
            found += [Need(storage, location_of(digest), digest, size, node_id) for digest, size in files.items()]
    return found


def _chunks(ids: Sequence[bytes]) -> Iterator[Sequence[bytes]]:
    for start in range(0, len(ids), CHUNK):
        yield ids[start : start + CHUNK]


_USES = select(raw(BLOB_USE.c.node_id), BLOB_USE.c.storage, BLOB_USE.c.hash).where(
    raw(BLOB_USE.c.node_id).in_(raw_ids())
)


def storage_names(connection: Connection) -> list[str]:
    """The names of storages that rows speak of."""
    used = select(BLOB_USE.c.storage).distinct()
    kept = select(NODE.c.remote_artifact_storage).where(NODE.c.remote_artifact_storage.is_not(None)).distinct()
    return sorted({row[0] for statement in (used, kept) for row in connection.execute(statement)})


def find_storage(database: Database, registry: Registry, name: str) -> Storage | None:
    """The storage that a row names; None when this process does not know it, or there is nothing in it yet."""
    if is_beside(database, name) and not _has_beside(database):
        return None
    try:
        return storage_named(database, registry, name)
    except UnknownStorageError:
        return None


def known_storages(database: Database, registry: Registry, names: Sequence[str]) -> list[Storage]:
    """The storages where blobs of a database may be, each once.

    Args:
        database: has a folder beside it, or a storage that was named for it.
        registry: finds the others.
        names: what rows speak of.
    """
    own = [BESIDE] if is_beside(database, BESIDE) else []
    found = [find_storage(database, registry, name) for name in (*own, *names)]
    if database.storage is not None or registry.default_storage is not None:
        found.append(default_storage(database, registry))
    places: dict[object, Storage] = {}
    for storage in found:
        if storage is not None:
            places.setdefault((type(storage), storage.place), storage)
    return list(places.values())


def place_of(database: Database) -> str:
    """Where a database is, for people: its file, or its URL without the password."""
    return "memory" if database.in_memory else str(database.file or database.where)


def _has_beside(database: Database) -> bool:
    if database.file is None:
        return database.beside is not None
    return database.file.with_suffix(f".{BESIDE}").is_dir()
