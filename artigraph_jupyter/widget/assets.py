"""The page's half of the widgets: one ES module per widget out of the files beside this one, and one stylesheet."""

from __future__ import annotations

import functools
import re
from importlib import resources

from artigraph_jupyter.style import stylesheet

_IMPORT = re.compile(r'^import \{[^}]*\} from "\./(\w+)\.js";\n', re.MULTILINE)
_EXPORT = re.compile(r"^export (?=(?:async )?function |const )", re.MULTILINE)


@functools.cache
def module(name: str) -> str:
    """The text of ``name.js`` after that of every file it imports: one module without imports, as a page gets it.

    An import is one line, ``import { a, b } from "./file.js";``; no two files name a thing alike.
    """
    parts: dict[str, str] = {}
    _gather(name, parts)
    return "\n".join(parts.values())


@functools.cache
def sheet() -> str:
    """The rules of the cards, and those of the widgets."""
    return "\n".join([*stylesheet().values(), _read("widget.css")])


def mermaid() -> bytes:
    """The bundled mermaid: a script that sets ``globalThis.mermaid``.

    Raises:
        ValueError: this installation was built without npm.
    """
    file = resources.files("artigraph_jupyter.widget").joinpath("vendor", "mermaid.min.js")
    if not file.is_file():
        raise ValueError("not drawn: this installation was built without npm, so the bundled mermaid is missing")
    return file.read_bytes()


def _gather(name: str, parts: dict[str, str]) -> None:
    source = _read(f"{name}.js")
    for needed in _IMPORT.findall(source):
        if needed not in parts:
            _gather(needed, parts)
    parts[name] = _EXPORT.sub("", _IMPORT.sub("", source))


def _read(name: str) -> str:
    return resources.files("artigraph_jupyter.widget").joinpath(name).read_text("utf-8")
