"""Replacing saved models: new field nodes, the model's own links moved to them, and its holders digested again."""

from __future__ import annotations

from collections.abc import Sequence
from graphlib import CycleError as GraphCycleError
from graphlib import TopologicalSorter
from uuid import UUID

from sqlalchemy import Connection, delete, select, update

from artigraph.digest import digest_bytes, model_digest
from artigraph.errors import CycleError, LabelTakenError, VersionConflictError
from artigraph.graph.insert import insert_batches
from artigraph.graph.schema import LINK, NODE
from artigraph.graph.walk import raw, raw_ids
from artigraph.persist.blobs import Blob
from artigraph.persist.conflict import rows_of
from artigraph.persist.delete import doomed_with, owned_parts, remove_nodes
from artigraph.persist.plan import ModelDraft
from artigraph.persist.rows import Rows

HOLDER_LIMIT = 10_000

_OTHERS = select(raw(LINK.c.source_id), LINK.c.label).where(
    raw(LINK.c.source_id).in_(raw_ids()), LINK.c.kind != "field", LINK.c.label.is_not(None)
)


def replace_models(
    connection: Connection, changed: Sequence[ModelDraft], healed: Sequence[ModelDraft], at: int
) -> list[Blob]:
    """Give stored models the parts of their drafts; parts that are new are in the database already.

    Args:
        connection: inside one transaction.
        changed: models with other content than before, which changes what holds them.
        healed: models with the same content as before, parts of which were lost.
        at: the time of the save.

    Returns:
        Blobs that the old parts needed.

    Raises:
        LabelTakenError: a link of the user has the label of a new part.
        VersionConflictError: more than 10,000 models hold one of these.
    """
    rows, models = Rows(at), [*changed, *healed]
    _check_labels(connection, models)
    old = set(owned_parts(connection, [model.id for model in models]))
    for model in models:
        own = (LINK.c.source_id == UUID(bytes=model.id)) & (LINK.c.kind == "field")
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
    linked = select(raw(LINK.c.target_id)).where(raw(LINK.c.target_id).in_(raw_ids()))
    orphans = old - {row[0] for row in rows_of(connection, linked, old)}
    blobs = remove_nodes(connection, doomed_with(connection, orphans))
    _digest_holders(connection, [model.id for model in changed], at)
    return blobs


def _check_labels(connection: Connection, models: Sequence[ModelDraft]) -> None:
    """A part cannot have a label that another link of its model has."""
    parts = {model.id: {label for label, *_ in (*model.plain, *model.parts)} for model in models}
    for source, label in rows_of(connection, _OTHERS, parts):
        if label in parts[source]:
            raise LabelTakenError(label, UUID(bytes=source))


def _digest_holders(connection: Connection, ids: Sequence[bytes], at: int) -> None:
    """Digest again every model around these, parts before wholes."""
    statement = select(raw(LINK.c.source_id), raw(LINK.c.target_id)).where(
        raw(LINK.c.target_id).in_(raw_ids()), LINK.c.kind == "field"
    )
    parts: dict[bytes, set[bytes]] = {}
    level: set[bytes] = set(ids)
    while level:
        found: set[bytes] = set()
        for holder, part in rows_of(connection, statement, level):
            if holder not in parts:
                found.add(holder)
            parts.setdefault(holder, set()).add(part)
        level = found
        if len(parts) > HOLDER_LIMIT:
            raise VersionConflictError(
                f"more than {HOLDER_LIMIT:,} models hold what is to be replaced; save a new model instead"
            )
    try:
        order = list(TopologicalSorter(parts).static_order())
    except GraphCycleError as error:
        raise CycleError(" -> ".join(str(UUID(bytes=each)) for each in error.args[1])) from error
    for holder in order:
        if holder in parts:
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
