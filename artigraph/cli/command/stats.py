"""``artigraph stats``: how much of what."""

from __future__ import annotations

from artigraph.cli.say import progress, report
from artigraph.cli.store import AsJson, Db, Storages, opened
from artigraph.maintain.stats import stats


def command(db: Db = None, storage: Storages = None, as_json: AsJson = False) -> None:
    """Count what is in the store."""
    with opened(db, storage), progress(as_json) as tell:
        found = stats.s(progress=tell)
    report(found, as_json)
