"""``artigraph show``: one node."""

from __future__ import annotations

from typing import Annotated, Any

import typer

from artigraph.bridge import block
from artigraph.cli.facts import Facts, facts_of
from artigraph.cli.say import data, lines
from artigraph.cli.store import AsJson, Db, opened
from artigraph.lineage.escape import plain
from artigraph.maintain.report import plain_data
from artigraph.persist.find import resolve

Target = Annotated[str, typer.Argument(help="An id, a key, or a label (the newest that has it).")]

PREFIXES = ("node_", "remote_artifact_", "model_artifact_", "artifact_", "span_", "run_")


def command(target: Target, db: Db = None, as_json: AsJson = False) -> None:
    """Tell everything about one node: a value, a model or a span."""
    with opened(db) as database:
        node_id = block(resolve, target)
        found = block(database.read, lambda connection: facts_of(connection, node_id))
    if as_json:
        data(found)
        return
    for name, value in found.items():
        if value not in ({}, [], None):
            _show(name, value)


def _show(name: str, value: Any) -> None:
    for prefix in PREFIXES:
        name = name.removeprefix(prefix)
    if name in ("source", "error"):
        text = value if isinstance(value, str) else str(value.get("traceback") or value.get("message"))
        lines("\n".join([f"{name}:", *(f"    {line}" for line in text.splitlines())]))
    elif name in ("links_to", "linked_from"):
        arrow = "->" if name == "links_to" else "<-"
        lines("\n".join(f"{arrow} {_linked(link)}" for link in value))
    else:
        lines(f"{name.replace('_', ' ')}: {plain(plain_data(value), 1_000)}")


def _linked(link: Facts) -> str:
    words = (link["kind"], link["label"], link["node_type"], link["node_label"], link["node"])
    return " ".join(plain(word) for word in words if word)
