"""``artigraph load``: the bytes of a value as a file."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Annotated

import typer

from artigraph.bridge import block
from artigraph.cli.content import write_content, write_folder
from artigraph.cli.say import data, lines
from artigraph.cli.store import AsJson, Db, Storages, opened
from artigraph.errors import CannotOpenError
from artigraph.persist.find import resolve
from artigraph.persist.listing import human_bytes

Target = Annotated[str, typer.Argument(help="An id, a key, or a label (the newest that has it).")]
To = Annotated[Path, typer.Option("--to", metavar="FILE", help="Where to write it; - is stdout.")]
Field = Annotated[
    str | None, typer.Option("--field", help="Of a model or a span, the part to write.", show_default=False)
]
Force = Annotated[bool, typer.Option("--force", help="Replace a file that exists.")]


def command(
    target: Target,
    *,
    to: To,
    field: Field = None,
    force: Force = False,
    db: Db = None,
    storage: Storages = None,
    as_json: AsJson = False,
) -> None:
    """Write the stored bytes of a value to a file, or a kept folder to a new folder.

    The bytes are those that were stored (JSON, parquet, ...), and their hash is checked; nothing in them is run.
    """
    stdout = str(to) == "-"
    if not stdout and to.exists() and not force:
        raise CannotOpenError(f"{to} exists; --force replaces it")
    if not stdout and not to.parent.is_dir():
        raise CannotOpenError(f"there is no folder {to.parent} for {to.name}")
    with opened(db, storage) as database:
        node_id = block(resolve, target)
        if not stdout and block(write_folder, database, node_id, to):
            data({"node": node_id, "to": to}) if as_json else lines(f"wrote the folder {to}")
            return
        size = block(write_content, database, node_id, field, sys.stdout.buffer if stdout else to)
    if as_json and not stdout:
        data({"node": node_id, "to": to, "bytes": size})
    elif not stdout:
        lines(f"wrote {human_bytes(size)} to {to}")
