"""Where the bytes of a value go: the row, or a storage."""

from __future__ import annotations

from typing import cast

from artigraph.errors import NoStorageError, UnknownStorageError
from artigraph.graph.engine import Database
from artigraph.registry import Registry, load
from artigraph.storage.base import Storage
from artigraph.storage.file import FileSystemStorage
from artigraph.storage.memory import MemoryStorage

INLINE_LIMIT = 256 * 1024
"""The most bytes of a value that go into the row when nothing else was said."""

BESIDE = "blobs"
"""The stored name of the folder beside an SQLite file, which moves with the file, and of the place of files kept with a
database in memory."""


BUCKET = "s3://"
"""What the stored name of a bucket begins with, whose objects are only referred to."""


def default_storage(database: Database, registry: Registry) -> Storage | None:
    """The storage for big values: that of the registry, else of the database; None where there is none.

    Raises:
        UnknownStorageError: one of them has a storage name that is not registered.
    """
    if registry.default_storage is not None:
        return cast(Storage, registry.default_storage)
    asked = database.storage
    if isinstance(asked, str):
        return cast(Storage, registry.storage_named(asked))
    if isinstance(asked, Storage):
        if registry.storages.get(asked.name) is not asked:
            registry.add_storage(asked)
        return asked
    if asked is not None:
        raise UnknownStorageError(repr(asked), registry.storages)
    if database.file is None:
        return None
    return _beside(database)


def file_storage(database: Database, registry: Registry) -> Storage:
    """The storage for files and folders: as for big values; with a database in memory, memory.

    Raises:
        UnknownStorageError: as for ``default_storage``.
        NoStorageError: a database on a server, for which no storage was named.
    """
    found = default_storage(database, registry)
    if found is not None:
        return found
    if database.in_memory:
        return _beside(database)
    raise NoStorageError("a file", None, 0)


def storage_named(database: Database, registry: Registry, name: str) -> Storage:
    """The storage that a row names.

    Raises:
        UnknownStorageError: no such storage here.
    """
    if is_beside(database, name):
        return _beside(database)
    if name.startswith(BUCKET):
        return cast(Storage, load("artigraph.storage.reference", "reading from a bucket").BucketReferences(name[5:]))
    if isinstance(database.storage, Storage) and database.storage.name == name:
        return database.storage
    return cast(Storage, registry.storage_named(name))


def is_beside(database: Database, name: str) -> bool:
    """Whether a stored name is the place beside this database. On a server it is a name like any other."""
    return name == BESIDE and (database.file is not None or database.in_memory)


def _beside(database: Database) -> Storage:
    if database.beside is None:
        folder = database.file and database.file.with_suffix(".blobs")
        database.beside = MemoryStorage(name=BESIDE) if folder is None else FileSystemStorage(folder, name=BESIDE)
    return cast(Storage, database.beside)
