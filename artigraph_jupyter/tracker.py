"""What the cells of a kernel read and bind: inputs without bookkeeping.

A cell that is a span asks, before its body runs, what is known of the values under the names it reads: an artifact
becomes an input; a value that an earlier span bound and nobody saved becomes a trace; anything else worth naming is
listed as untracked. At its end it remembers what its names are bound to. All state is here, on one object of the
extension, since context variables do not survive from cell to cell.
"""

from __future__ import annotations

import weakref
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from types import BuiltinFunctionType, FunctionType, GenericAlias, MethodType, ModuleType, UnionType
from typing import Any, cast

from artigraph.graph.current import OpenSpan, Use
from artigraph.graph.node import Node
from artigraph.identity import Memory, memories
from artigraph.lineage.lineage import Lineage
from artigraph.pending import Pending
from artigraph.persist.fingerprint import fingerprint
from artigraph.persist.listing import Listing
from artigraph.span.context import SpanContext
from artigraph.span.trace import Trace, trace_of, traces
from artigraph_jupyter.names import function_reads

SHORT = 200
"""Characters up to which a text is a short scalar."""

_NEVER = (
    *(ModuleType, type, BuiltinFunctionType, FunctionType, MethodType, GenericAlias, UnionType),
    *(Lineage, Listing, Node, Pending, SpanContext),
)
"""What is no data: code, types, and handles of ours."""


@dataclass
class CellInputs:
    """What a cell reads, as far as it is known."""

    uses: list[Use] = field(default_factory=list)
    traces: list[tuple[Trace, str]] = field(default_factory=list)
    """(trace, name)"""
    untracked: list[dict[str, str]] = field(default_factory=list)
    looks: dict[str, bytes | None] = field(default_factory=dict)
    """Name -> how its value looked when the cell began; None when that cannot be told quickly."""


Bound = dict[str, tuple[int, "weakref.ref[object] | None"]]
"""Which object each name was bound to: its id, and where possible the object, held weakly."""


class Tracker:
    """The values of one kernel's names.

    Args:
        namespace: the notebook's names.
        hidden: names that are IPython's own.
    """

    def __init__(self, namespace: Mapping[str, Any], hidden: Callable[[], Iterable[str]]) -> None:
        self._namespace, self._hidden = namespace, hidden
        self._named: dict[str, tuple[object, Memory | Trace]] = {}
        """Values without weak references, by name: known as long as the name is bound to that very object."""
        self._before: Bound = {}

    def before_cell(self) -> None:
        """A cell is about to run: keep alive what it loads."""
        memories.hold()
        self._before = self.bound()

    def after_cell(self) -> None:
        """A cell has run: values that cannot be weakly referenced go on to be known by their names."""
        held = {id(value): (value, memory) for value, memory in memories.release()}
        for name, value in list(self._namespace.items()):
            entry = held.get(id(value))
            if entry is None or entry[0] is not value or not self._counts(name, value):
                continue
            if not _is_shared(value) or _is_new(self._before, name, value):
                self._named[name] = entry
        self._named = {name: entry for name, entry in self._named.items() if self._namespace.get(name) is entry[0]}
        self._before = {}

    def bound(self) -> Bound:
        """Which object each name of the user is bound to now; give it to ``remember`` at the end of the cell."""
        names = [item for item in list(self._namespace.items()) if not item[0].startswith("_")]
        return {name: (id(value), _weakly(value)) for name, value in names}

    def inputs(self, names: Iterable[str], store: object) -> CellInputs:
        """What is known of the values under these names, and under those that functions among them read.

        Args:
            names: what the cell reads, in order.
            store: the identity of the database; what is kept elsewhere is untracked here.
        """
        found = CellInputs()
        for name in self._reached(names):
            value = self._namespace[name]
            known = self._known(name, value)
            looks = found.looks[name] = fingerprint(value)
            if known is not None and known.store != store:
                known = None
            if isinstance(known, Memory):
                found.uses.append(Use(known.node_id, name, known.fingerprint not in (None, looks)))
            elif known is not None:
                found.traces.append((known, name))
            elif not _is_short(value):
                kind = type(value)
                found.untracked.append({"name": name, "type": f"{kind.__module__}.{kind.__qualname__}"})
        return found

    def remember(self, span: OpenSpan, before: Bound, inputs: CellInputs, mutated: Iterable[str]) -> None:
        """A span cell is at its end: what its names are bound to was made here, unless it is kept somewhere.

        A value that the cell read and changed in place was made here as well.

        Args:
            span: the span of the cell.
            before: what ``bound`` said when it began.
            inputs: what ``inputs`` found then.
            mutated: names whose values the cell may have changed in place, for those that show no change.
        """
        maybe = set(mutated)
        for name, value in list(self._namespace.items()):
            if not self._counts(name, value):
                continue
            known = self._known(name, value)
            if _is_new(before, name, value):
                if known is not None and known.store == span.store:
                    continue
            elif not self._changed(name, value, known, inputs, maybe) or _made_by(span, known):
                continue
            else:
                memories.forget(value)
            trace = trace_of(span, name, value)
            if not traces.remember(value, trace):
                self._named[name] = (value, trace)

    def _changed(
        self, name: str, value: object, known: Memory | Trace | None, inputs: CellInputs, maybe: set[str]
    ) -> bool:
        """Whether the cell changed a value in place; what it read was looked at before, anything else is only named."""
        if isinstance(known, Memory) and known.fingerprint is not None and name not in inputs.looks:
            return name in maybe and known.fingerprint != fingerprint(value)
        before = inputs.looks.get(name)
        if before is not None:
            return before != fingerprint(value)
        return name in maybe and not isinstance(known, Memory)

    def _known(self, name: str, value: object) -> Memory | Trace | None:
        entry = self._named.get(name)
        named = entry[1] if entry is not None and entry[0] is value else None
        return memories.recall(value) or named or traces.recall(value)

    def _reached(self, names: Iterable[str]) -> list[str]:
        """The names with data, those included that functions among them read."""
        found: dict[str, None] = {}
        for name in names:
            value = self._namespace.get(name, self)
            if issubclass(type(value), FunctionType | type) and value.__module__ == "__main__":
                found.update(dict.fromkeys(function_reads(value)))
            elif value is not self:
                found[name] = None
        return [name for name in found if self._counts(name, self._namespace.get(name))]

    def _counts(self, name: str, value: object) -> bool:
        """Whether this is data of the user: no module, class, function, and nothing of IPython's or ours."""
        kind = type(value)
        if name.startswith("_") or value is None or issubclass(kind, _NEVER):
            return False
        return name not in self._hidden() and kind.__module__ != "typing"


def _made_by(span: OpenSpan, known: Memory | Trace | None) -> bool:
    if isinstance(known, Memory):
        return known.node_id in span.made
    return known is not None and known.maker_id == span.id


def _weakly(value: object) -> weakref.ref[object] | None:
    try:
        return weakref.ref(value)
    except TypeError:
        return None


def _is_new(before: Bound, name: str, value: object) -> bool:
    """Whether a name is bound to another object than before; an address may have been used again."""
    entry = before.get(name)
    return entry is None or entry[0] != id(value) or (entry[1] is not None and entry[1]() is not value)


def _is_shared(value: object) -> bool:
    """Whether Python may use one object for all equal values: it says nothing that two names have the same one."""
    if isinstance(value, int):
        return -5 <= value <= 256
    if isinstance(value, str):
        return len(value) <= 1 or value.isidentifier()
    return isinstance(value, bytes | tuple | frozenset) and len(value) <= 1


def _is_short(value: object) -> bool:
    kind = type(value)
    if issubclass(kind, str | bytes):
        return len(cast("str", value)) <= SHORT
    return issubclass(kind, int | float | complex)
