"""A quick digest of how a live value looks, to notice that it is no longer what was saved."""

from __future__ import annotations

from typing import Any

from artigraph.identity import Memory
from artigraph.registry import current_registry


def fingerprint(value: object) -> bytes | None:
    """16 bytes that differ when the value (very likely) differs; at most a few milliseconds of work.

    None when its serializer gives none, or the value has none.
    """
    try:
        serializer: Any = current_registry().serializer_for(value)
        take = getattr(serializer, "fingerprint", None)
        found: bytes | None = take(value) if take is not None else None
    except Exception:  # noqa: BLE001 - a value that cannot be looked at is only less well known
        return None
    return found


def has_changed(value: object, memory: Memory) -> bool:
    """Whether a value looks other than when it was remembered; no, when that was not taken down (of models)."""
    return memory.fingerprint is not None and memory.fingerprint != fingerprint(value)
