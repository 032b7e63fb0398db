"""Images of every mode come back with their pixels, palette and info."""

from __future__ import annotations

import io
import subprocess
import sys

import pytest

import artigraph as ag
from artigraph.errors import UnserializableError
from artigraph.registry import Registry
from artigraph.testing import SerializerKit
from tests.stores import file_store

__all__ = ["file_store"]

Image = pytest.importorskip("PIL.Image")
PngInfo = pytest.importorskip("PIL.PngImagePlugin").PngInfo
from artigraph.serializer.pil import image_serializer  # noqa: E402

BYTES = bytes(range(256)) * 5
MODES = "1 L LA P PA RGB RGBA RGBa RGBX CMYK YCbCr LAB HSV I F I;16 I;16B I;16L La".split()


def image(mode, size=(16, 16)):
    """An image with many pixels, also outside of the palette."""
    length = len(Image.new(mode, size).tobytes())
    made = Image.frombytes(mode, size, BYTES[:length])
    made.info = {"dpi": (72.009, 1 / 3), "exif": b"\x00\xff", "comment": "ü"}
    return made


def colored(mode, count):
    made = image("P")
    made.putpalette(BYTES[: count * len(mode)], mode)
    made.info["transparency"] = b"\x00\x80"
    return made


def opened(form, made=None, **options):
    """An image as it comes from a file."""
    file = io.BytesIO()
    (made or image("RGB")).save(file, form, **options)
    return Image.open(file)


def with_texts():
    texts = PngInfo()
    texts.add_text("Author", "me")
    texts.add_itxt("Title", "ein Titel", lang="de")
    return opened("PNG", pnginfo=texts)


class TestImage(SerializerKit):
    serializer = image_serializer
    values = (
        *map(image, MODES),
        *(colored("RGB", 256), colored("RGB", 10), colored("RGBA", 10), image("RGB").quantize(7)),
        *(opened("PNG", dpi=(300, 300)), opened("JPEG", exif=b"Exif\x00\x00"), opened("TIFF", dpi=(72, 72))),
        *(opened("GIF"), opened("BMP"), with_texts(), image("RGB", (1, 1))),
    )
    refused = (
        image("L", (0, 3)),
        image("CMYK", (0, 0)),
        image("I;16N"),
        opened("GIF", save_all=True, append_images=[Image.new("RGB", (16, 16))]),
    )

    def equal(self, one, other):
        palettes = [each.palette and (each.palette.mode, each.getpalette(each.palette.mode)) for each in (one, other)]
        return (
            isinstance(one, Image.Image)
            and (one.mode, one.size, one.tobytes(), one.info) == (other.mode, other.size, other.tobytes(), other.info)
            and palettes[0] == palettes[1]
        )


def test_an_image_is_found_by_its_type_name_and_suffix():
    assert Registry().serializer_for(image("L")) is image_serializer
    assert Registry().serializer_for(opened("JPEG")) is image_serializer
    assert Registry().serializer_named("pil.png/1") is image_serializer
    assert Registry().serializer_for_suffix(".PNG") is image_serializer


def test_the_bytes_are_a_png_that_others_can_read():
    back = Image.open(io.BytesIO(image_serializer.serialize(image("RGB"))))
    assert (back.format, back.mode, back.tobytes()) == ("PNG", "RGB", image("RGB").tobytes())


def test_a_png_of_others_is_read_with_its_info():
    file = io.BytesIO()
    image("L").save(file, "PNG", dpi=(72, 72))
    back = image_serializer.deserialize(file.getvalue())
    assert back.tobytes() == image("L").tobytes()
    assert back.info["dpi"] == pytest.approx((72, 72), rel=0.01)


def test_an_info_that_cannot_be_kept_is_named():
    made = image("L")
    made.info["odd"] = object()
    with pytest.raises(UnserializableError, match=r"value.info\['odd'\] of type object; remove it"):
        image_serializer.serialize(made)


def test_a_file_that_breaks_off_is_refused():
    file = io.BytesIO()
    image("RGB", (20, 20)).save(file, "PNG")
    with pytest.raises(UnserializableError, match="cannot be read"):
        image_serializer.serialize(Image.open(io.BytesIO(file.getvalue()[:90])))


def test_the_preview_tells_mode_and_size():
    assert image_serializer.preview(image("L")) == {"type": "Image", "text": "L, 16 × 16 pixels"}


async def test_an_image_is_saved_and_loaded_without_naming_a_serializer(file_store):
    await ag.save(image("RGBA"), "picture")
    assert (await ag.load("picture")).tobytes() == image("RGBA").tobytes()


def test_without_pillow_the_error_says_what_to_install():
    program = "import sys; sys.modules['PIL'] = None; import artigraph.serializer.pil"
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, timeout=60, check=False)
    assert "MissingLibraryError: the image serializer needs PIL: pip install pillow" in done.stderr
