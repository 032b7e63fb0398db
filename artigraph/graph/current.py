"""What is open here: the current span, told to the floors below spans.

The variables are private to this file, so that no function of a notebook ever captures one. What a floor below needs of
the open span is small: its id, a place to note what was used, and whether tracking is on.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from contextvars import ContextVar, Token
from dataclasses import dataclass, field
from threading import Lock
from uuid import UUID
from weakref import WeakValueDictionary

from sqlalchemy import Connection


@dataclass(frozen=True, slots=True)
class Use:
    """An artifact that the open span used: under which name, and whether the value had changed since it was saved."""

    node_id: UUID
    role: str | None = None
    changed: bool = False


@dataclass(eq=False, slots=True, weakref_slot=True)
class OpenSpan:
    """The open span as lower floors see it."""

    id: UUID
    store: object
    """The identity of the database that the span is in; what is saved elsewhere is not its output."""
    track: bool = True
    made: set[UUID] = field(default_factory=set)
    """What was saved inside this span; using it here again is no input."""
    calls: Counter[str] = field(default_factory=Counter)
    """How often each linked function was called inside."""
    opening: Callable[[Connection], None] | None = None
    """Writes the row of the span, which was put off until something needs it; doing so again changes nothing."""
    touched: bool = False
    """Whether something needed that row."""
    root: UUID | None = None
    """The outermost span around it; None: itself."""
    _uses: dict[tuple[UUID, str | None], Use] = field(default_factory=dict)
    _written: set[tuple[UUID, str | None]] = field(default_factory=set)
    _lock: Lock = field(default_factory=Lock)

    def put_down(self, connection: Connection) -> None:
        """(in a transaction) Something is about to point to this span: write its row, if that was put off."""
        if self.opening is not None:
            self.touched = True
            self.opening(connection)

    @property
    def is_wanted(self) -> bool:
        """Whether its row has to be in the database: it was not put off, something needed it, or it used something."""
        return self.opening is None or self.touched or bool(self._uses)

    def use(self, use: Use) -> None:
        """Note that the span used an artifact; written with the span's next write or its close."""
        if not self.track or use.node_id in self.made:
            return
        key = (use.node_id, use.role)
        with self._lock:
            if key not in self._written and (use.changed or key not in self._uses):
                self._uses[key] = use

    def take_uses(self) -> list[Use]:
        """What was noted and not yet written."""
        with self._lock:
            uses = [use for use in self._uses.values() if use.node_id not in self.made]
            self._uses.clear()
            return uses

    def give_back(self, uses: list[Use]) -> None:
        """Note again what could not be written."""
        for use in uses:
            self.use(use)

    def written(self, uses: list[Use]) -> None:
        """These are in the database now; noting them again costs nothing."""
        with self._lock:
            self._written.update((use.node_id, use.role) for use in uses)


_open: ContextVar[OpenSpan | None] = ContextVar("artigraph_open_span", default=None)
_living: WeakValueDictionary[UUID, OpenSpan] = WeakValueDictionary()
"""Spans that were opened in this process and are not forgotten."""

_track: ContextVar[bool] = ContextVar("artigraph_track", default=True)


def open_span(store: object | None = None) -> OpenSpan | None:
    """The innermost span that is open in this context; with ``store``, only if it is in that database."""
    span = _open.get()
    return span if span is None or store is None or span.store == store else None


def living_span(span_id: UUID, store: object) -> OpenSpan | None:
    """The span of this id, if this process opened it in that database and still knows it."""
    span = _living.get(span_id)
    return span if span is not None and span.store == store else None


def enter_span(span: OpenSpan | None) -> Token[OpenSpan | None]:
    """Make this the open span of the context; give the token to ``leave_span``."""
    if span is not None:
        _living[span.id] = span
    return _open.set(span)


def leave_span(token: Token[OpenSpan | None]) -> None:
    """Go back to the span that was open before; in a context that never saw it opened, nothing is left to do."""
    with suppress(ValueError):  # an IPython cell with a top-level await leaves its context behind
        _open.reset(token)


def tracking() -> bool:
    """Whether loads and uses are noted here."""
    return _track.get()


@contextmanager
def track(on: bool) -> Iterator[None]:
    """Switch the noting of inputs on or off for a block."""
    token = _track.set(on)
    try:
        yield
    finally:
        _track.reset(token)
