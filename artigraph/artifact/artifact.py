"""``Artifact``: a value, file, folder or table that is kept, and the handle of its row."""

from __future__ import annotations

import os
from collections.abc import Mapping, Sequence
from datetime import datetime
from pathlib import Path
from typing import Any, ClassVar
from uuid import UUID

from sqlalchemy import Connection
from sqlalchemy.ext.asyncio import AsyncSession

from artigraph.artifact.annotated import Annotated
from artigraph.artifact.content import Content, FileContent, checked_path
from artigraph.artifact.get import find_one, select_artifacts, versions_of
from artigraph.artifact.key import check_key, common_suffix, suffix_of
from artigraph.artifact.saving import save_kept
from artigraph.artifact.wanted import Wanted, prepare
from artigraph.bridge import block, loader, method, self_method
from artigraph.digest import format_digest
from artigraph.errors import InvalidArtifactError
from artigraph.graph.schema import NODE, OrmArtifact, OrmNode
from artigraph.persist.load import LoadOptions, load_many
from artigraph.persist.save import SaveOptions, SaveRequest, save_many
from artigraph.persist.spec import OnConflict, SaveSpec, is_savable
from artigraph.persist.tags import tags_of
from artigraph.registry import Registry
from artigraph.serializer.base import Serializer
from artigraph.storage.base import Storage

_NOTHING: Any = object()


class Artifact(Annotated):
    """A value, file or folder with a node of its own; with a key, or made of a path, one of the versions of a thing.

    Args:
        path: a file or folder to keep (text or a ``Path``); anything else is a value.
        label: a name to find it by.
        value: what is kept: anything a serializer knows, or a model.
        key: the name of a family of versions: relative, like "project/data.parquet".
        description: what it is, in a sentence.
        kind: "dataset", "model", or a word of yours.
        revises: the latest version of what this is the next version of, when that is not said by the key.
        run: the span that makes it; None: the one that is open; False: none.
        storage: an instance, or a registered name; where the database keeps files when None.
        features: name or Feature -> value, said of it when it is saved.
        schema: of a table: a Schema, "valid_features", {column: dtype}, a pyarrow.Schema, a pydantic model, or a pandera
            schema; checked before anything is stored.
        skip_hash_lookup: make a new version even when the content is there already.
        extra_data: more about it, JSON-able.
        serializer: of a value: an instance, or a registered name; inferred when None.
        tags: tag name -> value.
        id: its id; a fresh one when None; that of the model, when the value is one.

    Attributes:
        uid: 20 characters: those of the family and those of the version; None of a plain value.
        version: 1, 2, ...; None of a plain value.
        hash: ``sha256:`` and 64 hex characters; None before it was saved. Of a folder that of its manifest.
        size: bytes; None before it was saved.
        suffix: with its dot; "" when there is none.
        otype: what it is when it is loaded, such as "DataFrame".
        type_name: of the value.
        n_files: of a folder.
        n_observations: rows of a table.
        trashed_at: when it was put into the trash, UTC; None: it is not there.

    Raises:
        UnsafeKeyError: the key could lead out of its place.
        InvalidArtifactError: nothing is at the path, or what is said contradicts itself.

    >>> Artifact(value=[1, 2], label="pair").value
    [1, 2]
    """

    row_class: ClassVar[type[OrmNode]] = OrmArtifact

    def __init__(
        self,
        path: Any = _NOTHING,
        label: str | None = None,
        *,
        value: Any = _NOTHING,
        key: str | None = None,
        description: str | None = None,
        kind: str | None = None,
        features: Mapping[Any, Any] | None = None,
        schema: Any = None,
        revises: Artifact | None = None,
        run: Any = None,
        storage: Storage | str | type | None = None,
        skip_hash_lookup: bool | None = None,
        extra_data: Mapping[str, Any] | None = None,
        serializer: Serializer[Any] | str | None = None,
        tags: Mapping[str, str] | None = None,
        id: UUID | None = None,
    ) -> None:
        is_path = isinstance(path, str | os.PathLike)
        if (path is _NOTHING) == (value is _NOTHING):
            raise InvalidArtifactError("give an artifact one thing to keep: Artifact(path), or Artifact(value=...)")
        super().__init__(label, id=value.graph_id if is_savable(value) else id)
        self._blank()
        self._value = _NOTHING if is_path else path if value is _NOTHING else value
        self._spec = SaveSpec(serializer, storage, dict(tags or {}))
        self.key = check_key(key) if key is not None else None
        self.description, self.kind, self.extra_data = description, kind, dict(extra_data) if extra_data else None
        self.revises, self._run, self._always = revises, run, bool(skip_hash_lookup)
        self.wanted = Wanted(features, schema)
        if is_path:
            self._content = FileContent(path=checked_path(Path(path)))
            self._content.suffix = common_suffix(key, suffix_of(Path(path).name))
            self.suffix = self._content.suffix
        else:
            self.type_name = type(self._value).__qualname__

    def _blank(self) -> None:
        self._content: Content | None = None
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
        self.revises: Artifact | None = None
        self._run: Any = None
        self._always = False
        self.wanted, self._also = Wanted(), []

    @property
    def value(self) -> Any:
        """The value; of an artifact that was read from the database, loaded when first asked for."""
        if self._value is _NOTHING:
            self._value = self.load.s()
        return self._value

    @property
    def versions(self) -> list[Artifact]:
        """Every version of it, the first one first; asks the database, and blocks until it has answered."""
        return block(versions_of, type(self), self.stem) if self.stem is not None else [self]

    @self_method
    async def save(
        self,
        *,
        on_conflict: OnConflict = "raise",
        session: AsyncSession | None = None,
        registry: Registry | None = None,
    ) -> Any:
        """Save it; in an open span it becomes its output.

        Args:
            on_conflict: "raise" or "ignore" when it was saved with other content before.
            session: a session of yours, which you commit.
            registry: where to look for serializers and storages.

        Returns:
            This artifact.

        Raises:
            UnserializableError, InvalidLabelError, ImmutableError: nothing was written.
        """
        if self._content is not None:
            await save_kept([self], session, registry)
            return
        await prepare([self], session)
        options = SaveOptions(on_conflict=on_conflict, session=session, registry=registry, also=self._write_also)
        record = (await save_many([self.graph_save_request()], options))[0]
        self.id, self.hash, self.size = record.id, record.hash, record.size

    @method
    async def load(self, *, session: AsyncSession | None = None, track: bool = True) -> Any:
        """The stored value; in an open span it becomes an input.

        Raises:
            NodeNotFoundError: it was not saved, or was deleted.
            BlobMissingError, BlobCorruptError: its bytes are gone or changed.
        """
        return (await load_many([self.id.bytes], LoadOptions(session=session, track=track)))[0]

    @loader
    async def get(
        cls,
        idlike: Any = None,
        *,
        key: str | None = None,
        session: AsyncSession | None = None,
        **expressions: Any,
    ) -> Any:
        """The one artifact that this means.

        Args:
            idlike: an id, a uid, a stem (its latest version), or the beginning of a uid that no other begins with.
            key: its key; the latest version.
            session: a session of yours.
            expressions: as for ``filter``.

        Raises:
            NodeNotFoundError: there is none.
            MultipleNodesError: there are several.
        """
        if expressions:
            named = {"key": key} if key is not None else {}
            return await cls.filter(**named, **expressions).one.a(session=session)
        return await find_one(cls, idlike, key=key, session=session)

    def graph_save_request(self) -> SaveRequest:
        """What a save of it has to do."""
        return SaveRequest(self.value, self.label, self._spec, self.id)

    @classmethod
    def from_rows(cls, connection: Connection, rows: Sequence[Any]) -> Sequence[Any]:
        """The handles of rows, with their tags: rows of ``select_artifacts``, or row objects of artifacts."""
        if rows and not hasattr(rows[0], "artifact_key"):
            ids = [row.id for row in rows]
            found = {row.id: row for row in connection.execute(select_artifacts(NODE.c.id.in_(ids)))}
            rows = [found[node_id] for node_id in ids]
        tags = tags_of(connection, [row.id.bytes for row in rows])
        handles = [cls.from_row(row) for row in rows]
        for artifact in handles:
            artifact._spec = SaveSpec(tags=tags[artifact.id.bytes])
        return handles

    def _take(self, row: Any) -> None:
        super()._take(row)
        self._blank()
        extra = row.artifact_extra or {}
        self._value, self._spec = _NOTHING, SaveSpec()
        self.hash = format_digest(row.artifact_hash) if row.artifact_hash is not None else None
        self.size, self.kind = row.artifact_size, row.artifact_kind
        self.uid, self.stem, self.version = row.artifact_uid, row.artifact_stem, row.artifact_version
        self.key, self.is_latest = row.artifact_key, bool(row.artifact_is_latest)
        self.suffix, self.otype = row.artifact_suffix or "", row.artifact_otype
        self.type_name = row.model_artifact_type_name or row.artifact_otype
        self.description, self.trashed_at = row.artifact_description, row.artifact_trashed_at
        self.extra_data, self.n_files = extra.get("data"), extra.get("n_files")
        self.n_observations = extra.get("n_observations")

    def __repr__(self) -> str:
        if self.version is None:
            return super().__repr__()
        trashed = ", in the trash" if self.trashed_at is not None else ""
        return f"<Artifact {self.key or self.label or self.uid} v{self.version}{trashed}>"
