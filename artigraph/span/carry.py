"""The open span, taken along into threads, processes and programs: as a carrier of two short texts.

The carrier follows W3C Trace Context: ``traceparent`` has the outermost span as its trace and half of the span's id,
``tracestate`` the whole of it. Nothing of it is secret; which database the span is in is not told.
"""

from __future__ import annotations

import inspect
import os
import re
from collections.abc import Callable, Mapping
from contextvars import Token
from functools import update_wrapper
from types import TracebackType
from typing import Any, Generic, ParamSpec, TypeVar
from uuid import UUID

from artigraph.bridge import ask, block
from artigraph.contract import checked
from artigraph.errors import NoOpenSpanError
from artigraph.graph.current import OpenSpan, enter_span, leave_span, living_span, open_span
from artigraph.graph.engine import Database, current_database
from artigraph.span.context import told_or_raised
from artigraph.span.write import check_exists, write_uses

P = ParamSpec("P")
R = TypeVar("R")

_PARENT = re.compile(r"00-([0-9a-f]{32})-[0-9a-f]{16}-[0-9a-f]{2}")
_STATE = re.compile(r"(?:^|,)\s*artigraph=([0-9a-f]{32})\s*(?:,|$)")


def inject() -> dict[str, str]:
    """The carrier of the open span, for ``attach`` elsewhere.

    Returns:
        ``{"traceparent": ..., "tracestate": ...}``, text to text.

    Raises:
        NoOpenSpanError: no span is open here.
    """
    database = current_database()
    span = open_span(database.identity)
    if span is None:
        raise NoOpenSpanError
    if span.opening is not None:  # whoever gets the carrier may point to it at once
        block(database.write, span.put_down)
    return _carrier(span)


def child_env(environ: Mapping[str, str] | None = None) -> dict[str, str]:
    """An environment for a program started in the open span, in which ``attach()`` finds that span.

    Args:
        environ: what else is in it; the environment of this process when None.

    Returns:
        ``environ`` with TRACEPARENT and TRACESTATE.

    Raises:
        NoOpenSpanError: no span is open here.
        InvalidOptionError: ``environ`` is no dict.
    """
    given = checked("environ", environ, Mapping | None, "a dict of environment variables, or None")
    return {**(os.environ if given is None else given), **{name.upper(): text for name, text in inject().items()}}


def attach(carrier: Mapping[str, str] | None = None) -> Attachment:
    """A block in which the carried span is the open one: what is saved and opened there belongs to it.

    The span stays open when the block ends; only the one who opened it closes it.

    Args:
        carrier: from ``inject``, or an environment from ``child_env``; the environment of this process when None.

    Returns:
        A context manager, for ``with`` and ``async with``, giving the id of the span.

    Raises:
        NoOpenSpanError: the carrier has none.
        NodeNotFoundError: the database in use here does not have that span.
    """
    return Attachment(*_read(os.environ if carrier is None else carrier))


def carry(function: Callable[P, R]) -> Carried[P, R]:
    """The function, to be called in the span that is open now: in a pool of threads or processes, or by a callback.

    In another process the function has to be importable there, and a database has to be chosen.

    Args:
        function: sync or async.

    Raises:
        NoOpenSpanError: no span is open here.
        TypeError: for a generator, whose body runs after the call.
    """
    if inspect.isgeneratorfunction(function) or inspect.isasyncgenfunction(function):
        raise TypeError(f"{function.__qualname__} is a generator; carry the function that consumes it instead")
    return Carried(function, inject())


class Attachment:
    """What ``attach`` gives."""

    def __init__(self, span_id: UUID, root: UUID) -> None:
        self._id, self._root = span_id, root
        self._database: Database
        self._span: OpenSpan
        self._token: Token[OpenSpan | None] | None = None

    def __enter__(self) -> UUID:
        return self._entered(block(self._found))

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._left()
        try:
            block(write_uses, self._span, self._database)
        except Exception as problem:  # noqa: BLE001 - the one of the block goes first
            told_or_raised(problem, error)

    async def __aenter__(self) -> UUID:
        return self._entered(await ask(self._found))

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._left()
        try:
            await ask(write_uses, self._span, self._database)
        except Exception as problem:  # noqa: BLE001 - the one of the block goes first
            told_or_raised(problem, error)

    async def _found(self) -> OpenSpan:
        self._database = current_database()
        here = living_span(self._id, self._database.identity)
        if here is not None:
            return here
        await check_exists(self._id, self._database)
        return OpenSpan(self._id, self._database.identity, root=self._root)

    def _entered(self, span: OpenSpan) -> UUID:
        self._span = span
        self._token = enter_span(span)
        return span.id

    def _left(self) -> None:
        if self._token is not None:
            leave_span(self._token)


class Carried(Generic[P, R]):
    """What ``carry`` gives: a callable that can be pickled when its function can."""

    def __init__(self, function: Callable[P, R], carrier: Mapping[str, str]) -> None:
        self._function, self._carrier = function, dict(carrier)
        update_wrapper(self, function)

    def __call__(self, *args: P.args, **kwargs: P.kwargs) -> R:
        """Call the function in the carried span."""
        if inspect.iscoroutinefunction(self._function):
            return self._call_async(*args, **kwargs)  # type: ignore[return-value]
        with attach(self._carrier):
            return self._function(*args, **kwargs)

    def __reduce__(self) -> tuple[Any, ...]:
        return Carried, (self._function, self._carrier)

    async def _call_async(self, *args: Any, **kwargs: Any) -> Any:
        async with attach(self._carrier):
            return await self._function(*args, **kwargs)  # type: ignore[misc]


def _carrier(span: OpenSpan) -> dict[str, str]:
    root = (span.root or span.id).hex
    return {"traceparent": f"00-{root}-{span.id.hex[16:]}-01", "tracestate": f"artigraph={span.id.hex}"}


def _read(carrier: Any) -> tuple[UUID, UUID]:
    """The ids of the span and of the outermost span around it."""
    texts = carrier if isinstance(carrier, Mapping) else {}
    parent = _PARENT.fullmatch(str(texts.get("traceparent") or texts.get("TRACEPARENT") or ""))
    state = _STATE.search(str(texts.get("tracestate") or texts.get("TRACESTATE") or ""))
    if parent is None or state is None:
        raise NoOpenSpanError("the span of a carrier")
    return UUID(hex=state[1]), UUID(hex=parent[1])
