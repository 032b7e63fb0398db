"""Where the bytes of a value go: the row, or a storage."""

from __future__ import annotations

from typing import cast

from artigraph.errors import UnknownStorageError
from artigraph.graph.engine import Database
from artigraph.registry import Registry
from artigraph.storage.base import Storage
from artigraph.storage.file import FileSystemStorage

INLINE_LIMIT = 256 * 1024
"""The most bytes of a value that go into the row when nothing else was said."""

BESIDE = "blobs"
"""The stored name of the folder beside an SQLite file: it moves with the file."""


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


def storage_named(database: Database, registry: Registry, name: str) -> Storage:
    """The storage that a row names.

    Raises:
        UnknownStorageError: no such storage here.
    """
    if name == BESIDE and database.file is not None:
        return _beside(database)
    if isinstance(database.storage, Storage) and database.storage.name == name:
        return database.storage
    return cast(Storage, registry.storage_named(name))


def _beside(database: Database) -> Storage:
    if database.beside is None and database.file is not None:
        database.beside = FileSystemStorage(database.file.with_suffix(".blobs"), name=BESIDE)
    return cast(Storage, database.beside)
