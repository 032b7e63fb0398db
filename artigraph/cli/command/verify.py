"""``artigraph verify``: is everything there?"""

from __future__ import annotations

from typing import Annotated

import typer

from artigraph.cli.say import progress, report
from artigraph.cli.store import AsJson, Db, Storages, opened
from artigraph.maintain.verify import verify

Data = Annotated[bool, typer.Option("--data", help="Hash the bytes of every value.")]
Sample = Annotated[
    str | None,
    typer.Option("--sample", metavar="10%", show_default=False, help="Hash the bytes of this part, chosen by chance."),
]


def command(
    data: Data = False, sample: Sample = None, db: Db = None, storage: Storages = None, as_json: AsJson = False
) -> None:
    """Look for damage.

    Nothing is changed. Exit code 1 when something is wrong; each problem says what to do about it.
    """
    part = share(sample)
    with opened(db, storage), progress(as_json) as tell:
        found = verify.s(data, part, progress=tell)
    report(found, as_json, ok=found.ok)


def share(text: str | None) -> float | None:
    """The share that ``10%`` or ``0.1`` says.

    Raises:
        typer.BadParameter: it is none.
    """
    if text is None:
        return None
    try:
        found = float(text.removesuffix("%")) / (100 if text.endswith("%") else 1)
    except ValueError:
        found = -1.0
    if not 0 <= found <= 1:
        raise typer.BadParameter(f"{text!r} is no share; write 10% or 0.1", param_hint="--sample")
    return found
