"""The library thread: one daemon thread with one loop per process, the jobs it runs, and who may block on it.

Used through `artigraph.bridge`, which says what may be called from where.
"""

from __future__ import annotations

import asyncio
import atexit
import concurrent.futures.thread  # noqa: F401 - first, so that our exit hook runs before the one that ends its pools
import functools
import os
import sys
import threading
from collections.abc import Callable, Coroutine
from contextlib import suppress
from contextvars import Context, ContextVar, copy_context
from typing import Any, Generic, TypeVar, cast

from artigraph.errors import WouldDeadlockError

R = TypeVar("R")

EXIT_SECONDS = 5.0
"""How long the end of the process waits for running jobs, and for each closing function."""


class Library:
    """A thread that runs a loop until the process ends."""

    __slots__ = ("closers", "jobs", "loop", "thread")

    def __init__(self) -> None:
        self.loop = asyncio.SelectorEventLoop()  # whatever loop policy a notebook or a GUI has set
        self.jobs: set[LibraryJob[Any]] = set()
        self.closers: list[Callable[[], Coroutine[Any, Any, object]]] = []
        self.thread = threading.Thread(target=self.loop.run_forever, name="artigraph", daemon=True)
        self.thread.start()

    def close(self) -> None:
        """Let the running jobs end, run the closers, end the thread; each for a bounded time."""
        patience = (len(self.closers) + 2) * EXIT_SECONDS
        try:
            asyncio.run_coroutine_threadsafe(self._drain(), self.loop).result(patience)
        except TimeoutError:
            return  # something blocks the loop itself; the thread is a daemon and ends with the process
        finally:
            self.loop.call_soon_threadsafe(self.loop.stop)
        self.thread.join(EXIT_SECONDS)
        if not self.thread.is_alive():
            self.loop.close()

    async def _drain(self) -> None:
        if tasks := [job.task for job in self.jobs if job.task is not None]:
            await asyncio.wait(tasks, timeout=EXIT_SECONDS)
        for close in reversed(self.closers):
            try:
                await asyncio.wait_for(close(), EXIT_SECONDS)
            except Exception as error:  # noqa: BLE001 - told, and the next one is closed all the same
                self.loop.call_exception_handler({"message": f"{close!r} failed at exit", "exception": error})
        self.loop.set_exception_handler(lambda *_: None)  # what is still there cannot be helped
        if rest := asyncio.all_tasks() - {asyncio.current_task()}:
            for task in rest:
                task.cancel("exit")
            await asyncio.wait(rest, timeout=1)
        await self.loop.shutdown_asyncgens()


def library() -> Library:
    """The library thread of this process, started when there is none."""
    if _process.library is None:
        with _process.lock:
            if _process.library is None:
                _process.library = Library()
    return _process.library


def in_library_thread() -> bool:
    """Whether this code runs in the library thread."""
    home = _process.library
    return home is not None and home.thread.ident == threading.get_ident()


def caller_loop() -> asyncio.AbstractEventLoop | None:
    """The loop on which the code of the caller may run while this work goes on; None when the caller blocks."""
    return _asker.get().loop if in_library_thread() else asyncio.get_running_loop()


def is_waited_for(thread: int, task: asyncio.Task[Any] | None) -> bool:
    """(library loop) Whether that thread blocks until this work has ended, or that task of it waits for it."""
    asker = _asker.get()
    return asker.thread == thread and (asker.loop is None or (task is not None and asker.task is task))


def run_off(call: Callable[[], Coroutine[Any, Any, object]], seconds: float) -> None:
    """Run a call whose outcome nobody asks for, as a finalizer does: it never fails, and waits ``seconds`` at most."""
    if _process.library is None or sys.is_finalizing():
        return
    ended = threading.Event()
    job = LibraryJob(call)
    job._wakes.append(ended.set)
    job._send(_Asker(None, None))
    if not in_library_thread():
        ended.wait(seconds)


class _Asker:
    """Who waits for a job: a task of a loop, or without a loop a thread that blocks; nobody (None) when it ended."""

    __slots__ = ("loop", "task", "thread")

    def __init__(self, loop: asyncio.AbstractEventLoop | None, thread: int | None) -> None:
        self.loop, self.thread = loop, thread
        self.task = asyncio.current_task() if loop is not None else None


class LibraryJob(Generic[R]):
    """One call of an async function. It starts once; any number of tasks and threads may wait for its outcome.

    It runs in the library thread; with `here`, or asked for from that thread itself, inside the first task that asks.
    A waiter that is cancelled or interrupted stops the work, unless others wait for it too.
    """

    __slots__ = ("_call", "_error", "_here", "_home", "_stopped", "_trace", "_value", "_wakes", "state", "task")

    def __init__(self, call: Callable[[], Coroutine[Any, Any, R]], here: bool = False) -> None:
        self._call = call
        self._here = here
        self._error: BaseException | None = None
        self._home: Library | None = None  # where it was sent to; None: it runs inside who asked
        self._stopped = False
        self._wakes: list[Callable[[], object]] = []
        self.state = "pending"  # pending, sent, running, done, failed
        self.task: asyncio.Task[None] | None = None

    async def ask(self) -> R:
        """Wait for the outcome in a running loop."""
        try:
            if (self._here or in_library_thread()) and self._begin():
                await self._run()
            elif not self._ended:
                await self._wait()
            return self._outcome()
        finally:
            del self  # a traceback that holds this frame must not hold the job, which holds the error

    def block(self) -> R:
        """Wait for the outcome in this thread.

        Raises:
            WouldDeadlockError: this thread could only wait for itself.
        """
        try:
            if not self._ended:
                check_may_block()
                if self._here:
                    raise WouldDeadlockError("an async session of the caller cannot be driven by a blocking call")
                self._wait_blocking()
            return self._outcome()
        finally:
            del self

    @property
    def _ended(self) -> bool:
        return self.state in _ENDED

    def _begin(self) -> bool:
        """True for exactly one caller, who then must start it."""
        with _process.lock:
            first = self.state == "pending"
            if first:
                self.state = "sent"
        return first

    def _send(self, asker: _Asker) -> None:
        """Start it in the library thread with a copy of this context, unless it was started before."""
        home = library()
        if self.state == "pending":
            self._home = home  # before it begins: an interrupt may come between any two lines
        if self._begin():
            context = copy_context()
            context.run(_asker.set, asker)
            home.loop.call_soon_threadsafe(self._start, home, context)

    def _start(self, home: Library, context: Context) -> None:
        home.jobs.add(self)  # the loop itself holds tasks weakly
        self.task = home.loop.create_task(self._run(), context=context)

    async def _run(self) -> None:
        """Run the call to its end; the outcome is kept, never raised."""
        self.state = "running"
        try:
            value = await self._call()
        except BaseException as error:  # noqa: BLE001 - also SystemExit: the thread outlives what runs in it
            self._settle(error=error)
        else:
            self._settle(value)
        finally:
            if self._home is not None:  # what goes on in this context is waited for no more
                _asker.get().task = _asker.get().thread = None
            del self

    def _settle(self, value: R | None = None, error: BaseException | None = None) -> None:
        self._value = value
        self._error = error
        self._trace = error.__traceback__ if error is not None else None
        self.state = "done" if error is None else "failed"
        del self._call
        if self._home is not None:
            self._home.jobs.discard(self)
        wakes, self._wakes = self._wakes, []  # a waiter that comes now sees the state
        for wake in wakes:
            wake()

    def _outcome(self) -> R:
        """The value, or the error as it left the work: same object, same traceback and context every time."""
        error = self._error
        try:
            if error is None:
                return cast("R", self._value)
            context = error.__context__
            try:
                raise error.with_traceback(self._trace)
            finally:
                error.__context__ = context
        finally:
            del self, error

    async def _wait(self) -> None:
        """Wait on this loop until it has ended; a cancelled waiter is told only then."""
        ended = asyncio.Event()
        caller = asyncio.get_running_loop()
        wake = functools.partial(_set, caller, ended)
        self._wakes.append(wake)
        if not self._here:
            self._send(_Asker(caller, threading.get_ident()))
        cancelled: asyncio.CancelledError | None = None
        try:
            while not self._ended:
                try:
                    await ended.wait()
                except asyncio.CancelledError as error:
                    if cancelled is None:
                        cancelled = error
                        if not self._stop(wake, "cancelled"):
                            break
            if cancelled is not None:
                if isinstance(self._error, Exception):
                    cancelled.__cause__ = self._error
                raise cancelled
        finally:
            del self, cancelled

    def _wait_blocking(self) -> None:
        """Wait in this thread until it has ended; an interrupted waiter (Ctrl-C) is told only then."""
        gate = threading.Lock()
        gate.acquire()
        self._wakes.append(gate.release)
        try:
            self._send(_Asker(None, threading.get_ident()))
            if not self._ended:
                gate.acquire()
        except BaseException:  # whatever a signal handler raises
            if self._stop(gate.release, "interrupt"):
                while not self._ended:
                    with suppress(KeyboardInterrupt):  # Ctrl-C again: the work is ending already
                        gate.acquire()
            raise

    def _stop(self, wake: Callable[[], object], why: str) -> bool:
        """Stop the work for a waiter who wants no more, and say whether he has to wait for its end."""
        with suppress(ValueError):  # it has just ended, and all were woken
            self._wakes.remove(wake)
        if self._home is None or (self._wakes and not self._stopped):
            return False
        self._stopped = True
        self._wakes.append(wake)
        self._home.loop.call_soon_threadsafe(self._cancel, why)
        return True

    def _cancel(self, why: str) -> None:
        if self.task is not None:
            self.task.cancel(why)
        if self.state in ("pending", "sent"):  # nothing of it has run, or ever will
            self._settle(error=asyncio.CancelledError(why))


# ---------------------------------------------------------------- who may not block


class Hold:
    """Something that this thread keeps open across calls, such as a write transaction."""

    __slots__ = ("_thread", "what")

    def __init__(self, what: str) -> None:
        self.what = what
        self._thread = threading.get_ident()
        _process.holds.add(self)

    @property
    def joined(self) -> bool:
        """Whether the calls of this context are part of it."""
        return self in _joined.get()

    @property
    def bars(self) -> bool:
        """Whether a blocking call made here and now could only wait for it."""
        return self._thread == threading.get_ident() and not self.joined

    def release(self) -> None:
        """It is closed; a second time does nothing."""
        _process.holds.discard(self)


def join(hold: Hold) -> Hold:
    """Make the calls of this context part of the hold; give the result to `leave`."""
    _joined.set((*_joined.get(), hold))
    return hold


def leave(token: Hold) -> None:
    """Undo one `join`; in a context that never joined, nothing happens."""
    joined = list(_joined.get())
    if token in joined:
        joined.remove(token)
        _joined.set(tuple(joined))


def forbid_sync(why: str | None) -> str | None:
    """Refuse blocking calls in this context, and run awaited dual calls on the caller's loop; None permits again.

    Returns:
        What was set before, to be given back when the reason has gone.
    """
    before = _forbidden.get()
    _forbidden.set(why)
    return before


def sync_is_forbidden() -> bool:
    """Whether `forbid_sync` holds in this context."""
    return _forbidden.get() is not None


def check_may_block() -> None:
    """Raise where a blocking call could only wait for itself.

    Raises:
        WouldDeadlockError: in the library thread, under `forbid_sync`, or beside a hold of this thread.
    """
    if in_library_thread():
        raise WouldDeadlockError("it was made inside artigraph's own thread")
    why = _forbidden.get()
    if why is not None:
        raise WouldDeadlockError(why)
    for hold in tuple(_process.holds):
        if hold.bars:
            raise WouldDeadlockError(f"{hold.what} is open in another task of this thread")


# ---------------------------------------------------------------- state of the process


class _Process:
    """What belongs to one process; a forked child begins anew, for the thread and what it opened are its parent's."""

    def __init__(self) -> None:
        self.begin()

    def begin(self) -> None:
        self.library: Library | None = None
        self.lock = threading.RLock()  # a finalizer may run anywhere, and send work of its own
        self.holds: set[Hold] = set()


_process = _Process()
_joined: ContextVar[tuple[Hold, ...]] = ContextVar("artigraph_joined", default=())
_asker: ContextVar[_Asker] = ContextVar("artigraph_asker", default=_Asker(None, None))  # noqa: B039 - nobody
_forbidden: ContextVar[str | None] = ContextVar("artigraph_forbidden", default=None)
_ENDED = frozenset({"done", "failed"})


def _set(loop: asyncio.AbstractEventLoop, event: asyncio.Event) -> None:
    with suppress(RuntimeError):  # that loop was closed: nobody waits any more
        loop.call_soon_threadsafe(event.set)


def _close() -> None:
    if _process.library is not None:
        _process.library.close()
        _process.library = None


# At the end of the main thread, while pools and threads still work (atexit is too late for both, and a child of
# multiprocessing has no atexit); once more at the very end, for threads that went on after the main one.
getattr(threading, "_register_atexit", atexit.register)(_close)
atexit.register(_close)
if hasattr(os, "register_at_fork"):
    os.register_at_fork(after_in_child=_process.begin)
