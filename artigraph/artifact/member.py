"""The rows of collections: a node, a link per artifact in it, and the family of its versions."""

from __future__ import annotations

from collections.abc import Sequence
from hashlib import sha256
from typing import Any
from uuid import UUID

from sqlalchemy import ColumnElement, Connection, Select, exists, func, select, update

from artigraph.artifact.get import columns
from artigraph.artifact.key import new_stem, uid_of
from artigraph.artifact.name import rename_family
from artigraph.errors import NodeNotFoundError
from artigraph.graph.insert import Batch, insert_batches
from artigraph.graph.schema import KEY, LINK, NODE
from artigraph.graph.walk import raw, raw_ids
from artigraph.ids import now
from artigraph.persist.conflict import rows_of
from artigraph.persist.output import link_outputs
from artigraph.persist.rows import Rows
from artigraph.persist.trash import take_back

_NODE = (
    *("id", "node_type", "node_label", "node_created_at", "node_updated_at", "artifact_hash", "artifact_size"),
    *("artifact_uid", "artifact_stem", "artifact_version", "artifact_description", "artifact_extra"),
)
_MEMBERS = select(raw(NODE.c.id), NODE.c.artifact_hash, NODE.c.artifact_size).where(raw(NODE.c.id).in_(raw_ids()))


class _Root:
    """An output, as ``link_outputs`` asks for it."""

    known = False

    def __init__(self, node_id: bytes, label: str | None) -> None:
        self.id, self.label = node_id, label


def select_collections(*conditions: ColumnElement[bool], latest: bool = False) -> Select[Any]:
    """A query of the rows that collections are made of; see ``select_artifacts``."""
    return (
        select(*columns(latest=latest))
        .select_from(NODE.outerjoin(KEY, KEY.c.stem == NODE.c.artifact_stem))
        .where(*conditions)
    )


def key_digest(key: str) -> bytes:
    """What the key of a collection is found by, 32 raw bytes: artifacts may have the same key."""
    return sha256(b"collection\x00" + key.encode()).digest()


def write_collection(connection: Connection, collection: Any, held: Sequence[UUID], maker: UUID | None) -> UUID:
    """(in a transaction) Write it, unless it is there already.

    Args:
        connection: of the transaction.
        collection: the handle.
        held: the ids of its artifacts, in order.
        maker: the span whose output it becomes.

    Returns:
        The id of its node.

    Raises:
        NodeNotFoundError: one of the artifacts is not there.
    """
    members = {
        node_id: (digest, size) for node_id, digest, size in rows_of(connection, _MEMBERS, {i.bytes for i in held})
    }
    for node_id in held:
        if node_id.bytes not in members:
            raise NodeNotFoundError(node_id, "save an artifact before you put it into a collection")
    digest = sha256(b"".join(bytes(members[node_id.bytes][0] or b"") for node_id in held)).digest()
    stem = _family(connection, collection.key) if collection.key is not None else None
    there = _there(connection, stem, held, digest)
    if there is not None:
        take_back(connection, [there.bytes], now())
        return there
    top = select(func.max(NODE.c.artifact_version)).where(NODE.c.artifact_stem == stem)
    version = (connection.execute(top).scalar() or 0) + 1 if stem is not None else 1
    stem = stem or new_stem()
    rows, node_id = Rows(now()), collection.id.bytes
    size = sum(members[each.bytes][1] or 0 for each in held)
    facts = (digest, size, uid_of(stem, version), stem, version, collection.description, {"n_artifacts": len(held)})
    insert_batches(
        connection, [Batch(NODE, _NODE, [(node_id, "collection", collection.label, rows.at, rows.at, *facts)])]
    )
    for place, each in enumerate(held):
        rows.link(node_id, each.bytes, str(place), "field")
    if maker is not None:
        name = collection.label or collection.key
        root: Any = _Root(node_id, name if name is not None and len(name) <= 255 else None)
        link_outputs(connection, rows, [root], maker, strict=False)
    insert_batches(connection, rows.batches())
    return UUID(bytes=node_id)


def rename_collection(connection: Connection, collection: Any) -> None:
    """(in a transaction) Write what was changed on a handle since it was read: label, description, key.

    Raises:
        NodeNotFoundError: it was deleted.
        NameTakenError: the key belongs to another collection.
    """
    said = {"node_label": collection.label, "artifact_description": collection.description}
    row = update(NODE).where(NODE.c.id == collection.id).values(**said, node_updated_at=now())
    if not connection.execute(row).rowcount:
        raise NodeNotFoundError(collection.id)
    rename_family(connection, collection.stem, collection.key, key_digest)


def _family(connection: Connection, key: str) -> str:
    """The stem of a key, locked until the transaction ends; made when it is new."""
    own = select(KEY.c.stem).where(KEY.c.key_digest == key_digest(key)).with_for_update()
    stem = connection.execute(own).scalar()
    if stem is None:
        row = (key_digest(key), key, new_stem())
        insert_batches(connection, [Batch(KEY, ("key_digest", "key", "stem"), [row], ignore=True)])
        stem = connection.execute(own).scalar_one()
    return str(stem)


def _there(connection: Connection, stem: str | None, held: Sequence[UUID], digest: bytes) -> UUID | None:
    """The collection that holds just this: the newest of the family, or, without a family, any without a key."""
    same = [NODE.c.artifact_hash == digest, NODE.c.node_type == "collection", NODE.c.artifact_uid.is_not(None)]
    if stem is None:
        same += [NODE.c.artifact_stem.is_not(None), ~exists().where(KEY.c.stem == NODE.c.artifact_stem)]
    else:
        newer = NODE.alias("newer")
        newest = select(func.max(newer.c.artifact_version)).where(newer.c.artifact_stem == stem).scalar_subquery()
        same += [NODE.c.artifact_stem == stem, NODE.c.artifact_version == newest]
    for (node_id,) in connection.execute(select(NODE.c.id).where(*same)).all():
        links = select(LINK.c.target_id, LINK.c.label).where(LINK.c.source_id == node_id, LINK.c.kind == "field")
        places = sorted(connection.execute(links).all(), key=lambda link: int(link.label))
        if [link.target_id for link in places] == list(held):
            found: UUID = node_id
            return found
    return None
