"""The ``%%span`` line: a cell becomes a ``with`` block, and everything else about it stays as it was.

Two steps, both IPython's own hooks. An input transformer turns the first line into one line of Python, a call of the
marker, so line numbers hold. An AST transformer turns the marker and the body below it into ``with`` (or, when the
body awaits, ``async with``), and shows the last value after the block. A body that does not await stays synchronous,
so Interrupt stops it at once.
"""

from __future__ import annotations

import ast
import inspect
import re
import warnings
from collections.abc import Callable
from contextvars import ContextVar
from typing import Any, Protocol

from IPython.core.error import UsageError
from IPython.core.inputtransformer2 import cell_magic
from IPython.core.interactiveshell import InteractiveShell

from artigraph_jupyter.names import reads
from artigraph_jupyter.request import SpanRequest, auto_request, read_request, span

MARKER = "span_of_this_cell"
"""The name called on the first line of a rewritten cell; tracebacks may show it."""


class SpanBlock(Protocol):
    """What a span cell runs inside of: a context manager for ``with`` and ``async with`` alike."""

    def __enter__(self) -> Any: ...
    def __exit__(self, *error: Any) -> bool | None: ...
    async def __aenter__(self) -> Any: ...
    async def __aexit__(self, *error: Any) -> bool | None: ...


def install(
    shell: InteractiveShell,
    open_span: Callable[[SpanRequest], SpanBlock],
    autospan: Callable[[], bool] = bool,
) -> Callable[[], None]:
    """Teach a shell the ``%%span`` line.

    Args:
        shell: the running IPython.
        open_span: called once per span cell, before its body; an exception it raises is shown and the body not run.
        autospan: asked once per piece of code without such a line: whether it is a cell to be made a span too.

    Returns:
        A function that takes everything back.
    """
    rewriter = _Rewriter(shell, _Marker(open_span), autospan)
    cleanup = shell.input_transformers_cleanup
    magics = shell.magics_manager.magics
    cleanup.append(_mark)
    shell.ast_transformers.append(rewriter)
    register: Callable[..., None] = shell.register_magic_function
    register(span, "cell", "span")

    def uninstall() -> None:
        cleanup.remove(_mark)
        shell.ast_transformers.remove(rewriter)
        magics["cell"].pop("span", None)
        shell.user_ns.pop(MARKER, None)
        shell.user_ns_hidden.pop(MARKER, None)

    return uninstall


_cell_magic: Callable[[list[str]], list[str]] = cell_magic
_LINE = re.compile(r"%%span(?:[ \t]+(.*))?$")
_source: ContextVar[str] = ContextVar("source of the cell being run", default="")


def _mark(lines: list[str]) -> list[str]:
    """The input transformer: ``%%span ...`` becomes the marker, a cell magic right below it is left to IPython."""
    _source.set("".join(lines))
    found = _LINE.match(lines[0]) if lines else None
    if not found:
        return lines
    body = lines[1:]
    start = next((number for number, line in enumerate(body) if line.strip()), len(body))
    return [f"{MARKER}({(found[1] or '').strip()!r})\n", *body[:start], *_cell_magic(body[start:])]


_mark.has_side_effects = True  # type: ignore[attr-defined]  # so that a terminal waits for the whole cell


class _Marker:
    """What the marker's name stands for while a span cell runs."""

    def __init__(self, open_span: Callable[[SpanRequest], SpanBlock]) -> None:
        self._open_span = open_span
        self._last: Any = None

    def __call__(self, arguments: str | None, source: str, names: tuple[str, ...]) -> SpanBlock:
        asked = auto_request(source, names) if arguments is None else read_request(arguments, source, names)
        return self._open_span(asked)

    def refuse(self, message: str) -> None:
        raise UsageError(message)

    def keep(self, value: Any) -> None:
        """Hold the value of the body's last expression until the block has closed."""
        self._last = value

    def last(self) -> Any:
        value, self._last = self._last, None
        return value


class _Rewriter(ast.NodeTransformer):
    """The AST transformer. It must never raise: IPython would drop it for the rest of the session."""

    def __init__(self, shell: InteractiveShell, marker: _Marker, autospan: Callable[[], bool]) -> None:
        self.shell = shell
        self.marker = marker
        self.autospan = autospan

    def visit_Module(self, tree: ast.Module) -> ast.Module:
        arguments = _marked(tree)
        if any(map(_is_late_span, tree.body)):
            tree.body = _refusal(tree, "%%span must be the first line of its cell; nothing was run")
        elif arguments is not None:
            tree.body = self._wrap(tree, arguments)
        elif self.autospan() and (body := self._wrap_unasked(tree)):
            tree.body = body
        else:
            return tree
        self.shell.user_ns[MARKER] = self.shell.user_ns_hidden[MARKER] = self.marker
        return ast.fix_missing_locations(tree)

    def _wrap(self, tree: ast.Module, arguments: str) -> list[ast.stmt]:
        futures, body = _split(tree.body[1:])
        body = body or [ast.copy_location(ast.Pass(), tree.body[0])]
        awaits = _awaits(body)
        if awaits and not self.shell.autoawait:
            return _refusal(tree, "this cell awaits and autoawait is off; run %autoawait on, or take out the await")
        if awaits and futures:
            return _refusal(tree, "a span that awaits cannot start with __future__ imports; put them in a cell above")
        return self._block(arguments, futures, body, awaits, tree.body[0])

    def _wrap_unasked(self, tree: ast.Module) -> list[ast.stmt]:
        """The same for a cell that nobody marked; empty where it would change what the cell does or shows."""
        futures, body = _split(tree.body)
        awaits = _awaits(body)
        if not body or self.shell.ast_node_interactivity == "all" or (awaits and (futures or not self.shell.autoawait)):
            return []
        return self._block(None, futures, body, awaits, body[0])

    def _block(
        self, arguments: str | None, futures: list[ast.stmt], body: list[ast.stmt], awaits: bool, place: ast.stmt
    ) -> list[ast.stmt]:
        opened = _call(ast.Name(MARKER, ast.Load()), arguments, _source.get(), _reads(body))
        body, tail = _shown(body, self.shell.ast_node_interactivity)
        block = (ast.AsyncWith if awaits else ast.With)(items=[ast.withitem(opened)], body=body)
        return [*futures, ast.copy_location(block, place), *tail]


def _split(body: list[ast.stmt]) -> tuple[list[ast.stmt], list[ast.stmt]]:
    """Imports from ``__future__``, which must stay in front, and everything else."""
    futures: list[ast.stmt] = [
        node for node in body if isinstance(node, ast.ImportFrom) and node.module == "__future__"
    ]
    return futures, [node for node in body if node not in futures]


def _shown(body: list[ast.stmt], mode: str) -> tuple[list[ast.stmt], list[ast.stmt]]:
    """The body as it runs inside the block, and what follows the block so that IPython shows the last value.

    Args:
        body: at least one statement.
        mode: the shell's ``ast_node_interactivity``.
    """
    *rest, last = body
    if mode in ("last", "last_expr", "last_expr_or_assign") and isinstance(last, ast.Expr):
        kept = ast.copy_location(ast.Expr(_call(_method("keep"), last.value)), last)
        return [*rest, kept], [ast.copy_location(ast.Expr(_call(_method("last"))), last)]
    if mode == "last_expr_or_assign" and isinstance(target := _target(last), ast.Name):
        return body, [ast.copy_location(ast.Expr(ast.Name(target.id, ast.Load())), last)]
    return body, [ast.copy_location(ast.Pass(), last)] if mode == "last" else []


def _call(function: ast.expr, *values: Any) -> ast.Call:
    return ast.Call(function, [value if isinstance(value, ast.expr) else ast.Constant(value) for value in values], [])


def _method(name: str) -> ast.Attribute:
    return ast.Attribute(ast.Name(MARKER, ast.Load()), name, ast.Load())


def _refusal(tree: ast.Module, message: str) -> list[ast.stmt]:
    return [ast.copy_location(ast.Expr(_call(_method("refuse"), message)), tree.body[0])]


def _marked(tree: ast.Module) -> str | None:
    """The argument string of the marker that the cell starts with; None when it is no span cell."""
    match tree.body[:1]:
        case [ast.Expr(ast.Call(ast.Name(name), [ast.Constant(str(arguments))]))] if name == MARKER:
            return arguments
    return None


def _is_late_span(node: ast.stmt) -> bool:
    """Whether this is what IPython makes of a ``%%span`` line further down: a line magic named ``%span``."""
    match node:
        case ast.Expr(ast.Call(ast.Attribute(_, "run_line_magic"), [ast.Constant("%span"), _])):
            return True
    return False


def _awaits(body: list[ast.stmt]) -> bool:
    """Whether the top level awaits, by asking the compiler, as IPython does to choose how it runs a cell."""
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            code = compile(ast.Module(body, []), "<cell>", "exec", ast.PyCF_ALLOW_TOP_LEVEL_AWAIT, dont_inherit=True)
    except (SyntaxError, ValueError, RecursionError):
        return False
    return bool(code.co_flags & inspect.CO_COROUTINE)


def _reads(body: list[ast.stmt]) -> tuple[str, ...]:
    try:
        return tuple(reads(ast.Module(body, [])))
    except RecursionError:
        return ()


def _target(node: ast.stmt) -> ast.expr | None:
    match node:
        case ast.Assign([target]) | ast.AugAssign(target) | ast.AnnAssign(target):
            return target
    return None
