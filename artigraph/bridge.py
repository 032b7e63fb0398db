"""The door between sync and async code: one library thread with one loop, and functions that work from both sides.

`ask` and `block` run an async function in the library thread; `dual`, `method`, `self_method`, `class_method` and
`loader` make functions out of it that a script calls and an async program awaits.
"""

from __future__ import annotations

import asyncio
import functools
import pkgutil
import sys
from collections.abc import Callable, Coroutine
from types import MethodType
from typing import Any, Concatenate, Generic, ParamSpec, TypeVar, cast

from artigraph.library import (
    Hold,
    LibraryJob,
    caller_loop,
    forbid_sync,
    in_library_thread,
    is_waited_for,
    join,
    leave,
    library,
    run_off,
    sync_is_forbidden,
)
from artigraph.pending import Pending, PendingInfo, dismiss, live_pendings, set_drop_hook

__all__ = [
    "Dual",
    "Hold",
    "Pending",
    "PendingInfo",
    "ask",
    "at_exit",
    "block",
    "caller_loop",
    "class_method",
    "dismiss",
    "dual",
    "forbid_sync",
    "hold",
    "in_library_thread",
    "is_waited_for",
    "join",
    "leave",
    "library_loop",
    "live_pendings",
    "loader",
    "method",
    "run_off",
    "self_method",
    "set_drop_hook",
]

P = ParamSpec("P")
R = TypeVar("R")
S = TypeVar("S")


def library_loop() -> asyncio.AbstractEventLoop:
    """The loop of the library thread, which is started when there is none (also in a forked child)."""
    return library().loop


def at_exit(close: Callable[[], Coroutine[Any, Any, object]]) -> None:
    """Run `close` in the library thread when the process ends, the last one registered first.

    It belongs to this library thread: a forked child, which must not close what its parent opened, has none.
    """
    library().closers.append(close)


async def ask(fn: Callable[P, Coroutine[Any, Any, R]], *args: P.args, **kwargs: P.kwargs) -> R:
    """Run `fn` in the library thread, with a copy of the caller's context, and wait for it on this loop.

    A cancelled caller cancels the work, and gets its CancelledError when the work has really ended; an error
    that the work ended with is then its `__cause__`.
    """
    if in_library_thread():
        return await fn(*args, **kwargs)
    return await LibraryJob(functools.partial(fn, *args, **kwargs)).ask()


def block(fn: Callable[P, Coroutine[Any, Any, R]], *args: P.args, **kwargs: P.kwargs) -> R:
    """Run `fn` in the library thread, with a copy of the caller's context, and block until it is done.

    Raises:
        WouldDeadlockError: at once, where this thread could only wait for itself.
        KeyboardInterrupt: the work was cancelled (with the message "interrupt") and has ended.
    """
    return LibraryJob(functools.partial(fn, *args, **kwargs)).block()


def hold(what: str) -> Hold:
    """Say that the caller keeps `what` open: until its release, only contexts that joined it may block this thread.

    >>> transaction = hold("a transaction")
    >>> token = join(transaction)
    >>> transaction.joined
    True
    >>> leave(token); transaction.joined
    False
    >>> transaction.release()
    """
    return Hold(what)


class Dual(Generic[P, R]):
    """An async function that sync code can call as well.

    Called where no loop runs, it blocks and returns the result; called in a running loop it returns a `Pending`.
    `.a(...)` is always a coroutine, `.s(...)` always blocks. With `session=` (a session of the caller), it runs on
    the caller's own loop and cannot block.
    """

    def __init__(self, fn: Callable[P, Coroutine[Any, Any, R]]) -> None:
        facts: Any = fn
        self.__wrapped__ = fn
        self.__name__: str = facts.__name__
        self.__qualname__: str = facts.__qualname__
        self.__module__ = facts.__module__
        self.__doc__ = facts.__doc__

    def __call__(self, *args: P.args, **kwargs: P.kwargs) -> Pending[R]:
        fn = self.__wrapped__
        job = LibraryJob(functools.partial(fn, *args, **kwargs), here=_stays_here(kwargs))
        if asyncio._get_running_loop() is None:
            return cast("Pending[R]", job.block())
        return Pending(job, fn, sys._getframe(1))

    async def a(self, *args: P.args, **kwargs: P.kwargs) -> R:
        """Run it and await the result."""
        if _stays_here(kwargs):
            return await self.__wrapped__(*args, **kwargs)
        return await ask(self.__wrapped__, *args, **kwargs)

    def s(self, *args: P.args, **kwargs: P.kwargs) -> R:
        """Run it and block until the result is there."""
        return LibraryJob(functools.partial(self.__wrapped__, *args, **kwargs), here=_stays_here(kwargs)).block()

    def __repr__(self) -> str:
        return f"<dual function {self.__qualname__}: call it, or await it in a running loop>"

    def __reduce__(self) -> tuple[Any, ...]:
        fn = self.__wrapped__
        if isinstance(fn, MethodType):
            return getattr, (fn.__self__, fn.__name__)
        return pkgutil.resolve_name, (f"{self.__module__}:{self.__qualname__}",)


def dual(fn: Callable[P, Coroutine[Any, Any, R]]) -> Dual[P, R]:
    """Make an async function callable from sync and async code.

    >>> @dual
    ... async def double(x: int) -> int:
    ...     return 2 * x
    >>> double(4), double.s(5)
    (8, 10)
    """
    return Dual(fn)


class _Descriptor(Generic[P, R]):
    """An async function in a class; each access makes a light `Dual`, and nothing is kept on the instance."""

    def __init__(self, fn: Callable[Concatenate[Any, P], Coroutine[Any, Any, R]]) -> None:
        self._fn: Any = fn
        functools.update_wrapper(cast("Any", self), fn)

    def _bind(self, target: object) -> Dual[P, Any]:
        return Dual(self._fn if target is None else MethodType(self._fn, target))


class method(_Descriptor[P, R]):  # noqa: N801 - used like the built-in decorators
    """A method for sync and async code."""

    def __get__(self, instance: object, owner: type) -> Dual[P, R]:
        return self._bind(instance)


class class_method(_Descriptor[P, R]):  # noqa: N801 - see method
    """A class method for sync and async code."""

    def __get__(self, instance: object, owner: type) -> Dual[P, R]:
        return self._bind(owner)


class self_method(_Descriptor[P, Any], Generic[P]):  # noqa: N801 - see method
    """A method for sync and async code that returns its own object, whatever its body returns."""

    def __init__(self, fn: Callable[Concatenate[Any, P], Coroutine[Any, Any, Any]]) -> None:
        @functools.wraps(fn)
        async def run(target: Any, /, *args: P.args, **kwargs: P.kwargs) -> Any:
            await fn(target, *args, **kwargs)
            return target

        super().__init__(run)

    def __get__(self, instance: S, owner: type) -> Dual[P, S]:
        return self._bind(instance)


class loader(_Descriptor[P, Any], Generic[P]):  # noqa: N801 - see method
    """A class method for sync and async code that returns an instance of the class it was called on."""

    def __get__(self, instance: object, owner: type[S]) -> Dual[P, S]:
        return self._bind(owner)


def _stays_here(kwargs: dict[str, Any]) -> bool:
    """Whether a session of the caller is used, which works on the caller's own loop only."""
    return kwargs.get("session") is not None or sync_is_forbidden()
