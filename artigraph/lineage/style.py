"""The style sheet of a static picture: light values, and dark ones where the host says so by an explicit mark."""

from __future__ import annotations

from typing import Literal

Theme = Literal["auto", "light", "dark"]

_LIGHT = {
    "surface": "#fff",
    "raised": "#fff",
    "ink": "#212121",
    "accent": "#0d47a1",
    "ink-2": "#5a6068",
    "outline": "#7d848e",
    "process": "#eef3fa",
    "good": "#0b6b50",
    "good-bg": "#e2f3ec",
    "bad": "#a50e3a",
    "bad-bg": "#fdebef",
    "caution": "#855000",
    "caution-bg": "#fcf0d9",
    "active": "#0d56a8",
    "active-bg": "#e6f0fd",
}
_DARK = {
    "surface": "#111",
    "raised": "#212121",
    "ink": "#e8eaed",
    "accent": "#64b5f6",
    "ink-2": "#a9afb8",
    "outline": "#8a919c",
    "process": "#1b2a3b",
    "good": "#6fe0bd",
    "good-bg": "#12332a",
    "bad": "#ff8094",
    "bad-bg": "#461a25",
    "caution": "#f0b94f",
    "caution-bg": "#3a2b0e",
    "active": "#8fbfff",
    "active-bg": "#173154",
}
_HOST = {
    "surface": "--jp-layout-color0,var(--vscode-editor-background,{})",
    "raised": "--jp-layout-color1,var(--vscode-editorWidget-background,{})",
    "ink": "--jp-content-font-color1,var(--vscode-foreground,{})",
    "accent": "--jp-content-link-color,var(--vscode-textLink-foreground,{})",
}
_DARK_MARKS = (
    'body[data-jp-theme-light="false"]',
    '[data-theme="dark"]',
    ".vscode-dark",
    ".vscode-high-contrast",
)
_PLAIN_FONT = 'system-ui,-apple-system,"Segoe UI",Roboto,"Helvetica Neue",Arial,sans-serif'
_HOST_FONT = f"var(--jp-ui-font-family,var(--vscode-font-family,{_PLAIN_FONT}))"

# Each rule once, with @name for a colour.
_RULES = """
text{font:400 11px FONT;fill:@ink-2;font-variant-numeric:tabular-nums}
.ground{fill:@surface}
.shape,.back{fill:@raised;stroke:@outline;stroke-width:1.25;stroke-linejoin:round}
.ran .shape{fill:@process}
.dash .shape{stroke-dasharray:4 3}
.focus .shape{stroke:@accent;stroke-width:2}
.halo{fill:none;stroke:@accent;stroke-opacity:.22;stroke-width:6;stroke-linejoin:round}
.icon{fill:none;stroke:@ink-2;stroke-width:1.5;stroke-linecap:round;stroke-linejoin:round}
.icon.solid{fill:@ink-2}
.focus .icon{stroke:@accent}
.focus .icon.solid{fill:@accent}
.name{font-weight:600;font-size:13px;fill:@ink}
.name.c{font-weight:500;font-size:12px}
.told{fill:@ink}
.edge{fill:none;stroke:@outline;stroke-width:1.5}
.edge.child{stroke-dasharray:4 4}
.edge.user{stroke-dasharray:1.5 3;stroke-linecap:round}
.tip{fill:@outline}
.hole{fill:@surface;stroke:@outline;stroke-width:1.25}
.role{paint-order:stroke;stroke:@surface;stroke-width:5px;stroke-linejoin:round}
.changed{fill:@caution;font-weight:600}
.pill{fill:@raised;stroke:@outline}
.pillt{font-weight:500;fill:@ink}
.old .pill{fill:@caution-bg;stroke:@caution}
.old .pillt{fill:@caution}
.flag{font-weight:500}
.flag rect{fill:@surface;stroke:@outline}
.flag text{font-weight:500}
.flag.none path{stroke:@ink-2}
.flag path{stroke-width:2;stroke-linecap:round;stroke-linejoin:round}
.more rect{fill:@surface;stroke:@outline;stroke-width:1.25}
.more text{font-weight:600}
.more path{stroke:@outline;stroke-width:1.5;stroke-dasharray:2 3}
.frame{fill:none;stroke:@outline;stroke-dasharray:4 4}
.frame.focus{stroke:@accent;stroke-width:1.5}
.framet{font-weight:500}
.focus .framet{fill:@accent}
"""
_TONES = "".join(
    f".flag.{tone} rect{{fill:@{tone}-bg;stroke:@{tone}}}\n.flag.{tone} text{{fill:@{tone}}}\n"
    f".flag.{tone} path{{stroke:@{tone}}}\n.flag.{tone} .solid{{fill:@{tone}}}\n"
    for tone in ("good", "bad", "caution", "active")
)


def style_sheet(scope: str, theme: Theme) -> str:
    """CSS whose every rule is under ``#scope``; ``light`` and ``dark`` are fixed values that need no variables."""
    rules = [f"#{scope} {line}" for line in (_RULES + _TONES).strip().splitlines()]
    text = "\n".join(rules).replace(", .", f",#{scope} .").replace(",.back", f",#{scope} .back")
    if theme != "auto":
        for name, value in sorted((_LIGHT if theme == "light" else _DARK).items(), reverse=True):
            text = text.replace(f"@{name}", value)
        return text.replace("FONT", _PLAIN_FONT)
    for name in sorted(_LIGHT, reverse=True):
        text = text.replace(f"@{name}", f"var(--ag-{name})")
    dark = ",".join(f"{mark} #{scope}" for mark in _DARK_MARKS)
    alone = f"@media (prefers-color-scheme:dark){{#{scope}:root{{{_values(_DARK)}}}}}"  # in an <img>, as Lab draws it
    return f"#{scope}{{{_values(_LIGHT)}}}\n{dark}{{{_values(_DARK)}}}\n{alone}\n{text}".replace("FONT", _HOST_FONT)


def _values(palette: dict[str, str]) -> str:
    """Declarations of the colours; where the host has its own, ours are what is used without one."""
    return ";".join(
        f"--ag-{name}:" + (f"var({_HOST[name].format(value)})" if name in _HOST else value)
        for name, value in palette.items()
    )
