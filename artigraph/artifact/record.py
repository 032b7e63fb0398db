"""What a handle of an artifact says: the facts of its row."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from datetime import datetime
from types import MappingProxyType
from typing import Any, ClassVar
from uuid import UUID

from sqlalchemy import Connection
from sqlalchemy.ext.asyncio import AsyncSession

from artigraph.artifact.content import Content
from artigraph.artifact.get import select_artifacts
from artigraph.artifact.wanted import Wanted
from artigraph.digest import format_digest
from artigraph.graph.engine import current_database
from artigraph.graph.node import Node
from artigraph.graph.schema import NODE, OrmArtifact, OrmNode
from artigraph.persist.spec import INFER, SaveSpec
from artigraph.persist.tags import tags_of

NOTHING: Any = object()
"""Stands for a value that is not here (yet): None is a value."""


_PASSING = ("_spec", "_value", "_content", "_replaces", "_also", "_run", "_always", "wanted", "revises")
"""What is known of an artifact until it is saved or read again."""

NO_FACTS: Mapping[str, Any] = MappingProxyType({})


class ArtifactRecord(Node):
    """The facts of an artifact; what can be done with it is in ``Artifact``."""

    row_class: ClassVar[type[OrmNode]] = OrmArtifact

    _spec: SaveSpec = INFER
    _value: Any = NOTHING
    _content: Content | None = None
    _replaces = False
    _also: Sequence[Callable[[Connection, UUID], None]] = ()
    _before: Mapping[str, Any] = NO_FACTS
    _serializer: str | None = None
    _run: Any = None
    _always = False
    wanted = Wanted()
    hash: str | None = None
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
    def from_rows(cls, connection: Connection, rows: Sequence[Any]) -> Sequence[Any]:
        """The handles of rows, with their tags: rows of ``select_artifacts``, or row objects of artifacts."""
        if rows and not hasattr(rows[0], "artifact_key"):
            ids = [row.id for row in rows]
            found = {row.id: row for row in connection.execute(select_artifacts(NODE.c.id.in_(ids)))}
            rows = [found[node_id] for node_id in ids]
        tags = tags_of(connection, [row[0].bytes for row in rows])
        handles = [cls.from_row(row) for row in rows]
        for artifact in handles:
            said = tags[artifact.id.bytes]
            if said:
                artifact._spec = SaveSpec(tags=said)
        return handles

    def _take(self, row: Any) -> None:
        """Be a row of ``select_artifacts``: taken apart by place, which is most of what a thousand of them cost."""
        (
            node_id, label, created, updated, serializer, digest, size, uid, stem, version, suffix, kind,
            otype, description, trashed, extra, model, key, latest,
        ) = row  # fmt: skip
        facts = extra or NO_FACTS
        known = self.__dict__
        for name in _PASSING if known else ():
            known.pop(name, None)
        known |= {
            "id": node_id,
            "label": label,
            "created_at": created,
            "updated_at": updated,
            "_serializer": serializer,
            "hash": format_digest(digest) if digest is not None else None,
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
            "trashed_at": trashed,
            "extra_data": facts.get("data"),
            "n_files": facts.get("n_files"),
            "n_observations": facts.get("n_observations"),
            "_before": {"key": key},
        }

    async def _reread(self, session: AsyncSession | None) -> None:
        """Say what is stored now; of what is gone, what was."""
        statement = select_artifacts(NODE.c.id == self.id)
        found = await current_database().read(lambda c: self.from_rows(c, c.execute(statement).all()), session=session)
        if found:
            self.__dict__.update(found[0].__dict__)
        else:
            self.is_latest = False

    def __repr__(self) -> str:
        if self.version is None:
            return super().__repr__()
        trashed = ", in the trash" if self.trashed_at is not None else ""
        return f"<Artifact {self.key or self.label or self.uid} v{self.version}{trashed}>"
