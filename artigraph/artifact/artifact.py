"""``Artifact``: one value that is kept, and the handle of its row."""

from __future__ import annotations

import os
from collections.abc import Mapping, Sequence
from typing import Any, ClassVar
from uuid import UUID

from sqlalchemy import Connection
from sqlalchemy.ext.asyncio import AsyncSession

from artigraph.bridge import method, self_method
from artigraph.digest import format_digest
from artigraph.errors import InvalidArtifactError
from artigraph.graph.node import Node
from artigraph.graph.schema import OrmArtifact, OrmNode
from artigraph.persist.load import LoadOptions, load_many
from artigraph.persist.save import SaveOptions, SaveRequest, save_many
from artigraph.persist.spec import OnConflict, SaveSpec, is_savable
from artigraph.persist.tags import tags_of
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
        hash: ``sha256:`` and 64 hex characters; None before it was saved.
        size: bytes; None before it was saved.
        type_name: of the value.
        kind: what it is called, such as "trace".

    >>> Artifact(value=[1, 2], label="pair").value
    [1, 2]
    """

    row_class: ClassVar[type[OrmNode]] = OrmArtifact

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
        self.hash: str | None = None
        self.size: int | None = None
        self.type_name: str | None = type(value).__qualname__
        self.kind: str | None = None

    @property
    def value(self) -> Any:
        """The value; of an artifact that was read from the database, loaded when first asked for."""
        if self._value is _NOTHING:
            self._value = self.load.s()
        return self._value

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
        self.id, self.hash, self.size = record.id, record.hash, record.size

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
        """The handles of rows, with their tags."""
        tags = tags_of(connection, [row.id.bytes for row in rows])
        found = [cls.from_row(row) for row in rows]
        for artifact in found:
            artifact._spec = SaveSpec(tags=tags[artifact.id.bytes])
        return found

    def _take(self, row: Any) -> None:
        super()._take(row)
        self._value, self._spec = _NOTHING, SaveSpec()
        self.hash = format_digest(row.artifact_hash) if row.artifact_hash is not None else None
        self.size, self.kind = row.artifact_size, row.artifact_kind
        self.type_name = getattr(row, "model_artifact_type_name", None) or row.artifact_otype
