"""The walk behind ``names.reads``: code in the order it runs, knowing at each place which names are settled."""

from __future__ import annotations

import ast
from collections.abc import Iterable
from dataclasses import dataclass, field

from artigraph_jupyter.hidden import hidden_code
from artigraph_jupyter.scope import (
    Function,
    Scope,
    catches_all,
    declared,
    function_body,
    function_scope,
    imported,
    runs_when_called,
    stored,
    type_params,
)

_State = frozenset[str] | None
"""Names that are settled here; None where the code is not reached."""

_LIKE = {
    "ImportFrom": "Import",
    "MatchStar": "MatchAs",
    "AsyncFor": "For",
    "AsyncWith": "With",
    "TryStar": "Try",
    "AsyncFunctionDef": "FunctionDef",
    "ListComp": "Comprehension",
    "SetComp": "Comprehension",
    "DictComp": "Comprehension",
    "GeneratorExp": "Comprehension",
}
"""Kinds of code that are walked like another kind."""


class Reader(ast.NodeVisitor):
    """Collects in `found` the names that the walked code reads before it settles them, in order of first use."""

    def __init__(self) -> None:
        self.found: dict[str, None] = {}
        self.state: _State = frozenset()
        self.scopes: list[Scope] = []
        self.loops: list[_Loop] = []
        self.returns: list[_State] = []
        self.defined: dict[str, ast.AST] = {}
        self.summaries: dict[ast.AST, _Summary] = {}

    def visit(self, node: ast.AST) -> None:
        kind = type(node).__name__
        getattr(self, f"visit_{_LIKE.get(kind, kind)}", self.generic_visit)(node)

    def walk(self, nodes: Iterable[ast.AST | None]) -> None:
        for node in nodes:
            if node is not None:
                self.visit(node)

    def walk_from(self, state: _State, nodes: Iterable[ast.AST]) -> _State:
        self.state = state
        self.walk(nodes)
        return self.state

    # ------------------------------------------------------------ names

    def visit_Name(self, node: ast.Name) -> None:
        if isinstance(node.ctx, ast.Load):
            self.load(node.id)
        else:
            if isinstance(node.ctx, ast.Del):
                self.load(node.id)
            self.bind(node.id)

    def load(self, name: str) -> None:
        if not self.is_global(name):
            return
        if self.state is not None and name not in self.state:
            self.found[name] = None
        if name in self.defined:
            for other in self.summary(self.defined[name]).found:
                if self.state is not None and other not in self.state:
                    self.found[other] = None

    def is_global(self, name: str) -> bool:
        for depth, scope in enumerate(reversed(self.scopes)):
            if name in scope.outer:
                return True
            if name in scope.names and not (scope.kind == "class" and depth):
                return False
        return True

    def bind(self, name: str) -> None:
        inner = self.scopes[-1] if self.scopes else None
        if inner is not None and inner.kind == "class" and name not in inner.outer:
            inner.names.add(name)
        elif self.is_global(name) and self.state is not None:
            self.state |= {name}
            self.defined.pop(name, None)

    def visit_Import(self, node: ast.Import | ast.ImportFrom) -> None:
        for alias in node.names:
            self.bind(imported(alias))

    def visit_Assign(self, node: ast.Assign) -> None:
        value = node.value
        names = [target.id for target in node.targets if isinstance(target, ast.Name)]
        if isinstance(value, ast.Lambda) and len(names) == len(node.targets) and self.waits():
            self.defaults(value.args)
            for name in names:
                self.define(name, value)
            return
        self.visit(value)
        self.walk(node.targets)

    def visit_AnnAssign(self, node: ast.AnnAssign) -> None:
        if node.value is not None:
            self.visit(node.value)
        if node.value is not None or not isinstance(node.target, ast.Name):
            self.visit(node.target)

    def visit_AugAssign(self, node: ast.AugAssign) -> None:
        if isinstance(node.target, ast.Name):
            self.load(node.target.id)
        self.visit(node.value)
        self.visit(node.target)

    def visit_NamedExpr(self, node: ast.NamedExpr) -> None:
        self.visit(node.value)
        self.bind(node.target.id)

    def visit_TypeAlias(self, node: ast.AST) -> None:
        self.visit(next(ast.iter_child_nodes(node)))

    # ------------------------------------------------------------ branches

    def branches(self, test: ast.expr) -> tuple[_State, _State]:
        """Walk a condition; what is settled where it was true, and where it was false."""
        match test:
            case ast.UnaryOp(ast.Not(), operand):
                true, false = self.branches(operand)
                return false, true
            case ast.BoolOp(operator, values):
                ends = []
                for value in values:
                    true, false = self.branches(value)
                    go_on, stop = (true, false) if isinstance(operator, ast.And) else (false, true)
                    ends.append(stop)
                    self.state = go_on
                return (self.state, _meet(*ends)) if isinstance(operator, ast.And) else (_meet(*ends), self.state)
            case ast.Constant(value):
                return (self.state, None) if value else (None, self.state)
            case ast.Compare(ast.Name("__name__"), [ast.Eq()], [ast.Constant("__main__")]):
                return self.state, None
        self.visit(test)
        return self.state, self.state

    def visit_BoolOp(self, node: ast.BoolOp) -> None:
        self.state = _meet(*self.branches(node))

    def visit_If(self, node: ast.If) -> None:
        true, false = self.branches(node.test)
        self.state = _meet(self.walk_from(true, node.body), self.walk_from(false, node.orelse))

    def visit_IfExp(self, node: ast.IfExp) -> None:
        true, false = self.branches(node.test)
        self.state = _meet(self.walk_from(true, [node.body]), self.walk_from(false, [node.orelse]))

    def visit_Assert(self, node: ast.Assert) -> None:
        true, false = self.branches(node.test)
        self.walk_from(false, [node.msg] if node.msg else [])
        self.state = true

    def visit_Match(self, node: ast.Match) -> None:
        self.visit(node.subject)
        ends: list[_State] = []
        for case in node.cases:
            before = self.state
            self.visit(case.pattern)
            true, false = self.branches(case.guard) if case.guard else (self.state, None)
            ends.append(self.walk_from(true, case.body))
            self.state = _meet(None if catches_all(case.pattern) else before, false)
        self.state = _meet(*ends, self.state)

    def visit_MatchAs(self, node: ast.MatchAs | ast.MatchStar) -> None:
        self.generic_visit(node)
        if node.name:
            self.bind(node.name)

    def visit_MatchMapping(self, node: ast.MatchMapping) -> None:
        self.generic_visit(node)
        if node.rest:
            self.bind(node.rest)

    # ------------------------------------------------------------ loops and ways out

    def visit_For(self, node: ast.For | ast.AsyncFor) -> None:
        self.visit(node.iter)
        self.visit(node.target)
        self.loop(node, leaves=True)

    def visit_While(self, node: ast.While) -> None:
        self.state, false = self.branches(node.test)
        self.loop(node, leaves=false is not None)

    def loop(self, node: ast.For | ast.AsyncFor | ast.While, leaves: bool) -> None:
        """Walk the body once; without `leaves` the loop ends by ``break`` only."""
        before, loop = self.state, _Loop()
        self.loops.append(loop)
        self.walk(node.body)
        self.loops.pop()
        if self.state is None:
            jumped = _meet(*loop.continues, *loop.breaks)
            self.state = before if jumped is None else jumped
        if leaves:
            self.walk(node.orelse)
        else:
            self.state = None
        if self.state is None:
            self.state = _meet(*loop.breaks)

    def visit_Break(self, node: ast.Break) -> None:
        if self.loops:
            self.loops[-1].breaks.append(self.state)
        self.state = None

    def visit_Continue(self, node: ast.Continue) -> None:
        if self.loops:
            self.loops[-1].continues.append(self.state)
        self.state = None

    def visit_Return(self, node: ast.Return) -> None:
        self.generic_visit(node)
        self.returns.append(self.state)
        self.state = None

    def visit_Raise(self, node: ast.Raise) -> None:
        self.generic_visit(node)
        self.state = None

    def visit_Try(self, node: ast.Try) -> None:
        before = self.state
        self.walk(node.body)
        self.walk(node.orelse)
        ends = [self.state]
        for handler in node.handlers:
            self.state = before
            self.walk([handler.type])
            if handler.name:
                self.bind(handler.name)
            self.walk(handler.body)
            ends.append(self.state)
        after = _meet(*ends)
        self.state = before if after is None else after
        self.walk(node.finalbody)
        self.state = None if after is None else self.state

    def visit_With(self, node: ast.With | ast.AsyncWith) -> None:
        self.walk(node.items)
        opened = self.state
        self.walk(node.body)
        if self.state is None:  # the context manager may swallow what the body raised
            self.state = opened

    # ------------------------------------------------------------ functions, classes, comprehensions

    def waits(self) -> bool:
        """Whether a function defined here runs only when its name is used: it is not inside another function."""
        return all(scope.kind != "function" for scope in self.scopes)

    def define(self, name: str, node: ast.AST) -> None:
        self.bind(name)
        if not self.scopes:
            self.defined[name] = node

    def defaults(self, arguments: ast.arguments) -> None:
        self.walk([*arguments.defaults, *arguments.kw_defaults])

    def visit_FunctionDef(self, node: ast.FunctionDef | ast.AsyncFunctionDef) -> None:
        self.walk(node.decorator_list)
        self.defaults(node.args)
        self.define(node.name, node)
        if not self.waits():
            self.body_of(node)

    def visit_Lambda(self, node: ast.Lambda) -> None:
        self.defaults(node.args)
        if not self.scopes or not self.waits():
            self.body_of(node)

    def visit_ClassDef(self, node: ast.ClassDef) -> None:
        self.walk(node.decorator_list)
        self.class_body(node)
        self.define(node.name, node)

    def class_body(self, node: ast.ClassDef) -> None:
        self.scopes.append(Scope("type", type_params(node)))
        self.walk([*node.bases, *node.keywords])
        self.scopes.append(Scope("class", outer=declared(node.body, ast.Global)))
        self.walk(node.body)
        del self.scopes[-2:]

    def body_of(self, node: Function) -> None:
        """Walk a function's body as if it ran here."""
        before, loops, returns = self.state, self.loops, self.returns
        self.loops, self.returns = [], []
        self.scopes.append(function_scope(node))
        self.walk(function_body(node))
        self.scopes.pop()
        self.state, self.loops, self.returns = before, loops, returns

    def summary(self, node: ast.AST) -> _Summary:
        """What a function, lambda or class of the cell reads when used; worked out once, on its own."""
        if node in self.summaries:
            return self.summaries[node]
        self.summaries[node] = _Summary()  # what a recursive use sees
        inner = Reader()
        inner.defined, inner.summaries = self.defined.copy(), self.summaries
        if isinstance(node, ast.ClassDef):
            inner.scopes.append(Scope())
            inner.class_body(node)
        elif isinstance(node, Function):
            inner.scopes.append(function_scope(node))
            inner.walk(function_body(node))
        settles = _meet(inner.state, *inner.returns) if runs_when_called(node) else None
        self.summaries[node] = _Summary(tuple(inner.found), settles or frozenset())
        return self.summaries[node]

    def visit_Comprehension(self, node: ast.ListComp | ast.SetComp | ast.GeneratorExp | ast.DictComp) -> None:
        first = node.generators[0].iter
        self.visit(first)
        self.scopes.append(Scope(names={name for part in node.generators for name in stored(part.target)}))
        for part in node.generators:
            if part.iter is not first:
                self.visit(part.iter)
            self.visit(part.target)
            for test in part.ifs:
                self.state, _ = self.branches(test)
        self.walk([node.key, node.value] if isinstance(node, ast.DictComp) else [node.elt])
        self.scopes.pop()

    # ------------------------------------------------------------ calls and magics

    def visit_Call(self, node: ast.Call) -> None:
        hidden = hidden_code(node)
        if hidden is not None:
            before = self.state
            self.walk(hidden.body)
            self.state = self.state if hidden.keeps_names else before
            if hidden.binds:
                self.bind(hidden.binds)
            return
        self.generic_visit(node)
        match node.func:
            case ast.Name(name) if name in self.defined and self.is_global(name) and self.state is not None:
                self.state |= self.summary(self.defined[name]).settles


def _meet(*states: _State) -> _State:
    """What is settled whichever of these ways was taken."""
    reached = [state for state in states if state is not None]
    return frozenset.intersection(*reached) if reached else None


@dataclass
class _Loop:
    breaks: list[_State] = field(default_factory=list)
    continues: list[_State] = field(default_factory=list)


@dataclass(frozen=True)
class _Summary:
    """What using a function of the cell reads, and what calling it settles."""

    found: tuple[str, ...] = ()
    settles: frozenset[str] = frozenset()
