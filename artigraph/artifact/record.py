"""What a handle of an artifact says: the facts of its row."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping, Sequence
from datetime import datetime
from types import MappingProxyType
from typing import Any, ClassVar
from uuid import UUID

from sqlalchemy import Connection, Select, or_
from sqlalchemy.ext.asyncio import AsyncSession

from artigraph.artifact.content import Content
from artigraph.artifact.get import select_artifacts
from artigraph.artifact.wanted import Wanted
from artigraph.digest import format_digest
from artigraph.graph.collector import resting_collector
from artigraph.graph.engine import current_database
from artigraph.graph.node import Node
from artigraph.graph.schema import NODE, OrmArtifact, OrmNode
from artigraph.graph.select import CHUNK, plain_rows
from artigraph.graph.undo import undone
from artigraph.graph.walk import raw, raw_ids, raw_time
from artigraph.ids import as_datetime
from artigraph.persist.small import SMALL_DATA, SmallValue, small_values
from artigraph.persist.spec import INFER, SaveSpec
from artigraph.persist.tags import HAS_TAGS, tags_of

NOTHING: Any = object()
"""Stands for a value that is not here (yet): None is a value."""


_PASSING = ("_spec", "_value", "_small", "_content", "_replaces", "_also", "_run", "_always", "wanted", "revises")
"""What is known of an artifact until it is saved or read again."""

NO_FACTS: Mapping[str, Any] = MappingProxyType({})

_HAS_MORE = or_(
    *(
        column.is_not(None)
        for column in (
            *(NODE.c.artifact_uid, NODE.c.artifact_stem, NODE.c.artifact_kind, NODE.c.artifact_description),
            *(NODE.c.artifact_trashed_at, NODE.c.artifact_extra),
        )
    )
)
"""Whether a row says more than that of a plain value; most do not, and reading them is half as long for it."""


class ArtifactRecord(Node):
    """The facts of an artifact; what can be done with it is in ``Artifact``."""

    row_class: ClassVar[type[OrmNode]] = OrmArtifact
    row_columns: ClassVar[tuple[Any, ...] | None] = (
        *(raw(NODE.c.id), NODE.c.node_label, raw_time(NODE.c.node_created_at), raw_time(NODE.c.node_updated_at)),
        *(NODE.c.artifact_serializer, NODE.c.artifact_hash, NODE.c.artifact_size),
        *(NODE.c.artifact_otype, NODE.c.model_artifact_type_name, _HAS_MORE, HAS_TAGS, SMALL_DATA),
    )

    _spec: SaveSpec = INFER
    _value: Any = NOTHING
    _small: SmallValue | None = None
    _content: Content | None = None
    _replaces = False
    _also: Sequence[Callable[[Connection, UUID], None]] = ()
    _before: Mapping[str, Any] = MappingProxyType({"key": None})
    _serializer: str | None = None
    _run: Any = None
    _always = False
    wanted = Wanted()
    _hash: bytes | None = None
    size: int | None = None
    uid: str | None = None
    stem: str | None = None
    version: int | None = None
    is_latest = False
    suffix = ""
    otype: str | None = None
    type_name: str | None = None
    n_files: int | None = None
    n_observations: int | None = None
    trashed_at: datetime | None = None
    key: str | None = None
    description: str | None = None
    kind: str | None = None
    extra_data: dict[str, Any] | None = None
    revises: Any = None

    @classmethod
    def of_statement(cls, connection: Connection, statement: Select[Any]) -> Sequence[Any]:
        """The handles, with their tags, of what a ``select_artifacts`` finds."""
        with resting_collector:
            handles = [cls.from_row(row) for row in plain_rows(connection, statement)]
            tags = tags_of(connection, [each.id.bytes for each in handles])
            for artifact in handles:
                said = tags[artifact.id.bytes]
                if said:
                    artifact._spec = SaveSpec(tags=said)
        return handles

    @classmethod
    def from_rows(cls, connection: Connection, rows: Sequence[Any]) -> Sequence[Any]:
        """The handles of rows of ``row_columns``, with their tags; they know their value when it is a small one."""
        full = full_rows(connection, [row[0] for row in rows if row[-3]])
        tags = tags_of(connection, [row[0] for row in rows if row[-2]])
        small = small_values(((row[0], row[-1], row[5]) for row in rows), current_database())
        handles = []
        for raw_id, label, created, updated, serializer, digest, size, otype, model, has_more, has_tags, _ in rows:
            self = cls.__new__(cls)
            if has_more:
                self._know(*full[raw_id])
            else:
                self.__dict__ = {
                    "id": UUID(bytes=raw_id),
                    "label": label,
                    "_created": created,
                    "_updated": updated,
                    "_serializer": serializer,
                    "_hash": digest,
                    "size": size,
                    "is_latest": True,
                    "otype": otype,
                    "type_name": model or otype,
                }
            if has_tags:
                self._spec = SaveSpec(tags=tags[raw_id])
            if raw_id in small:
                self._small = small[raw_id]
            handles.append(self)
        return handles

    def _take(self, row: Any) -> None:
        """Be a row of ``select_artifacts``, taken apart by place: that is most of what a thousand of them cost."""
        known = self.__dict__
        for name in _PASSING if known else ():
            known.pop(name, None)
        self._know(*row)

    def _know(  # noqa: PLR0917 - a row
        self, node_id: Any, label: Any, created: Any, updated: Any, serializer: Any, digest: Any, size: Any, uid: Any,
        stem: Any, version: Any, suffix: Any, kind: Any, otype: Any, description: Any, trashed: Any, extra: Any,
        model: Any, key: Any, latest: Any,
    ) -> None:  # fmt: skip
        facts = json.loads(extra) if isinstance(extra, str) else extra or NO_FACTS
        self.__dict__ |= {
            "id": UUID(bytes=node_id) if isinstance(node_id, bytes) else node_id,
            "label": label,
            "_created": created,
            "_updated": updated,
            "_serializer": serializer,
            "_hash": digest,
            "size": size,
            "kind": kind,
            "uid": uid,
            "stem": stem,
            "version": version,
            "key": key,
            "is_latest": bool(latest),
            "suffix": suffix or "",
            "otype": otype,
            "type_name": model or otype,
            "description": description,
            "trashed_at": as_datetime(trashed) if isinstance(trashed, int) else trashed,
            "extra_data": facts.get("data"),
            "n_files": facts.get("n_files"),
            "n_observations": facts.get("n_observations"),
            "_before": {"key": key},
        }

    @property
    def hash(self) -> str | None:
        """``sha256:`` and 64 hex characters; None before it was saved. Of a folder that of the list of its files."""
        return format_digest(self._hash) if self._hash is not None else None

    async def _reread(self, session: AsyncSession | None) -> None:
        """Say what is stored now; of what is gone, what was."""
        statement = select_artifacts(NODE.c.id == self.id)
        found = await current_database().read(lambda c: self.of_statement(c, statement), session=session)
        with undone([self], session):
            if found:
                self.__dict__.update(found[0].__dict__)
            else:
                self.is_latest = False

    def __repr__(self) -> str:
        if self.version is None:
            return super().__repr__()
        trashed = ", in the trash" if self.trashed_at is not None else ""
        return f"<Artifact {self.key or self.label or self.uid} v{self.version}{trashed}>"


def full_rows(connection: Connection, ids: Sequence[bytes]) -> dict[bytes, Any]:
    """Raw id -> its row of ``select_artifacts``."""
    chunks = [ids[start : start + CHUNK] for start in range(0, len(ids), CHUNK)]
    found = (row for chunk in chunks for row in plain_rows(connection, _BY_ID, {"ids": list(chunk)}))
    return {raw_id(row[0]): row for row in found}


def raw_id(found: UUID | bytes) -> bytes:
    """The 16 bytes of an id that a row begins with."""
    return found if isinstance(found, bytes) else found.bytes


_BY_ID = select_artifacts(raw(NODE.c.id).in_(raw_ids()))
