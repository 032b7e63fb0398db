"""Bars for long work: shown with tqdm, where that is installed, once a loop takes longer than a second."""

from __future__ import annotations

import os
from collections.abc import Iterable, Iterator, Sequence
from typing import Any, TypeVar

from artigraph.errors import MissingLibraryError
from artigraph.registry import load

T = TypeVar("T")

AFTER = 1.0
"""Seconds of work before a bar is shown."""

SWITCH = "ARTIGRAPH_PROGRESS"
"""The environment variable that switches bars off, with the value 0."""


def progress(items: Sequence[T], doing: str, *, unit: str = "file") -> Iterable[T]:
    """The items one by one, with a bar on stderr that says how far this is."""
    bar = bar_of(doing, len(items), unit)
    return items if bar is None else _counted(items, bar)


def bar_of(doing: str, total: int, unit: str, **options: Any) -> Any:
    """A bar with ``update(n)`` and ``close()``; None where none is wanted or there is nothing to show it with."""
    if os.environ.get(SWITCH) == "0":
        return None
    try:
        tqdm = load("tqdm.auto", "a progress bar").tqdm
    except MissingLibraryError:
        return None
    return tqdm(total=total, desc=doing, unit=unit, delay=AFTER, leave=False, **options)


def _counted(items: Iterable[T], bar: Any) -> Iterator[T]:
    with bar:
        for item in items:
            yield item
            bar.update()
