"""``artigraph init``: a new store."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from artigraph.bridge import block
from artigraph.cli.say import data, lines
from artigraph.cli.store import AsJson, Db, opened
from artigraph.graph.schema import SCHEMA_VERSION
from artigraph.maintain.needs import place_of

File = Annotated[Path | None, typer.Argument(help="The file; by default --db, else artigraph.db.", show_default=False)]


def command(file: File = None, db: Db = None, as_json: AsJson = False) -> None:
    """Make a store.

    Makes the tables in a new SQLite file, or in an empty database on a server. A store that is there stays as it is.
    """
    with opened(str(file) if file is not None else db, create=True) as database:
        existed = database.file is not None and database.file.exists()
        block(database.prepare, create=True)
        where = place_of(database)
    if as_json:
        data({"where": where, "schema": SCHEMA_VERSION, "existed": existed})
    else:
        lines(f"{where} {'is there' if existed else 'is made'}, schema {SCHEMA_VERSION}")
