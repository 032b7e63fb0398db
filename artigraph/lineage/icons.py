"""The visual words of a lineage: an icon for each kind of node, and icon and tone for each state.

Icons are SVG path data on a grid of 16 units, drawn with a stroke of 1.5; those in ``SOLID`` are filled.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

Tone = Literal["good", "bad", "caution", "active", "none"]

RAN = frozenset({"span", "run"})
"""Kinds of nodes that ran; everything else is."""

STACKED = frozenset({"keyed", "many"})
"""Kinds that are drawn as a sheet on more sheets."""

_SHEET = "M4 2h5.2L13 5.8V14H4zM9 2v4h4"
_RING = "M8 2.5a5.5 5.5 0 1 1 0 11 5.5 5.5 0 0 1 0-11"
_CROSS = "M4 4l8 8M12 4l-8 8"

KIND_ICONS = {
    "span": "M2.5 3.5v9M13.5 3.5v9M2.5 8h11",
    "run": "M5 3.2l8 4.8-8 4.8z",
    "artifact": _SHEET,
    "keyed": "M8 2l6 3-6 3-6-3zM2 8l6 3 6-3M2 11l6 3 6-3",
    "model": "M2.5 3h11v10h-11zM2.5 6.4h11M6.6 6.4V13",
    "field": "M3.5 2.5v6a2 2 0 0 0 2 2H8M9 8h4.5v5H9z",
    "trace": _SHEET,
    "many": "M2.5 2.5h4.4v4.4H2.5zM9.1 2.5h4.4v4.4H9.1zM2.5 9.1h4.4v4.4H2.5zM9.1 9.1h4.4v4.4H9.1z",
}


GLYPHS = {
    "run": "▶",
    "span": "▷",
    "artifact": "□",
    "keyed": "≡",
    "model": "▤",
    "field": "·",
    "trace": "○",
    "many": "▦",
    "ok": "✓",
    "error": "✗",
    "damaged": "✗",
    "missing": "✗",
    "interrupted": "■",
    "abandoned": "◌",
    "open": "◐",
    "stale": "!",
}
"""A sign of text for each kind and state; the word always stands beside it."""


@dataclass(frozen=True, slots=True)
class Flag:
    """A state in a word, with the tone and the icon (path data) that go with it."""

    word: str
    tone: Tone = "none"
    icon: str = ""


_SQUARE = "M4.5 4.5h7v7h-7z"
_STATES: dict[str, tuple[Tone, str]] = {
    "ok": ("good", "M3 8.6l3.2 3.2L13 4.8"),
    "error": ("bad", _CROSS),
    "interrupted": ("caution", _SQUARE),
    "abandoned": ("none", _RING),
    "open": ("active", "M13.5 8A5.5 5.5 0 1 1 8 2.5M8 7.9v.2"),
    "intact": ("good", "M8 2l5 2v4c0 3-2.2 5-5 6-2.8-1-5-3-5-6V4zM5.8 8l1.6 1.6L10.4 6.4"),
    "damaged": ("bad", "M8 2.2l6.3 11.3H1.7zM8 6.6v3.2M8 11.8v.1"),
    "missing": ("bad", "M4 2h5.2L13 5.8V14H4z"),
    "stale": ("caution", _RING + "M8 5v3.2l2.2 1.4"),
}
SOLID = frozenset({KIND_ICONS["run"], _SQUARE})
DASHED = frozenset({_STATES["abandoned"][1], _STATES["missing"][1]})


def flag_of(word: str) -> Flag:
    """The flag for a state or badge; the first word decides, and a word that is not known has no tone and no icon.

    >>> flag_of("stale: newer input").tone, flag_of("ValueError").tone, flag_of("pinned").tone
    ('caution', 'bad', 'none')
    """
    first = word.split(" ", maxsplit=1)[0].rstrip(":,") if word else ""
    if first.endswith(("Error", "Exception")):
        first = "error"
    tone, icon = _STATES.get(first, ("none", ""))
    return Flag(word, tone, icon)


def state_words(status: str | None, badges: tuple[str, ...]) -> list[str]:
    """What to say about a node, the most important first: nothing of a status that is ok, and nothing twice.

    >>> state_words("error", ("ValueError", "stale")), state_words("ok", ())
    (['ValueError', 'stale'], [])
    """
    named = status == "error" and any(badge.endswith(("Error", "Exception")) for badge in badges)
    words = [] if status in (None, "ok") or named else [str(status)]
    return list(dict.fromkeys([*words, *badges]))


def is_dashed(kind: str, status: str | None, badges: tuple[str, ...]) -> bool:
    """Whether an outline is dashed: abandoned, missing, or never kept."""
    return kind == "trace" or status == "abandoned" or any(badge.split(" ")[0] == "missing" for badge in badges)
