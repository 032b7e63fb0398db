"""``artigraph upgrade``: the tables of an older version."""

from __future__ import annotations

from artigraph.cli.say import data, lines
from artigraph.cli.store import AsJson, Db, opened
from artigraph.graph.schema import SCHEMA_VERSION
from artigraph.graph.upgrade import upgrade
from artigraph.maintain.needs import place_of


def command(db: Db = None, as_json: AsJson = False) -> None:
    """Bring the tables to this version of artigraph.

    An SQLite file is copied first; an upgrade that fails or is killed leaves the tables as they were.
    """
    with opened(db) as database:
        copy = upgrade.s()
        where = place_of(database)
    if as_json:
        data({"where": where, "schema": SCHEMA_VERSION, "copy": copy})
    else:
        lines(f"{where} has schema {SCHEMA_VERSION}" + (f"; the copy of before is {copy}" if copy else ""))
