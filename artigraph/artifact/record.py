"""What a handle of an artifact says: the facts of its row."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from datetime import datetime
from types import MappingProxyType
from typing import Any, ClassVar
from uuid import UUID

from sqlalchemy import Connection, select
from sqlalchemy.ext.asyncio import AsyncSession

from artigraph.artifact.content import Content
from artigraph.artifact.get import COLUMNS, select_artifacts
from artigraph.artifact.wanted import Wanted
from artigraph.digest import format_digest
from artigraph.graph.engine import current_database
from artigraph.graph.node import Node
from artigraph.graph.schema import KEY, NODE, OrmArtifact, OrmNode
from artigraph.graph.walk import raw, raw_time
from artigraph.persist.small import SMALL_DATA, SmallValue, small_values
from artigraph.persist.spec import INFER, SaveSpec
from artigraph.persist.tags import HAS_TAGS, tags_of

NOTHING: Any = object()
"""Stands for a value that is not here (yet): None is a value."""


_PASSING = ("_spec", "_value", "_small", "_content", "_replaces", "_also", "_run", "_always", "wanted", "revises")
"""What is known of an artifact until it is saved or read again."""

NO_FACTS: Mapping[str, Any] = MappingProxyType({})


class ArtifactRecord(Node):
    """The facts of an artifact; what can be done with it is in ``Artifact``."""

    row_class: ClassVar[type[OrmNode]] = OrmArtifact
    row_columns: ClassVar[tuple[Any, ...] | None] = (
        *(raw(NODE.c.id), NODE.c.node_label, raw_time(NODE.c.node_created_at), raw_time(NODE.c.node_updated_at)),
        *COLUMNS[4:-2],
        select(KEY.c.key).where(KEY.c.stem == NODE.c.artifact_stem).scalar_subquery().label("artifact_key"),
        *(COLUMNS[-1], HAS_TAGS, SMALL_DATA),
    )

    _spec: SaveSpec = INFER
    _value: Any = NOTHING
    _small: SmallValue | None = None
    _content: Content | None = None
    _replaces = False
    _also: Sequence[Callable[[Connection, UUID], None]] = ()
    _before: Mapping[str, Any] = NO_FACTS
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
    def from_rows(cls, connection: Connection, rows: Sequence[Any]) -> Sequence[Any]:
        """The handles of rows, with their tags: rows of ``row_columns``, or of ``select_artifacts``."""
        if rows and hasattr(rows[0], SMALL_DATA.name):
            return cls._with_values(connection, rows)
        tags = tags_of(connection, [row[0].bytes for row in rows])
        handles = [cls.from_row(row) for row in rows]
        for artifact in handles:
            said = tags[artifact.id.bytes]
            if said:
                artifact._spec = SaveSpec(tags=said)
        return handles

    @classmethod
    def _with_values(cls, connection: Connection, rows: Sequence[Any]) -> Sequence[Any]:
        """The handles of rows of ``row_columns``, which know their value when it is a small one."""
        tags = tags_of(connection, [row[0] for row in rows if row[-2]])
        small = small_values(((row[0], row[-1], row[5]) for row in rows), current_database())
        handles = []
        for row in rows:
            raw_id, *facts = row[:-2]
            self = cls.__new__(cls)
            self._know(UUID(bytes=raw_id), *facts)
            if row[-2]:
                self._spec = SaveSpec(tags=tags[raw_id])
            if raw_id in small:
                self._small = small[raw_id]
            handles.append(self)
        return handles

    def _take(self, row: Any) -> None:
        """Be a row of ``select_artifacts``: taken apart by place, which is most of what a thousand of them cost."""
        known = self.__dict__
        for name in _PASSING if known else ():
            known.pop(name, None)
        self._know(*row)

    def _know(  # noqa: PLR0917 - a row
        self, node_id: UUID, label: Any, created: Any, updated: Any, serializer: Any, digest: Any, size: Any, uid: Any,
        stem: Any, version: Any, suffix: Any, kind: Any, otype: Any, description: Any, trashed: Any, extra: Any,
        model: Any, key: Any, latest: Any,
    ) -> None:  # fmt: skip
        facts = extra or NO_FACTS
        self.__dict__ |= {
            "id": node_id,
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
            "trashed_at": trashed,
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
