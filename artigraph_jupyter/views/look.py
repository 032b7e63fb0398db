"""How stored content looks: every file of this room that has a ``LOOK`` shows one sort, chosen by its content type."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from pkgutil import iter_modules
from typing import Any

from artigraph.registry import load
from artigraph_jupyter.views.data import Preview


@dataclass(frozen=True, slots=True)
class Stored:
    """Content, before anything of it is read."""

    content_type: str
    """The media type of its bytes; of a file what its suffix says; empty where nobody knows."""
    preview: Preview
    """What its serializer stored to look at; empty when it stored nothing."""
    size: int = 0
    """Bytes."""


@dataclass(frozen=True, slots=True)
class Look:
    """How one sort of content is shown."""

    shows: Callable[[Stored], bool]
    """Whether this is of the sort."""
    make: Callable[[Stored, bytes | None], dict[str, Any]]
    """The preview that is shown instead of the stored one, out of the bytes, or of None where they were not read."""
    reads: int = 0
    """Up to how many bytes the content is read; bigger content is shown without."""


def look_at(stored: Stored) -> Look | None:
    """The look that shows this content; None: its stored preview says it all."""
    return next((look for look in _looks() if look.shows(stored)), None)


@cache
def _looks() -> tuple[Look, ...]:
    files = sorted(file.name for file in iter_modules([str(Path(__file__).parent)]))
    views = [load(f"{__package__}.{name}", "showing content") for name in files]
    return tuple(view.LOOK for view in views if hasattr(view, "LOOK"))
