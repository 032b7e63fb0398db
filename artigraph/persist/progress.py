"""Bars for long work: shown with tqdm, where that is installed, once the work has taken longer than a second."""

from __future__ import annotations

import os
import time
from collections.abc import Iterator, Sequence
from types import TracebackType
from typing import Any, Self, TypeVar

from artigraph.errors import MissingLibraryError
from artigraph.registry import load

T = TypeVar("T")

AFTER = 1.0
"""Seconds of work before a bar is shown."""

SWITCH = "ARTIGRAPH_PROGRESS"
"""The environment variable that switches bars off, with the value 0."""


class Meter:
    """Counts how far some work is; a context manager.

    Args:
        doing: the work in a word: "hashing".
        total: how much there is.
        unit: of what.
    """

    def __init__(self, doing: str, total: int, unit: str) -> None:
        self._doing, self._total, self._unit = doing, total, unit
        self._done = 0
        self._due: float | None = time.monotonic() + AFTER
        self._bar: Any = None

    def update(self, count: int = 1) -> None:
        """So much more is done."""
        self._done += count
        if self._bar is not None:
            self._bar.update(count)
        elif self._due is not None and time.monotonic() > self._due:
            self._due = None
            self._bar = self._made() if self._done < self._total else None

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self._bar is not None:
            self._bar.close()

    def _made(self) -> Any:
        """The bar; None where none is wanted, or there is nothing to show it with."""
        if os.environ.get(SWITCH) == "0":
            return None
        try:
            tqdm = load("tqdm.auto", "a progress bar").tqdm
        except MissingLibraryError:
            return None
        scale = self._unit == "B"
        options = {"unit": self._unit, "unit_scale": scale, "leave": False}
        return tqdm(total=self._total, initial=self._done, desc=self._doing, **options)


def progress(items: Sequence[T], doing: str, *, unit: str = "file") -> Iterator[T]:
    """The items one by one, counted by a meter."""
    with Meter(doing, len(items), unit) as meter:
        for item in items:
            yield item
            meter.update()
