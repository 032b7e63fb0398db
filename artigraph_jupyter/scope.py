"""What a piece of code binds in its own scope: the rules of the language that ``reader`` walks by."""

from __future__ import annotations

import ast
from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Literal

Function = ast.FunctionDef | ast.AsyncFunctionDef | ast.Lambda


@dataclass
class Scope:
    """Names that do not lead to the notebook's globals while this scope is walked."""

    kind: Literal["function", "class", "type"] = "function"
    """A comprehension counts as a function; "type" holds the type parameters of a class."""
    names: set[str] = field(default_factory=set)
    outer: set[str] = field(default_factory=set)
    """Names declared ``global``."""


def function_body(node: Function) -> list[ast.AST]:
    """The code that runs when the function is called."""
    return [node.body] if isinstance(node, ast.Lambda) else [*node.body]


def function_scope(node: Function) -> Scope:
    """The scope of a function or lambda: parameters and all it binds, less what it declares otherwise."""
    body, arguments = function_body(node), node.args
    every = [*arguments.posonlyargs, *arguments.args, *arguments.kwonlyargs, arguments.vararg, arguments.kwarg]
    names = {argument.arg for argument in every if argument is not None} | type_params(node)
    for part in body:
        names |= stored(part)
    outer = declared(body, ast.Global)
    return Scope("function", names - outer - declared(body, ast.Nonlocal), outer)


def type_params(node: ast.AST) -> set[str]:
    """Names of the ``[T]`` of a function or class."""
    return {parameter.name for parameter in getattr(node, "type_params", ())}


def declared(body: Iterable[ast.AST], kind: type[ast.Global | ast.Nonlocal]) -> set[str]:
    """Names that a body declares ``global`` (or ``nonlocal``)."""
    return {name for node in body for part in _same_scope(node) if isinstance(part, kind) for name in part.names}


def stored(node: ast.AST) -> set[str]:
    """Names that this code binds in its own scope."""
    names: set[str] = set()
    for part in _same_scope(node):
        match part:
            case ast.Name(name, ast.Store() | ast.Del()):
                names.add(name)
            case ast.FunctionDef(name) | ast.AsyncFunctionDef(name) | ast.ClassDef(name):
                names.add(name)
            case ast.ExceptHandler(_, str(name)) | ast.MatchAs(_, str(name)) | ast.MatchStar(str(name)):
                names.add(name)
            case ast.MatchMapping(_, _, str(name)):
                names.add(name)
            case ast.Import(aliases) | ast.ImportFrom(_, aliases):
                names |= {imported(alias) for alias in aliases}
    return names


def imported(alias: ast.alias) -> str:
    """The name that one part of an import binds."""
    return alias.asname or alias.name.partition(".")[0]


def catches_all(pattern: ast.pattern) -> bool:
    """Whether a case matches whatever comes."""
    match pattern:
        case ast.MatchAs(inner):
            return inner is None or catches_all(inner)
        case ast.MatchOr(patterns):
            return any(map(catches_all, patterns))
    return False


def runs_when_called(node: ast.AST) -> bool:
    """Whether a call by name runs the body at once: no decorator in between, no generator, no coroutine."""
    if not isinstance(node, ast.FunctionDef) or node.decorator_list:
        return False
    return not any(isinstance(part, ast.Yield | ast.YieldFrom) for child in node.body for part in _same_scope(child))


_OWN_SCOPE = ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef | ast.Lambda
_COMPREHENSION = ast.ListComp | ast.SetComp | ast.DictComp | ast.GeneratorExp


def _same_scope(node: ast.AST) -> Iterable[ast.AST]:
    """This node and all below it that belong to the same scope; of a comprehension only its ``:=`` targets do."""
    yield node
    if isinstance(node, _COMPREHENSION):
        yield from (part.target for part in ast.walk(node) if isinstance(part, ast.NamedExpr))
    elif not isinstance(node, _OWN_SCOPE):
        for child in ast.iter_child_nodes(node):
            yield from _same_scope(child)
