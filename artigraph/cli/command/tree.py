"""``artigraph tree``: spans and what they made."""

from __future__ import annotations

from typing import Annotated

import typer
from rich.tree import Tree

from artigraph.bridge import block
from artigraph.cli.outline import Branch, outline
from artigraph.cli.say import console, data, text
from artigraph.cli.store import AsJson, Db, opened
from artigraph.persist.find import resolve

Target = Annotated[str | None, typer.Argument(help="A span: an id or a label; by default all.", show_default=False)]
Limit = Annotated[int, typer.Option("--limit", "-n", min=1, help="How many of the outermost spans, the newest first.")]


def command(target: Target = None, limit: Limit = 20, db: Db = None, as_json: AsJson = False) -> None:
    """Show spans, what is inside them and what they made."""
    with opened(db) as database:
        root = None if target is None else block(resolve, target)
        branches = block(database.read, lambda connection: outline(connection, root, limit))
    if as_json:
        data(branches)
        return
    for branch in branches:
        console().print(_drawn(branch))


def _drawn(branch: Branch) -> Tree:
    took = ""
    if branch.opened_at and branch.closed_at:
        took = f" {(branch.closed_at - branch.opened_at).total_seconds():.3g} s"
    at = f" {branch.opened_at:%Y-%m-%d %H:%M:%S}" if branch.opened_at else ""
    tree = Tree(text(f"{branch.label or branch.id} [{branch.status}]{at}{took}"))
    for label in branch.made:
        tree.add(text(f"made {label}"))
    for inner in branch.inside:
        tree.children.append(_drawn(inner))
    return tree
