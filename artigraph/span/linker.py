"""``Linker`` gathers values for a span; ``linked`` makes the calls of a function spans."""

from __future__ import annotations

import functools
import inspect
from collections import Counter
from collections.abc import Callable, Collection
from contextvars import ContextVar
from types import TracebackType
from typing import Any, TypeVar
from uuid import UUID

from artigraph.bridge import ask, block
from artigraph.errors import NoOpenSpanError, UnserializableError
from artigraph.graph.current import OpenSpan, Use, enter_span, leave_span, open_span
from artigraph.graph.engine import current_database
from artigraph.graph.node import Link, Node
from artigraph.identity import memories
from artigraph.persist.fingerprint import has_changed
from artigraph.persist.save import SaveOptions, SaveRequest, save_many
from artigraph.persist.write import write_many
from artigraph.span.context import SpanContext
from artigraph.span.redact import holds_secret
from artigraph.span.span import Span
from artigraph.span.trace import Trace, trace_of, traces

F = TypeVar("F", bound=Callable[..., Any])

RESULT = "return"
"""The label of what a linked function returned, and its name for ``include`` and ``exclude``."""

LIMIT = 64 * 1024 * 1024
"""Bytes over which an argument that was never saved is not copied into the store."""

_current: ContextVar[Linker | None] = ContextVar("artigraph_linker", default=None)
_root_calls: Counter[str] = Counter()


class Linker:
    """A context manager, with or without ``async``, whose block is a span that values are linked to.

    Args:
        node: a Span, or a Node whose id and label the span gets; a fresh one when None.
        label: the span's label, when the node has none.

    Attributes:
        node: the span.
    """

    def __init__(self, node: Node | None = None, label: str | None = None) -> None:
        span = node if isinstance(node, Span) else Span(node.label, id=node.id) if node is not None else Span()
        span.label = span.label or label
        self.node = span
        self._context = SpanContext(span)
        self._linked: list[tuple[str | None, Any]] = []
        self._outer: Linker | None = None

    def link(self, value: Any, label: str | None = None) -> None:
        """Make a value an output of the span, when its block ends; a Node is only linked.

        Args:
            value: a model, a Node, or anything a serializer knows.
            label: its name, unique among the outputs of the span.
        """
        self._linked.append((label, value))

    async def __aenter__(self) -> Linker:
        await self._context.__aenter__()
        return self._entered()

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        _current.set(self._outer)
        failure = error
        try:
            await ask(self._write)
        except BaseException as problem:
            failure = error or problem
            raise
        finally:
            await self._context.__aexit__(type(failure) if failure else None, failure, trace)

    def __enter__(self) -> Linker:
        self._context.__enter__()
        return self._entered()

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        _current.set(self._outer)
        failure = error
        try:
            block(self._write)
        except BaseException as problem:
            failure = error or problem
            raise
        finally:
            self._context.__exit__(type(failure) if failure else None, failure, trace)

    @property
    def context(self) -> SpanContext:
        """The span's own context manager."""
        return self._context

    def _entered(self) -> Linker:
        self._outer = _current.get()
        _current.set(self)
        return self

    async def _write(self) -> None:
        things, self._linked = self._linked, []
        nodes = [
            (label, node)
            for label, node in things
            if isinstance(node, Node) and not hasattr(node, "graph_save_request")
        ]
        if nodes:
            await write_many.a([*(node for _, node in nodes), *(Link(self.node, node, label) for label, node in nodes)])
        requests = []
        for label, value in things:
            if getattr(value, "graph_saves_itself", False):
                value.label = value.label or label
                await value.save.a()
            elif hasattr(value, "graph_save_request"):
                requests.append(value.graph_save_request())
            elif not isinstance(value, Node):
                requests.append(SaveRequest(value, label))
        if requests:
            await save_many(requests, SaveOptions(span=self._context.open, strict_labels=True))


def current_linker() -> Linker:
    """The innermost linker that is open here.

    Raises:
        NoOpenSpanError: none is.
    """
    linker = _current.get()
    if linker is None:
        raise NoOpenSpanError("the current linker")
    return linker


def linked(
    function: F | None = None, *, include: str | Collection[str] | None = None, exclude: str | Collection[str] = ()
) -> Any:
    """Make the calls of a function spans, its arguments inputs, and its result the output ``return``.

    Args:
        function: a function or method, sync or async; ``self`` and ``cls`` are left out.
        include: only these parameters, and "return" if it is among them; None: all.
        exclude: not these.

    Returns:
        The function, called as before. Its calls are labelled ``name[1]``, ``name[2]``, ... within their parent. An
        argument that was never saved is saved; one that cannot be, is over 64 MiB, or holds a secret, becomes a trace.

    Raises:
        TypeError: for a generator, whose result comes in pieces.
    """
    if function is None:
        return lambda inner: linked(inner, include=include, exclude=exclude)
    if inspect.isgeneratorfunction(function) or inspect.isasyncgenfunction(function):
        raise TypeError(f"{name_of(function)} is a generator; link the function that consumes it instead")
    name = name_of(function)
    record = _Recorder(function, _names(include) if include is not None else None, _names(exclude))
    if inspect.iscoroutinefunction(function):

        @functools.wraps(function)
        async def call_async(*args: Any, **kwargs: Any) -> Any:
            async with Linker(Span(_call_label(name))) as linker:
                await ask(record.arguments, linker, args, kwargs)
                result = await function(*args, **kwargs)
                record.result(linker, result)
            return result

        return call_async

    @functools.wraps(function)
    def call(*args: Any, **kwargs: Any) -> Any:
        with Linker(Span(_call_label(name))) as linker:
            block(record.arguments, linker, args, kwargs)
            result = function(*args, **kwargs)
            record.result(linker, result)
        return result

    return call


def name_of(function: Any) -> str:
    """What a function is called; one with arguments bound to it as the function inside."""
    while isinstance(function, functools.partial):
        function = function.func
    return str(getattr(function, "__name__", type(function).__name__))


class _Recorder:
    """What of a function's calls is recorded."""

    def __init__(self, function: Callable[..., Any], include: set[str] | None, exclude: set[str]) -> None:
        self._signature = inspect.signature(function)
        self._include, self._exclude = include, exclude

    async def arguments(self, linker: Linker, args: tuple[Any, ...], kwargs: dict[str, Any]) -> None:
        """Note the arguments of a call as inputs of its span."""
        bound = self._signature.bind(*args, **kwargs)
        bound.apply_defaults()
        span, parent, identity = linker.context.open, linker.context.parent, current_database().identity
        for place, (name, value) in enumerate(bound.arguments.items()):
            if not self._wanted(name) or (place == 0 and name in ("self", "cls")):
                continue
            memory = memories.recall(value)
            if memory is not None and memory.store == identity:
                span.use(Use(memory.node_id, name, has_changed(value, memory)))
                continue
            known = traces.recall(value)
            found = known if known is not None and known.store == identity else await _keep(value, name, parent)
            if isinstance(found, Trace):
                linker.context.read_traces.append((found, name))
            else:
                span.use(Use(found, name))

    def result(self, linker: Linker, value: Any) -> None:
        """Link what a call returned to its span."""
        if self._wanted(RESULT):
            linker.link(value, RESULT)

    def _wanted(self, name: str) -> bool:
        return (self._include is None or name in self._include) and name not in self._exclude


async def _keep(value: Any, name: str, parent: OpenSpan | None) -> UUID | Trace:
    """Save an argument that nobody saved, in the caller's span; trace it when that cannot or should not be done."""
    size = getattr(value, "nbytes", None)
    if not holds_secret(name, value) and (not isinstance(size, int) or size <= LIMIT):
        token = enter_span(parent)
        try:
            return (await save_many([SaveRequest(value)]))[0].id
        except UnserializableError:
            pass  # it is traced below
        finally:
            leave_span(token)
    trace = trace_of(parent, name, value, current_database().identity)
    traces.remember(value, trace)
    return trace


def _call_label(name: str) -> str:
    """``name[n]``: the n-th call within the span that is open here, or within this process."""
    parent = open_span()
    counts = _root_calls if parent is None else parent.calls
    counts[name] += 1
    return f"{name}[{counts[name]}]"


def _names(given: str | Collection[str]) -> set[str]:
    return {given} if isinstance(given, str) else set(given)
