"""The rows of a span tree: pages of spans, and of what is inside one, as messages."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Any
from uuid import UUID

from sqlalchemy import Connection

from artigraph.bridge import ask
from artigraph.graph.engine import Database
from artigraph.lineage.abandoned import told_abandoned
from artigraph.lineage.escape import plain
from artigraph.lineage.icons import RAN
from artigraph.lineage.spans import AHEAD, Page, Row, SpanQuery, children, newest_spans
from artigraph_jupyter.views.quantity import count_text, duration_text, moment_text
from artigraph_jupyter.widget.asking import cursor, span_query
from artigraph_jupyter.widget.words import asked_id, badge, kind_icon, name_of


async def spans(database: Database, given: Mapping[str, Any]) -> dict[str, Any]:
    """A page of the newest spans: all that are inside of no other, or all that a question finds."""
    query, before = span_query(given), cursor(given.get("cursor"))
    wanted = str(given.get("status") or "")

    def work(connection: Connection) -> Page:
        return told(connection, newest_spans(connection, query or None, before))

    page = await ask(database.read, work)
    if wanted in ("open", "abandoned"):  # which of the two only the owner tells
        page = replace(page, rows=tuple(row for row in page.rows if row.node.status == wanted))
    return message(page) | {"said": _said(page, query, before is not None)}


async def inside(database: Database, given: Mapping[str, Any]) -> dict[str, Any]:
    """A page of what is inside a span, and of what it made."""
    node_id, after = asked_id(given.get("id")), cursor(given.get("cursor"))
    return message(await ask(database.read, lambda connection: inside_of(connection, node_id, after)))


def inside_of(connection: Connection, span: UUID, after: tuple[str, str] | None = None) -> Page:
    """A page of what is inside a span."""
    return told(connection, children(connection, span, after))


def told(connection: Connection, page: Page) -> Page:
    """The page with spans whose process is gone told as abandoned."""
    nodes = told_abandoned(connection, [row.node for row in page.rows])
    return replace(page, rows=tuple(replace(row, node=node) for row, node in zip(page.rows, nodes, strict=True)))


def message(page: Page) -> dict[str, Any]:
    """A page as JSON."""
    more = f"at least {AHEAD:,}" if page.more >= AHEAD else f"{page.more:,}"
    return {"rows": [_row(row) for row in page.rows], "more": more if page.more else "", "cursor": page.cursor}


def _row(row: Row) -> dict[str, Any]:
    node = row.node
    shown = {"id": node.id, "label": name_of(node), "kind": node.kind, "icon": kind_icon(node.kind)}
    if node.kind not in RAN:
        detail = " · ".join(plain(word, 60) for word in (node.type_name, node.detail) if word)
        return shown | {"detail": detail or ("not kept" if node.kind == "trace" else ""), "opens": False}
    took = (row.closed_at - row.opened_at).total_seconds() if row.closed_at and row.opened_at else None
    word = row.error if node.status == "error" and row.error else str(node.status)
    return shown | {
        "opens": bool(row.inside or row.outputs),
        "cell": f"[{row.cell}]" if row.cell is not None else "",
        "around": f"in {plain(row.around, 60)}" if row.around else "",
        "state": badge(word),
        "took": duration_text(took),
        "start": row.opened_at.timestamp() if row.opened_at else None,
        "end": row.closed_at.timestamp() if row.closed_at else None,
        "when": moment_text(row.opened_at),
        "made": [{"label": plain(name_of(made), 24), "icon": kind_icon(made.kind)} for made in row.first],
        "hidden": row.outputs - len(row.first),
        "counts": ", ".join(
            count_text(count, noun) for count, noun in ((row.inside, "span"), (row.outputs, "output")) if count
        ),
    }


def _said(page: Page, query: SpanQuery, older: bool) -> str:
    """How much was found, in words."""
    if not page.rows:
        return "No span matches." if query else "No spans yet. Start a cell with %%span NAME."
    more = f", {'at least ' if page.more >= AHEAD else ''}{page.more:,} earlier" if page.more else ""
    return f"{count_text(len(page.rows), 'earlier span' if older else 'span')}{more}"
