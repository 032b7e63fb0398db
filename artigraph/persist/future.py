"""What ``save_soon`` and ``load_soon`` give: a result that is there when the block of its saver or loader has ended."""

from __future__ import annotations

import asyncio
import concurrent.futures
from collections.abc import Callable, Generator, Iterable
from typing import Any, Generic, TypeVar, cast
from uuid import UUID

from artigraph.errors import UnfinishedError, WouldDeadlockError

T = TypeVar("T")


class Future(Generic[T]):
    """A result to come: ``get()`` it when the block has ended, or await it in another task.

    Attributes:
        node_id: the id of the node, known at once.
    """

    def __init__(self, node_id: UUID, batch: Batch) -> None:
        self.node_id = node_id
        self._batch = batch
        self._value: T | None = None
        self._error: BaseException | None = UnfinishedError("its block has not ended yet; ask after it, or await it")

    def __repr__(self) -> str:
        state = "pending" if not self._batch.ended.done() else "failed" if self._error else "done"
        return f"<{state}: {self.node_id}>"

    def get(self) -> T:
        """The result.

        Raises:
            UnfinishedError: the block has not ended, or it ended without this result since something else failed.
            Exception: what failed here.
        """
        if self._error is not None:
            raise self._error
        return cast("T", self._value)

    def __await__(self) -> Generator[Any, Any, T]:
        self._batch.check_await()
        yield from asyncio.shield(asyncio.wrap_future(self._batch.ended)).__await__()
        return self.get()


class Batch:
    """One block of a saver or loader: open once, and what is waiting for its end."""

    def __init__(self, what: str) -> None:
        self.what = what
        self.ended: concurrent.futures.Future[None] = concurrent.futures.Future()
        self._task: asyncio.Task[Any] | None = None
        self._opened = False

    def enter(self) -> None:
        """Open it. Raises UnfinishedError the second time."""
        if self._opened:
            raise UnfinishedError(f"this {self.what} was used before; make a new one")
        self._opened = True
        self._task = asyncio.current_task() if asyncio._get_running_loop() is not None else None

    def check_open(self) -> None:
        """Raise UnfinishedError unless it is open."""
        if not self._opened or self.ended.done():
            raise UnfinishedError(f"this {self.what} is not open; use it inside 'with new_{self.what}() as ...:'")

    def check_await(self) -> None:
        """Raise WouldDeadlockError where the end of the block could only wait for itself."""
        if not self.ended.done() and asyncio.current_task() is self._task:
            raise WouldDeadlockError(f"the block of its {self.what} ends in this very task")

    def settle(
        self, futures: Iterable[Future[Any]], outcome: Callable[[Future[Any]], Any], why: BaseException | None
    ) -> None:
        """Give every future its value or exception, and wake who awaits one.

        Args:
            futures: all of them.
            outcome: future -> its value or exception; KeyError where there is none.
            why: what those that have none are told.
        """
        for future in futures:
            try:
                found = outcome(future)
            except KeyError:
                found = UnfinishedError(f"{future.node_id} was left undone because of {why!r}"[:500])
                found.__cause__ = why
            if isinstance(found, BaseException):
                future._error = found
            else:
                future._value, future._error = found, None
        self.ended.set_result(None)
