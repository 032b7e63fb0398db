"""A cell as a span: what happens before its body, and after."""

from __future__ import annotations

import ast
from collections.abc import Callable
from contextlib import suppress
from types import TracebackType
from typing import Any

from IPython.core.error import UsageError
from IPython.core.inputtransformer2 import TransformerManager
from IPython.core.interactiveshell import InteractiveShell

from artigraph.bridge import block
from artigraph.graph.engine import current_database
from artigraph.persist.find import resolve
from artigraph.span.context import SpanContext
from artigraph.span.environment import current_environment
from artigraph.span.span import Run, Span
from artigraph.verbs import save
from artigraph_jupyter.facts import cell_facts
from artigraph_jupyter.html import text
from artigraph_jupyter.memory import KernelMemory
from artigraph_jupyter.names import mutates
from artigraph_jupyter.report import warn
from artigraph_jupyter.request import SpanRequest
from artigraph_jupyter.tracker import Bound, CellInputs

_new_transformer: Callable[[], TransformerManager] = TransformerManager

PARAM_LIMIT = 200
"""Characters of a parameter that is no plain scalar."""


class CellSpan:
    """What the body of a span cell runs inside of: ``with``, or ``async with`` when it awaits.

    The body's value or exception is shown as it is whatever the store does; what could not be recorded is told in
    one red line.

    Args:
        request: what the cell asks for.
        shell: the running IPython.
        kernel: what is remembered from cell to cell.
    """

    def __init__(self, request: SpanRequest, shell: InteractiveShell, kernel: KernelMemory) -> None:
        self._request, self._shell, self._kernel = request, shell, kernel
        self._tracker = kernel.tracker
        self._context: SpanContext
        self._before: Bound = {}
        self._inputs = CellInputs()

    def __enter__(self) -> Span:
        self._prepare()
        span = self._context.__enter__()
        self._opened(span)
        return span

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
            self._kernel.unwritten.write_makers(self._context)
            self._context.close(failure)
            self._closed()
        except Exception as problem:  # noqa: BLE001 - whatever it is, the cell has run
            say_problem("the end of this span was not recorded", problem)
        if failure is not error and failure is not None:
            raise failure

    async def __aenter__(self) -> Span:
        self._prepare()
        span = await self._context.__aenter__()
        self._opened(span)
        return span

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
            self._kernel.unwritten.write_makers(self._context)
            await self._context.aclose(failure)
            self._closed()
        except Exception as problem:  # noqa: BLE001 - whatever it is, the cell has run
            say_problem("the end of this span was not recorded", problem)
        if failure is not error and failure is not None:
            raise failure

    def _prepare(self) -> None:
        request = self._request
        options: dict[str, Any] = {
            "source": request.source if request.keep_source else None,
            "info": cell_facts(self._shell),
            "tags": dict(request.tags),
        }
        if request.into is not None:
            options["parent_id"] = block(resolve, request.into)
        if request.run or request.params:
            span: Span = Run(request.name, params=_params(request.params, self._shell.user_ns), **options)
        else:
            span = Span(request.name, **options)
        span.environment = current_environment()
        self._context = SpanContext(span, put_off=request.auto)
        if not request.auto:
            self._kernel.newest = span.id

    def _opened(self, span: Span) -> None:
        named = [param for param in self._request.params if param.isidentifier()]
        try:
            self._before = self._tracker.bound()
            found = self._tracker.inputs(dict.fromkeys((*self._request.reads, *named)), current_database().identity)
        except Exception as problem:  # noqa: BLE001 - a value may do anything when it is looked at
            say_problem("what this cell reads was not recorded", problem)
            return
        for use in found.uses:
            self._context.open.use(use)
        self._inputs, self._context.read_traces, span.untracked = found, found.traces, found.untracked

    def _ending(self) -> None:
        try:
            mutated = _mutated(self._request.source)
            self._tracker.remember(self._context.open, self._before, self._inputs, mutated)
        except Exception as problem:  # noqa: BLE001 - as above
            say_problem("what this cell made was not remembered", problem)

    def _closed(self) -> None:
        if self._context.is_wanted:
            self._kernel.newest = self._context.span.id
            self._kernel.code.ask(self._context.span.id, self._context.database)
        else:
            self._kernel.unwritten.keep(self._context)

    def _wanted(self) -> tuple[str, ...]:
        for name in self._request.save:
            if name not in self._shell.user_ns:
                raise UsageError(f"--save {name}: the cell bound no such name")
        return self._request.save


def _params(asked: tuple[str, ...], namespace: dict[str, Any]) -> dict[str, Any]:
    """NAME or NAME=VALUE -> a plain scalar, or the short text of anything else."""
    found: dict[str, Any] = {}
    for each in asked:
        name, equals, said = each.partition("=")
        if not equals and name not in namespace:
            raise UsageError(f"--param {name}: there is no such name; write --param {name}=VALUE, or assign it first")
        value = _read(said) if equals else namespace[name]
        plain = value is None or isinstance(value, str | int | float | bool)
        found[name] = value if plain else text(value, PARAM_LIMIT)
    return found


def _read(said: str) -> Any:
    """A number, True, False or None where it is one, else the text itself."""
    try:
        value = ast.literal_eval(said)
    except (ValueError, SyntaxError, RecursionError, MemoryError):
        return said
    return value if value is None or isinstance(value, int | float) else said


def _mutated(source: str) -> list[str]:
    body = "".join(source.splitlines(keepends=True)[1:])
    with suppress(SyntaxError, ValueError, RecursionError):  # nothing is known to be changed in place then
        return mutates(ast.parse(_new_transformer().transform_cell(body)))
    return []


def say_problem(what: str, problem: BaseException) -> None:
    """One red line: what was not recorded, and why."""
    warn(f"{what}: {type(problem).__name__}: {text(problem, 300)}")
