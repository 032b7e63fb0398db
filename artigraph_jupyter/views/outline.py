"""The text form of the views: a tree of lines with aligned columns."""

from __future__ import annotations

import unicodedata
from dataclasses import dataclass

WIDEST = 48
"""Cells of a column that others line up behind; a longer one only pushes its own line."""

_ASCII = str.maketrans("▶▷□≡▤·○├└─│×−", ">-o=#.?|`-|x-") | str.maketrans({"…": "...", "≥": ">=", "≠": "!=", "→": "->"})


@dataclass(frozen=True, slots=True)
class Line:
    """One line, and those under it."""

    cells: tuple[str, ...]
    """Columns; they are aligned with those of the lines beside it."""
    below: tuple[Line, ...] = ()


def outline(top: Line) -> str:
    """The lines as a tree.

    >>> print(outline(Line(("run", "ok"), (Line(("in", "a")), Line(("out", "b"), (Line(("c",)),))))))
    run  ok
    ├─ in   a
    └─ out  b
       └─ c
    """
    return "\n".join(["  ".join(cell for cell in top.cells if cell), *_branches(top.below, "")])


def to_ascii(text: str) -> str:
    """The same text for a terminal that knows ASCII only.

    >>> to_ascii("▤ metrics  ✓ ok  3 × 4")
    '# metrics  ok  3 x 4'
    """
    for sign in "✓✗■◌◐":
        text = text.replace(f"{sign} ", "")
    return text.translate(_ASCII).encode("ascii", "backslashreplace").decode()


def _branches(lines: tuple[Line, ...], indent: str) -> list[str]:
    count = max((len(line.cells) for line in lines if len(line.cells) > 1), default=0)
    widths = [
        min(max((_width(line.cells[place]) for line in lines if len(line.cells) > place + 1), default=0), WIDEST)
        for place in range(count)
    ]
    shown: list[str] = []
    for number, line in enumerate(lines):
        last = number == len(lines) - 1
        cells = [cell + " " * max(0, width - _width(cell)) for cell, width in zip(line.cells, widths, strict=False)]
        plain = "  ".join(cells if len(line.cells) > 1 else line.cells)
        shown.append(f"{indent}{'└─ ' if last else '├─ '}{plain}".rstrip())
        shown += _branches(line.below, indent + ("   " if last else "│  "))
    return shown


def _width(text: str) -> int:
    """Width in cells of a terminal."""
    wide = sum(unicodedata.east_asian_width(character) in "WF" for character in text)
    return len(text) + wide - sum(unicodedata.combining(character) > 0 for character in text)
