"""A cell as a span: what happens before its body, and after."""

from __future__ import annotations

import ast
import sys
from collections.abc import Callable
from types import TracebackType
from typing import Any

from IPython.core.error import UsageError
from IPython.core.interactiveshell import InteractiveShell
from sqlalchemy.exc import SQLAlchemyError

from artigraph.bridge import block
from artigraph.errors import ArtigraphError
from artigraph.graph.engine import current_database
from artigraph.persist.find import resolve
from artigraph.span.context import SpanContext
from artigraph.span.span import Run, Span
from artigraph.verbs import save
from artigraph_jupyter.request import SpanRequest
from artigraph_jupyter.tracker import Tracker, mutates

STORE_FAILURES = (ArtigraphError, SQLAlchemyError, OSError)
"""What goes wrong when the store does, not the cell."""


PARAM_LIMIT = 200
"""Characters of the repr of a parameter that is no plain scalar."""


class CellSpan:
    """What the body of a span cell runs inside of."""

    def __init__(self, request: SpanRequest, shell: InteractiveShell, tracker: Tracker, connect: Callable[[], None]) -> None:
        self._request, self._shell, self._tracker, self._connect = request, shell, tracker, connect
        self._context: SpanContext
        self._before: dict[str, int] = {}

    def __enter__(self) -> Span:
        self._prepare()
        return self._opened(self._context.__enter__())

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        failure = error
        if error is None:
            try:
                for name in self._wanted():
                    save.s(self._shell.user_ns[name], name)
            except BaseException as problem:  # noqa: BLE001 - it ends the span like an error of the body
                failure = problem
        self._ending()
        try:
            self._context.__exit__(type(failure) if failure else None, failure, trace)
        except STORE_FAILURES as problem:
            _say_unrecorded(problem)
        if failure is not error and failure is not None:
            raise failure

    async def __aenter__(self) -> Span:
        self._prepare()
        return self._opened(await self._context.__aenter__())

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        failure = error
        if error is None:
            try:
                for name in self._wanted():
                    await save.a(self._shell.user_ns[name], name)
            except BaseException as problem:  # noqa: BLE001 - it ends the span like an error of the body
                failure = problem
        self._ending()
        try:
            await self._context.__aexit__(type(failure) if failure else None, failure, trace)
        except STORE_FAILURES as problem:
            _say_unrecorded(problem)
        if failure is not error and failure is not None:
            raise failure

    def _prepare(self) -> None:
        self._connect()
        request = self._request
        options: dict[str, Any] = {
            "source": request.source if request.keep_source else None,
            "info": _info(self._shell),
            "tags": dict(request.tags),
        }
        if request.into is not None:
            options["parent_id"] = block(resolve, request.into)
        if request.run or request.params:
            span: Span = Run(request.name, params=_params(request.params, self._shell.user_ns), **options)
        else:
            span = Span(request.name, **options)
        self._context = SpanContext(span)
        self._before = self._tracker.bound()

    def _opened(self, span: Span) -> Span:
        named = [name for name in (param.partition("=")[0] for param in self._request.params) if name.isidentifier()]
        found = self._tracker.inputs(dict.fromkeys((*self._request.reads, *named)), current_database().identity)
        for use in found.uses:
            self._context.open.use(use)
        self._context.read_traces = found.traces
        span.untracked = found.untracked
        return span

    def _ending(self) -> None:
        self._tracker.remember(self._context.open, self._before, _mutated(self._request.source))

    def _wanted(self) -> tuple[str, ...]:
        for name in self._request.save:
            if name not in self._shell.user_ns:
                raise UsageError(f"--save {name}: the cell bound no such name")
        return self._request.save


def _params(asked: tuple[str, ...], namespace: dict[str, Any]) -> dict[str, Any]:
    """NAME or NAME=VALUE -> a plain scalar, or the repr of anything else."""
    found: dict[str, Any] = {}
    for each in asked:
        name, equals, text = each.partition("=")
        if not equals and name not in namespace:
            raise UsageError(f"--param {name}: there is no such name; write --param {name}=VALUE, or assign it first")
        value = text if equals else namespace[name]
        plain = value is None or isinstance(value, str | int | float | bool)
        found[name] = value if plain else repr(value)[:PARAM_LIMIT]
    return found


def _info(shell: Any) -> dict[str, Any]:
    """Which cell of which kernel this is."""
    info: dict[str, Any] = {"execution_count": shell.execution_count}
    parent = shell.get_parent() if hasattr(shell, "get_parent") else {}
    cell_id = ((parent or {}).get("metadata") or {}).get("cellId")
    if cell_id:
        info["cell_id"] = str(cell_id)[:64]
    return info


def _mutated(source: str) -> list[str]:
    lines = source.splitlines(keepends=True)
    try:
        return mutates(ast.parse("".join(lines[1:])))
    except SyntaxError:
        return []  # magics in the body: nothing is known to be changed in place


def _say_unrecorded(problem: BaseException) -> None:
    print(f"\x1b[31mthe end of this span was not recorded: {problem}\x1b[0m", file=sys.stderr)
