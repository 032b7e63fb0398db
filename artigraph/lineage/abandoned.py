"""Spans in a picture that the database has open though their process is gone: they are told as abandoned."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import TypeVar
from uuid import UUID

from sqlalchemy import Connection, select

from artigraph.graph.owner import gone_owners
from artigraph.graph.schema import NODE
from artigraph.lineage.picture import LineageNode, Picture

AnyPicture = TypeVar("AnyPicture", bound=Picture)


def tell_abandoned(connection: Connection, picture: AnyPicture) -> AnyPicture:
    """The picture with the spans of processes that are gone told as abandoned."""
    return replace(picture, nodes=told_abandoned(connection, picture.nodes))


def told_abandoned(connection: Connection, nodes: Sequence[LineageNode]) -> tuple[LineageNode, ...]:
    """The nodes in their order; where none is an open span, nothing is asked."""
    found = [UUID(node.id) for node in nodes if node.status == "open"]
    if not found:
        return tuple(nodes)
    asked = select(NODE.c.id, NODE.c.span_owner_id).where(NODE.c.id.in_(found), NODE.c.span_owner_id.is_not(None))
    owners = {str(row[0]): row[1] for row in connection.execute(asked)}
    gone = gone_owners(connection, set(owners.values()))
    return tuple(replace(node, status="abandoned") if owners.get(node.id) in gone else node for node in nodes)
