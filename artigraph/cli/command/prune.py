"""``artigraph prune``: old versions thrown away."""

from __future__ import annotations

from typing import Annotated

import typer

from artigraph.cli.say import progress, report
from artigraph.cli.store import AsJson, Db, Storages, opened
from artigraph.maintain.prune import prune

KeepLast = Annotated[int, typer.Option("--keep-last", metavar="N", min=1, help="How many of each series stay.")]
Delete = Annotated[bool, typer.Option("--delete", help="Really remove them; without, only say what would be removed.")]


def command(
    keep_last: KeepLast, delete: Delete = False, db: Db = None, storage: Storages = None, as_json: AsJson = False
) -> None:
    """Throw old versions away: all but the last N of every key, and of what spans of one label saved under one label.

    What something that stays was made from stays as well. Without --delete it only says what it would remove.
    """
    with opened(db, storage), progress(as_json) as tell:
        found = prune.s(keep_last, not delete, progress=tell)
    report(found, as_json)
