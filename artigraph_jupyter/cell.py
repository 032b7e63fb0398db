"""A cell as a span: what happens before its body, and after."""

from __future__ import annotations

import ast
from collections.abc import Callable, Mapping
from contextlib import suppress
from types import TracebackType
from typing import Any

from IPython.core.error import UsageError
from IPython.core.inputtransformer2 import TransformerManager
from IPython.core.interactiveshell import InteractiveShell

from artigraph.bridge import ask, block
from artigraph.errors import as_one
from artigraph.graph.engine import current_database
from artigraph.ids import new_id
from artigraph.persist.find import resolve
from artigraph.persist.save import FAILED, Outcome, SaveOptions, SaveRequest, save_many
from artigraph.persist.spec import is_savable
from artigraph.span.context import SpanContext
from artigraph.span.environment import current_environment
from artigraph.span.span import Run, Span
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
        self._unsaved: dict[str, Exception] = {}
        """What was not recorded at the end, and why."""

    def __enter__(self) -> Span:
        self._prepare()
        span = self._context.__enter__()
        self._opened(span)
        return span

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        failure, raised = error, None
        if error is None:
            try:
                failure = block(self._save) if self._request.save else None
            except BaseException as problem:  # noqa: BLE001 - it ends the span like an error of the body
                failure = raised = problem
        self._ending()
        try:
            self._kernel.unwritten.write_makers(self._context)
            self._context.close(failure)
            self._closed()
        except Exception as problem:  # noqa: BLE001 - whatever it is, the cell has run
            self._unsaved["the end of this span"] = problem
        self._tell(raised)

    async def __aenter__(self) -> Span:
        self._prepare()
        span = await self._context.__aenter__()
        self._opened(span)
        return span

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        failure, raised = error, None
        if error is None:
            try:
                failure = await ask(self._save) if self._request.save else None
            except BaseException as problem:  # noqa: BLE001 - it ends the span like an error of the body
                failure = raised = problem
        self._ending()
        try:
            self._kernel.unwritten.write_makers(self._context)
            await self._context.aclose(failure)
            self._closed()
        except Exception as problem:  # noqa: BLE001 - whatever it is, the cell has run
            self._unsaved["the end of this span"] = problem
        self._tell(raised)

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

    async def _save(self) -> Exception | None:
        """Save what --save names, in one call and one transaction; why some of it, or all, is not there.

        What cannot be saved by itself is left out; when the store fails, nothing is there.
        """
        values = {name: self._shell.user_ns[name] for name in self._request.save if name in self._shell.user_ns}
        requests = {name: _request(name, value) for name, value in values.items()}
        outcome = Outcome(collect=True)
        try:
            await save_many(list(requests.values()), SaveOptions(outcome=outcome))
        except Exception as problem:  # noqa: BLE001 - whatever it is, the cell has run
            self._unsaved.update(dict.fromkeys(requests, problem))
        for name, request in requests.items():
            if request.node_id in outcome.failures:
                self._unsaved[name] = outcome.failures[request.node_id]
        for name in self._request.save:
            if name not in values:
                self._unsaved[name] = UsageError(f"--save {name}: the cell bound no such name")
        return as_one(self._unsaved.values(), FAILED) if self._unsaved else None

    def _tell(self, raised: BaseException | None) -> None:
        """Tell what was not recorded; raise what interrupted the saving, and that a name to save was not there."""
        wrong = [problem for problem in self._unsaved.values() if isinstance(problem, UsageError)]
        say_problems({what: problem for what, problem in self._unsaved.items() if problem not in wrong})
        if raised is not None:
            raise raised
        if wrong:
            raise wrong[0]


def _request(name: str, value: Any) -> SaveRequest:
    """What saves a value under a name; a model has an id of its own, and may be there already."""
    if is_savable(value):
        return SaveRequest(value, name, node_id=value.graph_id, known=value.graph_known)
    return SaveRequest(value, name, node_id=new_id(), known=False)


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
    warn(f"{what}: {_why(problem)}")


def say_problems(problems: Mapping[str, BaseException]) -> None:
    """One red line: all that was not recorded, and why; nothing when there is nothing."""
    reasons: dict[str, list[str]] = {}
    for what, problem in problems.items():
        reasons.setdefault(_why(problem), []).append(text(what, 100))
    said = [
        f"{', '.join(each)} {'was' if len(each) == 1 else 'were'} not recorded: {why}" for why, each in reasons.items()
    ]
    if said:
        warn("; ".join(said))


def _why(problem: BaseException) -> str:
    return f"{type(problem).__name__}: {text(problem, 300)}"
