"""The stored bytes of one value, checked while they are written to a file. Nothing is deserialized."""

from __future__ import annotations

import os
import shutil
from pathlib import Path
from tempfile import mkstemp
from typing import IO, Any, cast
from uuid import UUID

from anyio import to_thread
from sqlalchemy import Connection, select

from artigraph.digest import HashingFile, format_digest
from artigraph.errors import BlobCorruptError, InvalidArtifactError, NodeNotFoundError, NotKeptError
from artigraph.graph.engine import Database
from artigraph.graph.schema import LINK, NODE
from artigraph.persist.file import kept_files
from artigraph.persist.place import storage_named
from artigraph.persist.whose import whose
from artigraph.registry import current_registry
from artigraph.serializer.folder import folder_serializer


async def write_content(database: Database, node_id: UUID, field: str | None, target: Path | IO[bytes]) -> int:
    """Write the bytes of a value to a file that appears when it is complete, or to an open one.

    Args:
        database: where it is.
        node_id: the node of the value.
        field: of a model, the field to write.
        target: a path, or a file to write to.

    Returns:
        How many bytes there are.

    Raises:
        NodeNotFoundError: there is no such node or field.
        InvalidArtifactError: it is a model or a span, which have no bytes of their own.
        NotKeptError, BlobMissingError, BlobCorruptError: the bytes are not there, or changed; no file is left.
    """
    row, owner = await database.read(lambda connection: _row(connection, node_id, field))
    if not isinstance(target, Path):
        return await _write(database, row, owner, target)
    descriptor, part = mkstemp(prefix=f".{target.name[:100]}.", dir=target.parent)
    try:
        with os.fdopen(descriptor, "wb") as file:
            size = await _write(database, row, owner, file)
        os.replace(part, target)  # noqa: PTH105 - a text, not a Path
    except BaseException:
        os.unlink(part)  # noqa: PTH108
        raise
    return size


async def write_folder(database: Database, node_id: UUID, target: Path) -> bool:
    """Write a kept folder to a new one; False when the node is no folder.

    Raises:
        FileExistsError: the target exists.
        BlobMissingError, BlobCorruptError: a file of it is gone or changed; what was written by then stays.
    """
    found = await database.read(
        lambda connection: (
            kept_files(connection, [node_id.bytes], database, current_registry())
            if _is_folder(connection, node_id)
            else {}
        )
    )
    for kept in found.values():
        view = await kept.cache()
        await to_thread.run_sync(_copy_folder, view, target)
    return bool(found)


def _is_folder(connection: Connection, node_id: UUID) -> bool:
    serializer = connection.execute(select(NODE.c.artifact_serializer).where(NODE.c.id == node_id)).scalar()
    return serializer == folder_serializer.name


def _copy_folder(view: Path, target: Path) -> None:
    """The files of a read-only view, writable by their owner."""
    target.mkdir(mode=0o700)
    for each in sorted(view.rglob("*")):
        place = target / each.relative_to(view)
        if each.is_dir():
            place.mkdir(mode=0o700)
        else:
            shutil.copyfile(each, place)
            place.chmod(0o600)


async def _write(database: Database, row: Any, owner: str, file: IO[bytes]) -> int:
    sink = HashingFile(file)
    if row.remote_artifact_location is None:
        sink.write(bytes(row.database_artifact_data))
        where = f"row {row.id}"
    else:
        where = row.remote_artifact_location
        storage = storage_named(database, current_registry(), row.remote_artifact_storage)
        await storage.download(where, cast("IO[bytes]", sink))
    if sink.digest != bytes(row.artifact_hash):
        expected, got = format_digest(bytes(row.artifact_hash)), format_digest(sink.digest)
        raise BlobCorruptError(where, expected, got, owner, row.remote_artifact_storage or "the database")
    return sink.size


def _row(connection: Connection, node_id: UUID, field: str | None) -> tuple[Any, str]:
    if field is not None:
        part = select(LINK.c.target_id).where(LINK.c.source_id == node_id, LINK.c.label == field)
        found = connection.execute(part.where(LINK.c.kind.in_(("field", "output")))).scalar()
        if found is None:
            raise NodeNotFoundError(f"is called {field!r} in {node_id}", _has(connection, node_id))
        node_id = found
    row = connection.execute(select(NODE).where(NODE.c.id == node_id)).first()
    if row is None:
        raise NodeNotFoundError(node_id)
    if row.artifact_kind == "trace":
        raise NotKeptError(row.node_label or str(row.id), row.artifact_otype or "?", "the span that it is an output of")
    if row.model_artifact_type_name is not None or row.artifact_hash is None:
        what = row.model_artifact_type_name or row.node_type
        raise InvalidArtifactError(f"{what} {row.id} has no bytes of its own; {_has(connection, node_id)}")
    return row, whose(connection, node_id.bytes)


def _has(connection: Connection, node_id: UUID) -> str:
    parts = select(LINK.c.label).where(LINK.c.source_id == node_id, LINK.c.kind.in_(("field", "output")))
    labels = sorted(row[0] for row in connection.execute(parts) if row[0] is not None)
    return f"ask for one of its parts with --field: {', '.join(labels[:20]) or 'it has none'}"
