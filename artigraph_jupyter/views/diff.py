"""Two spans beside each other: what differs, grouped, the code as lines, and what is alike in one folded line."""

from __future__ import annotations

from artigraph.lineage.escape import plain
from artigraph.span.compare import FrameDifference, RowDifference
from artigraph.span.diff import Difference, SpanDiff
from artigraph.span.span import Span
from artigraph_jupyter.html import Html, join, tag, text
from artigraph_jupyter.views.card import (
    HTML_LIMIT,
    NAME_LIMIT,
    TEXT_LIMIT,
    Budget,
    card,
    fitting,
    fold,
    foot,
    head,
    more_text,
    signed,
    table,
)
from artigraph_jupyter.views.outline import Line, outline
from artigraph_jupyter.views.quantity import count_text, moment_text

TABLES, CELLS = 4, 8
"""Tables whose differing rows are shown, and cells of a row that are named."""


def to_html(shown: SpanDiff) -> str:
    """The card, at most 50 KB."""
    return fitting(HTML_LIMIT, lambda budget: _card(shown, budget))


def to_text(shown: SpanDiff) -> str:
    """The same in text, at most 4 KB."""
    return fitting(TEXT_LIMIT, lambda budget: outline(_line(shown, budget)))


def _card(shown: SpanDiff, budget: Budget) -> Html:
    sides = []
    for word, span in (("A", shown.before), ("B", shown.after)):
        sides += [tag("span", word, class_="ag-2 ag-sm"), tag("span", _name(span), " ", moment_text(span.opened_at))]
    title = head(_kind(shown.after), plain(shown.after.label or "span", NAME_LIMIT), *sides, aside=_count(shown))
    kept = shown.differences[: budget.rows]
    detailed, groups = _detailed(shown, budget), ["", *(each.group for each in kept)]
    rows = [_row(each, budget, id(each) in detailed, group) for each, group in zip(kept, groups, strict=False)]
    columns = [("What differs", ""), ("", ""), ("A", "wrap"), ("B", "wrap"), ("B − A", "num")]
    more = more_text(len(shown.differences) - len(kept) + shown.hidden, "value")
    return card(
        f"Difference of {shown.before.label} and {shown.after.label}",
        title,
        table(columns, rows) if rows else None,
        _source(shown, budget),
        foot(" ".join(said for said in (more, f"Same in both: {_alike(shown)}." if shown.alike else "") if said)),
        parts=["table", "diff"],
    )


def _detailed(shown: SpanDiff, budget: Budget) -> set[int]:
    """The tables whose differing rows are shown, by ``id``."""
    tables = [id(each) for each in shown.differences if each.frame is not None]
    return set(tables[: TABLES if budget.previews else 0])


def _row(each: Difference, budget: Budget, detailed: bool, group: str) -> Html:
    frame = each.frame
    detail = tag("td", "" if frame is not None else plain(each.note, 60), class_="num")
    name = tag("td", plain(each.name, NAME_LIMIT))
    before, after = (tag("td", _cell(value, budget), class_="wrap") for value in (each.before, each.after))
    first = tag("td", plain(each.group, 20) if each.group != group else "", class_="ag-2")
    row = tag("tr", first, name, before, after, detail)
    if frame is None:
        return row
    inside = _frame(frame, budget) if detailed else None
    said = fold(plain(frame.summary(), 400), inside) if inside is not None else plain(frame.summary(), 400)
    return join([row, tag("tr", tag("td"), tag("td", said, colspan="4", class_="wrap"), class_="cont")])


def _cell(value: str | None, budget: Budget) -> Html:
    return tag("span", "nothing", class_="ag-2") if value is None else tag("code", text(value, budget.chars))


def _frame(frame: FrameDifference, budget: Budget) -> Html | None:
    """The differing rows of a table."""
    if not frame.differing:
        return None
    kept = frame.differing[: max(1, budget.rows // 5)]
    rows = []
    for each in kept:
        hidden = more_text(len(each.cells) - CELLS, "column")
        cells = [*each.cells[:CELLS], *([(hidden, "", "")] if hidden else [])] or [("", "", "")]
        for number, cell in enumerate(cells):
            first = [plain(word, 60) if not number else "" for word in (each.row, each.state)]
            said = [plain(cell[0], 60), *(text(value, budget.chars) for value in cell[1:])]
            rows.append(tag("tr", [tag("td", word) for word in (*first, *said)], class_="cont" if number else None))
    more = more_text(frame.hidden + len(frame.differing) - len(kept), "row")
    below = tag("div", more, class_="ag-2 ag-sm") if more else None
    titles = [("Row", ""), ("", ""), ("Column", ""), ("A", ""), ("B", "")]
    matched = tag("div", f"Rows matched by {plain(frame.matched_by, 20)}.", class_="ag-2 ag-sm")
    return tag("div", table(titles, rows), matched, below)


def _source(shown: SpanDiff, budget: Budget) -> Html | None:
    if not shown.source:
        return None
    lines = []
    for line in shown.source[: 2 * budget.rows]:
        kind = {"-": "del", "+": "add", "@": "ag-2 ctx"}.get(line[:1], "ctx")
        sign = {"-": "− ", "+": "+ ", "@": ""}.get(line[:1], "  ")
        lines.append(tag("span", f"{sign}{text(line if kind.startswith('ag') else line[1:], 400)}\n", class_=kind))
    more = more_text(len(shown.source) - 2 * budget.rows, "line")
    said = ["Cell source ", tag("span", _changed_lines(shown), class_="ag-2 ag-sm")]
    code = tag("pre", lines, more, class_="ag-code", tabindex="0")
    return tag("div", fold(said, code, is_open=True), class_="ag-sec")


def _line(shown: SpanDiff, budget: Budget) -> Line:
    below, detailed = [], _detailed(shown, budget)
    for each in shown.differences[: budget.rows]:
        before, after = ("nothing" if value is None else value for value in (each.before, each.after))
        alike = each.frame is not None and before == after
        said = " → ".join(text(value, budget.chars) for value in ([before] if alike else [before, after]))
        note = "" if each.frame is not None else plain(each.note, 60)
        cells = plain(each.group, 20), plain(each.name, NAME_LIMIT), said, note
        below.append(Line(cells, _frame_lines(each, budget, id(each) in detailed)))
    more = more_text(len(shown.differences) - len(below) + shown.hidden, "value")
    below += [Line((more,))] if more else []
    if shown.source:
        kept = shown.source[: 2 * budget.rows]
        cut = [Line((text("−" + line[1:] if line.startswith("-") else line, 200),)) for line in kept]
        rest = more_text(len(shown.source) - len(cut), "line")
        below.append(Line((f"Cell source, {_changed_lines(shown)}",), (*cut, *([Line((rest,))] if rest else []))))
    below += [Line((f"Same in both: {_alike(shown)}",))] if shown.alike else []
    names = f"{_name(shown.before)} → {_name(shown.after)}"
    return Line((signed(names, _kind(shown.after)), _count(shown)), tuple(below))


def _frame_lines(each: Difference, budget: Budget, detailed: bool) -> tuple[Line, ...]:
    if each.frame is None:
        return ()
    rows = [Line((plain(each.frame.summary(), 400),))]
    if detailed:
        kept = each.frame.differing[: max(1, budget.rows // 5)]
        rows += [_row_line(row) for row in kept]
        more = more_text(each.frame.hidden + len(each.frame.differing) - len(kept), "row")
        rows += [Line((more,))] if more else []
    return tuple(rows)


def _row_line(row: RowDifference) -> Line:
    cells = ", ".join(f"{plain(name, 40)} {before} → {after}" for name, before, after in row.cells[:CELLS])
    return Line((plain(row.row, 40), plain(row.state, 20), text(cells, 200)))


def _kind(span: Span) -> str:
    return "run" if span.node_type == "run" else "span"


def _name(span: Span) -> str:
    cell = (span.info or {}).get("execution_count")
    return plain(span.label or str(span.id), NAME_LIMIT) + (f" [{cell}]" if cell is not None else "")


def _count(shown: SpanDiff) -> str:
    total = len(shown.differences) + bool(shown.source)
    return count_text(total, "difference") if total else "no difference"


def _changed_lines(shown: SpanDiff) -> str:
    return f"{count_text(sum(line[:1] in '+-' for line in shown.source), 'line')} changed"


def _alike(shown: SpanDiff) -> str:
    nouns = {"Environment": ("fact of the environment", "facts of the environment")}
    return ", ".join(count_text(count, *nouns.get(group, (plain(group.lower(), 20),))) for group, count in shown.alike)
