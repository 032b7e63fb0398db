"""Python's cyclic garbage collector, which rests while many objects are made that stay."""

from __future__ import annotations

import gc
import os
from threading import Lock


class _Rest:
    """A block in which the collector does not run, unless the program had turned it off already.

    The collector looks for cycles whenever some hundred more objects are there, and at times among all objects of the
    process. Rows and models that a load makes stay and form no cycles: the looking was half of the time of a load.
    Blocks may overlap in several threads; the last one to end lets the collector run again.
    """

    def __init__(self) -> None:
        self._lock = Lock()
        self._inside = 0
        self._ran = False
        os.register_at_fork(after_in_child=self._after_fork)

    def __enter__(self) -> None:
        with self._lock:
            self._inside += 1
            if self._inside == 1:
                self._ran = gc.isenabled()
                gc.disable()

    def __exit__(self, *_: object) -> None:
        with self._lock:
            self._inside -= 1
            if self._inside == 0 and self._ran:
                gc.enable()

    def _after_fork(self) -> None:
        """The threads that were in a block are not in this process."""
        self._lock = Lock()
        if self._inside and self._ran:
            gc.enable()
        self._inside = 0


resting_collector = _Rest()
"""``with resting_collector:`` around work that makes many objects, calls no other thread and waits for nothing."""
