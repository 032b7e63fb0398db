"""What ``%artigraph verify`` and ``%artigraph gc`` found: what is wrong with what to do, what nothing needs."""

from __future__ import annotations

from artigraph.lineage.escape import plain
from artigraph.maintain.gc import GcReport
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
from artigraph_jupyter.views.outline import Line, outline
from artigraph_jupyter.views.quantity import count_text, size_text

SOUND = "Nothing is wrong."


def verified_to_html(report: VerifyReport) -> str:
    """The card, at most 50 KB."""
    return fitting(HTML_LIMIT, lambda budget: _verified(report, budget))


def verified_to_text(report: VerifyReport) -> str:
    """The same in text, at most 4 KB."""
    return fitting(TEXT_LIMIT, lambda budget: outline(_verified_line(report, budget)))


def collected_to_html(report: GcReport) -> str:
    """The card, at most 50 KB."""
    return fitting(HTML_LIMIT, lambda budget: _collected(report, budget))


def collected_to_text(report: GcReport) -> str:
    """The same in text, at most 4 KB."""
    return fitting(TEXT_LIMIT, lambda budget: outline(_collected_line(report, budget)))


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


def _verified_line(report: VerifyReport, budget: Budget) -> Line:
    if report.ok:
        return Line((SOUND, _looked_at(report)))
    lines = [
        Line((each.kind, plain(each.what, budget.chars)), (Line((plain(each.cure, budget.chars),)),))
        for each in report.problems[: budget.rows]
    ]
    more = more_text(len(report.problems) - len(lines), "problem")
    lines += [Line((more,))] if more else []
    return Line((count_text(len(report.problems), "problem"), _looked_at(report)), tuple(lines))


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


def _collected_line(report: GcReport, budget: Budget) -> Line:
    lines = [
        Line(
            (
                plain(each.storage, NAME_LIMIT),
                count_text(each.blobs, "blob"),
                f"{each.orphans:,} not needed ({size_text(each.orphan_bytes)})",
                f"{each.young:,} spared, young",
                f"{each.unfinished:,} unfinished",
            )
        )
        for each in report.storages[: budget.rows]
    ]
    return Line((_removed(report), _hint(report)), tuple(lines))


def _removed(report: GcReport) -> str:
    what = f"{count_text(report.orphans, 'blob')} and {count_text(report.unfinished, 'unfinished file')}"
    return f"{'Would remove' if report.dry_run else 'Removed'} {what}"


def _hint(report: GcReport) -> str:
    if not report.dry_run:
        return "What was younger than a day was spared."
    return "Nothing was removed; %artigraph gc --delete does that."
