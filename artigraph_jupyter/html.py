"""The only file that makes HTML: text is escaped here and nowhere else, and only known tags and attributes pass.

>>> tag("b", "a < b", title="it's")
'<b title="it&#x27;s">a &lt; b</b>'
"""

from __future__ import annotations

import html
import re
from collections.abc import Iterable

__all__ = ["Html", "is_picture", "join", "style_tag", "tag", "text"]


class Html(str):
    """Text that is finished HTML. Only this file makes one; whatever is not Html gets escaped."""

    __slots__ = ()


def tag(name: str, *children: object, **attributes: object) -> Html:
    """One element.

    Args:
        name: one of the known tags.
        children: Html as it is, any other str escaped, None left out, a list or tuple one by one.
        attributes: ``data_tone="bad"`` is written ``data-tone="bad"``, ``class_`` is ``class``; True is a bare
            attribute, None and False are left out.

    Raises:
        ValueError: the tag or an attribute is not a known one, or a style is more than plain declarations.
    """
    if name not in _TAGS:
        raise ValueError(f"<{name}> is not a tag that our views use")
    opened = name + "".join(_attribute(key, value) for key, value in attributes.items())
    return Html(f"<{opened}/>" if name in _EMPTY else f"<{opened}>{join(children)}</{name}>")


def join(children: Iterable[object]) -> Html:
    """Children next to one another, escaped where they are not Html.

    >>> join([tag("b", "1"), " < 2", None, [" 3"]])
    '<b>1</b> &lt; 2 3'
    """
    return Html("".join(map(_child, children)))


def text(value: object, limit: int) -> str:
    """Any value as plain text of bounded length; what was cut off is counted. Not escaped: `tag` does that.

    Args:
        value: its ``str``; a value whose ``str`` fails is named by its type.
        limit: characters to keep.

    >>> text("x" * 1200, 5)
    'xxxxx… 1,195 more characters'
    """
    try:
        shown = str(value)
    except Exception as error:  # noqa: BLE001  # display goes on whatever a value does
        shown = f"<{type(value).__name__}: {type(error).__name__} while it was shown>"
    more = len(shown) - limit
    shown = _UNPRINTABLE.sub("\ufffd", shown[:limit])
    return shown if more <= 0 else f"{shown}… {more:,} more characters"


def is_picture(address: object) -> bool:
    """Whether this is the ``data:`` address of a PNG or JPEG, the only one that an ``img`` may have.

    >>> is_picture("data:image/png;base64,iVBORw=="), is_picture("data:image/svg+xml;base64,PHN2Zz4=")
    (True, False)
    """
    return isinstance(address, str) and _PICTURE.fullmatch(address) is not None


def style_tag(css: str) -> Html:
    """A ``<style>`` element around a stylesheet of ours.

    Raises:
        ValueError: the stylesheet would end the element.
    """
    if "<" in css:
        raise ValueError("a stylesheet cannot contain '<'")
    return Html(f"<style>{css}</style>")


_EMPTY = frozenset({"br", "img", "path", "rect"})
_TAGS = _EMPTY | frozenset(
    "a b button code dd details div dl dt h3 h4 i li ol p pre section span summary svg table tbody td th thead tr "
    "ul".split()
)
_ATTRIBUTES = frozenset(
    "alt class colspan d fill height href id open role rowspan scope src style tabindex title type viewBox width "
    "x y".split()
)
_PREFIXES = ("aria-", "data-")
_NAME = re.compile(r"[a-zA-Z]+(-[a-zA-Z0-9]+)*")
_HREF = re.compile(r"(?:#|https?://)[^\s\"'<>]*")
_PICTURE = re.compile(r"data:image/(?:png|jpeg);base64,[A-Za-z0-9+/]+={0,2}")
_STYLE = re.compile(r"[\w\s:;.,%#-]*")
_UNPRINTABLE = re.compile("[\x00-\x08\x0b-\x1f\x7f-\x9f\u200e\u200f\u202a-\u202e\u2066-\u2069\ufeff\ud800-\udfff]")
"""Control characters, marks that turn the reading direction around, and halves of characters: none can be shown."""


def _child(child: object) -> str:
    if child is None:
        return ""
    if isinstance(child, Html):
        return child
    if isinstance(child, list | tuple):
        return join(child)
    return html.escape(_UNPRINTABLE.sub("\ufffd", str(child)))


def _attribute(key: str, value: object) -> str:
    name = key.rstrip("_").replace("_", "-")
    if not (_NAME.fullmatch(name) and (name in _ATTRIBUTES or name.startswith(_PREFIXES))):
        raise ValueError(f"{name} is not an attribute that our views use")
    if value is None or value is False:
        return ""
    if value is True:
        return f" {name}"
    allowed = {"href": _HREF, "src": _PICTURE, "style": _STYLE}.get(name)
    if allowed and not allowed.fullmatch(str(value)):
        raise ValueError(f"{value!r} is not a plain {name}")
    return f' {name}="{_child(str(value))}"'
