"""From what a user says to the id of a node."""

from __future__ import annotations

import re
from typing import Any
from uuid import UUID

from sqlalchemy import Connection, desc, or_, select
from sqlalchemy.ext.asyncio import AsyncSession

from artigraph.errors import NodeNotFoundError
from artigraph.graph.engine import current_database
from artigraph.graph.schema import LINK, NODE
from artigraph.graph.walk import raw
from artigraph.ids import as_id
from artigraph.persist.family import newest_keyed


async def resolve(target: Any, *, session: AsyncSession | None = None) -> UUID:
    """The id that ``target`` means.

    Args:
        target: an id, its text or 16 bytes; an object that has one; a key (its latest version); or a label (that of
            the newest node).
        session: a caller's session.

    Raises:
        NodeNotFoundError: a key or label that no node has, or an object without an id.
    """
    found = as_id(target) or as_id(getattr(target, "graph_id", None)) or as_id(getattr(target, "id", None))
    if found is not None:
        return found
    if not isinstance(target, str):
        raise NodeNotFoundError(f"is meant by a {type(target).__name__}", "give an id, a label, or a saved object")
    if _NOT_KEPT.search(target):  # no label has one, and a database may not even take the question
        raise NodeNotFoundError(f"is labelled {target!r}", "artigraph.find() lists what there is")

    def work(connection: Connection) -> bytes | None:
        return newest_keyed(connection, target) or newest_labelled(connection, target)

    node_id = await current_database().read(work, session=session)
    if node_id is None:
        raise NodeNotFoundError(
            f"is labelled {target!r}, and none has this key", "artigraph.find() lists what there is"
        )
    return UUID(bytes=node_id)


_NOT_KEPT = re.compile("[\0\ud800-\udfff]")
"""NUL and halves of surrogate pairs."""


def newest_labelled(connection: Connection, label: str) -> bytes | None:
    """The raw id of the newest node with this label, own or of an output link; values first, no trash."""
    linked = select(LINK.c.target_id).where(LINK.c.label == label, LINK.c.kind == "output")
    own = select(raw(NODE.c.id)).where(NODE.c.node_label == label, NODE.c.artifact_trashed_at.is_(None))
    is_no_value = or_(NODE.c.span_status.is_not(None), NODE.c.node_type.in_(["collection", "term"]))
    order = (is_no_value, desc(NODE.c.node_created_at), desc(NODE.c.id))
    found = connection.execute(own.order_by(*order).limit(1)).scalar()
    if found is not None:
        return bytes(found)
    other = select(raw(NODE.c.id)).where(NODE.c.id.in_(linked), NODE.c.artifact_trashed_at.is_(None))
    found = connection.execute(other.order_by(*order).limit(1)).scalar()
    return bytes(found) if found is not None else None
