"""What the cells of a kernel read and bind: inputs without bookkeeping.

A cell that is a span asks, before its body runs, what is known of the values under the names it reads: an artifact
becomes an input; a value that an earlier span bound and nobody saved becomes a trace; anything else worth naming is
listed as untracked. At its end it remembers what its names are bound to. All state is here, on one object of the
extension, since context variables do not survive from cell to cell.
"""

from __future__ import annotations

import ast
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from types import BuiltinFunctionType, FunctionType, MethodType, ModuleType
from typing import Any

from artigraph.graph.current import OpenSpan, Use
from artigraph.identity import Memory, memories
from artigraph.persist.fingerprint import fingerprint
from artigraph.span.trace import Trace, trace_of, traces
from artigraph_jupyter.names import function_reads

SHORT = 200
"""Characters up to which a text is a short scalar."""

_NEVER = (ModuleType, type, BuiltinFunctionType, MethodType)


@dataclass
class CellInputs:
    """What a cell reads, as far as it is known."""

    uses: list[Use] = field(default_factory=list)
    traces: list[tuple[Trace, str]] = field(default_factory=list)
    """(trace, name)"""
    untracked: list[dict[str, str]] = field(default_factory=list)


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

    def before_cell(self) -> None:
        """A cell is about to run: keep alive what it loads."""
        memories.hold()

    def after_cell(self) -> None:
        """A cell has run: values that cannot be weakly referenced go on to be known by their names."""
        held = {id(value): (value, memory) for value, memory in memories.release()}
        for name, value in list(self._namespace.items()):
            entry = held.get(id(value))
            if entry is not None and entry[0] is value and self._counts(name, value):
                self._named[name] = entry
        self._named = {name: entry for name, entry in self._named.items() if self._namespace.get(name) is entry[0]}

    def bound(self) -> dict[str, int]:
        """Which object each name is bound to now; give it to ``remember`` at the end of the cell."""
        return {name: id(value) for name, value in self._namespace.items()}

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
            if isinstance(known, Memory) and known.store == store:
                now = fingerprint(value) if known.fingerprint is not None else None
                found.uses.append(Use(known.node_id, name, known.fingerprint is not None and now != known.fingerprint))
            elif isinstance(known, Trace) and known.store == store:
                found.traces.append((known, name))
            elif not _is_short(value):
                kind = type(value)
                found.untracked.append({"name": name, "type": f"{kind.__module__}.{kind.__qualname__}"})
        return found

    def remember(self, span: OpenSpan, before: Mapping[str, int], mutated: Iterable[str]) -> None:
        """A span cell is at its end: what its names are bound to was made here, unless it is kept somewhere.

        Args:
            span: the span of the cell.
            before: what ``bound`` said when it began.
            mutated: names whose values the cell may have changed in place.
        """
        changed = set(mutated)
        for name, value in list(self._namespace.items()):
            is_new = before.get(name) != id(value)
            if not (is_new or name in changed) or not self._counts(name, value):
                continue
            known = self._known(name, value)
            if isinstance(known, Memory):
                if is_new or known.node_id in span.made or known.fingerprint in (None, fingerprint(value)):
                    continue
                memories.forget(value)
            elif isinstance(known, Trace) and (is_new or known.maker_id == span.id):
                continue
            trace = trace_of(span, name, value)
            if not traces.remember(value, trace):
                self._named[name] = (value, trace)

    def _known(self, name: str, value: object) -> Memory | Trace | None:
        entry = self._named.get(name)
        if entry is not None and entry[0] is value and not isinstance(entry[1], Memory):
            return memories.recall(value) or entry[1]
        return memories.recall(value) or (entry[1] if entry is not None and entry[0] is value else traces.recall(value))

    def _reached(self, names: Iterable[str]) -> list[str]:
        """The names with data, those included that functions among them read."""
        found: dict[str, None] = {}
        for name in names:
            value = self._namespace.get(name, self)
            if isinstance(value, FunctionType | type) and value.__module__ == "__main__":
                found.update(dict.fromkeys(function_reads(value)))
            elif value is not self:
                found[name] = None
        return [name for name in found if self._counts(name, self._namespace.get(name))]

    def _counts(self, name: str, value: object) -> bool:
        """Whether this is data of the user: no module, class, function, and nothing of IPython's."""
        if name.startswith("_") or isinstance(value, _NEVER) or isinstance(value, FunctionType) or value is None:
            return False
        return name not in self._hidden() and not hasattr(type(value), "get_ipython")


def mutates(tree: ast.AST) -> list[str]:
    """Names whose values this code may change in place: a method called for its effect, an item or attribute set.

    >>> mutates(ast.parse("model.fit(x); table['a'] = 1; y = model.predict(x)"))
    ['model', 'table']
    """
    found: dict[str, None] = {}
    for node in ast.walk(tree):
        targets: list[ast.expr] = []
        if (
            isinstance(node, ast.Expr)
            and isinstance(node.value, ast.Call)
            and isinstance(node.value.func, ast.Attribute)
        ):
            targets = [node.value.func.value]
        elif isinstance(node, ast.Assign):
            targets = [target for target in node.targets if not isinstance(target, ast.Name)]
        elif isinstance(node, ast.AugAssign):
            targets = [node.target]
        for target in targets:
            root = target
            while isinstance(root, ast.Attribute | ast.Subscript):
                root = root.value
            if isinstance(root, ast.Name):
                found[root.id] = None
    return list(found)


def _is_short(value: object) -> bool:
    return isinstance(value, int | float | complex | bool) or (isinstance(value, str | bytes) and len(value) <= SHORT)
