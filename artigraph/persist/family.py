"""Keys and versions as conditions on rows: which version of a family is the latest, and which one a key means."""

from __future__ import annotations

from sqlalchemy import Connection, and_, func, select

from artigraph.digest import digest_bytes
from artigraph.graph.schema import KEY, NODE
from artigraph.graph.walk import raw

_other = NODE.alias("other")
_MAX = select(func.max(_other.c.artifact_version)).where(_other.c.artifact_stem == NODE.c.artifact_stem)

TOP = _MAX.correlate(NODE).scalar_subquery()
"""The highest number that the family of a row ever used."""

LATEST = _MAX.where(_other.c.artifact_trashed_at.is_(None)).correlate(NODE).scalar_subquery()
"""The highest number in the family of a row that is not in the trash."""

IS_LATEST = and_(NODE.c.artifact_trashed_at.is_(None), NODE.c.artifact_version == LATEST)
"""This row is the latest version of its family: the newest that is not in the trash."""


def key_digest(key: str) -> bytes:
    """What a key is found by, 32 raw bytes."""
    return digest_bytes(key.encode("utf-8", "surrogatepass"))


def newest_keyed(connection: Connection, key: str) -> bytes | None:
    """The raw id of the latest version under a key; None when there is none."""
    statement = select(raw(NODE.c.id)).join(KEY, KEY.c.stem == NODE.c.artifact_stem)
    found = connection.execute(statement.where(KEY.c.key_digest == key_digest(key), IS_LATEST)).scalar()
    return bytes(found) if found is not None else None
