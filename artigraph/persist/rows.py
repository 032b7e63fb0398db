"""A finished plan as rows: nodes, links, tags, blob uses."""

from __future__ import annotations

from collections.abc import Iterable
from hashlib import sha256
from uuid import UUID

from artigraph.graph.current import Use
from artigraph.graph.insert import Batch
from artigraph.graph.schema import BLOB_USE, LINK, NODE, TAG
from artigraph.ids import as_made_of, new_raw_id
from artigraph.persist.plan import JSON_NAME, Draft, ModelDraft, ValueDraft
from artigraph.storage.database import database_storage

_BASE = ("id", "node_type", "node_label", "node_created_at", "node_updated_at", "artifact_hash", "artifact_size")
_VALUE = (*_BASE, "artifact_serializer", "database_artifact_data")
_SHOWN = (*_VALUE, "artifact_content_type", "artifact_otype", "artifact_preview")
_REMOTE = (
    *_BASE,
    *("artifact_serializer", "remote_artifact_storage", "remote_artifact_location"),
    *("artifact_content_type", "artifact_otype", "artifact_preview"),
)
_MODEL = (
    *_BASE,
    *("artifact_serializer", "database_artifact_data", "model_artifact_type_name", "model_artifact_version"),
)
_LINK = ("id", "source_id", "target_id", "label", "kind")
_INPUT = ("id", "source_id", "target_id", "kind", "role", "changed")
_TAG = ("node_id", "space", "name", "position", "dtype", "value_text")


class Rows:
    """The batches of one save, in the order in which they have to be inserted."""

    def __init__(self, at: int) -> None:
        self.at = at
        """Microseconds: the one time of everything in this save."""
        self._models = Batch(NODE, _MODEL)
        self._values = Batch(NODE, _VALUE)
        self._shown = Batch(NODE, _SHOWN)
        self._remote = Batch(NODE, _REMOTE)
        self._uses = Batch(BLOB_USE, ("node_id", "storage", "hash"))
        self._links = Batch(LINK, _LINK)
        self._inputs = Batch(LINK, _INPUT, ignore=True)
        self._tags = Batch(TAG, _TAG)

    def batches(self) -> list[Batch]:
        """Nodes first, then what points to them."""
        nodes = [self._models, self._values, self._shown, self._remote]
        return [*nodes, self._uses, self._links, self._inputs, self._tags]

    def add(self, draft: Draft) -> None:
        """The rows of one draft: its node, and the links to its parts."""
        if isinstance(draft, ModelDraft):
            self._add_model(draft)
        else:
            self._add_value(draft)
        self.tag(draft)

    def tag(self, draft: Draft) -> None:
        """The tags of a draft."""
        for name, value in draft.tags.items():
            self._tags.rows.append((draft.id, "tag", name, -1, "str", value))

    def link(self, source: bytes, target: bytes, label: str | None, kind: str) -> None:
        """An arrow between two nodes."""
        self._links.rows.append((new_raw_id(), source, target, label, kind))

    def use(self, span_id: UUID, use: Use) -> None:
        """An arrow from an artifact to the span that used it; the same use again is the same row."""
        source, target = use.node_id.bytes, span_id.bytes
        self._inputs.rows.append((input_id(source, target, use.role), source, target, "input", use.role, use.changed))

    def add_parts(self, draft: ModelDraft) -> None:
        """The plain fields of a model, and the links to all its parts."""
        at, model_id = self.at, draft.id
        values, links = self._values.rows, self._links.rows
        for label, field_id, data, digest in draft.plain:
            values.append((field_id, "database_artifact", None, at, at, digest, len(data), JSON_NAME, data))
            links.append((new_raw_id(), model_id, field_id, label, "field"))
        for label, part in draft.parts:
            links.append((new_raw_id(), model_id, part.id, label, "field"))

    def _add_model(self, draft: ModelDraft) -> None:
        at = self.at
        self._models.rows.append(
            (
                *(draft.id, "model_artifact", draft.label, at, at, draft.hash, draft.size),
                *(None if draft.keys is None else JSON_NAME, draft.keys, draft.name, draft.version),
            )
        )
        self.add_parts(draft)

    def _add_value(self, draft: ValueDraft) -> None:
        at = self.at
        base = (draft.id, "database_artifact", draft.label, at, at, draft.hash, draft.size, draft.serializer.name)
        shown = (draft.serializer.content_type, draft.type_name, draft.preview)
        if draft.storage is not database_storage:
            where = (draft.storage.name, draft.location)
            self._remote.rows.append((base[0], "remote_artifact", *base[2:], *where, *shown))
            self._uses.rows.append((draft.id, draft.storage.name, draft.hash))
        elif draft.serializer.name == JSON_NAME and draft.preview is None and draft.label is None:
            self._values.rows.append((*base, draft.data))
        else:
            self._shown.rows.append((*base, draft.data, *shown))


def input_id(source: bytes, target: bytes, role: str | None) -> bytes:
    """The id of an input link: a UUID (version 8) made of what it says, so that saying it again changes nothing."""
    return as_made_of(sha256(source + target + (role or "").encode()).digest()).bytes


def all_rows(drafts: Iterable[Draft], at: int) -> Rows:
    """The rows of all drafts."""
    rows = Rows(at)
    for draft in drafts:
        rows.add(draft)
    return rows
