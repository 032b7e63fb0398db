"""Python code that a cell hands to a magic as text, as under ``%%time``: it runs like the rest of the cell."""

from __future__ import annotations

import ast
import re
from collections.abc import Callable
from dataclasses import dataclass

from IPython.core import inputtransformer2


@dataclass(frozen=True)
class HiddenCode:
    """What a magic runs in the notebook's names."""

    body: tuple[ast.stmt, ...] = ()
    keeps_names: bool = True
    """Whether names that the code binds stay; ``%timeit`` runs it in a function of its own."""
    binds: str | None = None
    """A name that the magic itself binds: ``out`` of ``%%capture out``."""


def hidden_code(call: ast.Call) -> HiddenCode | None:
    """The code in a call that IPython writes for a magic; empty for magics that run none, None for other calls."""
    match call:
        case ast.Call(ast.Attribute(ast.Call(ast.Name("get_ipython"), []), method), values):
            texts = [str(value.value) for value in values if isinstance(value, ast.Constant)]
            if len(texts) < len(values):
                return None
            if method in ("run_line_magic", "run_cell_magic") and len(texts) in (2, 3) and texts[0] in _RUNS_ITS_TEXT:
                return _read(texts[0], _OPTIONS.sub("", texts[1], count=1), "".join(texts[2:]))
            return HiddenCode()
    return None


_RUNS_ITS_TEXT = {"time", "timeit", "prun", "capture"}
_OPTIONS = re.compile(r"^(?:--?[A-Za-z][\w-]*\s*\d*(?:\s+|$))+")
_new_transformer: Callable[[], inputtransformer2.TransformerManager] = inputtransformer2.TransformerManager


def _read(magic: str, line: str, cell: str) -> HiddenCode:
    if magic == "capture":
        name = line.partition(" ")[0]
        return HiddenCode(_parsed(cell), binds=name if name.isidentifier() else None)
    return HiddenCode((*_parsed(line), *_parsed(cell)), keeps_names=magic != "timeit")


def _parsed(text: str) -> tuple[ast.stmt, ...]:
    """The statements of a text; none when it is not Python, which running it will tell."""
    try:
        return tuple(ast.parse(_new_transformer().transform_cell(text)).body)
    except (SyntaxError, ValueError):
        return ()
