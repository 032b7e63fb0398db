"""What a handle of an artifact says: the facts of its row."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import datetime
from typing import Any, ClassVar
from uuid import UUID

from sqlalchemy import Connection, select
from sqlalchemy.ext.asyncio import AsyncSession

from artigraph.artifact.content import Content
from artigraph.artifact.get import FACTS, select_artifacts
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


class ArtifactRecord(Node):
    """The facts of an artifact; what can be done with it is in ``Artifact``."""

    row_class: ClassVar[type[OrmNode]] = OrmArtifact
    _row: Any
    """Where the facts are until they are asked for."""
    row_columns: ClassVar[tuple[Any, ...] | None] = (
        *(raw(NODE.c.id), NODE.c.node_label, raw_time(NODE.c.node_created_at), raw_time(NODE.c.node_updated_at)),
        *(HAS_TAGS, SMALL_DATA, *FACTS),
        select(KEY.c.key).where(KEY.c.stem == NODE.c.artifact_stem).scalar_subquery().label("artifact_key"),
    )

    def _blank(self) -> None:
        """Know nothing yet."""
        self._spec = SaveSpec()
        self._value: Any = NOTHING
        self._small: SmallValue | None = None
        self._content: Content | None = None
        self._replaces = False
        self._also: list[Callable[[Connection, UUID], None]] = []
        self.wanted = Wanted()
        self._before: dict[str, Any] = {}
        self._serializer: str | None = None
        self._options: dict[str, Any] = {}
        self.hash: str | None = None
        self.size: int | None = None
        self.uid: str | None = None
        self.stem: str | None = None
        self.version: int | None = None
        self.is_latest = False
        self.suffix = ""
        self.otype: str | None = None
        self.type_name: str | None = None
        self.n_files: int | None = None
        self.n_observations: int | None = None
        self.trashed_at: datetime | None = None
        self.key: str | None = None
        self.description: str | None = None
        self.kind: str | None = None
        self.extra_data: dict[str, Any] | None = None
        self.revises: Any = None
        self._run: Any = None
        self._always = False

    @classmethod
    def from_rows(cls, connection: Connection, rows: Sequence[Any]) -> Sequence[Any]:
        """The handles of rows, with their tags: rows of ``row_columns``, or of ``select_artifacts``."""
        if rows and hasattr(rows[0], SMALL_DATA.name):
            return cls._of_columns(connection, rows)
        tags = tags_of(connection, [row.id.bytes for row in rows])
        handles = [cls.from_row(row) for row in rows]
        for artifact in handles:
            artifact._spec = SaveSpec(tags=tags[artifact.id.bytes])
        return handles

    @classmethod
    def _of_columns(cls, connection: Connection, rows: Sequence[Any]) -> Sequence[Any]:
        """Handles that know their small value, and look into the rest of their row when they are asked for more."""
        tags = tags_of(connection, [row[0] for row in rows if row[4]])
        small = small_values(((row[0], row[5], row.artifact_hash) for row in rows), current_database())
        handles = []
        for row in rows:
            self = cls._of(*row[:4])
            self._row, self._value, self._small = row, NOTHING, small.get(row[0])
            self._spec = SaveSpec(tags=tags[row[0]]) if row[4] else INFER
            handles.append(self)
        return handles

    def __getattr__(self, name: str) -> Any:
        row = self.__dict__.pop("_row", None)
        if row is None:
            raise AttributeError(f"{type(self).__name__!r} object has no attribute {name!r}")
        known = dict(self.__dict__)
        self._fill(row)
        self.__dict__.update(known)
        return getattr(self, name)

    def _take(self, row: Any) -> None:
        super()._take(row)
        self._fill(row)

    def _fill(self, row: Any) -> None:
        self._blank()
        extra = row.artifact_extra or {}
        self._serializer, self._options = row.artifact_serializer, extra.get("options") or {}
        self.hash = format_digest(row.artifact_hash) if row.artifact_hash is not None else None
        self.size, self.kind = row.artifact_size, row.artifact_kind
        self.uid, self.stem, self.version = row.artifact_uid, row.artifact_stem, row.artifact_version
        self.key, self.is_latest = row.artifact_key, bool(row.artifact_is_latest)
        self.suffix, self.otype = row.artifact_suffix or "", row.artifact_otype
        self.type_name = row.model_artifact_type_name or row.artifact_otype
        self.description, self.trashed_at = row.artifact_description, row.artifact_trashed_at
        self.extra_data, self.n_files = extra.get("data"), extra.get("n_files")
        self.n_observations = extra.get("n_observations")
        self._before = {"key": self.key}

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
