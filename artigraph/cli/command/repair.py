"""``artigraph repair``: mends what can be mended."""

from __future__ import annotations

from typing import Annotated

import typer

from artigraph.cli.say import progress, report
from artigraph.cli.store import AsJson, Db, Storages, opened
from artigraph.maintain.repair import repair

Data = Annotated[bool, typer.Option("--data", help="Find damaged blobs by their hash: reads everything.")]


def command(data: Data = False, db: Db = None, storage: Storages = None, as_json: AsJson = False) -> None:
    """Mend what can be mended.

    Closes spans whose process is gone, removes rows that lead nowhere, moves damaged blobs out of the way. Exit code 1
    when something is left that only a backup can mend.
    """
    with opened(db, storage), progress(as_json) as tell:
        found = repair.s(data, progress=tell)
    report(found, as_json, ok=found.ok)
