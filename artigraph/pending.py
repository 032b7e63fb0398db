"""Pending: a call made inside a running loop, which runs when it is awaited (or told to with `.s()`).

It knows nothing of threads: a `Job` does the work. What is here is how a call that has not run yet behaves, and
that it is never lost silently.
"""

from __future__ import annotations

import asyncio
import sys
import warnings
import weakref
from collections.abc import Callable, Coroutine, Generator
from contextlib import AbstractAsyncContextManager, AbstractContextManager
from dataclasses import dataclass
from types import CodeType, FrameType, MethodType, TracebackType
from typing import TYPE_CHECKING, Any, NoReturn, Protocol, TypeVar

from artigraph.errors import PendingError

R_co = TypeVar("R_co", covariant=True)
T = TypeVar("T")


@dataclass(frozen=True)
class PendingInfo:
    """Where a call was written.

    >>> PendingInfo("Model.save(...)", "train.py", 3).call
    'Model.save(...)'
    """

    call: str
    filename: str
    lineno: int


class Job(Protocol[R_co]):
    """Work that starts once and gives every one who waits for it the same outcome."""

    @property
    def state(self) -> str:
        """`pending`, `sent`, `running`, `done` or `failed`."""
        ...

    async def ask(self) -> R_co:
        """Wait for the outcome in a running loop."""
        ...

    def block(self) -> R_co:
        """Wait for the outcome in this thread."""
        ...


class Pending(Coroutine[Any, Any, R_co]):
    """The result of a call that has not run yet.

    `await` it, give it to `asyncio.create_task`, `gather` or a task group, or call `.s()` on it; `with` and
    `async with` work where the result is a context manager. Every way gives the one outcome of the one run.

    Raises:
        PendingError: it was used as if it were its result.
    """

    __slots__ = ("__weakref__", "_code", "_fn", "_job", "_lineno", "_steppers")

    def __init__(self, job: Job[R_co], fn: object, frame: FrameType) -> None:
        self._job = job
        self._fn = fn
        self._code: CodeType = frame.f_code
        self._lineno = frame.f_lineno
        self._steppers: dict[object, Coroutine[Any, Any, R_co]] = {}
        _unresolved[id(self)] = weakref.ref(self)

    @property
    def info(self) -> PendingInfo:
        """What was called, in which file, on which line."""
        return PendingInfo(_call(self._fn), self._code.co_filename, self._lineno)

    def s(self) -> R_co:
        """Run it now and block this thread until it is done; right in a notebook cell.

        Raises:
            WouldDeadlockError: the work could only wait for this very thread.
        """
        dismiss(self)
        try:
            return self._job.block()
        finally:
            del self  # a traceback that holds this frame must not hold the error as well

    def __await__(self) -> Generator[Any, Any, R_co]:
        dismiss(self)
        return self._job.ask().__await__()

    def send(self, value: Any, /) -> Any:
        """Advance it; asyncio calls this for tasks."""
        try:
            return self._step("send", value)
        finally:
            del self  # see `s`

    def throw(self, typ: Any, val: Any = None, tb: TracebackType | None = None, /) -> Any:
        """Raise an exception inside it; asyncio calls this for tasks."""
        try:
            return self._step("throw", *(part for part in (typ, val, tb) if part is not None))
        finally:
            del self

    def close(self) -> None:
        """Give it up: it no longer counts as forgotten. Work that has started goes on."""
        dismiss(self)
        while self._steppers:
            self._steppers.popitem()[1].close()

    def __enter__(self: Pending[AbstractContextManager[T]]) -> T:
        return self.s().__enter__()

    def __exit__(
        self: Pending[AbstractContextManager[Any]],
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> bool | None:
        return self.s().__exit__(kind, error, trace)

    async def __aenter__(self: Pending[AbstractAsyncContextManager[T]]) -> T:
        return await (await self).__aenter__()

    async def __aexit__(
        self: Pending[AbstractAsyncContextManager[Any]],
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> bool | None:
        return await (await self).__aexit__(kind, error, trace)

    def __repr__(self) -> str:
        state = self._job.state
        cure = ": write await or .s" if state == "pending" else ""
        return f"<{state}: {_call(self._fn)}, line {self._lineno}{cure}>"

    if not TYPE_CHECKING:  # a type checker should find these mistakes, not permit them

        @property
        def __name__(self) -> str:
            """What a task calls it in its own repr."""
            return _call(self._fn).removesuffix("(...)")

        def __getattr__(self, name: str) -> NoReturn:
            if name.startswith("_"):
                raise AttributeError(name)
            raise PendingError(_call(self._fn), name)

        def __bool__(self) -> bool:
            if sys._getframe(1).f_globals.get("__name__") == "asyncio.base_tasks":
                return True  # the repr of a task asks whether it has a coroutine (Python 3.12 and newer)
            raise PendingError(_call(self._fn), "truth value")

        def __len__(self) -> NoReturn:
            raise PendingError(_call(self._fn), "length")

        def __iter__(self) -> NoReturn:
            raise PendingError(_call(self._fn), "iteration")

        def __aiter__(self) -> NoReturn:
            raise PendingError(_call(self._fn), "iteration")

        def __getitem__(self, key: object) -> NoReturn:
            raise PendingError(_call(self._fn), f"[{key!r}]"[:60])

    def __del__(self, _warn: Callable[..., None] = warnings.warn_explicit) -> None:
        if _unresolved.pop(id(self), None) is None:
            return
        info = self.info
        for hook in _drop_hooks:
            hook(info)
        if not _drop_hooks:
            _warn(f"{info.call} was never run; write await or .s", RuntimeWarning, info.filename, info.lineno)

    def _step(self, action: str, *args: Any) -> Any:
        """Advance the coroutine that waits on behalf of the current task: each task has its own."""
        dismiss(self)
        task = asyncio.current_task() if asyncio._get_running_loop() is not None else None
        stepper = self._steppers.get(task)
        if stepper is None:
            stepper = self._steppers[task] = self._job.ask()
        try:
            return getattr(stepper, action)(*args)
        except BaseException:  # it has ended: StopIteration carries the result
            self._steppers.pop(task, None)
            raise
        finally:
            del self, stepper, task


def live_pendings() -> list[Pending[Any]]:
    """The calls that exist and were never run, oldest first, without the dismissed ones."""
    found = (reference() for reference in list(_unresolved.values()))
    return [pending for pending in found if pending is not None]


def dismiss(pending: Pending[Any]) -> None:
    """Do not speak of this one again: it was reported, or is being run."""
    _unresolved.pop(id(pending), None)


def set_drop_hook(hook: Callable[[PendingInfo], None] | None) -> None:
    """Call `hook` when a call is dropped that never ran; None: give a RuntimeWarning instead."""
    _drop_hooks[:] = [hook] if hook is not None else []


_drop_hooks: list[Callable[[PendingInfo], None]] = []
_unresolved: dict[int, weakref.ref[Pending[Any]]] = {}


def _call(fn: object) -> str:
    """The call as a person would name it: `Model.save(...)`, `load(...)`."""
    name = getattr(fn, "__name__", "call")
    if isinstance(fn, MethodType):
        owner = fn.__self__ if isinstance(fn.__self__, type) else type(fn.__self__)
        name = f"{owner.__name__}.{name}"
    return f"{name}(...)"
