"""What the constructor is told that it does not use, or not use so: refused with a reason, or named in one warning."""

from __future__ import annotations

import json
import warnings
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from sqlalchemy import Connection, select

from artigraph.errors import InvalidArtifactError, NodeNotFoundError
from artigraph.graph.schema import NODE
from artigraph.ids import as_id

IGNORED = ("branch", "space", "upload", "transfer", "using_key", "storage_delete", "mute")
"""Words of documents of other generations that mean nothing here."""

RESERVED = frozenset({"trace", "gone"})
"""Kinds that this library gives."""


def check_kind(kind: Any) -> str | None:
    """The same kind. Raises InvalidArtifactError when it is one of ours, or no text of 1 to 64 characters."""
    if kind is not None and (not isinstance(kind, str) or not 0 < len(kind) <= 64 or kind in RESERVED):
        raise InvalidArtifactError(f"{kind!r} cannot be a kind: write 'dataset', 'model' or a word of yours")
    return kind


def check_text(name: str, text: Any, limit: int | None = None) -> Any:
    """The same text, or None. Raises InvalidArtifactError when it is no text, or none that a database keeps."""
    if text is None:
        return None
    if not isinstance(text, str):
        raise InvalidArtifactError(f"{name} is {text!r}; it is a text, or None")
    if "\x00" in text or any("\ud800" <= each <= "\udfff" for each in text):
        raise InvalidArtifactError(f"{name} has a NUL or half of a surrogate pair")
    if limit is not None and len(text) > limit:
        raise InvalidArtifactError(f"{name} has {len(text):,} characters; it can have {limit}")
    return text


def check_mapping(name: str, given: Any) -> Mapping[Any, Any] | None:
    """The same mapping, or None. Raises InvalidArtifactError when it is something else."""
    if given is not None and not isinstance(given, Mapping):
        raise InvalidArtifactError(f"{name} is {given!r}; write it as {{name: value}}")
    return given


def check_extra(extra_data: Any) -> dict[str, Any] | None:
    """A copy of what is said besides; None for nothing. Raises InvalidArtifactError when JSON has no such dict."""
    given = check_mapping("extra_data", extra_data)
    if not given:
        return None
    try:
        json.dumps(dict(given))
    except (TypeError, ValueError) as error:
        raise InvalidArtifactError(f"extra_data is kept as JSON: {error}") from error
    return dict(given)


@dataclass(frozen=True, slots=True)
class Maker:
    """A span that is only known by its id."""

    id: UUID


def check_run(run: Any) -> Any:
    """A span, as something with an ``id``; None and False as they are.

    Args:
        run: a Span, a Run, or the id of one.

    Raises:
        InvalidArtifactError: something else.
    """
    if run is None or run is False or isinstance(getattr(run, "id", None), UUID):
        return run
    found = as_id(run)
    if found is None:
        raise InvalidArtifactError(f"run is {run!r}; it is a Span, a Run or the id of one, False for none, or None")
    return Maker(found)


def check_makers(connection: Connection, ids: Iterable[UUID]) -> None:
    """Raise NodeNotFoundError unless all of these are spans that are kept."""
    wanted = set(ids)
    there = select(NODE.c.id).where(NODE.c.id.in_(wanted), NODE.c.span_status.is_not(None))
    for missing in wanted - set(connection.scalars(there)) if wanted else ():
        raise NodeNotFoundError(missing, "the span that is given as run= was not saved: open it, or save it first")


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
