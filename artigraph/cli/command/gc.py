"""``artigraph gc``: blobs that nothing needs."""

from __future__ import annotations

import re
from typing import Annotated

import typer

from artigraph.cli.say import progress, report
from artigraph.cli.store import AsJson, Db, Storages, opened
from artigraph.maintain.gc import gc

Delete = Annotated[bool, typer.Option("--delete", help="Really remove it; without, only say what would be removed.")]
Grace = Annotated[str, typer.Option("--grace", metavar="24h", help="Spare what is younger: 30s, 15m, 24h, 7d.")]

UNITS = {"s": 1, "m": 60, "h": 3600, "d": 86_400}


def command(
    delete: Delete = False, grace: Grace = "24h", db: Db = None, storage: Storages = None, as_json: AsJson = False
) -> None:
    """Remove blobs that nothing needs any more, and files of saves that never ended.

    Without --delete it only says what it would remove. Use a --grace below an hour only while nobody saves.
    """
    age = seconds(grace)
    with opened(db, storage), progress(as_json) as tell:
        found = gc.s(not delete, age, progress=tell)
    report(found, as_json)


def seconds(text: str) -> float:
    """The seconds that ``24h`` says.

    Raises:
        typer.BadParameter: it is no time.

    >>> seconds("90"), seconds("24h")
    (90.0, 86400.0)
    """
    found = re.fullmatch(r"(\d+(?:\.\d+)?)([smhd]?)", text)
    if found is None:
        raise typer.BadParameter(f"{text!r} is no time; write 30s, 15m, 24h or 7d", param_hint="--grace")
    return float(found[1]) * UNITS[found[2] or "s"]
