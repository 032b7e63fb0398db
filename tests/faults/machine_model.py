"""What the state machine saves, and the plain model of what should be there then."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any
from uuid import UUID

import artigraph as ag


def model_class(version: int) -> Any:
    """The class as it was, or as it is after somebody changed it."""
    if version == 1:

        @dataclass
        class MachineModel(ag.ArtifactModel, version=1):
            numbers: list
            blob: bytes = ag.artifact_field(storage="blobs")
    else:

        @dataclass
        class MachineModel(ag.ArtifactModel, version=2):
            numbers: list
            note: str
            blob: bytes = ag.artifact_field(storage="blobs")

            @classmethod
            def migrate(cls, version, data):
                return {**data, "note": "migrated"}

    return MachineModel


@dataclass
class Kept:
    """What should be there of one thing that was saved."""

    label: str | None
    value: Any
    """Of a model: field -> value."""
    is_model: bool = False
    tags: dict[str, str] = field(default_factory=dict)


@dataclass
class Version:
    """What should be there of one version of a key."""

    number: int
    value: str
    trashed: bool = False


@dataclass
class Ran:
    """What should be there of one span."""

    status: str = "open"
    parent: UUID | None = None
    outputs: dict[str, UUID] = field(default_factory=dict)
    unnamed: set[UUID] = field(default_factory=set)
