"""What the views are made from: frozen records without a database behind them.

Badges are words (``stale``, ``damaged``, ``missing``, ``intact``, ``latest``, anything else); icon and tone follow
from the word. Kinds and states are those of a lineage: ``span run artifact keyed model field trace`` and
``ok error interrupted abandoned open``. Times are aware datetimes, sizes are bytes, durations seconds.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

Preview = Mapping[str, Any]
"""What a serializer stored to look at: of a frame ``columns dtypes rows index shape``, of an array ``shape dtype min
max mean histogram`` (or ``sketch``), of other values ``type length text``. A look may add an
``image``: the ``data:`` address of a small picture."""


@dataclass(frozen=True, slots=True)
class Thing:
    """Something a span made or used, in a few words."""

    label: str
    """A name, or a whole key."""
    kind: str = "artifact"
    version: int | None = None
    detail: str = ""
    """Type and size or shape: ``DataFrame, 65,470 × 14``."""
    badges: tuple[str, ...] = ()
    role: str = ""
    """The name it was used under, or made as."""


@dataclass(frozen=True, slots=True)
class FieldRow:
    """One field of a model."""

    name: str
    value: str | Preview | ModelCard
    """Finished text of a small value, the stored preview of a big one, or the model inside."""
    stored_as: str = ""
    size: int | None = None
    type_name: str = ""
    badges: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class ModelCard:
    """A model with its fields, as far as they were read."""

    label: str
    type_name: str
    version: int | None = None
    fields: tuple[FieldRow, ...] = ()
    hidden: int = 0
    """Fields that exist besides those given."""
    node_id: str = ""
    maker: str = ""
    """Who made it, in words: ``evaluate [18]``."""
    created_at: datetime | None = None
    badges: tuple[str, ...] = ()
    load_code: str = ""
    """Python that loads it again."""


@dataclass(frozen=True, slots=True)
class SpanRow:
    """One span, with those inside it."""

    label: str
    status: str = "ok"
    kind: str = "span"
    cell: int | None = None
    """Number of the notebook cell it ran as."""
    error: str = ""
    """Type of the exception it ended with."""
    started: datetime | None = None
    duration: float | None = None
    """Of an abandoned span: up to the last thing it wrote."""
    outputs: tuple[Thing, ...] = ()
    outputs_hidden: int = 0
    children: tuple[SpanRow, ...] = ()
    children_hidden: int = 0
    badges: tuple[str, ...] = ()
    node_id: str = ""


@dataclass(frozen=True, slots=True)
class SpanTree:
    """Spans in the order they ran."""

    spans: tuple[SpanRow, ...] = ()
    hidden: int = 0
    """Spans that were found besides those given."""
    note: str = ""
    """What they are: ``today, 2 kernels``."""


@dataclass(frozen=True, slots=True)
class SpanCard:
    """One span in full."""

    span: SpanRow
    inputs: tuple[Thing, ...] = ()
    inputs_hidden: int = 0
    source: str = ""
    error_text: str = ""
    untracked: tuple[tuple[str, str], ...] = ()
    """Name and type of values it read that no span had made."""
    facts: tuple[tuple[str, str], ...] = ()
    """More to know, in order: parameters, environment."""


@dataclass(frozen=True, slots=True)
class ArtifactRow:
    """One artifact in a table."""

    label: str
    kind: str = "artifact"
    version: int | None = None
    type_name: str = ""
    size: int | None = None
    maker: str = ""
    saved_at: datetime | None = None
    badges: tuple[str, ...] = ()
    node_id: str = ""


@dataclass(frozen=True, slots=True)
class ArtifactTable:
    """What a query found."""

    rows: tuple[ArtifactRow, ...] = ()
    total: int = 0
    query: str = ""
    """The question in words: ``key starts with "flights/", newest first``."""


@dataclass(frozen=True, slots=True)
class Version:
    """One of the versions of a keyed artifact."""

    number: int
    saved_at: datetime | None = None
    maker: str = ""


@dataclass(frozen=True, slots=True)
class ArtifactCard:
    """One artifact in full."""

    artifact: ArtifactRow
    versions: tuple[Version, ...] = ()
    """Oldest first; the card marks the one it shows."""
    tags: tuple[str, ...] = ()
    facts: tuple[tuple[str, str], ...] = ()
    """What is known, in order: used by, stored as, hash."""
    preview: Preview | None = None
    load_code: str = ""


@dataclass(frozen=True, slots=True)
class CollectionCard:
    """One collection."""

    collection: ArtifactRow
    rows: tuple[ArtifactRow, ...] = ()
    """The first artifacts that it holds, in order."""
    total: int = 0
    facts: tuple[tuple[str, str], ...] = ()
    load_code: str = ""


@dataclass(frozen=True, slots=True)
class Summary:
    """What ``%artigraph connect`` found."""

    database: str
    """Without credentials."""
    storage: str = ""
    counts: tuple[tuple[str, int], ...] = ()
    """``("spans", 12)`` and so on."""
    size: int | None = None
    notes: tuple[str, ...] = ()
    """One sentence each: what to do next, what is on."""
