"""Collections: what one is, and the first artifacts that it holds, in order."""

from __future__ import annotations

from artigraph.lineage.escape import plain
from artigraph_jupyter.html import Html, tag
from artigraph_jupyter.views.artifact import artifact_line, artifact_rows
from artigraph_jupyter.views.card import (
    HTML_LIMIT,
    TEXT_LIMIT,
    Budget,
    badges,
    card,
    facts,
    fitting,
    foot,
    head,
    key_title,
    more_text,
    signed,
    version_pill,
)
from artigraph_jupyter.views.data import CollectionCard
from artigraph_jupyter.views.outline import Line, outline
from artigraph_jupyter.views.quantity import count_text, moment_text, size_text


def to_html(shown: CollectionCard) -> str:
    """The card, at most 50 KB."""
    return fitting(HTML_LIMIT, lambda budget: _card(shown, budget))


def to_text(shown: CollectionCard) -> str:
    """The same in text, at most 4 KB."""
    return fitting(TEXT_LIMIT, lambda budget: outline(_line(shown, budget)))


def _card(shown: CollectionCard, budget: Budget) -> Html:
    one, rows = shown.collection, shown.rows[: budget.rows]
    version = version_pill(f"v{one.version}") if one.version is not None else None
    known = [(name, plain(value, budget.chars)) for name, value in _facts(shown)]
    hidden = f"{len(rows):,} of {shown.total:,} shown." if len(rows) < shown.total else ""
    return card(
        f"{one.label} {f'version {one.version}' if one.version is not None else ''}",
        head("collection", key_title(one.label, one.kind), version, *badges(one.badges)),
        tag("div", facts(known), class_="ag-sec"),
        artifact_rows(rows) if rows else None,
        foot(hidden, shown.load_code) if hidden or shown.load_code else None,
        parts=["table"],
    )


def _facts(shown: CollectionCard) -> list[tuple[str, str]]:
    held = ", ".join(part for part in (count_text(shown.total, "artifact"), size_text(shown.collection.size)) if part)
    said = ("Holds", held), ("Saved", moment_text(shown.collection.saved_at)), *shown.facts
    return [pair for pair in said if pair[1]]


def _line(shown: CollectionCard, budget: Budget) -> Line:
    one, rows = shown.collection, shown.rows[: budget.rows]
    below = [Line((plain(name, 60), plain(value, budget.chars))) for name, value in _facts(shown)]
    below += [artifact_line(row) for row in rows]
    more = more_text(shown.total - len(rows), "artifact")
    below += [Line((more,))] if more else []
    below += [Line(("Load", plain(shown.load_code, 200)))] if shown.load_code else []
    version = f" v{one.version}" if one.version is not None else ""
    states = [signed(plain(word, 60)) for word in one.badges]
    return Line((signed(plain(one.label, 200) + version, one.kind), *states), tuple(below))
