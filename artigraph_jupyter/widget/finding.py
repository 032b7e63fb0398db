"""What the artifact browser finds: pages of artifacts as messages."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from sqlalchemy import Connection

from artigraph.bridge import ask
from artigraph.graph.engine import Database
from artigraph.graph.value import Filter
from artigraph.lineage.escape import plain
from artigraph.lineage.search import Found, FoundPage, find_artifacts
from artigraph_jupyter.views.quantity import count_text, moment_text, size_text
from artigraph_jupyter.widget.asking import CURRENT, artifact_filter
from artigraph_jupyter.widget.words import NAME_LIMIT, folder_of, kind_icon


async def artifacts(database: Database, given: Mapping[str, Any]) -> dict[str, Any]:
    """A page of what a question finds."""
    asked = artifact_filter(given)
    before = str(given["cursor"]) if given.get("cursor") else None
    return message(await ask(database.read, lambda connection: page_of(connection, asked, before)), asked)


def page_of(connection: Connection, asked: Filter | None = None, before: str | None = None) -> FoundPage:
    """What of the current artifacts a filter finds."""
    return find_artifacts(connection, CURRENT if asked is None else CURRENT & asked, before)


def message(page: FoundPage, asked: Filter | None) -> dict[str, Any]:
    """A page as JSON."""
    nothing = "Nothing matches." if asked is not None else 'The store is empty. ag.save(value, "label") fills it.'
    count = count_text(len(page.rows), "artifact")
    said = f"{count}, newest first; more are there." if page.cursor else f"{count}, newest first."
    return {
        "rows": [_row(row) for row in page.rows],
        "cursor": page.cursor,
        "said": said if page.rows else nothing,
    }


def type_text(found: Found) -> str:
    """The type of a thing, the version of its class, and its shape; a file says its suffix."""
    node = found.node
    name = plain(node.type_name or found.suffix, 40)
    version = f" v{node.version}" if node.kind == "model" and node.version is not None else ""
    return " · ".join(word for word in (name + version, node.detail if "×" in node.detail else "") if word)


def _row(found: Found) -> dict[str, Any]:
    node = found.node
    folder = folder_of(node)
    return {
        "id": node.id,
        "folder": folder,
        "label": (plain(node.label, NAME_LIMIT) or node.kind).removeprefix(folder),
        "icon": kind_icon(node.kind),
        "version": f"v{node.version}" if node.kind == "keyed" else "",
        "type": type_text(found),
        "size": size_text(found.size),
        "maker": plain(found.maker.label, 40) if found.maker is not None else "",
        "saved": moment_text(node.created_at),
    }
