"""The artifact that a local file or folder is."""

from __future__ import annotations

from typing import Any

from anyio import to_thread
from sqlalchemy import Connection
from sqlalchemy.ext.asyncio import AsyncSession

from artigraph.artifact.get import select_artifacts
from artigraph.artifact.path import path_content
from artigraph.errors import NodeNotFoundError
from artigraph.graph.engine import current_database
from artigraph.graph.schema import NODE
from artigraph.persist.finish import finished
from artigraph.persist.place import file_storage
from artigraph.registry import current_registry


async def of_path(cls: Any, path: Any, session: AsyncSession | None) -> Any:
    """The newest artifact, not in the trash, with the content of what is at a path.

    Raises:
        InvalidArtifactError: nothing is there.
        NodeNotFoundError: its content is not kept.
    """
    database = current_database()
    content = path_content(path, None)
    try:
        storage = file_storage(database, current_registry())
        await finished(to_thread.run_sync(content.prepare, storage, content.size_on_disk()))
    finally:
        content.drop()
    kept = select_artifacts(NODE.c.artifact_hash == content.hash, NODE.c.artifact_stem.is_not(None))
    newest = kept.where(NODE.c.artifact_trashed_at.is_(None)).order_by(NODE.c.node_created_at.desc(), NODE.c.id.desc())

    def work(connection: Connection) -> Any:
        return cls.of_statement(connection, newest.limit(1))

    found = await database.read(work, session=session)
    if not found:
        raise NodeNotFoundError(f"has the content of {path}", "Artifact(path).save() keeps it")
    return found[0]
