"""Kept files and folders: what a row says of one, and its content as a value or as a path."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any
from uuid import UUID

from anyio import to_thread
from sqlalchemy import Connection, select

from artigraph.digest import digest_bytes, format_digest
from artigraph.errors import BlobCorruptError, BlobMissingError, SerializeError
from artigraph.graph.engine import Database
from artigraph.graph.schema import KEY, NODE
from artigraph.graph.walk import raw, raw_ids
from artigraph.persist.cache import View, view_of
from artigraph.persist.conflict import rows_of
from artigraph.persist.finish import finished
from artigraph.persist.place import storage_named
from artigraph.persist.source import Source
from artigraph.registry import Registry
from artigraph.serializer.file import file_serializer
from artigraph.serializer.folder import Manifest, folder_serializer
from artigraph.storage.base import location_of

NAME_LIMIT = 255
"""Bytes of the name of a file."""

FILES = frozenset({file_serializer.name, folder_serializer.name})
"""Stored names of content that is read as its suffix says."""

_ROWS = (
    select(
        *(raw(NODE.c.id), NODE.c.node_label, NODE.c.artifact_serializer, NODE.c.artifact_hash, NODE.c.artifact_size),
        *(NODE.c.artifact_uid, NODE.c.artifact_suffix, NODE.c.artifact_otype, NODE.c.artifact_extra),
        *(NODE.c.remote_artifact_storage, NODE.c.remote_artifact_location, NODE.c.database_artifact_data, KEY.c.key),
    )
    .outerjoin(KEY, KEY.c.stem == NODE.c.artifact_stem)
    .where(raw(NODE.c.id).in_(raw_ids()))
)


class KeptFile:
    """A file or folder as its row says, ready to be read."""

    def __init__(self, row: Any, database: Database, registry: Registry) -> None:
        extra = json.loads(row.artifact_extra) if isinstance(row.artifact_extra, str) else row.artifact_extra or {}
        self.id = UUID(bytes=row[0])
        self.serializer: str = row.artifact_serializer or ""
        self._reader: str = extra.get("reader") or self.serializer
        self.suffix: str = row.artifact_suffix or ""
        self.otype: str | None = row.artifact_otype
        self.options: dict[str, Any] = extra.get("options") or {}
        self.label: str | None = row.node_label or row.key
        self._name = _view_name(row.key or "", f"{row.artifact_uid}{self.suffix}", self.suffix)
        self._owner = f"artifact {self.label or row.artifact_uid} ({self.id})"
        self._row, self._database, self._registry = row, database, registry
        self._storage = storage_named(database, registry, row.remote_artifact_storage or "")

    @property
    def is_folder(self) -> bool:
        """Whether it is a folder."""
        return self.serializer == folder_serializer.name

    @contextmanager
    def _named(self) -> Iterator[None]:
        """What is wrong with the bytes is told with the name of the artifact."""
        try:
            yield
        except BlobMissingError as error:
            raise BlobMissingError(error.location, error.storage, self._owner) from error
        except BlobCorruptError as error:
            raise BlobCorruptError(error.location, error.expected, error.got, self._owner, error.storage) from error

    async def load(self, options: Mapping[str, Any]) -> Any:
        """The value, by the serializer that wrote it or its suffix leads to; where there is none, a path.

        Raises:
            BlobMissingError, BlobCorruptError: the bytes are gone or changed.
            MissingLibraryError: the library that reads such files is not installed.
            SerializeError: the content is no such file, or the reader has no such options.
        """
        reader = self.reader()
        if reader is None:
            if options:
                raise SerializeError(
                    f"nothing here reads {self.suffix or 'such'} files, so there are no options for it"
                )
            return await self.cache()
        given = {**self.options, **options}
        if hasattr(reader, "read_path"):
            path = await self.cache()
            return await finished(to_thread.run_sync(lambda: reader.read_path(path, **given)))
        source = self._source()
        with self._named():
            file = await source.open()
        with file:
            return await finished(to_thread.run_sync(lambda: reader.read(file, **given)))

    async def cache(self) -> Path:
        """A file or folder with this content, to be read only. Raises as ``load`` does, and what storages raise."""
        digest = bytes(self._row.artifact_hash)
        with self._named():
            if not self.is_folder:
                return await view_of(View(self._name, digest, {"": self._source()}), self._storage)
            manifest = await self.manifest()
            files = {entry.path: self._source(entry.digest, entry.size) for entry in manifest if entry.digest}
            return await view_of(View(self._name, digest, files, manifest), self._storage)

    async def manifest(self) -> Manifest:
        """The files of a folder."""
        data = self._row.database_artifact_data
        if data is None:
            data = await self._storage.read(self._row.remote_artifact_location)
        digest = digest_bytes(data)
        if digest != bytes(self._row.artifact_hash):
            expected = format_digest(self._row.artifact_hash)
            raise BlobCorruptError("the list of files", expected, format_digest(digest), str(self.label or self.id))
        return folder_serializer.deserialize(data)

    def reader(self) -> Any:
        """The serializer that reads it, None when there is none."""
        if self._reader not in FILES:
            return self._registry.serializer_named(self._reader)
        found: Any = self._registry.serializer_for_suffix(self.suffix) if self.suffix else None
        return found if found is None or hasattr(found, "read_path") or not self.is_folder else None

    def _source(self, digest: bytes | None = None, size: int | None = None) -> Source:
        row = self._row
        location = location_of(digest) if digest is not None else row.remote_artifact_location
        expected, bytes_ = (digest, size) if digest is not None else (bytes(row.artifact_hash), row.artifact_size)
        return Source(self._storage, location, expected, bytes_, self._database.verify)


def _view_name(key: str, uid: str, suffix: str) -> str:
    """What a view is called: the last part of the key where that names a file, shortened where it is too long."""
    leaf = key.rstrip("/").rpartition("/")[2]
    if leaf in ("", "."):
        return uid
    if len(leaf.encode()) <= NAME_LIMIT:
        return leaf
    end = f"-{digest_bytes(key.encode()).hex()[:16]}{suffix}"
    return leaf.encode()[: NAME_LIMIT - len(end)].decode(errors="ignore") + end


def kept_files(
    connection: Connection, ids: Iterable[bytes], database: Database, registry: Registry
) -> dict[bytes, KeptFile]:
    """Raw id -> what can be read of it."""
    return {row[0]: KeptFile(row, database, registry) for row in rows_of(connection, _ROWS, ids)}
