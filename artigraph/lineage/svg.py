"""The static picture: one SVG that stands alone, without scripts, links or anything to fetch."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from hashlib import blake2b

from artigraph.lineage.box import FLAG_HEIGHT, FLAG_RISE, STUB_WIDTH, Box, flag_width, pill_width
from artigraph.lineage.escape import xml
from artigraph.lineage.icons import DASHED, KIND_ICONS, RAN, SOLID, Flag, is_dashed
from artigraph.lineage.layout import Frame, Scene, Stub, lay_out
from artigraph.lineage.picture import LineageNode, Picture, nearest
from artigraph.lineage.route import Path
from artigraph.lineage.style import Theme, style_sheet
from artigraph.lineage.width import text_width

MAX_NODES, MAX_EDGES, MAX_BYTES = 60, 300, 150_000
"""What one picture may hold; the rest is counted."""

_FOOT, _NARROWEST = 24, 0.75


def render_svg(picture: Picture, theme: Theme = "auto", compact: bool | None = None) -> str:
    """SVG text of the nodes nearest to the focus.

    Args:
        picture: of any size.
        theme: ``auto`` is light, and dark inside a page that says it is dark; ``light`` and ``dark`` are fixed.
        compact: one line per node; None decides by size.

    Raises:
        MissingLibraryError: neither the program ``dot`` nor the library igraph is there.
    """
    count = MAX_NODES
    while True:
        small = nearest(picture, count, MAX_EDGES)
        text = draw_svg(lay_out(small, compact), small, theme)
        if len(text.encode()) <= MAX_BYTES or count == 1:
            return text
        count //= 2


def draw_svg(scene: Scene, picture: Picture, theme: Theme = "auto", live: bool = False) -> str:
    """SVG text of a scene that is already laid out.

    Args:
        scene: what to draw.
        picture: what it was laid out from.
        theme: as in ``render_svg``.
        live: for a page that answers the pointer: lines and ``+N`` say what they belong to, tooltips and the line below
            are left to the page, and the size is fixed.
    """
    body = "\n".join(_body(scene, live))
    foot = "" if live else picture.omissions if picture.nodes else "no nodes"
    width = max(scene.width, min(text_width(foot, 11) + 32, 720)) if foot else scene.width
    height = scene.height + (_FOOT if foot else 0)
    scope = "ag-" + blake2b(f"{theme}{body}{foot}".encode(), digest_size=5).hexdigest()
    centre = picture.centre
    name = f"Lineage of {xml(centre.label or centre.kind)}" if centre else "Lineage"
    about = f"{name}: {len(picture.nodes)} node{'s' * (len(picture.nodes) != 1)}"
    if picture.omissions:
        about += f"; {xml(picture.omissions)}"
    w, h = _px(width), _px(height)
    look = "" if live else f' style="max-width:100%;min-width:{_px(width * _NARROWEST)}px;height:auto"'
    title = "" if live else f"<title>{about}</title>\n"
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" id="{scope}" role="img" aria-label="{about}" '
        f'width="{w}" height="{h}" viewBox="0 0 {w} {h}"{look}>\n'
        f"{title}<style>\n{style_sheet(scope, theme)}\n</style>\n"
        f'<rect class="ground" width="{w}" height="{h}" rx="3"/>\n{body}\n'
        + (f'<text x="12" y="{_px(height - 9)}">{xml(foot, 400)}</text>\n' if foot else "")
        + "</svg>"
    )


def outline(box: Box) -> str:
    """SVG path data of a box's outline: ends that lead somewhere for what ran, square corners for what is."""
    x, y, w, h = box.x, box.y, box.width, box.height
    if box.node.kind == "run":
        point = 8 if box.compact else 10
        right = f"H{_px(x + w - point)}l{point} {_px(h / 2)}l-{point} {_px(h / 2)}"
        return f"M{_px(x + point)} {_px(y)}{right}H{_px(x + point)}l-{point} {_px(-h / 2)}z"
    r = h / 2 if box.node.kind == "span" else 3
    a = f"a{_px(r)} {_px(r)} 0 0 1"
    return (
        f"M{_px(x + r)} {_px(y)}H{_px(x + w - r)}{a} {_px(r)} {_px(r)}v{_px(h - 2 * r)}{a} {_px(-r)} {_px(r)}"
        f"H{_px(x + r)}{a} {_px(-r)} {_px(-r)}v{_px(2 * r - h)}{a} {_px(r)} {_px(-r)}z"
    )


def _body(scene: Scene, live: bool) -> Iterator[str]:
    boxes = {box.node.id: box for box in scene.boxes}
    for frame in scene.frames:
        yield from _frame(frame)
    for path in scene.paths:
        yield from _owned(path, _path(path)) if live else _path(path)
    for box in scene.boxes:
        yield from _box(box)
    for stub in scene.stubs:
        yield from _stub(stub, boxes[stub.node_id], live)
    for path in scene.paths:
        if path.label:
            yield from _owned(path, [_label(path)]) if live else [_label(path)]


def _owned(path: Path, parts: Iterable[str]) -> Iterator[str]:
    """The parts of a line in one group that names both its ends."""
    yield f'<g class="link" data-source="{xml(path.edge.source)}" data-target="{xml(path.edge.target)}">'
    yield from parts
    yield "</g>"


def _box(box: Box) -> Iterator[str]:
    node, x, y = box.node, box.x, box.y
    marks = ["node"]
    marks += ["ran"] * (node.kind in RAN)
    marks += ["dash"] * is_dashed(node.kind, node.status, node.badges)
    marks += ["focus"] * box.focus
    yield f'<g class="{" ".join(marks)}" data-node-id="{xml(node.id)}"><title>{_tooltip(node)}</title>'
    for shift in range(box.stack, 0, -3 if not box.compact else -4):
        yield (
            f'<rect class="back" x="{_px(x + shift)}" y="{_px(y + shift)}" width="{_px(box.width)}" '
            f'height="{_px(box.height)}" rx="3"/>'
        )
    shape = outline(box)
    if box.focus:
        yield f'<path class="halo" d="{shape}"/>'
    yield f'<path class="shape" d="{shape}"/>'
    left = x + box.text_x
    size = 14 if box.compact else 16
    top = box.middle - 7 if box.compact else y + 14
    yield _icon(KIND_ICONS.get(node.kind, KIND_ICONS["artifact"]), left - (20 if box.compact else 25), top, size / 16)
    base = box.middle + 4 if box.compact else y + 19
    yield f'<text class="name{" c" * box.compact}" x="{_px(left)}" y="{_px(base)}">{xml(box.title)}</text>'
    for number, line in enumerate(box.lines):
        told = ' class="told"' if number else ""
        yield f'<text{told} x="{_px(left)}" y="{_px(y + 35 + 17 * number)}">{xml(line)}</text>'
    if box.pill:
        yield _pill(box)
    right = x + box.width - 10
    for flag in reversed(box.flags):
        yield _flag(flag, right - flag_width(flag), y - FLAG_RISE)
        right -= flag_width(flag) + 4
    yield "</g>"


def _pill(box: Box) -> str:
    width = pill_width(box.pill)
    x = box.x + box.width - width - 8
    y = box.middle - 8 if box.compact else box.y + 7
    return (
        f'<g class="{"latest" if box.node.latest else "old"}">'
        f'<rect class="pill" x="{_px(x)}" y="{_px(y)}" width="{_px(width)}" height="16" rx="3"/>'
        f'<text class="pillt" x="{_px(x + width / 2)}" y="{_px(y + 12)}" text-anchor="middle">{xml(box.pill)}</text>'
        "</g>"
    )


def _flag(flag: Flag, x: float, y: float) -> str:
    icon = _icon(flag.icon, x + 7, y + 3.5, 0.7) if flag.icon else ""
    return (
        f'<g class="flag {flag.tone}"><rect x="{_px(x)}" y="{_px(y)}" width="{_px(flag_width(flag))}" '
        f'height="{FLAG_HEIGHT}" rx="9"/>{icon}'
        f'<text x="{_px(x + (21 if flag.icon else 9))}" y="{_px(y + 13)}">{xml(flag.word)}</text></g>'
    )


def _icon(data: str, x: float, y: float, scale: float) -> str:
    solid = " solid" if data in SOLID else ""
    dashed = ' stroke-dasharray="2.4 2.2"' if data in DASHED else ""
    place = f"translate({_px(x)} {_px(y)})" + (f" scale({scale:g})" if scale != 1 else "")
    return f'<path class="icon{solid}"{dashed} transform="{place}" d="{data}"/>'


def _path(path: Path) -> Iterator[str]:
    x, y = path.tip
    kind = path.edge.kind if path.edge.kind in ("child", "user", "field") else ""
    yield f'<path class="edge{" " * bool(kind)}{kind}" d="{path.d}"/>'
    if kind == "child":
        start_x, start_y = map(float, path.d[1:].split("H")[0].split("C")[0].split())
        yield f'<circle class="hole" cx="{_px(start_x + 4)}" cy="{_px(start_y)}" r="3.5"/>'
    yield f'<path class="tip" d="M{_px(x)} {_px(y)}l-8-4.5v9z"/>'


def _label(path: Path) -> str:
    x, y = path.label_at
    words = xml(path.label).replace("≠", '<tspan class="changed">≠</tspan>')
    return f'<text class="role" x="{_px(x)}" y="{_px(y + 4)}" text-anchor="middle">{words}</text>'


def _frame(frame: Frame) -> Iterator[str]:
    x, y = frame.x, frame.y
    focus = " focus" if frame.focus else ""
    width = text_width(frame.title, 11) + 27
    yield f'<g class="node{focus}" data-node-id="{xml(frame.node.id)}"><title>{_tooltip(frame.node)}</title>'
    yield (
        f'<rect class="frame{focus}" x="{_px(x)}" y="{_px(y)}" width="{_px(frame.width)}" '
        f'height="{_px(frame.height)}" rx="8"/>'
    )
    yield f'<rect class="ground" x="{_px(x + 10)}" y="{_px(y - 7)}" width="{_px(width)}" height="14"/>'
    yield _icon(KIND_ICONS.get(frame.node.kind, KIND_ICONS["span"]), x + 14, y - 6, 0.75)
    yield f'<text class="framet" x="{_px(x + 31)}" y="{_px(y + 4)}">{xml(frame.title)}</text>'
    left = x + 10 + width + 4
    for flag in frame.flags:
        yield _flag(flag, left, y - FLAG_HEIGHT / 2)
        left += flag_width(flag) + 4
    yield "</g>"


def _stub(stub: Stub, box: Box, live: bool) -> Iterator[str]:
    x, y = stub.x - STUB_WIDTH / 2, stub.y - 9
    if stub.below:
        start = f"M{_px(stub.x)} {_px(box.y + box.height + box.stack)}V{_px(y)}"
    elif stub.side == "upstream":
        start = f"M{_px(x + STUB_WIDTH)} {_px(stub.y)}H{_px(box.x)}"
    else:
        start = f"M{_px(box.x + box.width + box.stack)} {_px(stub.y)}H{_px(x)}"
    count = f"+{stub.count}" if stub.count < 100 else "99+"
    owner = f' data-of="{xml(stub.node_id)}" data-side="{stub.side}"' if live else ""
    yield f'<g class="more"{owner}><title>{stub.count:,} more {stub.side}</title><path d="{start}"/>'
    yield f'<rect x="{_px(x)}" y="{_px(y)}" width="{STUB_WIDTH}" height="18" rx="9"/>'
    yield f'<text x="{_px(stub.x)}" y="{_px(stub.y + 4)}" text-anchor="middle">{count}</text></g>'


def _tooltip(node: LineageNode) -> str:
    """The whole name and what else there is to say, since the picture may cut it."""
    version = f"v{node.version}" if node.version is not None else ""
    facts = (node.kind, node.label, version, node.type_name, node.detail, node.status, *node.badges)
    return xml(" · ".join(str(fact) for fact in facts if fact))


def _px(value: float) -> str:
    return f"{value:.1f}".removesuffix(".0")
