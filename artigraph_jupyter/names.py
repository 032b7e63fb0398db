"""Which names from outside a cell reads: those it uses before it has certainly given them a value of its own.

So a cell that is run twice is no input of itself. What counts, where Python leaves room:

- Both ways of an ``if``, every handler of a ``try`` and every case of a ``match`` must bind a name to settle it. The
  body of a loop or ``with`` is taken to run once; code after ``raise``, ``return`` or in ``if False`` is not reached.
- ``x += 1`` and ``del x`` read ``x``; afterwards nothing older can be seen under that name.
- A function of the cell reads its globals when the cell uses its name, called or handed on; merely defining it reads
  only its defaults and decorators. A class: the same for its methods. Other lambdas count where they stand.
- Calling such a function by name also settles the globals it certainly assigns.
- Annotations and ``type`` aliases name types, not data, and do not count.
- Code under ``%time``, ``%timeit``, ``%prun``, ``%capture`` and their ``%%`` forms counts like any other.

Names of builtins are listed like others (a notebook may well have its own ``input`` or ``sum``): who asks looks them
up in the notebook's names anyway.
"""

from __future__ import annotations

import ast
import dis
from collections.abc import Iterable
from types import CodeType, FunctionType

from artigraph_jupyter.hidden import hidden_code
from artigraph_jupyter.reader import Reader


def reads(tree: ast.Module) -> list[str]:
    """The outside names that a cell reads, in order of first use.

    >>> reads(ast.parse("total = price * 2; total += tax"))
    ['price', 'tax']
    """
    reader = Reader()
    reader.walk(tree.body)
    return list(reader.found)


def mutates(tree: ast.AST) -> list[str]:
    """Names whose values this code may change in place: a method called for its effect, an item or attribute set.

    >>> mutates(ast.parse("model.fit(x); table['a'] = 1; y = model.predict(x)"))
    ['model', 'table']
    """
    found: dict[str, None] = {}
    for node in ast.walk(tree):
        roots: list[ast.expr] = []
        match node:
            case ast.Expr(ast.Call(ast.Attribute(value))):
                roots = [value]
            case ast.Assign(targets):
                roots = [target for target in targets if not isinstance(target, ast.Name)]
            case ast.AugAssign():
                roots = [node.target]
            case ast.Call() if hidden := hidden_code(node):
                found.update(dict.fromkeys(name for part in hidden.body for name in mutates(part)))
        for root in roots:
            inner = root
            while isinstance(inner, ast.Attribute | ast.Subscript):
                inner = inner.value
            if isinstance(inner, ast.Name):
                found[inner.id] = None
    return list(found)


def function_reads(function: object, limit: int = 200) -> list[str]:
    """The globals that a function or class of the notebook reads when used, itself or through others it calls.

    Args:
        function: a function or class; ``functools.wraps`` wrappers are looked through. Anything else reads nothing.
        limit: how many functions are followed at most.

    Returns:
        Names that exist in the function's globals, in order of first use. Functions and classes of the same module
        are followed instead of listed.
    """
    found: dict[str, None] = {}
    seen: set[FunctionType] = set()
    waiting = _functions(function)
    while waiting and len(seen) < limit:
        one = waiting.pop(0)
        if one in seen:
            continue
        seen.add(one)
        waiting += _functions(one.__dict__.get("__wrapped__"))
        for name in _globals(one.__code__):
            if name not in one.__globals__:
                continue
            value = one.__globals__[name]
            inner = _functions(value) if getattr(value, "__module__", None) == one.__module__ else []
            waiting += inner
            if not inner:
                found[name] = None
    return list(found)


_LOADS = {"LOAD_GLOBAL", "LOAD_NAME", "LOAD_FROM_DICT_OR_GLOBALS"}


def _functions(value: object) -> list[FunctionType]:
    """The plain functions that run when this is used: itself, or what it wraps, or the methods of a class."""
    match value:
        case FunctionType():
            return [value]
        case type():
            members = [member for member in vars(value).values() if not isinstance(member, type)]
            return [function for member in members for function in _functions(member)]
        case property():
            return _functions(value.fget) + _functions(value.fset)
    wrapped = getattr(value, "__dict__", {}).get("__wrapped__") or getattr(value, "__func__", None)
    return [wrapped] if isinstance(wrapped, FunctionType) else []


def _globals(code: CodeType) -> Iterable[str]:
    for step in dis.get_instructions(code):
        if step.opname in _LOADS:
            yield str(step.argval)
    for constant in code.co_consts:
        if isinstance(constant, CodeType):
            yield from _globals(constant)
