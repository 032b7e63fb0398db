"""Replacing saved models: new field nodes, the model's own links moved to them, and its holders digested again."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from uuid import UUID

from sqlalchemy import Connection, delete, select, update

from artigraph.digest import digest_bytes, model_digest
from artigraph.errors import VersionConflictError
from artigraph.graph.insert import insert_batches
from artigraph.graph.schema import LINK, NODE
from artigraph.graph.walk import raw, raw_ids
from artigraph.persist.blobs import Blob
from artigraph.persist.delete import doomed_with, remove_nodes
from artigraph.persist.plan import ModelDraft
from artigraph.persist.rows import Rows

HOLDER_LIMIT = 10_000


def replace_models(connection: Connection, models: Sequence[ModelDraft], at: int) -> list[Blob]:
    """Give stored models the parts of their drafts; parts that are new are in the database already.

    Returns:
        Blobs that the old parts needed.

    Raises:
        VersionConflictError: more than 10,000 models hold one of these.
    """
    rows = Rows(at)
    old: set[bytes] = set()
    for model in models:
        own = (LINK.c.source_id == UUID(bytes=model.id)) & (LINK.c.kind == "field")
        old.update(row[0] for row in connection.execute(select(raw(LINK.c.target_id)).where(own)))
        connection.execute(delete(LINK).where(own))
        connection.execute(
            update(NODE)
            .where(NODE.c.id == UUID(bytes=model.id))
            .values(
                artifact_hash=model.hash,
                artifact_size=model.size,
                database_artifact_data=model.keys,
                model_artifact_version=model.version,
                node_updated_at=at,
            )
        )
        rows.add_parts(model)
    insert_batches(connection, rows.batches())
    orphans = old - _held(connection, old)
    blobs = remove_nodes(connection, doomed_with(connection, orphans))
    _digest_holders(connection, [model.id for model in models], at)
    return blobs


def _held(connection: Connection, ids: Iterable[bytes]) -> set[bytes]:
    """Those of the nodes that something still links to, or that have a label of their own."""
    asked = {"ids": list(ids)}
    linked = connection.execute(select(raw(LINK.c.target_id)).where(raw(LINK.c.target_id).in_(raw_ids())), asked)
    named = connection.execute(
        select(raw(NODE.c.id)).where(raw(NODE.c.id).in_(raw_ids()), NODE.c.node_label.is_not(None)), asked
    )
    return {row[0] for row in linked} | {row[0] for row in named}


def _digest_holders(connection: Connection, ids: Sequence[bytes], at: int) -> None:
    level, seen = list(ids), set(ids)
    while level:
        statement = select(raw(LINK.c.source_id)).where(raw(LINK.c.target_id).in_(raw_ids()), LINK.c.kind == "field")
        level = [row[0] for row in connection.execute(statement.distinct(), {"ids": level})]
        seen.update(level)
        if len(seen) > HOLDER_LIMIT:
            raise VersionConflictError(
                f"more than {HOLDER_LIMIT:,} models hold what is to be replaced; save a new model instead"
            )
        for holder in level:
            _digest_again(connection, UUID(bytes=holder), at)


def _digest_again(connection: Connection, model_id: UUID, at: int) -> None:
    name, version, keys = connection.execute(
        select(NODE.c.model_artifact_type_name, NODE.c.model_artifact_version, NODE.c.database_artifact_data).where(
            NODE.c.id == model_id
        )
    ).one()
    parts = connection.execute(
        select(LINK.c.label, NODE.c.artifact_hash, NODE.c.artifact_size)
        .join(NODE, NODE.c.id == LINK.c.target_id)
        .where(LINK.c.source_id == model_id, LINK.c.kind == "field")
    ).all()
    digests = [(label, bytes(digest)) for label, digest, _ in parts]
    if keys is not None:
        digests.append(("", digest_bytes(keys)))
    connection.execute(
        update(NODE)
        .where(NODE.c.id == model_id)
        .values(
            artifact_hash=model_digest(name, version, digests),
            artifact_size=sum(size or 0 for _, _, size in parts),
            node_updated_at=at,
        )
    )
