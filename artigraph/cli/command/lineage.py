"""``artigraph lineage``: from what, and to what."""

from __future__ import annotations

import sys
from collections.abc import Callable
from enum import StrEnum
from pathlib import Path
from typing import Annotated

import typer

from artigraph.cli.say import data, lines
from artigraph.cli.store import AsJson, Db, opened
from artigraph.lineage.lineage import Lineage
from artigraph.verbs import view_lineage


class Form(StrEnum):
    """How a lineage is written."""

    text = "text"
    mermaid = "mermaid"
    dot = "dot"
    svg = "svg"


FORMS: dict[Form, Callable[[Lineage], str]] = {
    Form.text: lambda lineage: lineage.to_text(),
    Form.mermaid: Lineage.to_mermaid,
    Form.dot: Lineage.to_dot,
    Form.svg: lambda lineage: lineage.to_svg(),
}

Target = Annotated[str, typer.Argument(help="An id, a key, or a label (the newest that has it).")]
Up = Annotated[int, typer.Option("--up", min=0, help="Hops back.")]
Down = Annotated[int, typer.Option("--down", min=0, help="Hops on.")]
As = Annotated[Form, typer.Option("--as", help="How to write it.")]
To = Annotated[Path | None, typer.Option("--to", metavar="FILE", help="Where to write it.", show_default=False)]


def command(
    target: Target,
    *,
    up: Up = 5,
    down: Down = 5,
    form: As = Form.text,
    to: To = None,
    db: Db = None,
    as_json: AsJson = False,
) -> None:
    """Show what something was made from, and what was made from it."""
    with opened(db):
        found = view_lineage.s(target, up, down)
    if as_json:
        data({"focus": found.focus, "nodes": found.nodes, "edges": found.edges, "hidden": found.hidden})
        return
    written = FORMS[form](found)
    if to is not None:
        to.write_text(written, encoding="utf-8")
        lines(f"wrote {to}")
    elif form is Form.text:
        lines(written)
    else:
        sys.stdout.write(written if written.endswith("\n") else f"{written}\n")
