"""``span_context``: a block that is a span, with or without ``async``."""

from __future__ import annotations

import asyncio
import sys
import time
from collections.abc import Callable, Coroutine
from contextvars import Token
from types import TracebackType
from typing import Any

from artigraph.bridge import ask, block, run_off
from artigraph.errors import SpanOpenedError
from artigraph.graph.current import OpenSpan, enter_span, leave_span, open_span
from artigraph.graph.engine import Database, current_database
from artigraph.graph.owner import owner_of
from artigraph.ids import as_datetime, now
from artigraph.persist.spec import check_label
from artigraph.span.environment import current_environment
from artigraph.span.span import Run, Span
from artigraph.span.trace import Trace
from artigraph.span.write import Ending, error_of, put_of, write_close, write_open

INTERRUPTIONS = (KeyboardInterrupt, asyncio.CancelledError, GeneratorExit)
"""What ends a span as interrupted; every other exception ends it as error."""

UNASKED = 0.5
"""Seconds that the end of a forgotten span is waited for."""


class SpanContext:
    """A context manager whose block is a span; it gives the Span.

    The span is in the database before the block runs. It ends ``ok``, ``error`` or ``interrupted``; the exception of
    the block comes out unchanged.

    Args:
        span: as it opens.
        track: whether what the block uses is noted.
        put_off: write it when the first artifact is touched inside, and not at all when none is.
    """

    def __init__(self, span: Span, *, track: bool = True, put_off: bool = False) -> None:
        self.span = span
        self.ending: Ending | None = None
        """How the span ended, once its block has."""
        self.read_traces: list[tuple[Trace, str]] = []
        """(trace, role) of values that the block reads and nobody saved."""
        self._track, self._put_off = track, put_off
        self._database: Database
        self._open: OpenSpan
        self._parent: OpenSpan | None = None
        self._token: Token[OpenSpan | None] | None = None
        self._began = 0.0
        self._is_due = False  # its block began, and nobody has begun to write its end
        self._opened = 0

    async def __aenter__(self) -> Span:
        self._prepare()
        try:
            await ask(self._write_open)
            return self._entered()
        except INTERRUPTIONS as error:  # it may be in the database by now, and its body will never run
            await self.aclose(error)
            raise
        except Exception:
            self.span.opened_at = None
            raise

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        try:
            await self.aclose(error)
        except Exception as problem:  # noqa: BLE001 - the one of the block goes first
            told_or_raised(problem, error)

    async def aclose(self, error: BaseException | None) -> None:
        """Write how the block ended; unlike the end of ``async with``, it raises when the store fails, always."""
        self._left(error)
        if isinstance(error, GeneratorExit):  # a coroutine that is thrown away may not await any more
            _block_to_its_end(self._write_close)
        else:
            await _to_its_end(self._write_close)

    def __enter__(self) -> Span:
        self._prepare()
        try:
            block(self._write_open)
            return self._entered()
        except INTERRUPTIONS as error:
            self.close(error)
            raise
        except Exception:
            self.span.opened_at = None
            raise

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        try:
            self.close(error)
        except Exception as problem:  # noqa: BLE001 - the one of the block goes first
            told_or_raised(problem, error)

    def __del__(self) -> None:
        """Ctrl-C may come where the block has ended and nothing of the end has run: then this is the end."""
        if self._is_due and self._database.is_open and not sys.is_finalizing():
            if self.ending is None:
                self._left(KeyboardInterrupt())
            run_off(self._write_close, UNASKED)

    def close(self, error: BaseException | None) -> None:
        """Write how the block ended; unlike the end of ``with``, it raises when the store fails, always."""
        self._left(error)
        _block_to_its_end(self._write_close)

    @property
    def parent(self) -> OpenSpan | None:
        """The span that was open where this one was opened."""
        return self._parent

    @property
    def open(self) -> OpenSpan:
        """The span as lower floors see it, while its block runs."""
        return self._open

    def _prepare(self) -> None:
        check_label(self.span.label)
        if self.span.opened_at is not None:
            raise SpanOpenedError(self.span)
        self._database = current_database()
        identity = self._database.identity
        self._parent = open_span(identity)
        if self.span.parent_id is None and self._parent is not None:
            self.span.parent_id = self._parent.id
        if isinstance(self.span, Run) and self.span.environment is None:
            self.span.environment = current_environment()
        self._open = OpenSpan(self.span.id, identity, self._track)
        if self._parent is not None:
            self._open.root = self._parent.root or self._parent.id
        opened = now()
        self.span.opened_at = self.span.created_at = self.span.updated_at = as_datetime(opened)
        self.span.status, self._opened, self._began = "open", opened, time.monotonic()

    async def _write_open(self) -> None:
        inside = self._parent if self._parent is not None and self._parent.id == self.span.parent_id else None
        parent = inside or self.span.parent_id
        if self._put_off:
            self._open.opening = put_of(self.span, parent, self._database, self._opened, again=True)
            owner_of(self._database).opened(self.span.id, self._database)
        else:
            await write_open(self.span, parent, self._database, self._opened)

    def _entered(self) -> Span:
        self._token = enter_span(self._open)
        self._is_due = True
        return self.span

    def _left(self, error: BaseException | None) -> None:
        token, self._token = self._token, None
        if token is not None:
            leave_span(token)
        if self._parent is not None:
            self._parent.made.update(self._open.made)
        status = "ok" if error is None else "interrupted" if isinstance(error, INTERRUPTIONS) else "error"
        closed = self._opened + int((time.monotonic() - self._began) * 1_000_000)
        now(closed)  # what opens next opens after it, also when the clock was set back
        self.ending = Ending(status, None if error is None else error_of(error), closed)
        self.span.status, self.span.error = status, self.ending.error
        self.span.closed_at = self.span.updated_at = as_datetime(closed)

    @property
    def database(self) -> Database:
        """Where it is written."""
        return self._database

    @property
    def is_wanted(self) -> bool:
        """Whether it is in the database, or will be when it closes."""
        return self._open.is_wanted

    def write_after_all(self) -> None:
        """Write a span that has closed without a trace: what it bound turned out to be used.

        Raises:
            ArtigraphError: the store failed.
        """
        self._open.touched = True
        _block_to_its_end(self._write_close)

    async def _write_close(self) -> None:
        self._is_due = False
        if not self._open.is_wanted:
            owner_of(self._database).closed(self.span.id)
        elif self.ending is not None:
            self.ending.untracked, self.ending.traces = self.span.untracked or [], self.read_traces
            await write_close(self._open, self.ending, self._database)


def span_context(span: Span | str | None = None, *, track: bool = True) -> SpanContext:
    """A span around the block of a ``with`` or ``async with`` statement.

    What is saved inside becomes its output, what is loaded or used becomes its input, spans opened inside become its
    children; tasks started inside belong to it too.

    Args:
        span: a label, a Span of yours, or None for one without a name.
        track: False notes no inputs.

    Returns:
        A context manager giving the Span.

    Raises:
        NoEngineError, CannotOpenError and others of the database: before the block runs.
        InvalidLabelError: a label that cannot be kept.
    """
    return SpanContext(span if isinstance(span, Span) else Span(span), track=track)


def told_or_raised(problem: Exception, error: BaseException | None) -> None:
    """The exception of a block goes first: it comes out, with a note of what was not written at its end."""
    if error is None:
        raise problem
    error.add_note(f"the end of this span was not recorded: {problem}")


async def _to_its_end(closing: Callable[[], Coroutine[Any, Any, None]]) -> None:
    """Run it whatever happens to this task meanwhile; a cancellation is raised after its end."""
    cancelled: asyncio.CancelledError | None = None
    task = asyncio.ensure_future(ask(closing))
    while not task.done():
        try:
            await asyncio.wait([task])
        except asyncio.CancelledError as error:
            cancelled = error
        if task.cancelled():  # the loop is ending, and cancels every task it has
            task = asyncio.ensure_future(ask(closing))
    if cancelled is None:
        task.result()
    else:
        task.exception()  # looked at, so that nobody warns of it
        raise cancelled


def _block_to_its_end(closing: Callable[[], Coroutine[Any, Any, None]]) -> None:
    """Run it even when Ctrl-C comes meanwhile, which is raised after its end."""
    try:
        block(closing)
    except KeyboardInterrupt:
        _block_to_its_end(closing)
        raise
