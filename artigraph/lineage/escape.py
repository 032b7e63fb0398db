"""The one place where a user's text is made safe for SVG, mermaid and DOT."""

from __future__ import annotations

import unicodedata

UNSHOWN = frozenset({"Cc", "Cf", "Cs", "Zl", "Zp"})
"""Unicode categories that are removed: controls, direction overrides, lone surrogates, line separators."""

KEPT = "\u200c\u200d"
"""Zero-width joiners, which many scripts and emoji need."""

FORBIDDEN = "\ufffe\uffff"
"""Noncharacters that XML refuses."""


def plain(text: object, limit: int = 200) -> str:
    r"""One line of printable text; every run of white space becomes one space.

    Longer than ``limit`` characters, its middle is cut.

    >>> plain("a\n\tb\x00\u202ec")
    'a bc'
    """
    line = str(text)
    if len(line) > 8 * limit:
        line = line[: 4 * limit] + line[-4 * limit :]
    line = " ".join(line.split())
    if not (line.isascii() and line.isprintable()):
        line = "".join(c for c in line if c in KEPT or _is_shown(c))
    return line if len(line) <= limit else cut(line, limit)


def cut(text: str, limit: int) -> str:
    """The start and the end of a text, in the proportion 12 to 8, with an ellipsis between; ``limit`` characters.

    >>> cut("experiments_of_november_final", 21)
    'experiments_…er_final'
    """
    if len(text) <= limit:
        return text
    tail = (limit - 1) * 8 // 20
    return f"{text[: limit - 1 - tail]}…{text[len(text) - tail :]}"


def xml(text: object, limit: int = 200) -> str:
    """Safe in the text and in the quoted attributes of XML and HTML.

    >>> xml('"><img onerror=x>')
    '&quot;&gt;&lt;img onerror=x&gt;'
    """
    line = plain(text, limit)
    for raw, safe in (("&", "&amp;"), ("<", "&lt;"), (">", "&gt;"), ('"', "&quot;"), ("'", "&#39;")):
        line = line.replace(raw, safe)
    return line


def mermaid(text: object, limit: int = 200) -> str:
    """Safe in a quoted mermaid label: letters and digits of ASCII stay, all else is ``#<code point>;``.

    >>> mermaid("a<b>")
    'a#60;b#62;'
    """
    return "".join(c if c.isascii() and c.isalnum() else f"#{ord(c)};" for c in plain(text, limit))


def dot(text: object, limit: int = 200) -> str:
    r"""Safe in a quoted DOT label, a record's included: markup becomes ``&#<code point>;``, a backslash is doubled.

    >>> dot('a"b\\N')
    'a&#34;b\\\\N'
    """
    line = "".join(f"&#{ord(c)};" if c in '"&<>{}|' else c for c in plain(text, limit))
    return line.replace("\\", "\\\\")


def _is_shown(character: str) -> bool:
    return unicodedata.category(character) not in UNSHOWN and character not in FORBIDDEN
