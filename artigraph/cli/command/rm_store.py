"""``artigraph rm-store``: a whole store removed."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from artigraph.cli.say import report
from artigraph.cli.store import AsJson
from artigraph.maintain.remove import rm_store

File = Annotated[Path, typer.Argument(help="The SQLite file of the store.")]
Yes = Annotated[bool, typer.Option("--yes", help="Do not ask.")]


def command(file: File, yes: Yes = False, as_json: AsJson = False) -> None:
    """Remove a whole store: its SQLite file and the blobs beside it.

    Says what it would remove, and asks for a yes. What is no store is refused.
    """
    found = rm_store.s(file)
    if not yes:
        typer.echo(found.to_text(), err=True)
        if not _agrees():
            typer.echo("nothing was removed", err=True)
            raise typer.Exit(2)
    report(rm_store.s(file, yes=True), as_json)


def _agrees() -> bool:
    try:
        return bool(typer.prompt("Type yes to remove it", default="no", err=True) == "yes")
    except typer.Abort:  # nobody is there to answer
        return False
