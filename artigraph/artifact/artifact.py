"""``Artifact``: one value that is kept, and the handle of its row."""

from __future__ import annotations

import os
from collections.abc import Mapping, Sequence
from typing import Any, ClassVar
from uuid import UUID

from sqlalchemy import Connection, func
from sqlalchemy.ext.asyncio import AsyncSession

from artigraph.bridge import method, self_method
from artigraph.digest import format_digest, parse_digest
from artigraph.errors import InvalidArtifactError
from artigraph.graph.engine import current_database
from artigraph.graph.node import Node
from artigraph.graph.schema import NODE, OrmArtifact, OrmNode
from artigraph.graph.walk import raw, raw_time
from artigraph.persist.load import LoadOptions, load_many
from artigraph.persist.save import SaveOptions, SaveRequest, save_many
from artigraph.persist.small import SMALL_DATA, SmallValue, small_values
from artigraph.persist.spec import INFER, OnConflict, SaveSpec, is_savable
from artigraph.persist.tags import HAS_TAGS, tags_of
from artigraph.registry import Registry
from artigraph.serializer.base import Serializer
from artigraph.storage.base import Storage

_NOTHING: Any = object()


class Artifact(Node):
    """A value with a node of its own.

    Args:
        value: what is kept: anything a serializer knows, or a model.
        label: a name to find it by.
        serializer: an instance, or a registered name; inferred when None.
        storage: an instance, or a registered name; by size when None.
        tags: tag name -> value.
        id: its id; a fresh one when None; that of the model, when the value is one.

    Attributes:
        size: bytes; None before it was saved.
        type_name: of the value.
        kind: what it is called, such as "trace".

    >>> Artifact(value=[1, 2], label="pair").value
    [1, 2]
    """

    row_class: ClassVar[type[OrmNode]] = OrmArtifact
    row_columns: ClassVar[tuple[Any, ...] | None] = (
        *(raw(NODE.c.id), NODE.c.node_label, raw_time(NODE.c.node_created_at), raw_time(NODE.c.node_updated_at)),
        *(NODE.c.artifact_hash, NODE.c.artifact_size, NODE.c.artifact_kind),
        *(func.coalesce(NODE.c.model_artifact_type_name, NODE.c.artifact_otype), HAS_TAGS, SMALL_DATA),
    )

    def __init__(
        self,
        value: Any = _NOTHING,
        label: str | None = None,
        *,
        serializer: Serializer[Any] | str | None = None,
        storage: Storage | str | type | None = None,
        tags: Mapping[str, str] | None = None,
        id: UUID | None = None,
    ) -> None:
        if value is _NOTHING:
            raise InvalidArtifactError("an artifact needs a value: Artifact(value=...)")
        if isinstance(value, os.PathLike):
            raise InvalidArtifactError(
                f"{os.fspath(value)!r} is a path, and this version keeps no files; read it and keep its content"
            )
        super().__init__(label, id=value.graph_id if is_savable(value) else id)
        self._value = value
        self._spec = SaveSpec(serializer, storage, dict(tags or {}))
        self._hash: bytes | None = None
        self.size: int | None = None
        self.type_name: str | None = type(value).__qualname__
        self.kind: str | None = None
        self._small: SmallValue | None = None

    @property
    def value(self) -> Any:
        """The value; of an artifact that was read from the database, loaded when first asked for."""
        if self._value is _NOTHING:
            self._value = self.load.s() if self._small is None else self._small.used(self.id, self.label)
        return self._value

    @property
    def hash(self) -> str | None:
        """``sha256:`` and 64 hex characters; None before it was saved."""
        return format_digest(self._hash) if self._hash is not None else None

    @property
    def tags(self) -> Mapping[str, str]:
        """What was said about it when it was made, or of one that was read, what is stored."""
        return self._spec.tags

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
        options = SaveOptions(on_conflict=on_conflict, session=session, registry=registry)
        record = (await save_many([self.graph_save_request()], options))[0]
        self.id, self._hash, self.size = record.id, parse_digest(record.hash), record.size

    @method
    async def load(self, *, session: AsyncSession | None = None, track: bool = True) -> Any:
        """The stored value; in an open span it becomes an input.

        Raises:
            NodeNotFoundError: it was not saved, or was deleted.
            BlobMissingError, BlobCorruptError: its bytes are gone or changed.
        """
        return (await load_many([self.id.bytes], LoadOptions(session=session, track=track)))[0]

    def graph_save_request(self) -> SaveRequest:
        """What a save of it has to do."""
        return SaveRequest(self.value, self.label, self._spec, self.id)

    @classmethod
    def from_rows(cls, connection: Connection, rows: Sequence[Any]) -> Sequence[Any]:
        """The handles of rows of ``row_columns``, with their tags."""
        tags, database = tags_of(connection, [row[0] for row in rows if row[-2]]), current_database()
        small = small_values(((row[0], row[-1], row[4]) for row in rows), database)
        found = []
        for raw_id, label, created, updated, digest, size, kind, type_name, tagged, _ in rows:
            self = cls._of(raw_id, label, created, updated)
            self._value, self._spec = _NOTHING, SaveSpec(tags=tags[raw_id]) if tagged else INFER
            self._hash, self.size, self.kind, self.type_name = digest, size, kind, type_name
            self._small = small.get(raw_id)
            found.append(self)
        return found
