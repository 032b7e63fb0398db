"""What ``%artigraph verify`` and ``%artigraph gc`` found: what is wrong with what to do, what nothing needs."""

from __future__ import annotations

from artigraph.lineage.escape import plain
from artigraph.maintain.gc import GcReport
from artigraph.maintain.report import Report
from artigraph.maintain.verify import VerifyReport
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
    more_text,
    table,
)
from artigraph_jupyter.views.quantity import count_text, size_text

SOUND = "Nothing is wrong."


def verified_to_html(report: VerifyReport) -> str:
    """The card, at most 50 KB."""
    return fitting(HTML_LIMIT, lambda budget: _verified(report, budget))


def collected_to_html(report: GcReport) -> str:
    """The card, at most 50 KB."""
    return fitting(HTML_LIMIT, lambda budget: _collected(report, budget))


def to_text(report: Report) -> str:
    """What the report says, at most 4 KB."""
    lines = report.to_text().splitlines()
    return fitting(TEXT_LIMIT, lambda budget: "\n".join(_first(lines, budget)))


def _first(lines: list[str], budget: Budget) -> list[str]:
    """The first lines and the last, which sums up; each keeps its indent."""
    left = len(lines) - budget.rows - 1
    if left > 0:
        lines = [*lines[: budget.rows], f"  {more_text(left, 'line')}", lines[-1]]
    return [line[: len(line) - len(line.lstrip())] + plain(line, budget.chars) for line in lines]


def _verified(report: VerifyReport, budget: Budget) -> Html:
    if report.ok:
        return card("Checked", head("keyed", SOUND, badge("ok")), foot(_looked_at(report)))
    rows = [
        tag(
            "tr",
            tag("td", badge(each.kind)),
            tag("td", plain(each.what, budget.chars), class_="wrap"),
            tag("td", plain(each.cure, budget.chars), class_="wrap"),
        )
        for each in report.problems[: budget.rows]
    ]
    columns = [("Kind", ""), ("What is wrong", "wrap"), ("What to do", "wrap")]
    more = more_text(len(report.problems) - len(rows), "problem")
    said = " · ".join(part for part in (more, _looked_at(report)) if part)
    title = head("keyed", count_text(len(report.problems), "problem"), badge("damaged"))
    return card("Checked", title, table(columns, rows), foot(said), parts=["table"])


def _looked_at(report: VerifyReport) -> str:
    seen = (count_text(report.nodes, "node"), count_text(report.links, "link"), count_text(report.blobs, "blob"))
    return f"Looked at {', '.join(seen)}; hashed the bytes of {count_text(report.hashed, 'value')}."


def _collected(report: GcReport, budget: Budget) -> Html:
    rows = [
        tag(
            "tr",
            tag("td", plain(each.storage, NAME_LIMIT)),
            tag("td", f"{each.blobs:,}", class_="num"),
            tag("td", f"{each.orphans:,}", class_="num"),
            tag("td", size_text(each.orphan_bytes), class_="num"),
            tag("td", f"{each.young:,}", class_="num"),
            tag("td", f"{each.unfinished:,}", class_="num"),
        )
        for each in report.storages[: budget.rows]
    ]
    names = ("Blobs", "Not needed", "Size", "Spared, young", "Unfinished")
    columns = [("Storage", ""), *((name, "num") for name in names)]
    title = head("keyed", _removed(report))
    return card("Collected", title, table(columns, rows), foot(_hint(report)), parts=["table"])


def _removed(report: GcReport) -> str:
    what = f"{count_text(report.orphans, 'blob')} and {count_text(report.unfinished, 'unfinished file')}"
    return f"{'Would remove' if report.dry_run else 'Removed'} {what}"


def _hint(report: GcReport) -> str:
    if not report.dry_run:
        return "What was younger than a day was spared."
    return "Nothing was removed; %artigraph gc --delete does that."
