"""Spans that are out of date, with the reasons."""

from __future__ import annotations

from collections.abc import Sequence

from artigraph.lineage.escape import plain
from artigraph.lineage.icons import KIND_ICONS
from artigraph.span.stale import Stale
from artigraph_jupyter.html import Html, tag
from artigraph_jupyter.views.card import (
    HTML_LIMIT,
    NAME_LIMIT,
    TEXT_LIMIT,
    Budget,
    badge,
    card,
    fitting,
    foot,
    head,
    icon,
    more_text,
    signed,
    table,
)
from artigraph_jupyter.views.outline import Line, outline
from artigraph_jupyter.views.quantity import count_text, moment_text

NOTHING = "Nothing is out of date."


def to_html(shown: Sequence[Stale]) -> str:
    """The card, at most 50 KB."""
    return fitting(HTML_LIMIT, lambda budget: _card(shown, budget))


def to_text(shown: Sequence[Stale]) -> str:
    """The same in text, at most 4 KB."""
    return fitting(TEXT_LIMIT, lambda budget: outline(_line(shown, budget)))


def _card(shown: Sequence[Stale], budget: Budget) -> Html:
    if not shown:
        return card("Stale spans", head("span", NOTHING))
    rows = []
    for each in shown[: budget.rows]:
        name = tag("td", icon(KIND_ICONS[_kind(each)]), plain(_name(each), NAME_LIMIT))
        why = [[tag("br") if number else None, plain(reason, 200)] for number, reason in enumerate(each.reasons)]
        ran = tag("td", moment_text(each.span.opened_at), class_="opt ag-2")
        rows.append(tag("tr", name, tag("td", badge("stale")), tag("td", why, class_="wrap"), ran))
    more = more_text(len(shown) - len(rows), "span")
    columns = [("Span", ""), ("State", ""), ("Why", "wrap"), ("Ran", "opt")]
    title = head("span", f"{count_text(len(shown), 'span')} out of date")
    return card("Stale spans", title, table(columns, rows), foot(more) if more else None, parts=["table"])


def _line(shown: Sequence[Stale], budget: Budget) -> Line:
    if not shown:
        return Line((NOTHING,))
    lines = []
    for each in shown[: budget.rows]:
        name = signed(plain(_name(each), NAME_LIMIT), _kind(each))
        lines.append(Line((name, signed(f"stale: {plain('; '.join(each.reasons), 300)}"))))
    more = more_text(len(shown) - len(lines), "span")
    return Line((f"{count_text(len(shown), 'span')} out of date",), (*lines, *([Line((more,))] if more else [])))


def _kind(each: Stale) -> str:
    return "run" if each.span.node_type == "run" else "span"


def _name(each: Stale) -> str:
    cell = (each.span.info or {}).get("execution_count")
    return f"{each.span.label or each.span.id}" + (f" [{cell}]" if cell is not None else "")
