"""The stylesheet of the views: read once, and handed out in the parts that an output needs."""

from __future__ import annotations

import functools
import re
from importlib import resources

from artigraph_jupyter.html import Html, style_tag


def style(*parts: str) -> Html:
    """The ``<style>`` element with the core rules and these parts.

    Args:
        parts: names of ``/* part: name */`` sections of ``style.css``.

    Raises:
        KeyError: there is no such part.
    """
    sections = stylesheet()
    return style_tag("".join(sections[part] for part in ("core", *dict.fromkeys(parts))))


@functools.cache
def stylesheet() -> dict[str, str]:
    """The minified rules of each part, in the order of the file."""
    source = resources.files("artigraph_jupyter").joinpath("style.css").read_text("utf-8")
    _, *pieces = re.split(r"/\* part: (\w+)[^*]*\*/", source)
    return {name: _minified(css) for name, css in zip(pieces[::2], pieces[1::2], strict=True)}


def _minified(css: str) -> str:
    css = re.sub(r"/\*.*?\*/", "", css, flags=re.DOTALL)
    css = re.sub(r"\s+", " ", css)
    return re.sub(r" ?([{};,>]) ?", r"\1", css).replace(": ", ":").replace(";}", "}").strip()
