"""What is offered for keeping, and the rows it becomes when it is new."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any
from uuid import UUID

from sqlalchemy import Connection

from artigraph.artifact.content import Content
from artigraph.artifact.key import uid_of
from artigraph.graph.current import OpenSpan
from artigraph.graph.insert import Batch
from artigraph.graph.schema import BLOB_USE, NODE, TAG
from artigraph.serializer.file import file_serializer
from artigraph.storage.base import Storage, location_of

INLINE_MANIFEST = 4 << 20
"""Bytes of a manifest that go into its row; a bigger one becomes a blob like the files it lists."""

_NODE = (
    *("id", "node_type", "node_label", "node_created_at", "node_updated_at"),
    *("artifact_uid", "artifact_stem", "artifact_version", "artifact_kind", "artifact_description"),
    *("artifact_hash", "artifact_size", "artifact_serializer", "artifact_content_type", "artifact_suffix"),
    *("artifact_otype", "artifact_extra", "artifact_preview"),
    *("remote_artifact_storage", "remote_artifact_location", "database_artifact_data"),
)


@dataclass(slots=True, eq=False)
class Offer:
    """One artifact on its way into the store."""

    id: UUID
    """Of its node, when it becomes a new one."""
    content: Content
    storage: Storage
    key: str | None = None
    stem: str | None = None
    """The family to extend, when that is said by an artifact and not by a key."""
    revises: UUID | None = None
    """The version that has to be the latest of that family."""
    likely: int | None = None
    """Bytes of what its content is likely to be equal to."""
    always: bool = False
    """Make a new version whatever is there."""
    label: str | None = None
    kind: str | None = None
    description: str | None = None
    otype: str | None = None
    """What it is called in place of that of its content."""
    extra: Mapping[str, Any] | None = None
    tags: Mapping[str, str] = field(default_factory=dict)
    span: OpenSpan | None = None
    """The span that makes it."""
    also: Sequence[Callable[[Connection, UUID], None]] = ()
    """More to write about its node in the same transaction."""

    became: UUID | None = None
    """Once it is kept: the node it is."""
    is_new: bool = False

    @property
    def inline(self) -> bytes | None:
        """What goes into the row."""
        manifest = self.content.manifest
        return manifest if manifest is not None and len(manifest) <= INLINE_MANIFEST else None

    def facts(self) -> dict[str, Any] | None:
        """What there is no column for: ``artifact_extra``."""
        content = self.content
        found = {
            "data": dict(self.extra) if self.extra else None,
            "n_files": content.n_files,
            "n_observations": content.n_observations,
            "reader": content.reader or (content.serializer if content.options else None),
            "options": content.options or None,
            "same_as": content.same_as,
        }
        return {name: value for name, value in found.items() if value is not None} or None

    def columns(self) -> dict[str, Any]:
        """The columns of its row that speak of the content."""
        content, inline = self.content, self.inline
        storage, location = content.place or (self.storage.name, location_of(content.hash))
        return {
            "artifact_hash": content.hash,
            "artifact_size": content.size,
            "artifact_serializer": file_serializer.name if content.options else content.serializer,
            "artifact_content_type": content.content_type,
            "artifact_suffix": content.suffix,
            "artifact_otype": self.otype or content.otype,
            "artifact_extra": self.facts(),
            "artifact_preview": content.preview,
            "remote_artifact_storage": storage,
            "remote_artifact_location": None if inline is not None else location,
            "database_artifact_data": inline,
        }


class KeptRows:
    """The rows of new artifacts."""

    def __init__(self, at: int) -> None:
        self.at = at
        self._nodes = Batch(NODE, _NODE)
        self._uses = Batch(BLOB_USE, ("node_id", "storage", "hash"))
        self._tags = Batch(TAG, ("node_id", "space", "name", "position", "dtype", "value_text"))

    def batches(self) -> list[Batch]:
        """Nodes first, then what points to them."""
        return [self._nodes, self._uses, self._tags]

    def add(self, offer: Offer, stem: str, version: int) -> None:
        """The rows of one artifact."""
        at, node_id = self.at, offer.id.bytes
        self._nodes.rows.append(
            (
                *(node_id, "remote_artifact", offer.label, at, at),
                *(uid_of(stem, version), stem, version, offer.kind, offer.description),
                *offer.columns().values(),
            )
        )
        hashes = {piece.digest for piece in offer.content.pieces}
        self._uses.rows += [(node_id, offer.storage.name, digest) for digest in hashes]
        self._tags.rows += [(node_id, "tag", name, -1, "str", value) for name, value in offer.tags.items()]
