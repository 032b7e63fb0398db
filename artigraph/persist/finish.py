"""Work that must not be left half done: what leaves files behind is waited for even when its task is cancelled."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Coroutine
from typing import Any, TypeVar

T = TypeVar("T")


async def finished(work: Coroutine[Any, Any, T], stop: Callable[[], None] | None = None) -> T:
    """The result of ``work``; a cancellation of this task is raised when it has ended, not before.

    ``stop`` is called upon a cancellation, so that the work ends soon.
    """
    task = asyncio.ensure_future(work)
    cancelled: asyncio.CancelledError | None = None
    while not task.done():
        try:
            await asyncio.wait({task})
        except asyncio.CancelledError as error:
            cancelled = error
            if stop is not None:
                stop()
    if cancelled is not None:
        cancelled.__cause__ = task.exception()
        raise cancelled
    return task.result()
