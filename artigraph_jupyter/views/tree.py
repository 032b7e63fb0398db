"""Spans as a tree in the order they ran, on one clock."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from artigraph.lineage.escape import plain
from artigraph.lineage.icons import KIND_ICONS, flag_of
from artigraph_jupyter.html import Html, join, tag
from artigraph_jupyter.views.card import (
    HTML_LIMIT,
    NAME_LIMIT,
    TEXT_LIMIT,
    Budget,
    badges,
    card,
    chip,
    fitting,
    head,
    icon,
    more_text,
    signed,
    spaced,
    thing_text,
)
from artigraph_jupyter.views.data import SpanRow, SpanTree
from artigraph_jupyter.views.outline import Line, outline
from artigraph_jupyter.views.quantity import count_text, duration_text


def to_html(tree: SpanTree) -> str:
    """The card, at most 50 KB."""
    return fitting(HTML_LIMIT, lambda budget: _card(tree, budget))


def to_text(tree: SpanTree) -> str:
    """The same in text, at most 4 KB."""
    return fitting(TEXT_LIMIT, lambda budget: _outline(tree, budget))


def span_list(spans: tuple[SpanRow, ...], hidden: int = 0) -> Html:
    """The rows alone, without a card around them; they need the "tree" part of the stylesheet."""
    clock = _clock(spans)
    scale = tag("span", class_="ax", data_to=duration_text(clock.seconds) if clock else None)
    titles = ("Span", "nm"), ("Outputs", "out"), ("Time", "dur"), ("Status", "st")
    span, outputs, time, status = (tag("span", title, class_=kind) for title, kind in titles)
    top = _separated(span, outputs, [scale], time, status)
    rows = tag("ul", [_item(span, clock, 0) for span in spans], _more(hidden), class_="ag-tree")
    return tag("div", tag("div", top, class_="ag-row ag-thead"), rows)


def span_lines(spans: tuple[SpanRow, ...], hidden: int = 0) -> tuple[Line, ...]:
    """The rows as lines of an outline."""
    lines = tuple(Line(_words(span), span_lines(span.children, span.children_hidden)) for span in spans)
    more = more_text(hidden, "span")
    return (*lines, Line((more,))) if more else lines


def cut(spans: tuple[SpanRow, ...], rows: int, depth: int) -> tuple[SpanRow, ...]:
    """The first `rows` spans of a tree and at most `depth` levels below the first; the rest is counted in its parents.

    >>> cut((SpanRow("a", children=(SpanRow("b"), SpanRow("c"))),), rows=2, depth=1)[0].children_hidden
    1
    """
    return _cut(spans, [rows], depth)


def status_mark(span: SpanRow) -> Html:
    """The state of a span: icon and word, an error by its type."""
    word = span.error if span.status == "error" and span.error else span.status
    flag = flag_of(span.status)
    tone = None if flag.tone == "none" else flag.tone
    return tag("span", icon(flag.icon, small=True), tag("span", plain(word, 40)), class_="st", data_tone=tone)


def status_text(span: SpanRow) -> str:
    """The same in text."""
    word = span.error if span.status == "error" and span.error else span.status
    return signed(plain(word, 40), span.status)


def took_text(span: SpanRow) -> str:
    """How long it ran; of an abandoned span that is known only from below."""
    took = duration_text(span.duration)
    return f"≥ {took}" if took and span.status == "abandoned" else took


def name_text(span: SpanRow) -> str:
    """Sign, label and number of the cell."""
    return signed(plain(span.label, NAME_LIMIT) + (f" [{span.cell}]" if span.cell is not None else ""), span.kind)


@dataclass(frozen=True, slots=True)
class _Clock:
    """The time from the first start to the last end of the spans shown."""

    start: datetime
    seconds: float

    def bar(self, span: SpanRow, level: int) -> Html | None:
        if span.started is None:
            return None
        left = min(max(100 * (span.started - self.start).total_seconds() / self.seconds, 0), 98)
        width = min(100 * (span.duration or 0) / self.seconds, 100 - left)
        kinds = [kind for kind, holds in (("kid", level > 0), ("ghost", span.status == "abandoned")) if holds]
        tone = flag_of(span.status).tone
        shown = None if tone in ("none", "good") else tone
        return tag("i", class_=" ".join(kinds) or None, data_tone=shown, style=f"left:{left:.2f}%;width:{width:.2f}%")


def _card(tree: SpanTree, budget: Budget) -> Html:
    if not tree.spans:
        hint = tag("div", "Start a cell with ", tag("code", "%%span name"), ".", class_="ag-sec ag-2")
        return card("Spans", head("span", "No spans yet"), hint)
    kept = cut(tree.spans, budget.rows, budget.depth)
    title = head("span", _count(tree), aside=plain(tree.note, 200))
    return card("Spans", title, span_list(kept, tree.hidden + len(tree.spans) - len(kept)), parts=["tree"])


def _outline(tree: SpanTree, budget: Budget) -> str:
    if not tree.spans:
        return "No spans yet. Start a cell with %%span name."
    kept = cut(tree.spans, budget.rows, budget.depth)
    below = span_lines(kept, tree.hidden + len(tree.spans) - len(kept))
    return outline(Line((_count(tree), plain(tree.note, 200)), below))


def _count(tree: SpanTree) -> str:
    return count_text(len(tree.spans) + tree.hidden, "span")


def _cut(spans: tuple[SpanRow, ...], left: list[int], depth: int) -> tuple[SpanRow, ...]:
    kept = []
    for span in spans:
        if left[0] <= 0:
            break
        left[0] -= 1
        children = _cut(span.children, left, depth - 1) if depth > 0 else ()
        hidden = span.children_hidden + len(span.children) - len(children)
        kept.append(replace(span, children=children, children_hidden=hidden))
    return tuple(kept)


def _clock(spans: tuple[SpanRow, ...]) -> _Clock | None:
    times = [
        (span.started, span.started + timedelta(seconds=span.duration or 0)) for span in _walk(spans) if span.started
    ]
    if not times:
        return None
    start = min(started for started, _ in times)
    return _Clock(start, max((max(ended for _, ended in times) - start).total_seconds(), 1e-6))


def _walk(spans: tuple[SpanRow, ...]) -> Iterator[SpanRow]:
    for span in spans:
        yield span
        yield from _walk(span.children)


def _item(span: SpanRow, clock: _Clock | None, level: int) -> Html:
    row = _row(span, clock, level)
    if not (span.children or span.children_hidden):
        return tag("li", tag("div", row, class_="ag-row"))
    inside = [_item(child, clock, level + 1) for child in span.children]
    nested = tag("ul", inside, _more(span.children_hidden), style=f"--lvl:{level + 1}")
    return tag("li", tag("details", tag("summary", row, class_="ag-row"), nested, open=level == 0))


def _row(span: SpanRow, clock: _Clock | None, level: int) -> Html:
    label = tag("span", plain(span.label, NAME_LIMIT), class_="nb")
    cell = tag("span", f"[{span.cell}]", class_="ag-2 ag-sm") if span.cell is not None else None
    name = tag("span", spaced(icon(KIND_ICONS.get(span.kind, "")), label, cell, *badges(span.badges)), class_="nm")
    shown = span.outputs[:2]
    hidden = span.outputs_hidden + len(span.outputs) - len(shown)
    plus = tag("span", f" +{hidden:,}", class_="ag-2 ag-sm") if hidden else None
    comma = tag("span", ", ", class_="ag-sep")
    made = tag(
        "span", [[comma if place else None, chip(thing)] for place, thing in enumerate(shown)], plus, class_="out"
    )
    track = tag("span", clock.bar(span, level) if clock else None, class_="track")
    took = tag("span", took_text(span), class_="dur")
    ran = took if span.duration is not None else [took]
    return _separated(name, made if shown else [made], [track], ran, status_mark(span))


def _separated(*cells: object) -> Html:
    """Cells of a row; a dot before each but the first shows where there is no stylesheet, none before one in a list."""
    dot = tag("span", " · ", class_="ag-sep")
    return join([cells[0], *(cell if isinstance(cell, list) else [dot, cell] for cell in cells[1:])])


def _more(hidden: int) -> Html | None:
    said = more_text(hidden, "span")
    return tag("li", tag("div", tag("span", said, class_="nm ag-2"), class_="ag-row")) if said else None


def _words(span: SpanRow) -> tuple[str, ...]:
    hidden = span.outputs_hidden + max(len(span.outputs) - 2, 0)
    made = ", ".join([*map(thing_text, span.outputs[:2]), *([f"+{hidden:,}"] if hidden else [])])
    states = " ".join(signed(plain(word, 60)) for word in span.badges)
    return name_text(span), status_text(span), took_text(span), made, states
