"""Reading the tags of nodes, and putting tags on what was saved before."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any
from uuid import UUID

from sqlalchemy import Connection, delete, exists, literal_column, select
from sqlalchemy.ext.asyncio import AsyncSession

from artigraph.bridge import dual
from artigraph.errors import NodeNotFoundError
from artigraph.graph.engine import current_database
from artigraph.graph.insert import Batch, insert_batches
from artigraph.graph.schema import LINK, NODE, TAG
from artigraph.graph.select import rows_for
from artigraph.graph.walk import raw, raw_ids
from artigraph.persist.find import resolve

_TAGS = select(raw(TAG.c.node_id), TAG.c.name, TAG.c.value_text).where(
    raw(TAG.c.node_id).in_(raw_ids()), TAG.c.space == literal_column("'tag'")
)

HAS_TAGS = exists().where(TAG.c.node_id == NODE.c.id, TAG.c.space == literal_column("'tag'"))
"""Whether anything is said about a node, in a query of nodes."""


@dual
async def read_tags(target: Any, field: str | None = None, *, session: AsyncSession | None = None) -> dict[str, str]:
    """The tags of a node, or of one field of a model: name -> value.

    Args:
        target: an id, its text, a record of a save, an object that was saved or loaded, or a label (the newest).
        field: of a model, the field whose own tags are meant.
        session: a session of yours.

    Raises:
        NodeNotFoundError: there is no such node, or no such field in it.
    """
    node_id = await resolve(target, session=session)

    def work(connection: Connection) -> dict[str, str]:
        wanted = select(raw(NODE.c.id)).where(NODE.c.id == node_id)
        if field is not None:
            own = (LINK.c.source_id == node_id) & (LINK.c.kind == "field") & (LINK.c.label == field)
            wanted = select(raw(LINK.c.target_id)).where(own)
        found = connection.execute(wanted).scalar()
        if found is None:
            asked = node_id if field is None else f"field {field!r} of {node_id}"
            raise NodeNotFoundError(asked)
        return tags_of(connection, [found])[found]

    return await current_database().read(work, session=session)


@dual
async def write_tags(target: Any, tags: Mapping[str, str], *, session: AsyncSession | None = None) -> None:
    """Put tags on a node; those it has under the same names are replaced, others stay.

    Args:
        target: as for ``read_tags``.
        tags: name -> value.
        session: a session of yours, which you commit.

    Raises:
        NodeNotFoundError: there is no such node.
    """
    node_id = await resolve(target, session=session)

    def work(connection: Connection) -> None:
        if connection.execute(select(NODE.c.id).where(NODE.c.id == node_id)).first() is None:
            raise NodeNotFoundError(node_id)
        put_tags(connection, node_id, tags)

    await current_database().write(work, session=session)


def put_tags(connection: Connection, node_id: UUID, tags: Mapping[str, str]) -> None:
    """Put tags on a node that is there; those it has under the same names are replaced, others stay."""
    old = (TAG.c.node_id == node_id) & (TAG.c.space == "tag") & TAG.c.name.in_(list(tags))
    connection.execute(delete(TAG).where(old))
    rows: list[tuple[Any, ...]] = [(node_id.bytes, "tag", name, -1, "str", value) for name, value in tags.items()]
    columns = ("node_id", "space", "name", "position", "dtype", "value_text")
    insert_batches(connection, [Batch(TAG, columns, rows)])


def tags_of(connection: Connection, ids: Iterable[bytes]) -> dict[bytes, dict[str, str]]:
    """Raw id -> tag name -> value, of every one of these nodes."""
    found: dict[bytes, dict[str, str]] = {node_id: {} for node_id in ids}
    for node_id, name, value in rows_for(connection, _TAGS, list(found)):
        found[node_id][name] = value
    return found
