"""The trash: keyed artifacts are not deleted at once, and the numbers of their versions are not used again."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from sqlalchemy import Connection, and_, bindparam, delete, func, select, update

from artigraph.graph.insert import Batch, insert_batches
from artigraph.graph.schema import KEY, NODE
from artigraph.graph.types import RawId, RawTime
from artigraph.graph.walk import raw, raw_ids
from artigraph.ids import new_raw_id
from artigraph.persist.conflict import rows_of

GONE = "gone"
"""The ``kind`` of the row that a version deleted for good leaves, when it was the newest: its number stays used."""

_KEPT = select(raw(NODE.c.id)).where(
    raw(NODE.c.id).in_(raw_ids()), NODE.c.artifact_uid.is_not(None), NODE.c.artifact_trashed_at.is_(None)
)
_THROW = (
    update(NODE)
    .where(raw(NODE.c.id) == bindparam("node", type_=RawId()))
    .values(artifact_trashed_at=bindparam("at", type_=RawTime()), node_updated_at=bindparam("at", type_=RawTime()))
)
_STEMS = select(NODE.c.artifact_stem).where(raw(NODE.c.id).in_(raw_ids()), NODE.c.artifact_stem.is_not(None))
_TOPS = (
    select(NODE.c.artifact_stem, func.max(NODE.c.artifact_version))
    .where(NODE.c.artifact_stem.in_(bindparam("ids", expanding=True)))
    .group_by(NODE.c.artifact_stem)
)
_LEFT = _TOPS.where(NODE.c.artifact_uid.is_not(None))


def keyed_of(connection: Connection, ids: Iterable[bytes]) -> set[bytes]:
    """What of these is a keyed artifact and not in the trash yet."""
    return {row[0] for row in rows_of(connection, _KEPT, ids)}


def throw_away(connection: Connection, ids: Iterable[bytes], at: int) -> None:
    """Put keyed artifacts into the trash."""
    found = list(ids)
    if found:
        connection.execute(_THROW, [{"node": node_id, "at": at} for node_id in found])


def take_back(connection: Connection, ids: Iterable[bytes], at: int) -> int:
    """Take keyed artifacts out of the trash; returns how many there are of these."""
    found = list(ids)
    if found:
        back = _THROW.values(artifact_trashed_at=None)
        connection.execute(back, [{"node": node_id, "at": at} for node_id in found])
    return len(found)


def tops_of(connection: Connection, ids: Iterable[bytes]) -> dict[str, int]:
    """Family -> its highest number, of the families of these nodes."""
    stems = {row[0] for row in rows_of(connection, _STEMS, ids)}
    return {row[0]: row[1] for row in rows_of(connection, _TOPS, stems)}


def keep_numbers(connection: Connection, tops: dict[str, int], at: int) -> None:
    """After versions were deleted for good: see that their numbers stay used, and forget families that are empty."""
    left = {row[0]: row[1] for row in rows_of(connection, _LEFT, tops)}
    marks: list[tuple[Any, ...]] = []
    for stem, top in tops.items():
        own = and_(NODE.c.artifact_stem == stem, NODE.c.artifact_kind == GONE, NODE.c.artifact_uid.is_(None))
        connection.execute(delete(NODE).where(own))
        if stem not in left:
            connection.execute(delete(KEY).where(KEY.c.stem == stem))
        elif left[stem] < top:
            marks.append((new_raw_id(), "artifact", at, at, stem, top, GONE, at))
    columns = ("id", "node_type", "node_created_at", "node_updated_at")
    more = ("artifact_stem", "artifact_version", "artifact_kind", "artifact_trashed_at")
    insert_batches(connection, [Batch(NODE, columns + more, marks)])
