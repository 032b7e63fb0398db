"""Pillow images as PNG, without loss in any mode.

A mode that PNG lacks or may change (CMYK, YCbCr, 32-bit numbers, palettes, ...) travels as one with as many bytes per
pixel. The mode, the palette and the ``info`` of the image stand in a private chunk and are put back.
"""

from __future__ import annotations

import hashlib
from typing import IO, Any

from artigraph.errors import SerializeError, UnserializableError
from artigraph.registry import load
from artigraph.serializer.base import Serializer
from artigraph.serializer.json import json_serializer

images = load("PIL.Image", "the image serializer", "pillow")
png = load("PIL.PngImagePlugin", "the image serializer", "pillow")
tiff = load("PIL.TiffImagePlugin", "the image serializer", "pillow")


class ImageSerializer(Serializer[Any]):
    """``PIL.Image.Image`` of one frame; an opened file comes back as a plain image with the same content.

    In ``info``, the rational numbers of TIFF become floats, and texts with a language (iTXt) plain ones.
    """

    name = "pil.png/1"
    types = (images.Image,)
    suffixes = (".png",)
    otypes = ("Image",)
    content_type = "image/png"

    def dump(self, value: Any, file: IO[bytes], /) -> None:
        chunks = png.PngInfo()
        chunks.add(_CHUNK, _notes(value))
        try:
            carrier = value
            if value.mode not in _NATIVE:
                carrier = images.frombytes(_CARRIERS[value.mode], value.size, value.tobytes())
            carrier.save(file, "PNG", pnginfo=chunks, transparency=None)  # that is in the notes
        except (OSError, SystemError, TypeError, ValueError) as error:
            raise UnserializableError("value", type(value).__qualname__, f"PNG says: {str(error)[:300]}") from error

    def load(self, file: IO[bytes], /) -> Any:
        try:
            opened = png.PngImageFile(file)
            opened.load()
            notes = next((data for name, data, *_ in opened.private_chunks if name == _CHUNK), None)
            return opened.copy() if notes is None else _restored(opened, json_serializer.deserialize(notes))
        except Exception as error:  # whatever hostile bytes provoke
            raise SerializeError(f"not an image in {self.name}: {str(error)[:300]}") from error

    def preview(self, value: Any, /) -> dict[str, Any] | None:
        """Mode and size."""
        return {"type": "Image", "text": f"{value.mode}, {value.width} × {value.height} pixels"}

    def content_digest(self, value: Any, /) -> bytes | None:
        """Over mode, size, palette, ``info`` and pixels: PNG may pack equal pixels in other ways."""
        whole = hashlib.sha256(_notes(value))
        whole.update(f"{value.size}".encode())
        whole.update(value.tobytes())
        return whole.digest()


class PictureSerializer(Serializer[Any]):
    """Image files of other formats, read by their suffix; to write an image, name a ``.png``."""

    name = "pil.file/1"
    suffixes = (".jpg", ".jpeg", ".gif", ".webp", ".bmp", ".tif", ".tiff")
    content_type = "image/*"

    def dump(self, value: Any, file: IO[bytes], /) -> None:
        raise UnserializableError("value", type(value).__qualname__, "images are written without loss, as .png")

    def load(self, file: IO[bytes], /) -> Any:
        try:
            with images.open(file) as opened:
                opened.load()
                return opened.copy()
        except Exception as error:  # whatever hostile bytes provoke
            raise SerializeError(f"not an image: {str(error)[:300]}") from error


def _notes(image: Any) -> bytes:
    """What is put back into the pixels that PNG gives back, as JSON.

    Raises:
        UnserializableError: no image, more than one frame, a mode without carrier, or an ``info`` that cannot be kept.
    """
    if not isinstance(image, images.Image):
        raise UnserializableError("value", type(image).__qualname__, "this is for Pillow images")
    if getattr(image, "n_frames", 1) > 1:
        raise UnserializableError("value", type(image).__qualname__, "it has several frames; save copies of them")
    if image.mode not in _NATIVE and image.mode not in _CARRIERS:
        raise UnserializableError("value", f"Image of mode {image.mode}", "convert it, say to RGB")
    try:
        image.load()  # which may add to info
        palette = image.palette and (image.palette.mode, bytes(image.getpalette(image.palette.mode)))
        return json_serializer.serialize({"mode": image.mode, "palette": palette, "info": _plain(image.info)})
    except (OSError, ValueError) as error:
        raise UnserializableError("value", type(image).__qualname__, f"it cannot be read: {error}") from error
    except UnserializableError as error:
        raise UnserializableError(
            error.path.replace("['info']", ".info"), error.type_name, "remove it there"
        ) from error


def _restored(opened: Any, notes: dict[str, Any]) -> Any:
    mode, palette = notes["mode"], notes["palette"]
    image = opened.copy() if mode == opened.mode else images.frombytes(mode, opened.size, opened.tobytes())
    if palette:
        image.putpalette(palette[1], palette[0])
    image.info = notes["info"]
    return image


def _plain(value: Any) -> Any:
    if type(value) is dict:
        return {key: _plain(each) for key, each in value.items()}
    if type(value) in (list, tuple):
        return type(value)(map(_plain, value))
    if isinstance(value, tiff.IFDRational):
        return float(value)
    return str(value) if isinstance(value, png.iTXt) else value


_CHUNK = b"arTg"
"""By its letters: not critical, private, safe to copy."""
_NATIVE = frozenset({"1", "L", "LA", "RGB", "RGBA"})
_CARRIERS = {
    **dict.fromkeys(("CMYK", "F", "I", "RGBX", "RGBa"), "RGBA"),
    **dict.fromkeys(("HSV", "LAB", "YCbCr"), "RGB"),
    "P": "L",
    **dict.fromkeys(("I;16", "I;16B", "I;16L", "La", "PA"), "LA"),
}

picture_serializer = PictureSerializer().register()
image_serializer = ImageSerializer().register()
