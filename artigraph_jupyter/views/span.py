"""One span in full: what it used, what it made, what ran inside it, and the cell that it was."""

from __future__ import annotations

from collections.abc import Iterator

from artigraph.lineage.escape import plain
from artigraph.lineage.icons import KIND_ICONS
from artigraph_jupyter.html import Html, tag, text
from artigraph_jupyter.views.card import (
    HTML_LIMIT,
    NAME_LIMIT,
    TEXT_LIMIT,
    Budget,
    badges,
    card,
    code_block,
    facts,
    fitting,
    fold,
    foot,
    head,
    icon,
    key_title,
    more_text,
    signed,
    spaced,
    table,
    thing_text,
    version_pill,
)
from artigraph_jupyter.views.data import SpanCard, SpanRow, Thing
from artigraph_jupyter.views.outline import Line, outline
from artigraph_jupyter.views.quantity import count_text, moment_text
from artigraph_jupyter.views.tree import cut, name_text, span_lines, span_list, status_mark, status_text, took_text


def to_html(shown: SpanCard) -> str:
    """The card, at most 50 KB."""
    return fitting(HTML_LIMIT, lambda budget: _card(shown, budget))


def to_text(shown: SpanCard) -> str:
    """The same in text, at most 4 KB."""
    return fitting(TEXT_LIMIT, lambda budget: outline(_line(shown, budget)))


def _card(shown: SpanCard, budget: Budget) -> Html:
    span = shown.span
    cell = tag("span", f"[{span.cell}]", class_="ag-2") if span.cell is not None else None
    when = ", ".join(part for part in (took_text(span), moment_text(span.started)) if part)
    title = head(span.kind, key_title(span.label, span.kind), cell, status_mark(span), *badges(span.badges), aside=when)
    known = [(plain(name, 60), plain(value, budget.chars)) for name, value in shown.facts[: budget.rows]]
    error = tag("pre", text(shown.error_text, 4 * budget.chars), class_="ag-code ag-error", tabindex="0")
    sections = [
        tag("div", error, class_="ag-sec") if shown.error_text else None,
        tag("div", facts(known), class_="ag-sec") if known else None,
        _things(shown, budget),
        _inside(span, budget),
        _source(shown, budget),
    ]
    said = _untracked(shown)
    return card(f"{span.kind} {span.label}", title, *sections, foot(said) if said else None, parts=["table", "tree"])


def _things(shown: SpanCard, budget: Budget) -> Html | None:
    limit = max(budget.rows // 2, 1)
    rows = [*_thing_rows("in", shown.inputs, shown.inputs_hidden, limit)]
    rows += _thing_rows("out", shown.span.outputs, shown.span.outputs_hidden, limit)
    columns = [("", ""), ("As", ""), ("Artifact", ""), ("What", "wrap opt"), ("State", "")]
    return table(columns, rows) if rows else None


def _thing_rows(way: str, things: tuple[Thing, ...], hidden: int, limit: int) -> Iterator[Html]:
    for number, thing in enumerate(things[:limit]):
        version = version_pill(f"v{thing.version}") if thing.version is not None else None
        name = [icon(KIND_ICONS.get(thing.kind, "")), key_title(thing.label, thing.kind), " ", version]
        first = tag("td", "" if number else way, class_="ag-2")
        what = tag("td", plain(thing.detail, NAME_LIMIT), class_="wrap opt ag-2")
        state = tag("td", spaced(*badges(thing.badges)))
        cells = first, tag("td", plain(thing.role, NAME_LIMIT)), tag("td", name), what, state
        yield tag("tr", *cells, class_="cont" if number else None)
    more = more_text(hidden + max(len(things) - limit, 0), f"{way}put")
    if more:
        yield tag("tr", tag("td"), tag("td", more, colspan="4", class_="ag-2"), class_="cont")


def _inside(span: SpanRow, budget: Budget) -> Html | None:
    total = len(span.children) + span.children_hidden
    if not total:
        return None
    kept = cut(span.children, budget.rows // 2, budget.depth - 1)
    rows = span_list(kept, total - len(kept))
    return tag("div", fold(f"{count_text(total, 'span')} inside", rows, is_open=True), class_="ag-sec ag-rows")


def _source(shown: SpanCard, budget: Budget) -> Html | None:
    if not shown.source:
        return None
    said = ["Made by this cell ", tag("span", count_text(len(shown.source.splitlines()), "line"), class_="ag-2 ag-sm")]
    return tag("div", fold(said, code_block(shown.source, 20 * budget.chars)), class_="ag-sec")


def _untracked(shown: SpanCard) -> str:
    """The hole in the lineage, in one sentence."""
    if not shown.untracked:
        return ""
    names = ", ".join(f"{plain(name, 40)} ({plain(kind, 40)})" for name, kind in shown.untracked[:8])
    more = f" and {len(shown.untracked) - 8:,} more" if len(shown.untracked) > 8 else ""
    return f"Reads {count_text(len(shown.untracked), 'value')} no span made: {names}{more}."


def _line(shown: SpanCard, budget: Budget) -> Line:
    span = shown.span
    states = [signed(plain(word, 80)) for word in span.badges]
    top = (name_text(span), status_text(span), took_text(span), moment_text(span.started), *states)
    why = shown.error_text.strip().rpartition("\n")[2]
    below = [
        *([Line((text(why, budget.chars),))] if why else []),
        *(
            Line((f"{plain(name, 60)}: {plain(value, budget.chars // 2)}",))
            for name, value in shown.facts[: budget.rows]
        ),
        *_thing_lines("in", shown.inputs, shown.inputs_hidden, budget.rows),
        *_thing_lines("out", span.outputs, span.outputs_hidden, budget.rows),
    ]
    inside = span_lines(cut(span.children, budget.rows, budget.depth - 1), 0)
    hidden = more_text(span.children_hidden + len(span.children) - len(inside), "span")
    below += [Line(("ran", *line.cells), line.below) for line in inside]
    below += [Line((said,)) for said in (hidden, _untracked(shown)) if said]
    return Line(top, tuple(below))


def _thing_lines(way: str, things: tuple[Thing, ...], hidden: int, limit: int) -> Iterator[Line]:
    for thing in things[:limit]:
        states = " ".join(signed(plain(word, 60)) for word in thing.badges)
        yield Line((way, plain(thing.role, 40), thing_text(thing), plain(thing.detail, NAME_LIMIT), states))
    more = more_text(hidden + max(len(things) - limit, 0), f"{way}put")
    if more:
        yield Line((way, more))
