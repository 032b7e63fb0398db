"""What the extension remembers of a kernel from cell to cell."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Callable
from dataclasses import dataclass, field
from uuid import UUID

from artigraph.errors import ArtigraphError
from artigraph.span.context import SpanContext
from artigraph_jupyter.facts import CodeWatch
from artigraph_jupyter.tracker import Tracker

KEPT = 1_000
"""Cells that touched no artifact and are remembered all the same, the newest."""


class Unwritten:
    """Cells whose spans touched no artifact, so nothing of them was written.

    When a later span reads a value that one of them bound, it is written after all, so that the lineage leads through
    it; so are those whose values it read itself.
    """

    def __init__(self, failed: Callable[[str, Exception], None]) -> None:
        self._failed = failed
        self._contexts: OrderedDict[UUID, SpanContext] = OrderedDict()

    def keep(self, context: SpanContext) -> None:
        """Remember a cell that has ended."""
        self._contexts[context.span.id] = context
        while len(self._contexts) > KEPT:
            self._contexts.popitem(last=False)

    def write_makers(self, context: SpanContext) -> None:
        """A span is about to close: write the cells behind what it read. A store that fails is told, not raised."""
        if not context.is_wanted:
            return
        for maker in sorted(self._makers(context), key=lambda each: each.span.id):
            try:
                maker.write_after_all()
            except ArtigraphError as error:
                self._failed("a cell that this one builds on was not recorded", error)

    def _makers(self, context: SpanContext) -> list[SpanContext]:
        """The unwritten cells behind what a span read, near and far; they are forgotten here."""
        found: list[SpanContext] = []
        waiting = [context]
        while waiting:
            for trace, _ in waiting.pop().read_traces:
                maker = self._contexts.pop(trace.maker_id, None) if trace.maker_id is not None else None
                if maker is not None:
                    found.append(maker)
                    waiting.append(maker)
        return found


@dataclass
class KernelMemory:
    """The state of one kernel's extension."""

    tracker: Tracker
    unwritten: Unwritten
    code: CodeWatch = field(default_factory=CodeWatch)
    newest: UUID | None = None
    """The span cell that ran last, or runs; of autospan only those that were written."""
    sources: dict[str, str] = field(default_factory=dict)
    """Id of a cell -> its source when it was last executed."""
