"""Using what is kept: as a value, as a local path, or opened piece by piece. In an open span it becomes an input."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from anyio import to_thread
from sqlalchemy.ext.asyncio import AsyncSession

from artigraph.artifact.opened import check_opening, opened
from artigraph.errors import NodeNotFoundError
from artigraph.graph.current import Use, open_span, tracking
from artigraph.graph.engine import Database, current_database
from artigraph.identity import Memory, memories
from artigraph.persist.file import FILES, KeptFile, kept_files
from artigraph.persist.fingerprint import fingerprint
from artigraph.persist.finish import finished
from artigraph.persist.load import LoadOptions, load_many
from artigraph.registry import Registry, current_registry


async def load_kept(
    artifact: Any, options: dict[str, Any], *, track: bool, session: AsyncSession | None, registry: Registry | None
) -> Any:
    """The value of an artifact, read with the reader's ``options``."""
    if artifact.uid is None or (not options and artifact._serializer not in FILES):
        load = LoadOptions(session=session, registry=registry, track=track, role=artifact.key)
        return (await load_many([artifact.id.bytes], load))[0]
    database = current_database()
    file = await _file(artifact, database, session, registry)
    value = await file.load(options)
    if not options:
        looks = fingerprint(value)
        memories.remember(value, Memory(artifact.id, database.identity, looks, None))
    note_use(artifact, track=track)
    return value


async def cache_kept(artifact: Any, *, track: bool, session: AsyncSession | None, registry: Registry | None) -> Path:
    """A local path with the content of an artifact."""
    database = current_database()
    path = await (await _file(artifact, database, session, registry)).cache()
    note_use(artifact, track=track)
    return path


async def open_kept(
    artifact: Any,
    mode: str,
    engine: str,
    options: dict[str, Any],
    *,
    track: bool,
    session: AsyncSession | None,
    registry: Registry | None,
) -> Any:
    """The content of an artifact, to be read piece by piece."""
    check_opening(mode, engine)
    database = current_database()
    file = await _file(artifact, database, session, registry)
    names = [entry.path for entry in await file.manifest()] if file.is_folder else []
    path = await file.cache()
    found = await finished(
        to_thread.run_sync(lambda: opened(path, file.suffix, names, engine=engine, kept=file.options, options=options))
    )
    note_use(artifact, track=track)
    return found


async def _file(artifact: Any, database: Database, session: AsyncSession | None, registry: Registry | None) -> KeptFile:
    registry = registry or current_registry()

    def work(connection: Any) -> dict[bytes, KeptFile]:
        return kept_files(connection, [artifact.id.bytes], database, registry)

    found = await database.read(work, session=session)
    if artifact.id.bytes not in found:
        raise NodeNotFoundError(artifact.id)
    return found[artifact.id.bytes]


def note_use(artifact: Any, *, track: bool) -> None:
    """Unless ``track`` is False, or nothing is tracked here: it becomes an input of the open span."""
    span = open_span(current_database().identity) if track else None
    if span is not None and tracking():
        role = artifact.key or artifact.label
        span.use(Use(artifact.id, role[:255] if role else None))
