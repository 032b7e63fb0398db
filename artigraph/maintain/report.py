"""What maintenance returns: plain data with a text for people and a JSON form for programs."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, fields, is_dataclass
from datetime import datetime
from pathlib import Path
from typing import Any
from uuid import UUID

from artigraph.lineage.escape import plain

LONGEST = 1_000
"""Characters of a problem that its text shows."""

Progress = Callable[[str, int, int | None], object]
"""Told what is being done, how much of it is done, and of how much (None: nobody knows)."""


@dataclass(frozen=True, slots=True)
class Problem:
    """Something that is wrong in a store."""

    kind: str
    """database, schema, dangling, unlisted, content, incomplete, storage, missing, damaged or abandoned"""
    what: str
    """One sentence that says what is wrong, and where."""
    cure: str
    """What to do about it."""
    node_id: UUID | None = None
    """The node it is about."""
    storage: str | None = None
    """Stored name of the storage it is about."""
    location: str | None = None
    """Of the blob in that storage."""

    def to_lines(self, lead: str = "") -> list[str]:
        """The problem and its cure, as two lines that no name in them can break."""
        return [f"  {lead}{self.kind}: {plain(self.what, LONGEST)}", f"    {plain(self.cure, LONGEST)}"]


class Report:
    """What every report can do; a frozen dataclass that says how it reads as text."""

    __slots__ = ()

    def to_json(self) -> dict[str, Any]:
        """The report as JSON-able data: ids and times as text, sizes in bytes."""
        plain: dict[str, Any] = plain_data(self)
        return plain

    def to_text(self) -> str:
        """The report as lines for people."""
        raise NotImplementedError

    def __str__(self) -> str:
        return self.to_text()


def plain_data(value: Any) -> Any:
    """Dataclasses, ids, times, paths, tuples and mappings as JSON-able data.

    >>> plain_data(Problem("missing", "a blob is gone", "restore it"))["kind"]
    'missing'
    """
    if is_dataclass(value) and not isinstance(value, type):
        return {field.name: plain_data(getattr(value, field.name)) for field in fields(value)}
    if isinstance(value, Mapping):
        return {str(key): plain_data(part) for key, part in value.items()}
    if isinstance(value, list | tuple):
        return [plain_data(part) for part in value]
    if isinstance(value, UUID | Path):
        return str(value)
    return value.isoformat() if isinstance(value, datetime) else value


def counted(number: int, what: str) -> str:
    """A number with its noun.

    >>> counted(1, "blob"), counted(1200, "blob")
    ('1 blob', '1,200 blobs')
    """
    return f"{number:,} {what}{'' if number == 1 else 's'}"
