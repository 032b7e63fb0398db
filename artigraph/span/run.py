"""``RunManager``: a run as an object one saves through and loads from; ``run_manager()`` is the one that is open."""

from __future__ import annotations

from collections.abc import Mapping
from contextvars import ContextVar
from types import TracebackType
from typing import Any
from uuid import UUID

from artigraph.bridge import method
from artigraph.contract import checked
from artigraph.errors import NoOpenSpanError
from artigraph.span.artifact import (
    create_span_artifact,
    create_span_artifacts,
    read_artifacts_inside,
    read_span_artifact,
    read_span_artifacts,
)
from artigraph.span.context import SpanContext
from artigraph.span.span import Run, Span

_open: ContextVar[RunManager | None] = ContextVar("artigraph_run_manager", default=None)


class RunManager:
    """A context manager, with or without ``async``, whose block is a run.

    A manager opened inside another is its child, unless its run names a parent.

    Args:
        run: the run to open, or the label of a fresh one.

    Attributes:
        run: the run.

    Raises:
        InvalidOptionError: it is none of these.
    """

    def __init__(self, run: Span | str | None = None) -> None:
        checked("run", run, Span | str | None, "a Run, the label of a fresh one, or nothing")
        self.run: Span = run if isinstance(run, Span) else Run(run)
        self._context: SpanContext | None = None
        self._outer: RunManager | None = None

    async def __aenter__(self) -> RunManager:
        self._context = SpanContext(self.run)
        await self._context.__aenter__()
        return self._entered()

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        _open.set(self._outer)
        if self._context is not None:
            await self._context.__aexit__(kind, error, trace)

    def __enter__(self) -> RunManager:
        self._context = SpanContext(self.run)
        self._context.__enter__()
        return self._entered()

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        _open.set(self._outer)
        if self._context is not None:
            self._context.__exit__(kind, error, trace)

    @method
    async def save_artifact(self, label: str, value: Any) -> UUID:
        """Save a value as an output of the run, and return its id. Raises as ``create_span_artifact``."""
        return await create_span_artifact.a(self.run, label=label, data=value)

    @method
    async def save_artifacts(self, artifacts: Mapping[str, Any]) -> dict[str, UUID]:
        """Save several values as outputs of the run, all of them or none: label -> id."""
        return await create_span_artifacts.a(self.run, artifacts)

    @method
    async def load_artifact(self, label: str) -> Any:
        """The value of one output of the run. Raises as ``read_span_artifact``."""
        return await read_span_artifact.a(self.run, label)

    @method
    async def load_artifacts(self) -> dict[str, Any]:
        """The values of all outputs of the run: label -> value."""
        return await read_span_artifacts.a(self.run)

    @method
    async def load_descendant_artifacts(self) -> dict[UUID, dict[str, Any]]:
        """The outputs of every run inside this one, at any depth: run id -> label -> value."""
        return await read_artifacts_inside(self.run)

    def _entered(self) -> RunManager:
        self._outer = _open.get()
        _open.set(self)
        return self


def run_manager() -> RunManager:
    """The innermost run manager that is open here.

    Raises:
        NoOpenSpanError: none is.
    """
    manager = _open.get()
    if manager is None:
        raise NoOpenSpanError("the current run manager")
    return manager
