"""What stands in one node of the picture, and how big that makes it."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass

from artigraph.lineage.escape import plain
from artigraph.lineage.icons import RAN, STACKED, Flag, flag_of, state_words
from artigraph.lineage.picture import LineageNode
from artigraph.lineage.width import fit, text_width

TITLE_SIZE, COMPACT_TITLE_SIZE, SMALL_SIZE = 13, 12, 11
"""Font sizes in px of the first line, of the only line of a compact node, and of everything else."""

FLAG_HEIGHT, FLAG_RISE = 18, 14
"""Height of a flag and how far it stands above the node, in px."""

STUB_WIDTH, STUB_REACH = 26, 36
"""Width of a ``+N`` and how far it reaches out of the node, in px."""

_WIDEST, _MAX_FLAGS = 200, 2


@dataclass(frozen=True, slots=True)
class Box:
    """One node as drawn; px from the top left of the picture.

    Attributes:
        node: the data behind it.
        x: left edge of the front sheet.
        y: top edge of the front sheet.
        width: of the front sheet.
        height: of the front sheet.
        title: first line, already shortened to fit.
        lines: the lines below it.
        pill: the version, such as ``v4``; empty if there is none to show.
        flags: at most two states to flag on the top edge.
        compact: one line only.
        focus: it is what the picture is about.
    """

    node: LineageNode
    x: float
    y: float
    width: float
    height: float
    title: str
    lines: tuple[str, ...] = ()
    pill: str = ""
    flags: tuple[Flag, ...] = ()
    compact: bool = False
    focus: bool = False

    @property
    def stack(self) -> int:
        """How far the sheets behind the front one reach out to the right and below, px."""
        return 0 if self.node.kind not in STACKED else 4 if self.compact else 6

    @property
    def middle(self) -> float:
        """The height of the row: y of the front sheet's centre."""
        return self.y + self.height / 2

    @property
    def text_x(self) -> float:
        """Where the lines start, px from the left edge."""
        return (28 if self.compact else 36) + (3 if self.node.kind in RAN else 0)


def measure(nodes: tuple[LineageNode, ...], focus: str, compact: bool) -> list[Box]:
    """A box for each node, at 0, 0; two different nodes never show the same words."""
    words = [_words(node) if not compact else (_title(node), "") for node in nodes]
    shown = Counter((node.kind, *said) for node, said in zip(nodes, words, strict=True))
    boxes = []
    for node, (title, second) in zip(nodes, words, strict=True):
        tail = f"…{plain(node.id)[-4:]}" if shown[node.kind, title, second] > 1 else ""
        if compact:
            boxes.append(_box(node, f"{title} {tail}".strip(), [], True, node.id == focus))
        else:
            lines = [" · ".join(part for part in (second, tail) if part)]
            if node.id == focus and node.fields:
                lines.append(" · ".join(plain(field) for field in node.fields[:2]))
            boxes.append(_box(node, title, lines, False, node.id == focus))
    return boxes


def flag_width(flag: Flag) -> float:
    """Width of a flag, px."""
    return (30 if flag.icon else 18) + text_width(flag.word, SMALL_SIZE)


def pill_width(pill: str) -> float:
    """Width of a version pill, px; 0 for none."""
    return 10 + text_width(pill, SMALL_SIZE) if pill else 0


def _box(node: LineageNode, title: str, lines: list[str], compact: bool, focus: bool) -> Box:
    size, bold = (COMPACT_TITLE_SIZE, False) if compact else (TITLE_SIZE, True)
    pill = _pill(node, compact)
    empty = Box(node, 0, 0, 0, 0, "", pill=pill, flags=_flags(node), compact=compact, focus=focus)
    beside = empty.text_x + (16 if node.kind in RAN else 12)
    room = _WIDEST - beside
    title = fit(title, room, size, bold)
    shown = tuple(fit(line, room + (pill_width(pill) + 8 if pill else 0), SMALL_SIZE) for line in lines)
    first = text_width(title, size, bold) + (pill_width(pill) + 8 if pill else 0)
    widest = max([first, *(text_width(line, SMALL_SIZE) for line in shown)])
    flags = sum(flag_width(flag) + 4 for flag in empty.flags) + 16 if empty.flags else 0
    return Box(
        node=node,
        x=0,
        y=0,
        width=round(max(70 if compact else 96, widest + beside, flags)),
        height=28 if compact else 64 if len(shown) > 1 else 44,
        title=title,
        lines=shown,
        pill=pill,
        flags=empty.flags,
        compact=compact,
        focus=focus,
    )


def _title(node: LineageNode) -> str:
    """The name people search for: of a key its leaf."""
    label = plain(node.label)
    leaf = label.rstrip("/").rpartition("/")[2] if node.kind == "keyed" else label
    return leaf or label or plain(node.type_name) or f"{node.kind} …{plain(node.id)[-4:]}"


def _words(node: LineageNode) -> tuple[str, str]:
    """The first and the second line."""
    kind, title, label = node.kind, _title(node), plain(node.label)
    folder = label[: -len(title)] if kind == "keyed" and label.endswith(f"/{title}") else ""
    type_name = plain(node.type_name) if node.type_name != title else ""
    if kind == "model" and node.version is not None:
        type_name = f"{type_name or 'version'} v{node.version}".replace("version v", "version ")
    detail = plain(node.detail) or (f"{node.count:,} alike" if kind == "many" else "")
    parts = [detail, type_name] if kind in RAN or kind == "many" else [folder, type_name, detail]
    if kind == "trace":
        parts.append("not kept")
    return title, " · ".join(part for part in parts if part) or kind


def _pill(node: LineageNode, compact: bool) -> str:
    if node.kind != "keyed" or node.version is None or (compact and node.latest):
        return ""
    return f"v{node.version}" if node.latest else f"v{node.version} older"


def _flags(node: LineageNode) -> tuple[Flag, ...]:
    words = [fit(plain(word), 110, SMALL_SIZE) for word in state_words(node.status, node.badges)]
    if len(words) > _MAX_FLAGS:
        words = [words[0], f"+{len(words) - 1}"]
    return tuple(flag_of(word) for word in words)
