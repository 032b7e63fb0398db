"""What a page asks to find, as it stands in its fields: text, a state, a tag, a time."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from typing import Any

from artigraph.lineage.search import ArtifactQuery
from artigraph.lineage.spans import Cursor, SpanQuery

STATES = ("ok", "error", "interrupted", "open", "abandoned")


def span_query(given: Mapping[str, Any]) -> SpanQuery:
    """The spans that a message asks for; an abandoned one is open in the database.

    Raises:
        ValueError: no such state, or a time that is no number of days.
    """
    status = str(given.get("status") or "")
    if status and status not in STATES:
        raise ValueError(f"{status!r} is none of {', '.join(STATES)}")
    stored = "open" if status == "abandoned" else status
    return SpanQuery(str(given.get("text") or ""), stored, tag(given.get("tag")), since(given.get("days")))


def artifact_query(given: Mapping[str, Any]) -> ArtifactQuery:
    """The artifacts that a message asks for. Raises ValueError as ``span_query`` does."""
    text, kind = str(given.get("text") or ""), str(given.get("type") or "")
    return ArtifactQuery(text, kind, tag(given.get("tag")), since(given.get("days")))


def tag(words: object) -> tuple[str, str | None] | None:
    """``name`` or ``name = value``.

    >>> tag("team = blue"), tag("draft"), tag("")
    (('team', 'blue'), ('draft', None), None)
    """
    name, equals, value = str(words or "").partition("=")
    return (name.strip(), value.strip() if equals else None) if name.strip() else None


def since(days: object) -> datetime | None:
    """So many days ago; None for none, and for 0."""
    if not days:
        return None
    if not isinstance(days, int | float) or not 0 < days < 100_000:
        raise ValueError("a time is a number of days")
    return datetime.now(UTC) - timedelta(days=days)


def cursor(value: object) -> Cursor | None:
    """Where a page goes on; None for the first."""
    if value is None:
        return None
    if not isinstance(value, list | tuple) or len(value) != 2:
        raise ValueError("a cursor is what a page before has given")
    return str(value[0]), str(value[1])
