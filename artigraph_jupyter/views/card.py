"""The frame and the small parts that all views share, and the limits they keep."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass

from artigraph.lineage.escape import plain
from artigraph.lineage.icons import DASHED, GLYPHS, KIND_ICONS, SOLID, flag_of
from artigraph_jupyter.html import Html, join, tag
from artigraph_jupyter.style import style
from artigraph_jupyter.views.data import Thing

HTML_LIMIT = 50_000
"""Bytes of one output, stylesheet included."""
TEXT_LIMIT = 4_000
"""Bytes of its text form."""
NAME_LIMIT = 80
"""Characters of a label, key or type that are shown; the middle of a longer one is left out."""


@dataclass(frozen=True, slots=True)
class Budget:
    """How much one rendering shows of a thing."""

    rows: int
    chars: int
    """Characters of one value."""
    depth: int
    """Levels of models or spans inside one another."""
    previews: bool = True


def fitting(limit: int, render: Callable[[Budget], str]) -> str:
    """What `render` makes with the largest budget that stays within `limit` bytes.

    Previews go first, then rows, then fields; each rendering says what it leaves out.
    """
    shown, rows = "", _BUDGETS[0].rows
    for budget in _BUDGETS:
        if budget.rows > rows and budget is not _BUDGETS[-1]:
            continue  # the size of the last try says that this many cannot fit
        shown = render(budget)
        size = len(shown.encode("utf-8", "replace"))
        if size <= limit:
            break
        rows = min(rows, 2 * budget.rows * limit // size)
    return shown


def card(label: str, *children: object, parts: Iterable[str] = ()) -> Html:
    """A whole output: the stylesheet it needs, and one sheet.

    Args:
        label: its accessible name.
        children: head, sections and foot.
        parts: sections of the stylesheet besides the core.
    """
    sheet = tag("section", children, class_="ag-card", aria_label=plain(label, 2 * NAME_LIMIT))
    return tag("div", style(*parts), sheet, class_="ag")


def head(kind: str, title: object, *after: object, aside: object = None) -> Html:
    """The first line: icon, title, badges, and something at the right end."""
    last = (tag("span", class_="ag-grow"), tag("span", aside, class_="ag-2 ag-sm")) if aside else ()
    return tag("div", spaced(icon(KIND_ICONS.get(kind, "")), tag("h3", title), *after, *last), class_="ag-head")


def foot(said: str, load_code: str = "") -> Html:
    """The last line: what is shown of what, and how to load it."""
    code = (" ", tag("span", "Load: ", tag("code", plain(load_code, 200)))) if load_code else ()
    return tag("div", tag("span", said), *code, class_="ag-foot")


def spaced(*children: object) -> Html:
    """Children with a space between, so that they read well without a stylesheet too."""
    return join(part for child in children if child for part in (child, " "))


def icon(path: str, small: bool = False) -> Html | None:
    """A picture that says nothing by itself: a word stands beside it."""
    if not path:
        return None
    drawn = "solid" if path in SOLID else "dash" if path in DASHED else None
    shape = tag("path", d=path, class_=drawn)
    return tag("svg", shape, class_="ag-i s" if small else "ag-i", viewBox="0 0 16 16", aria_hidden="true")


def badge(word: str) -> Html:
    """A state in a pill: tone, icon, word."""
    flag = flag_of(word)
    tone = None if flag.tone == "none" else flag.tone
    return tag("span", icon(flag.icon, small=True), plain(word, 60), class_="ag-badge", data_tone=tone)


def badges(words: Iterable[str]) -> list[Html]:
    """The pills of all these words."""
    return [badge(word) for word in words]


def version_pill(text: str) -> Html:
    """A version in a box: ``v4``, ``DelayMetrics v2``."""
    return tag("span", plain(text, NAME_LIMIT), class_="ag-ver")


def key_title(label: str, kind: str) -> list[object]:
    """A label; of a key the folder steps back and the leaf leads."""
    shown = plain(label, NAME_LIMIT)
    folder, slash, leaf = shown.rpartition("/") if kind == "keyed" else ("", "", shown)
    return [tag("span", folder + slash, class_="ag-2 ag-folder") if slash else None, leaf]


def chip(thing: Thing) -> Html:
    """A thing in a small box: icon, leaf of its name, version."""
    leaf = plain(thing.label, NAME_LIMIT).rpartition("/")[2] if thing.kind == "keyed" else thing.label
    name = plain(leaf, 24) + (f" v{thing.version}" if thing.version is not None else "")
    return tag("span", icon(KIND_ICONS.get(thing.kind, "")), name, class_="ag-chip")


def facts(rows: Iterable[tuple[str, object]], wide: bool = True) -> Html:
    """Names and what is known under them; rows without a value are left out."""
    shown = [(tag("dt", name), tag("dd", value)) for name, value in rows if value]
    return tag("dl", shown, class_="ag-facts wide" if wide else "ag-facts")


def table(columns: Iterable[tuple[str, str]], rows: Iterable[object]) -> Html:
    """A table in a box that scrolls; columns are (title, classes) pairs."""
    titles = tag("tr", [tag("th", title, scope="col", class_=classes or None) for title, classes in columns])
    whole = tag("table", tag("thead", titles), tag("tbody", list(rows)), class_="ag-t")
    return tag("div", whole, class_="ag-scroll")


def fold(summary: object, body: object, is_open: bool = False) -> Html:
    """A part that folds."""
    return tag("details", tag("summary", summary), body, open=is_open)


def code_block(source: str, limit: int) -> Html:
    """Code that scrolls inside when it is long; what is cut off is counted in lines."""
    lines = source.splitlines()
    shown, length = [], 0
    for line in lines:
        length += len(line) + 1
        if length > limit:
            break
        shown.append(line)
    hidden = len(lines) - len(shown)
    more = f"\n… {hidden:,} more lines" if hidden else ""
    return tag("pre", "\n".join(shown) + more, class_="ag-code", tabindex="0")


def more_text(hidden: int, noun: str) -> str:
    """``… 3 more fields``; empty when nothing is left out."""
    return f"… {hidden:,} more {noun}{'' if hidden == 1 else 's'}" if hidden > 0 else ""


def signed(word: str, sign: str = "") -> str:
    """A kind or state in text: its sign, then the word.

    >>> signed("metrics", "model"), signed("ValueError", "error"), signed("ok")
    ('▤ metrics', '✗ ValueError', '✓ ok')
    """
    first = sign or word.split(" ", maxsplit=1)[0].rstrip(":,")
    glyph = GLYPHS.get(first, "")
    return f"{glyph} {word}" if glyph else word


def thing_text(thing: Thing) -> str:
    """A thing in text: sign, whole label, version."""
    version = f" v{thing.version}" if thing.version is not None else ""
    return signed(plain(thing.label, NAME_LIMIT) + version, thing.kind)


_BUDGETS = (
    Budget(100, 400, 4),
    Budget(100, 200, 3),
    Budget(60, 200, 3, previews=False),
    Budget(50, 120, 3, previews=False),
    Budget(40, 120, 3, previews=False),
    Budget(24, 80, 2, previews=False),
    Budget(12, 60, 2, previews=False),
    Budget(6, 40, 1, previews=False),
    Budget(2, 20, 0, previews=False),
)
