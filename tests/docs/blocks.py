"""Runs the code blocks of one Markdown file from top to bottom, as a reader would who pastes them.

`python` blocks share one module named `__main__`: without a top-level `await` they run as a script, with one inside an
event loop. `ipython` blocks are cells of one IPython shell. A block after the line `<!-- not run: reason -->` is left
out. Usage: python blocks.py FILE.md; the exit code tells, tracebacks carry the line numbers of the Markdown file.
"""

from __future__ import annotations

import ast
import asyncio
import inspect
import re
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from types import ModuleType
from typing import Any

from IPython.core.interactiveshell import InteractiveShell
from traitlets.config import Config

FENCE = re.compile(
    r"^(?P<indent> *)```(?P<language>python|ipython)\b[^\n]*\n(?P<code>.*?)^(?P=indent)```", re.MULTILINE | re.DOTALL
)
NOT_RUN = re.compile(r"<!-- not run: \S.*-->\s*$")


@dataclass(frozen=True)
class Block:
    """One code block; `line` is where its code starts in the file, counted from 1."""

    language: str
    code: str
    line: int


def blocks_in(text: str) -> Iterator[Block]:
    """The blocks of a Markdown text that are to be run, from top to bottom."""
    for match in FENCE.finditer(text):
        if not NOT_RUN.search(text[: match.start()]):
            code = re.sub(rf"^{match['indent']}", "", match["code"], flags=re.MULTILINE)
            yield Block(match["language"], code, text[: match.start("code")].count("\n") + 1)


def run_file(path: Path) -> None:
    """Run all blocks of a file; the first exception comes out."""
    main = sys.modules["__main__"] = ModuleType("__main__")
    shell: InteractiveShell | None = None
    for block in blocks_in(path.read_text(encoding="utf-8")):
        if block.language == "python":
            run_python(block, path, vars(main))
            continue
        shell = shell or new_shell(main)
        shell.run_cell(block.code).raise_error()


def run_python(block: Block, path: Path, names: dict[str, Any]) -> None:
    """Run one block; empty lines before it give its tracebacks the line numbers of the file."""
    source = "\n" * (block.line - 1) + block.code
    code = compile(source, str(path), "exec", flags=ast.PyCF_ALLOW_TOP_LEVEL_AWAIT, dont_inherit=True)
    if code.co_flags & inspect.CO_COROUTINE:
        asyncio.run(eval(code, names))
    else:
        exec(code, names)


def new_shell(main: ModuleType) -> InteractiveShell:
    """An IPython shell over a module, without a history file."""
    config = Config()
    config.HistoryManager.enabled = False
    return InteractiveShell.instance(config=config, user_module=main)


if __name__ == "__main__":
    run_file(Path(sys.argv[1]))
