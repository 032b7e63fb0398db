"""Changing what is said about an artifact that is kept: its key, description, kind, and the like. Never its content."""

from __future__ import annotations

from typing import Any

from sqlalchemy import Connection, select, update
from sqlalchemy.ext.asyncio import AsyncSession

from artigraph.artifact.key import check_key, common_suffix
from artigraph.artifact.name import rename_family
from artigraph.artifact.options import check_extra, check_kind, check_text
from artigraph.errors import NodeNotFoundError
from artigraph.graph.engine import current_database
from artigraph.graph.schema import NODE
from artigraph.ids import now
from artigraph.persist.family import key_digest
from artigraph.persist.spec import check_label


async def amend(artifact: Any, session: AsyncSession | None) -> None:
    """Write what was changed on a handle since it was read.

    Raises:
        NameTakenError: the new key belongs to another family.
        UnsafeKeyError, InvalidArtifactError, InvalidLabelError: what is said cannot be kept.
        NodeNotFoundError: the artifact was deleted.
    """
    check_label(artifact.label)
    check_kind(artifact.kind)
    check_text("description", artifact.description)
    check_text("otype", artifact.otype, 255)
    check_extra(artifact.extra_data)
    key = artifact.key
    if key is not None and key != artifact._before["key"]:
        common_suffix(check_key(key), artifact.suffix)

    def work(connection: Connection) -> None:
        row = connection.execute(select(NODE.c.artifact_extra).where(NODE.c.id == artifact.id)).first()
        if row is None:
            raise NodeNotFoundError(artifact.id)
        extra = {**(row.artifact_extra or {}), "data": artifact.extra_data}
        if not artifact.extra_data:
            extra.pop("data")
        said = {"node_label": artifact.label, "artifact_kind": artifact.kind, "artifact_otype": artifact.otype}
        more = {"artifact_description": artifact.description, "artifact_extra": extra or None, "node_updated_at": now()}
        connection.execute(update(NODE).where(NODE.c.id == artifact.id).values(**said, **more))
        if key != artifact._before["key"]:
            rename_family(connection, artifact.stem, key, key_digest)

    await current_database().write(work, session=session)
