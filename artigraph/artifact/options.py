"""What the constructor is told that it does not use, or not use so: refused with a reason, or named in one warning."""

from __future__ import annotations

import warnings
from typing import Any

from artigraph.errors import InvalidArtifactError

IGNORED = ("branch", "space", "upload", "transfer", "using_key", "storage_delete", "mute")
"""Words of documents of other generations that mean nothing here."""

RESERVED = frozenset({"trace", "gone"})
"""Kinds that this library gives."""


def check_kind(kind: str | None) -> str | None:
    """The same kind. Raises InvalidArtifactError when it is one of ours, or no text of 1 to 64 characters."""
    if kind is not None and (not 0 < len(kind) <= 64 or kind in RESERVED):
        raise InvalidArtifactError(f"{kind!r} cannot be a kind: write 'dataset', 'model' or a word of yours")
    return kind


def check_unused(given: dict[str, Any], known: tuple[str, ...], stacklevel: int = 3) -> None:
    """Look at keywords that a call does not know by itself.

    Args:
        given: name -> value.
        known: the keywords it knows, for the message.
        stacklevel: of the warning.

    Raises:
        InvalidArtifactError: a keyword that nothing knows, or that asks for what is never done here.
    """
    unknown = [name for name in given if name not in (*IGNORED, "key_is_virtual", "overwrite_versions")]
    if unknown:
        raise InvalidArtifactError(f"an artifact has no {', '.join(unknown)}; there are {', '.join(known)}")
    if given.get("key_is_virtual") is False:
        raise InvalidArtifactError("a key is a name here, never a path: key_is_virtual=False is not possible")
    ignored = [name for name in given if name != "overwrite_versions" and given[name] is not None]
    if ignored:
        warnings.warn(f"{', '.join(ignored)}: accepted, and of no effect", stacklevel=stacklevel + 1)
