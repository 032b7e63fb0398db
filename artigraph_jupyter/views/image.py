"""Images as small pictures: a ``data:`` address of PNG or JPEG. What is too big for that is told in text.

Pillow scales them down and writes them anew, so that only pixels reach the page. Without it a PNG or JPEG that is small
enough goes as it is. SVG is never shown: it is a document that can hold scripts.
"""

from __future__ import annotations

import base64
import io
from typing import Any

from artigraph.errors import MissingLibraryError
from artigraph.registry import current_registry, load
from artigraph_jupyter.views.look import Look, Stored
from artigraph_jupyter.views.quantity import size_text

TYPES = frozenset({"image/png", "image/jpeg", "image/gif", "image/webp"})

READS = 4_000_000
"""Bytes up to which an image is read."""

PIXELS = 2_100_000
"""Pixels up to which it is decoded; of a JPEG, which is decoded at the size it is wanted in, sixteen times as many."""

SIZES = ((320, 240), (160, 120))
"""Pixels, wide and high, that a picture fits into; the first that leads to few enough bytes is taken."""

LIMIT = 27_000
"""Bytes of a picture: with a third more for base64 it leaves a card of 50 KB room for its words."""

_MAGIC = {b"\x89PNG\r\n\x1a\n": "png", b"\xff\xd8\xff": "jpeg"}


def _shows(stored: Stored) -> bool:
    return stored.content_type in TYPES


def _make(stored: Stored, data: bytes | None) -> dict[str, Any]:
    said = stored.preview.get("text") or stored.content_type.removeprefix("image/").upper()
    picture = _picture(data) if data is not None else None
    if picture is None:
        return {"type": "Image", "text": f"{said}, {size_text(stored.size)}"}
    kind, small = picture
    address = f"data:image/{kind};base64,{base64.b64encode(small).decode('ascii')}"
    return {"type": "Image", "text": said, "image": address}


def _picture(data: bytes) -> tuple[str, bytes] | None:
    """Kind and bytes of a small picture; None when there can be none."""
    try:
        pillow = load("PIL.Image", "small pictures", "pillow")
    except MissingLibraryError:
        kind = next((kind for start, kind in _MAGIC.items() if data.startswith(start)), None)
        return (kind, data) if kind is not None and len(data) <= LIMIT else None
    image = _decoded(pillow, data)
    for size in SIZES if image is not None else ():
        image.thumbnail(size)
        for kind in ("png", "jpeg"):
            shown = image if kind == "png" else _opaque(pillow, image)
            file = io.BytesIO()
            shown.save(file, kind)
            if file.tell() <= LIMIT:
                return kind, file.getvalue()
    return None


def _decoded(pillow: Any, data: bytes) -> Any:
    """An image of mode L, RGB or RGBA and nothing but pixels; None for one with too many of them."""
    with pillow.open(io.BytesIO(data), formats=("PNG", "JPEG", "GIF", "WEBP")) as opened:
        width, height = opened.size
        if width * height > PIXELS * (16 if opened.format == "JPEG" else 1):
            return None
        if opened.format == "PNG":  # it may be one of ours, in which another mode stands
            image = current_registry().serializer_named("pil.png/1").deserialize(data)
        else:
            opened.draft("RGB", SIZES[0])
            image = load("PIL.ImageOps", "small pictures", "pillow").exif_transpose(opened)
    if image.mode == "F" or image.mode.startswith("I"):  # numbers without a range of their own
        low, high = image.getextrema()
        scale = 255 / (high - low) if high > low else 0
        numbers = image if image.mode == "F" else image.convert("I").convert("F")
        image = numbers.point(lambda value: value * scale - low * scale)
        image = image.convert("L")
    elif image.mode != "L":
        see_through = "transparency" in image.info or image.mode[-1] in "Aa"
        image = image.convert("RGBA" if see_through else "RGB")
    image.info = {}
    return image


def _opaque(pillow: Any, image: Any) -> Any:
    """The image on white."""
    if image.mode != "RGBA":
        return image
    ground = pillow.new("RGB", image.size, "white")
    ground.paste(image, mask=image)
    return ground


LOOK = Look(_shows, _make, READS)
