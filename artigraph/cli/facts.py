"""Everything that is known of one node, as plain data: read from its row and its links, never from its value."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from sqlalchemy import Connection, select

from artigraph.artifact.said import values_of
from artigraph.digest import format_digest
from artigraph.errors import NodeNotFoundError
from artigraph.graph.schema import KEY, LINK, NODE

UNSHOWN = frozenset({"database_artifact_data", "artifact_hash", "span_owner_id", "run_environment_id"})

SPACES = {"tags": "tag", "features": "feature", "labels": "label", "columns": "column"}
"""What is said of a node -> where the tag table has it."""

Facts = dict[str, Any]


def facts_of(connection: Connection, node_id: UUID) -> Facts:
    """The columns of a node that are not empty, its key, what was said of it, and its links by kind and direction.

    Raises:
        NodeNotFoundError: there is no such node.
    """
    row = connection.execute(select(NODE).where(NODE.c.id == node_id)).mappings().first()
    if row is None:
        raise NodeNotFoundError(node_id)
    found: Facts = {name: value for name, value in row.items() if value is not None and name not in UNSHOWN}
    if row["artifact_hash"] is not None:
        found["hash"] = format_digest(bytes(row["artifact_hash"]))
    if row["artifact_stem"] is not None:
        found["key"] = connection.execute(select(KEY.c.key).where(KEY.c.stem == row["artifact_stem"])).scalar()
    for name, space in SPACES.items():
        found[name] = values_of(connection, space, [node_id.bytes])[node_id.bytes]
    found["links_to"] = _links(connection, node_id, out=True)
    found["linked_from"] = _links(connection, node_id, out=False)
    return found


def _links(connection: Connection, node_id: UUID, *, out: bool) -> list[Facts]:
    here, there = (LINK.c.source_id, LINK.c.target_id) if out else (LINK.c.target_id, LINK.c.source_id)
    statement = (
        select(LINK.c.kind, LINK.c.label, LINK.c.role, NODE.c.id, NODE.c.node_label, NODE.c.node_type)
        .select_from(LINK.join(NODE, NODE.c.id == there))
        .where(here == node_id)
        .order_by(LINK.c.kind, LINK.c.id)
        .limit(200)
    )
    return [
        {
            "kind": row.kind,
            "label": row.label or row.role,
            "node": row.id,
            "node_label": row.node_label,
            "node_type": row.node_type,
        }
        for row in connection.execute(statement)
    ]
