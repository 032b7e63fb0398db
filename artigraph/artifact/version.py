"""Families of versions: who is the newest, what is the next number, and whether content is there already.

Everything here runs inside the writing transaction, where a family is locked: by SQLite's one writer, on a server by
the row of its key (of a family without one, by the row of its newest version).
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from sqlalchemy import Connection, Select, bindparam, exists, or_, select

from artigraph.artifact.key import new_stem
from artigraph.graph.insert import Batch, insert_batches
from artigraph.graph.schema import KEY, NODE
from artigraph.graph.select import rows_for
from artigraph.graph.walk import raw
from artigraph.persist.conflict import rows_of
from artigraph.persist.family import IS_LATEST, LATEST, TOP, key_digest
from artigraph.persist.trash import GONE


@dataclass(slots=True)
class Known:
    """A stored version, as far as it matters for the next one."""

    id: bytes
    version: int
    hash: bytes
    trashed: bool
    same_as: str | None


@dataclass(slots=True)
class Family:
    """All versions of one thing."""

    stem: str
    key: str | None = None
    top: int = 0
    """The highest number that was ever used."""
    newest: Known | None = None
    """The version with that number, in the trash or not."""
    latest: Known | None = None
    """The newest that is not in the trash."""

    def holding(self, digest: bytes, same_as: str | None) -> Known | None:
        """The version that this content need not be saved beside: the newest, else the latest."""
        for known in (self.newest, self.latest):
            if known is not None and (known.hash == digest or (same_as is not None and known.same_as == same_as)):
                return known
        return None


HAS_KEY = exists().where(KEY.c.stem == NODE.c.artifact_stem)

_FACTS = (
    *(raw(NODE.c.id), NODE.c.artifact_stem, NODE.c.artifact_version, NODE.c.artifact_hash),
    *(NODE.c.artifact_trashed_at, NODE.c.artifact_kind, NODE.c.artifact_extra),
)
"""What ``Known`` is made of."""
_VERSIONS = select(*_FACTS).where(
    NODE.c.artifact_stem.in_(bindparam("ids", expanding=True)),
    or_(NODE.c.artifact_version == TOP, NODE.c.artifact_version == LATEST),
)
_KEYED = select(KEY.c.key_digest, KEY.c.key, KEY.c.stem).where(
    KEY.c.key_digest.in_(bindparam("ids", expanding=True, type_=KEY.c.key_digest.type))
)
_BY_STEM = select(KEY.c.key_digest, KEY.c.key, KEY.c.stem).where(KEY.c.stem.in_(bindparam("ids", expanding=True)))
_ALONE = (
    select(*_FACTS)
    .where(
        NODE.c.artifact_hash.in_(bindparam("ids", expanding=True, type_=NODE.c.artifact_hash.type)),
        NODE.c.artifact_stem.is_not(None),
        ~HAS_KEY,
    )
    .order_by(NODE.c.artifact_trashed_at.is_not(None).desc(), NODE.c.node_created_at, NODE.c.id)
)


def families_of(connection: Connection, keys: Iterable[str], *, lock: bool) -> dict[str, Family]:
    """The families of keys; with ``lock``, kept from others until the transaction ends, and made where missing.

    Returns:
        key -> family; without those that are missing, unless they were made.
    """
    wanted = {key_digest(key): key for key in keys}
    found = _keyed(connection, _KEYED, wanted, lock=lock)
    missing = sorted(wanted.keys() - {digest for digest, *_ in found})
    if lock and missing:
        fresh = [(digest, wanted[digest], new_stem()) for digest in missing]
        insert_batches(connection, [Batch(KEY, ("key_digest", "key", "stem"), fresh, ignore=True)])
        found = _keyed(connection, _KEYED, wanted, lock=lock)
    families = {key: Family(stem, key) for _, key, stem in found}
    _fill(connection, {family.stem: family for family in families.values()})
    return families


def families_named(connection: Connection, stems: Iterable[str], *, lock: bool) -> dict[str, Family]:
    """Stem -> family, as ``families_of``; those that do not exist have no versions."""
    families = {stem: Family(stem) for stem in stems}
    for _, key, stem in _keyed(connection, _BY_STEM, families, lock=lock):
        families[stem].key = key
    keyless = [family.stem for family in families.values() if family.key is None]
    if lock and keyless and connection.dialect.name != "sqlite":
        newest = select(NODE.c.id).where(NODE.c.artifact_stem.in_(keyless)).order_by(NODE.c.id)
        connection.execute(newest.with_for_update()).all()
    _fill(connection, families)
    return families


def latest_sizes(connection: Connection, keys: Iterable[str]) -> dict[str, int]:
    """Key -> bytes of its latest version."""
    statement = (
        select(KEY.c.key, NODE.c.artifact_size)
        .join(NODE, NODE.c.artifact_stem == KEY.c.stem)
        .where(KEY.c.key_digest.in_(bindparam("ids", expanding=True, type_=KEY.c.key_digest.type)), IS_LATEST)
    )
    return {row[0]: row[1] for row in rows_of(connection, statement, map(key_digest, keys))}


def alone_with(connection: Connection, hashes: Iterable[bytes]) -> dict[bytes, Known]:
    """hash -> the newest artifact without a key that has this content, one in the trash only when there is no other."""
    return {bytes(row[3]): _known(row) for row in rows_for(connection, _ALONE, list(set(hashes)))}


def _keyed(connection: Connection, statement: Select[Any], ids: Iterable[Any], *, lock: bool) -> list[Any]:
    if lock and connection.dialect.name != "sqlite":
        statement = statement.order_by(KEY.c.key_digest).with_for_update()
        found: Iterable[Any] = rows_of(connection, statement, sorted(ids))
    else:
        found = rows_for(connection, statement, sorted(ids))
    return [(bytes(row[0]), row[1], row[2]) for row in found]


def _fill(connection: Connection, families: Mapping[str, Family]) -> None:
    """What is stored of these families (by stem)."""
    for row in rows_for(connection, _VERSIONS, list(families)):
        family = families[row[1]]
        family.top = max(family.top, row[2])
        if row[5] == GONE:
            continue
        known = _known(row)
        if family.newest is None or known.version > family.newest.version:
            family.newest = known
        if not known.trashed and (family.latest is None or known.version > family.latest.version):
            family.latest = known


def _known(row: Any) -> Known:
    node_id, _, version, digest, trashed_at, _, extra = row
    facts = json.loads(extra) if isinstance(extra, str) else extra or {}
    return Known(node_id, version, bytes(digest or b""), trashed_at is not None, facts.get("same_as"))
