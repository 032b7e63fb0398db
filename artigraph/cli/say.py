"""How commands speak: text without control characters, tables, JSON, and a bar for what takes long.

Whatever comes from a store may be hostile: it is made one line of printable text, and never read as markup.
"""

from __future__ import annotations

import json
import sys
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import Any

import typer
from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn
from rich.table import Table
from rich.text import Text

from artigraph.lineage.escape import plain
from artigraph.maintain.report import Progress as Tell
from artigraph.maintain.report import Report, plain_data

WIDE = 160
"""Columns of what is not written to a terminal."""


def console() -> Console:
    """Writes to stdout, taking nothing for markup."""
    width = None if sys.stdout.isatty() else WIDE
    return Console(markup=False, emoji=False, highlight=False, soft_wrap=False, width=width)


def lines(text: str) -> None:
    """Lines of our own with words of the store in them."""
    for line in text.split("\n"):
        lead = len(line) - len(line.lstrip(" "))
        sys.stdout.write(f"{' ' * lead}{plain(line, 2_000)}\n")


def data(value: Any) -> None:
    """A value as JSON, in ASCII: no control character gets through."""
    sys.stdout.write(json.dumps(plain_data(value), indent=2, ensure_ascii=True) + "\n")


def report(found: Report, as_json: bool, *, ok: bool = True) -> None:
    """A report, and the exit code 1 when something is wrong."""
    if as_json:
        data({"ok": ok, **found.to_json()})
    else:
        lines(found.to_text())
    if not ok:
        raise typer.Exit(1)


def table(head: Sequence[str], rows: Sequence[Sequence[object]]) -> None:
    """Rows under a head; numbers to the right."""
    shown = Table(box=None, pad_edge=False)
    for name in head:
        shown.add_column(Text(name), justify="right" if name == "size" else "left", overflow="ellipsis", no_wrap=True)
    for row in rows:
        shown.add_row(*(Text(plain(cell)) for cell in row))
    console().print(shown)


def text(value: object, limit: int = 200) -> Text:
    """A word of the store for rich."""
    return Text(plain(value, limit))


@contextmanager
def progress(quiet: bool = False) -> Iterator[Tell]:
    """A bar on stderr, when that is a terminal; what is yielded is told how far the work is."""
    if quiet or not sys.stderr.isatty():
        yield lambda what, done, total: None
        return
    columns = (TextColumn("{task.description}", markup=False), BarColumn(), MofNCompleteColumn(), TimeElapsedColumn())
    with Progress(*columns, console=Console(stderr=True, markup=False), transient=True) as bars:
        tasks: dict[str, Any] = {}

        def tell(what: str, done: int, total: int | None) -> None:
            if what not in tasks:
                tasks[what] = bars.add_task(plain(what), total=total)
            bars.update(tasks[what], completed=done, total=total)

        yield tell
