"""From rows to handles, and from what a user says to one of them."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from sqlalchemy import ColumnElement, Connection, Select, literal_column, or_, select
from sqlalchemy.ext.asyncio import AsyncSession

from artigraph.artifact.key import STEM_SIZE, UID_SIZE
from artigraph.errors import InvalidFilterError, MultipleNodesError, NodeNotFoundError
from artigraph.graph.engine import current_database
from artigraph.graph.schema import KEY, NODE
from artigraph.graph.walk import raw_time
from artigraph.ids import as_id
from artigraph.persist.family import IS_LATEST, key_digest

SHORTEST = 4
"""Characters of a uid that are enough to look for it, when only one begins so."""

COLUMNS = (
    *(NODE.c.id, NODE.c.node_label, raw_time(NODE.c.node_created_at), raw_time(NODE.c.node_updated_at)),
    *(NODE.c.artifact_serializer, NODE.c.artifact_hash, NODE.c.artifact_size),
    *(NODE.c.artifact_uid, NODE.c.artifact_stem, NODE.c.artifact_version, NODE.c.artifact_suffix),
    *(NODE.c.artifact_kind, NODE.c.artifact_otype, NODE.c.artifact_description, NODE.c.artifact_trashed_at),
    *(NODE.c.artifact_extra, NODE.c.model_artifact_type_name),
    KEY.c.key.label("artifact_key"),
    or_(NODE.c.artifact_stem.is_(None), IS_LATEST).label("artifact_is_latest"),
)
"""Everything a handle is made of."""

_AS_LATEST: tuple[ColumnElement[Any], ...] = (*COLUMNS[:-1], literal_column("1").label("artifact_is_latest"))


def columns(*, latest: bool) -> tuple[ColumnElement[Any], ...]:
    """What a query of versions selects; ``latest``: its conditions leave nothing but latest ones."""
    return _AS_LATEST if latest else COLUMNS


IS_KEPT = NODE.c.artifact_uid.is_not(None)
"""A condition on ``artigraph_node``: this is a version of something kept as a file, folder, table or under a key."""


def select_artifacts(*conditions: ColumnElement[bool], latest: bool = False) -> Select[Any]:
    """A query of the rows that ``Artifact.of_statement`` makes handles of.

    Args:
        conditions: on ``artigraph_node``.
        latest: they say that it is the latest version, so that it need not be found out again.
    """
    source = NODE.outerjoin(KEY, KEY.c.stem == NODE.c.artifact_stem)
    return select(*columns(latest=latest)).select_from(source).where(NODE.c.node_type != "collection", *conditions)


async def find_one(cls: Any, asked: Any, *, key: str | None, session: AsyncSession | None = None) -> Any:
    """The handle that an id, a uid, a stem, the beginning of one of them, or a key means.

    Raises:
        NodeNotFoundError: nothing.
        MultipleNodesError: more than one.
    """
    statement, said = _statement(asked, key)

    def work(connection: Connection) -> list[Any]:
        return list(cls.of_statement(connection, statement))

    found = await current_database().read(work, session=session)
    if len({each.stem or each.id for each in found}) > 1:
        raise MultipleNodesError(said, len(found))
    if not found:
        raise NodeNotFoundError(said, "Artifact.filter() lists what there is; what is in the trash has trash=True")
    return found[0]


def _statement(asked: Any, key: Any) -> tuple[Select[Any], str]:
    """What to look for, and how it was said."""
    if key is not None:
        if not isinstance(key, str):
            raise InvalidFilterError(f"a key is text, not {key!r}")
        found = KEY.c.key_digest == key_digest(key)
        return select_artifacts(found, IS_LATEST), f"of an artifact has the key {key!r}"
    node_id = as_id(asked) or as_id(getattr(asked, "id", None))
    if node_id is not None:
        return select_artifacts(NODE.c.id == node_id), f"{UUID(bytes=node_id.bytes)}"
    if not isinstance(asked, str) or len(asked) < SHORTEST:
        return select_artifacts(NODE.c.id.is_(None)), f"is meant by {asked!r}"
    said = f"of an artifact has a uid that begins with {asked!r}"
    if len(asked) >= UID_SIZE:
        return select_artifacts(NODE.c.artifact_stem == asked[:STEM_SIZE], NODE.c.artifact_uid == asked), said
    if len(asked) > STEM_SIZE:
        begins = NODE.c.artifact_uid.between(asked, asked + "z" * UID_SIZE)
        return select_artifacts(NODE.c.artifact_stem == asked[:STEM_SIZE], begins), said
    return select_artifacts(NODE.c.artifact_stem.between(asked, asked + "z" * STEM_SIZE), IS_LATEST), said
