"""Rows of whole object graphs: one statement per level of nesting, whatever their number."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from typing import Any, NamedTuple
from uuid import UUID

from sqlalchemy import Connection, Select, literal_column, null, select

from artigraph.digest import digest_bytes, model_digest
from artigraph.errors import DatabaseCorruptError
from artigraph.graph.collector import resting_collector
from artigraph.graph.schema import LINK, NODE
from artigraph.graph.select import rows_for
from artigraph.graph.walk import raw, raw_ids


class NodeRow(NamedTuple):
    """What a load needs to know of a node, and of the whole it was reached from, in the order of ``COLUMNS``."""

    whole: bytes | None
    name: str | None
    """Its label in that whole."""
    id: bytes
    type: str
    label: str | None
    serializer: str | None
    hash: bytes | None
    size: int | None
    data: bytes | None
    storage: str | None
    location: str | None
    model: str | None
    version: int | None
    kind: str | None
    otype: str | None


_NODE = (
    raw(NODE.c.id),
    NODE.c.node_type,
    NODE.c.node_label,
    NODE.c.artifact_serializer,
    NODE.c.artifact_hash,
    NODE.c.artifact_size,
    NODE.c.database_artifact_data,
    NODE.c.remote_artifact_storage,
    NODE.c.remote_artifact_location,
    NODE.c.model_artifact_type_name,
    NODE.c.model_artifact_version,
    NODE.c.artifact_kind,
    NODE.c.artifact_otype,
)

COLUMNS = (null(), null(), *_NODE)
"""What a query of roots selects."""

_ROOTS = select(*COLUMNS).where(raw(NODE.c.id).in_(raw_ids()))
_PARTS = (
    select(raw(LINK.c.source_id), LINK.c.label, *_NODE)
    .select_from(LINK.join(NODE, NODE.c.id == LINK.c.target_id))
    .where(raw(LINK.c.source_id).in_(raw_ids()), LINK.c.kind == literal_column("'field'"))
)


@dataclass(slots=True)
class Fetched:
    """The rows behind some values."""

    roots: list[bytes] = field(default_factory=list)
    """Ids that exist, in the order in which they were asked for or found."""
    nodes: dict[bytes, NodeRow] = field(default_factory=dict)
    parts: dict[bytes, dict[str, bytes]] = field(default_factory=dict)
    """whole -> label -> part"""


def fetch(connection: Connection, ids: Sequence[bytes], only: Iterable[str] | None = None) -> Fetched:
    """The rows of nodes and of everything inside them.

    Args:
        connection: inside one transaction.
        ids: raw ids; missing ones are left out of ``roots``.
        only: labels of the parts that are wanted of the roots; None: all.
    """
    got = Fetched()
    with resting_collector:
        got.nodes = {node.id: node for node in map(_node, rows_for(connection, _ROOTS, ids))}
        got.roots = [node_id for node_id in ids if node_id in got.nodes]
        _fill(connection, got, None if only is None else set(only))
    return got


def fetch_where(connection: Connection, statement: Select[Any]) -> Fetched:
    """The rows of the nodes that a query of ``COLUMNS`` gives, and of everything inside them."""
    got = Fetched()
    with resting_collector:
        got.nodes = {node.id: node for node in map(_node, connection.execute(statement))}
        got.roots = list(got.nodes)
        _fill(connection, got, None)
    return got


def check_whole(got: Fetched, node: NodeRow) -> None:
    """See that a whole has the parts that it was saved with; their sizes say so at once.

    Raises:
        DatabaseCorruptError: naming the whole, and the parts that are there.
    """
    nodes, parts, size = got.nodes, got.parts[node.id], 0
    for part in parts.values():  # nothing is made here: it is done for every whole that is loaded
        size += nodes[part].size or 0
    if size == (node.size or 0):
        return
    digests = [(label, nodes[part].hash or b"") for label, part in parts.items()]
    if node.data is not None:
        digests.append(("", digest_bytes(node.data)))
    if model_digest(node.model or "", node.version or 1, digests) != node.hash:
        there = ", ".join(sorted(parts)) or "none"
        raise DatabaseCorruptError(
            f"{node.model} {UUID(bytes=node.id)} has not the parts that it was saved with (there are: {there}); save "
            "the object again or restore the newest backup; load(generic=True) reads what is left"
        )


def _fill(connection: Connection, got: Fetched, only: set[str] | None) -> None:
    nodes, parts = got.nodes, got.parts
    level = [node.id for node in nodes.values() if node.model is not None]
    while level:
        for whole in level:
            parts[whole] = {}
        found: list[bytes] = []
        for part in map(_node, rows_for(connection, _PARTS, level)):
            holder, name, part_id = part[:3]
            if only is not None and name not in only:
                continue
            parts[holder][name] = part_id  # type: ignore[index]
            if part_id not in nodes:
                nodes[part_id] = part
                if part.model is not None:
                    found.append(part_id)
        level, only = found, None


def _node(row: Sequence[object]) -> NodeRow:
    return tuple.__new__(NodeRow, row)  # what NodeRow._make does, without its checks
