"""From an async iterable of the caller to a worker thread, a batch at a time.

The iterable is gone through by one task on the caller's own loop (on one of its own, where the caller blocks). It goes
on when the worker has taken what it gave, so two batches at most are in memory.
"""

from __future__ import annotations

import asyncio
import sys
import threading
import time
from collections.abc import AsyncIterable, Callable, Generator
from contextvars import copy_context
from queue import SimpleQueue
from types import AsyncGeneratorType
from typing import Any

from artigraph.errors import UnfinishedError

BATCH_BYTES = 1 << 20
"""A batch ends with the item that makes it this big; sizes of containers do not count what is in them."""
BATCH_ITEMS = 1_000
BATCH_SECONDS = 0.002
"""A batch ends when it took so long, so that the loop can do other things."""


class Handover:
    """The items of an async iterable as a plain iterator for a worker thread, to be gone through once.

    Args:
        stream: whose code runs on ``loop`` only.
        loop: the caller's loop; None: a loop in a thread of its own.
    """

    def __init__(self, stream: AsyncIterable[Any], loop: asyncio.AbstractEventLoop | None) -> None:
        self.count = 0
        """Items given so far."""
        self._stream, self._loop = stream, loop
        self._box: SimpleQueue[list[Any] | BaseException] = SimpleQueue()
        self._lock = threading.Lock()
        self._home: asyncio.AbstractEventLoop | None = None
        self._task: asyncio.Task[None] | None = None
        self._taken = asyncio.Event()
        self._stopped = False

    def __iter__(self) -> Generator[Any, None, None]:
        """(worker thread) The items; closing this iterator stops the stream and waits for its end."""
        wait = self._begin()
        try:
            while True:
                batch = self._box.get()
                if isinstance(batch, BaseException):
                    raise batch
                if not batch:
                    return
                with self._lock:
                    if self._home is not None:
                        self._home.call_soon_threadsafe(self._taken.set)
                self.count += len(batch)
                yield from batch
        finally:
            self.stop()
            wait()

    def stop(self) -> None:
        """(any thread) End the stream early: whoever waits for items gets an UnfinishedError."""
        with self._lock:
            self._stopped = True
            if self._home is not None and self._task is not None:
                self._home.call_soon_threadsafe(self._task.cancel)

    def _begin(self) -> Callable[[], object]:
        """Start the task; what is returned waits for its end."""
        ended = threading.Event()
        if self._loop is not None:
            asyncio.run_coroutine_threadsafe(self._pump(ended), self._loop)
            return ended.wait
        run = copy_context().run
        thread = threading.Thread(target=run, args=(asyncio.run, self._pump(ended)), name="artigraph-stream")
        thread.start()
        return thread.join

    async def _pump(self, ended: threading.Event) -> None:
        """Go through the stream; an empty batch is its end."""
        with self._lock:
            self._home, self._task = asyncio.get_running_loop(), asyncio.current_task()
        last: list[Any] | BaseException = UnfinishedError("the stream was stopped before its end")
        try:
            if not self._stopped:
                await self._give()
                last = []
        except asyncio.CancelledError:
            pass
        except BaseException as error:  # noqa: BLE001 - raised in the worker, and from there to the caller
            last = error
        finally:
            with self._lock:
                self._home = None  # from here on nobody cancels it
            try:
                if isinstance(self._stream, AsyncGeneratorType):
                    await self._stream.aclose()
            except BaseException as error:  # noqa: BLE001 - see above
                last = last or error
            self._box.put(last)
            ended.set()

    async def _give(self) -> None:
        batch: list[Any] = []
        size, until = 0, time.monotonic() + BATCH_SECONDS
        async for item in self._stream:
            batch.append(item)
            size += item_size(item)
            if size >= BATCH_BYTES or len(batch) == BATCH_ITEMS or time.monotonic() >= until:
                self._box.put(batch)
                del item
                await self._taken.wait()
                self._taken.clear()
                batch = []
                size, until = 0, time.monotonic() + BATCH_SECONDS
        if batch:
            self._box.put(batch)


def item_size(item: Any) -> int:
    """Bytes that an item takes, about."""
    size = getattr(item, "nbytes", None)
    return size if isinstance(size, int) else sys.getsizeof(item)
