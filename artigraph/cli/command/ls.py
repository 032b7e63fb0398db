"""``artigraph ls``: what is in the store."""

from __future__ import annotations

from typing import Annotated

import typer

from artigraph.cli.say import data, lines, table
from artigraph.cli.store import AsJson, Db, opened
from artigraph.persist.listing import human_bytes
from artigraph.verbs import find

Pattern = Annotated[str | None, typer.Argument(help="Text that labels or keys contain.", show_default=False)]
Limit = Annotated[int, typer.Option("--limit", "-n", min=1, help="How many.")]
Tags = Annotated[
    list[str] | None, typer.Option("--tag", metavar="NAME[=VALUE]", help="With this tag.", show_default=False)
]


def command(
    pattern: Pattern = None, tag: Tags = None, limit: Limit = 50, db: Db = None, as_json: AsJson = False
) -> None:
    """List values and models, the newest first."""
    pairs = [each.partition("=") for each in tag or ()]
    tags = {name: value if given else None for name, given, value in pairs}
    with opened(db):
        found = find(pattern, tags=tags or None)
        rows, count = found.rows(limit), len(found)
    if as_json:
        data({"count": count, "rows": rows})
        return
    head = ("label", "type", "size", "made by", "saved (UTC)", "id")
    cells = [
        (
            *(row.label or "", f"{row.type_name or row.kind}{f' v{row.version}' if row.version else ''}"),
            *(human_bytes(row.size), row.maker or "", f"{row.saved_at:%Y-%m-%d %H:%M:%S}", row.id),
        )
        for row in rows
    ]
    table(head, cells)
    if count > len(rows):
        lines(f"{count - len(rows):,} more of {count:,}; see --limit")
