"""What ``%artigraph connect`` found: the database, where values go, what is in it, what to do next."""

from __future__ import annotations

from artigraph.lineage.escape import plain
from artigraph_jupyter.html import Html, tag
from artigraph_jupyter.views.card import HTML_LIMIT, TEXT_LIMIT, Budget, card, facts, fitting, head
from artigraph_jupyter.views.data import Summary
from artigraph_jupyter.views.outline import Line, outline
from artigraph_jupyter.views.quantity import size_text


def to_html(summary: Summary) -> str:
    """The card, at most 50 KB."""
    return fitting(HTML_LIMIT, lambda budget: _card(summary, budget))


def to_text(summary: Summary) -> str:
    """The same in text, at most 4 KB."""
    return fitting(TEXT_LIMIT, lambda budget: _outline(summary, budget))


def _card(summary: Summary, budget: Budget) -> Html:
    known = tag("div", facts(_facts(summary, budget)), class_="ag-sec")
    notes = [tag("div", plain(note, budget.chars), class_="ag-note") for note in summary.notes[: budget.rows]]
    said = tag("div", notes, class_="ag-sec") if notes else None
    return card("Connected", head("keyed", "Connected"), known, said)


def _outline(summary: Summary, budget: Budget) -> str:
    lines = [Line(fact) for fact in _facts(summary, budget)]
    lines += [Line((plain(note, budget.chars),)) for note in summary.notes[: budget.rows]]
    return outline(Line(("Connected",), tuple(lines)))


def _facts(summary: Summary, budget: Budget) -> list[tuple[str, str]]:
    held = ", ".join(f"{count:,} {plain(word, 40)}" for word, count in summary.counts[: budget.rows])
    facts = (
        ("Database", plain(summary.database, budget.chars)),
        ("Values", plain(summary.storage, budget.chars)),
        ("Holds", held or "nothing yet"),
        ("Size", size_text(summary.size)),
    )
    return [(name, value) for name, value in facts if value]
