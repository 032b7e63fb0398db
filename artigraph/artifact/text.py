"""Tables and facts as text of one width, safe to print whatever the names in it are."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import datetime
from typing import Any

from artigraph.lineage.escape import plain

WIDEST = 48
"""Characters of one cell."""


def table_text(heads: Sequence[str], rows: Sequence[Sequence[Any]], total: int, noun: str) -> str:
    """Rows under their heads; columns in which nothing stands are left out.

    >>> print(table_text(["key", "kind", "size"], [["a.csv", None, 12], ["b.csv", None, 3456]], 5, "artifact"))
    key    size
    a.csv  12
    b.csv  3456
    … 3 more of 5 artifacts
    """
    if not rows:
        return f"no {noun} matches"
    cells = [[cell_text(value) for value in row] for row in rows]
    kept = [place for place in range(len(heads)) if any(row[place] for row in cells)]
    lines = aligned([[heads[place] for place in kept], *([row[place] for place in kept] for row in cells)])
    if total > len(rows):
        lines.append(f"… {total - len(rows):,} more of {total:,} {noun}s")
    return "\n".join(lines)


def aligned(rows: Sequence[Sequence[str]]) -> list[str]:
    """Lines in which cells of one column begin at one place."""
    widths = [max(len(row[place]) for row in rows) for place in range(len(rows[0]))]
    return ["  ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)).rstrip() for row in rows]


def cell_text(value: Any, limit: int = WIDEST) -> str:
    """A value in one line; nothing for None."""
    if value is None:
        return ""
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, datetime):
        return f"{value:%Y-%m-%d %H:%M:%S}"
    if isinstance(value, list | tuple | set):
        return plain(listed(value), limit)
    return plain(value, limit)


def listed(values: Iterable[Any]) -> str:
    """Several values in one line."""
    return ", ".join(str(value) for value in values)
