"""What a page asks to find, as it stands in its fields: text, a state, a type, a tag, a feature, a time."""

from __future__ import annotations

import re
from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from functools import reduce
from operator import and_
from typing import Any

from sqlalchemy import select

from artigraph.artifact.fields import Among
from artigraph.artifact.lookup import Said
from artigraph.artifact.q import Q
from artigraph.artifact.search import Search
from artigraph.graph.filter import NodeFilter
from artigraph.graph.schema import LINK, NODE
from artigraph.graph.value import Filter, ValueFilter
from artigraph.lineage.spans import Cursor, SpanQuery

CURRENT = Q(is_latest=True, trashed_at=None)
"""A browser lists the latest version of each thing, without what is in the trash."""

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


def artifact_filter(given: Mapping[str, Any]) -> Filter | None:
    """What a message asks of artifacts; None: nothing. Raises ValueError as ``span_query`` does."""
    asked: list[Filter] = []
    if text := str(given.get("text") or "").strip():
        called = select(LINK.c.target_id).where(ValueFilter(icontains=text).on(LINK.c.label), LINK.c.kind == "output")
        asked.append(Search(text) | Among(called, f"called {text!r} by the span that made it"))
    if kind := str(given.get("type") or "").strip():
        named = ValueFilter(icontains=kind)
        asked.append(Q(otype__icontains=kind) | Q(suffix__icontains=kind) | named.against(MODEL))
    if said := tag(given.get("tag")):
        asked.append(NodeFilter(tags=dict([said])))
    if (feature := feature_filter(str(given.get("feature") or ""))) is not None:
        asked.append(feature)
    if moment := since(given.get("days")):
        asked.append(Q(created_at__gte=moment))
    return reduce(and_, asked) if asked else None


MODEL = NODE.c.model_artifact_type_name

_FEATURE = re.compile(r"\s*([^<>=]+?)\s*(?:(<=|>=|<|>|=)\s*(.*?)\s*)?", re.DOTALL)
_OPERATORS = {"=": "eq", "<": "lt", "<=": "le", ">": "gt", ">=": "ge"}


def feature_filter(words: str) -> Filter | None:
    """``name``, ``name = value``, or ``name > value``; what looks like a number or a truth value may be a text as well.

    >>> feature_filter("temperature >= 20"), feature_filter("lab")
    (Feature('temperature') >= 20.0, Q(features__lab__isnull=False))
    >>> feature_filter("batch = 7")
    Feature('batch') == 7.0 | Feature('batch') == '7'
    """
    found = _FEATURE.fullmatch(words)
    if found is None:
        return None
    name, sign, value = found.groups()
    if not value:
        return Said("feature", name, "is_null", value=False, declared=True)
    operator, other = _OPERATORS[sign], _typed(value)
    asked = Said("feature", name, operator, other, declared=True)
    return asked | Said("feature", name, operator, value, declared=True) if sign == "=" and other != value else asked


def _typed(value: str) -> object:
    """A number or truth value out of a field; any other text as it is."""
    if value.lower() in ("true", "false"):
        return value.lower() == "true"
    try:
        return float(value)
    except ValueError:
        return value


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
