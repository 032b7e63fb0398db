"""What the details panel says about one node: badges, facts with links, the code that made it, a bounded preview."""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping
from dataclasses import replace
from typing import Any

from sqlalchemy import Connection

from artigraph.bridge import ask
from artigraph.digest import format_digest
from artigraph.graph.engine import Database
from artigraph.lineage.abandoned import told_abandoned
from artigraph.lineage.describe import human_size, human_time
from artigraph.lineage.escape import plain
from artigraph.lineage.facts import COUNTED, Facts, Neighbours, node_facts
from artigraph.lineage.icons import RAN, state_words
from artigraph_jupyter.content import shown_content
from artigraph_jupyter.html import is_picture, text
from artigraph_jupyter.views.preview import FRAME_COLUMNS, FRAME_ROWS, frame_count, is_frame, preview_text
from artigraph_jupyter.views.quantity import moment_text
from artigraph_jupyter.widget.annotated import (
    Annotated,
    annotated,
    loading,
    said_facts,
    version_badges,
    versions_message,
)
from artigraph_jupyter.widget.words import asked_id, badge, folder_of, kind_icon, link, name_of

CODE_LIMIT = 12_000
"""Characters of code that a panel is sent."""

_BARS = 40


async def details(database: Database, given: Mapping[str, Any]) -> dict[str, Any]:
    """The panel of one node, as a message.

    Raises:
        NodeNotFoundError: there is no such node.
    """
    node_id = asked_id(given.get("id"))

    def work(connection: Connection) -> tuple[Facts, Annotated]:
        facts = node_facts(connection, node_id)
        facts = facts.with_status({node.id: node.status for node in told_abandoned(connection, facts.nodes)})
        return facts, annotated(connection, facts)

    facts, known = await ask(database.read, work)
    if facts.serializer is not None:
        facts = replace(facts, preview=await ask(shown_content, database, node_id, facts.preview))
    return panel(facts, known)


def panel(facts: Facts, known: Annotated) -> dict[str, Any]:
    """Facts in the order and the words of the panel."""
    node = facts.node
    error = facts.error
    is_span, kept = node.kind in RAN, facts.serializer is not None or node.kind == "model"
    states = [str(error["type"])] if node.status == "error" and error.get("type") else state_words(node.status, ())
    shown_states = [badge(word) for word in (states or ["ok"] if is_span else ["not kept"] * (not kept))]
    return {
        "id": node.id,
        "label": name_of(node),
        "folder": folder_of(node),
        "kind": node.kind,
        "icon": kind_icon(node.kind),
        "what": " · ".join(plain(word, 60) for word in (node.type_name, node.detail) if word),
        "badges": [*shown_states, *version_badges(known)],
        "note": text(error.get("message", ""), 600),
        "facts": [fact for fact in _facts(facts, known) if fact["text"] or fact["links"]],
        "code": _code(facts),
        "preview": preview(facts.preview),
        "versions": versions_message(known),
        "load": loading(facts, known) if kept else None,
        "check": kept,
        "ran": _ran(facts),
    }


def preview(stored: Any) -> dict[str, Any] | None:
    """A preview: rows and columns, or text with a sketch or a picture."""
    if not isinstance(stored, Mapping):
        return None
    if not is_frame(stored):
        image = stored.get("image")
        return {
            "text": preview_text(stored, 600),
            "bars": _bars(stored),
            "image": image if is_picture(image) else "",
        }
    columns = stored["columns"][:FRAME_COLUMNS]
    rows = [row[:FRAME_COLUMNS] for row in stored.get("rows", ())[:FRAME_ROWS] if isinstance(row, list)]
    return {
        "columns": [plain(name, 40) for name in columns],
        "dtypes": [plain(name, 24) for name in stored.get("dtypes", ())[:FRAME_COLUMNS]],
        "rows": [["" if value is None else plain(value, 40) for value in row] for row in rows],
        "note": frame_count(stored, shown=True),
    }


def _facts(facts: Facts, known: Annotated) -> Iterable[dict[str, Any]]:
    node = facts.node
    yield _fact("About", plain(facts.description, 400))
    part = not facts.made_by.shown and node.kind not in RAN and facts.around.shown
    yield _fact("Inside" if node.kind in RAN else "Part of", near=facts.around)
    yield _fact("Made by", near=_nameless(facts.made_by))
    if part and facts.maker is not None:
        yield {"name": "Made by", "text": "", "links": [link(facts.maker)], "more": ""}
    yield _fact("Inputs", near=facts.inputs)
    yield _fact("Outputs", near=facts.outputs)
    yield _fact("Fields", near=facts.parts)
    yield _fact("Ran", near=facts.inside)
    yield _fact("Used by", near=_nameless(facts.used_by, node.label))
    if facts.opened_at is not None:
        took = (facts.closed_at - facts.opened_at).total_seconds() if facts.closed_at is not None else None
        lasted = f", {human_time(took)}" if took is not None else ""
        yield _fact("When", f"{moment_text(facts.opened_at)}{lasted}")
    else:
        yield _fact("Saved", moment_text(facts.created_at))
    yield _fact("Parameters", ", ".join(f"{plain(k, 40)} = {plain(v, 80)}" for k, v in list(facts.params.items())[:20]))
    yield _fact("Reads too", ", ".join(f"{plain(n, 40)} ({plain(t, 40)})" for n, t in facts.untracked[:8]))
    for name, said in said_facts(known):
        yield _fact(name, said)
    stored = [plain(facts.serializer or "", 60), human_size(facts.size)]
    stored += [f"in {plain(facts.storage, 60)}"] if facts.storage else []
    yield _fact("Stored as", ", ".join(word for word in stored if word) if facts.serializer else "")
    yield _fact("Hash", _short(format_digest(facts.hash)) if facts.hash else "")


def _ran(facts: Facts) -> list[dict[str, str]]:
    """What may be out of date about it: itself, else what made it."""
    if facts.node.kind in RAN:
        return [{"id": facts.node.id, "label": ""}]
    makers = [node for _, node in facts.made_by.shown] or ([facts.maker] if facts.maker is not None else [])
    return [{"id": maker.id, "label": name_of(maker)} for maker in makers]


def _fact(name: str, said: str = "", near: Neighbours | None = None) -> dict[str, Any]:
    shown = near.shown if near is not None else ()
    more = near.total - len(shown) if near is not None else 0
    at_least = "at least " if near is not None and near.total >= COUNTED else ""
    return {
        "name": name,
        "text": said,
        "links": [link(node, role) for role, node in shown],
        "more": f"{at_least}{more:,} more" if more > 0 else "",
    }


def _nameless(near: Neighbours, label: str | None = None) -> Neighbours:
    """Without roles; with a label, without those that say just that."""
    return replace(near, shown=tuple(("" if label in (None, role) else role, node) for role, node in near.shown))


def _short(digest: str) -> str:
    return f"{digest[:17]}…{digest[-6:]}"


def _code(facts: Facts) -> dict[str, Any] | None:
    if not facts.source:
        return None
    lines = len(facts.source.splitlines())
    title = "The cell" if facts.maker is None else f"Made by this cell: {plain(facts.maker.label, 60)}"
    return {"title": title, "text": text(facts.source, CODE_LIMIT), "lines": lines}


def _bars(stored: Mapping[str, Any]) -> list[float]:
    values = stored.get("histogram") or stored.get("sketch") or ()
    numbers = [float(value) for value in list(values)[:_BARS] if isinstance(value, int | float)]
    return [number for number in numbers if math.isfinite(number) and number >= 0]
