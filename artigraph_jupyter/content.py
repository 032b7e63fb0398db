"""What is shown of stored content: the look for its content type, out of bytes where they are few, else the preview."""

from __future__ import annotations

from collections.abc import Mapping
from contextlib import closing
from mimetypes import guess_type
from typing import Any
from uuid import UUID

from anyio import to_thread
from sqlalchemy import select

from artigraph.graph.engine import Database
from artigraph.graph.schema import NODE
from artigraph.persist.place import storage_named
from artigraph.persist.source import Source
from artigraph.registry import current_registry
from artigraph_jupyter.views.data import Preview
from artigraph_jupyter.views.look import Stored, look_at
from artigraph_jupyter.views.preview import is_frame


async def shown_content(database: Database, node_id: UUID, preview: Any) -> Preview | None:
    """(library thread) What is shown of the content of a node; never raises.

    Args:
        database: that holds it.
        node_id: of an artifact.
        preview: what its serializer stored to look at; it is shown as it is where there is no look for the content,
            and where the bytes cannot be read.
    """
    known: Preview = preview if isinstance(preview, Mapping) else {}
    plain = known or None
    if is_frame(known) or "dtype" in known:
        return plain
    try:
        row = await database.read(lambda connection: connection.execute(_KIND.where(NODE.c.id == node_id)).first())
        if row is None:
            return plain
        media = row.artifact_content_type or guess_type(f"x{row.artifact_suffix or ''}")[0] or ""
        stored = Stored(media, known, row.artifact_size or 0)
        look = look_at(stored)
        if look is None:
            return plain
        data = await _read(database, node_id) if stored.size <= look.reads else None
        return await to_thread.run_sync(look.make, stored, data)
    except Exception:  # noqa: BLE001 - damaged, missing, no image at all: its preview is shown
        return plain


async def _read(database: Database, node_id: UUID) -> bytes | None:
    """The bytes of a node. Raises BlobMissingError, BlobCorruptError."""
    row = await database.read(lambda connection: connection.execute(_PLACE.where(NODE.c.id == node_id)).one())
    if row.remote_artifact_location is None:
        return bytes(row.database_artifact_data)
    storage = storage_named(database, current_registry(), row.remote_artifact_storage)
    source = Source(storage, row.remote_artifact_location, row.artifact_hash, row.artifact_size, database.verify)
    with closing(await source.open()) as file:
        return await to_thread.run_sync(file.read)


_KIND = select(NODE.c.artifact_content_type, NODE.c.artifact_suffix, NODE.c.artifact_size)
_PLACE = select(
    NODE.c.database_artifact_data,
    NODE.c.remote_artifact_storage,
    NODE.c.remote_artifact_location,
    NODE.c.artifact_hash,
    NODE.c.artifact_size,
)
