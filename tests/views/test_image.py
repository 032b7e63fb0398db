"""Images as small pictures: bounded, only pixels, never SVG, never an error; without Pillow as they are, or in text."""

from __future__ import annotations

import base64
import io
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from random import Random
from typing import Any

import pytest
from PIL import Image, PngImagePlugin

import artigraph as ag
from artigraph.bridge import block
from artigraph.graph.engine import current_database
from artigraph_jupyter.content import shown_content
from artigraph_jupyter.show import RENDERERS
from artigraph_jupyter.views import image as view
from artigraph_jupyter.views.card import HTML_LIMIT
from artigraph_jupyter.views.look import Stored, look_at
from tests.stores import blobs, file_store

__all__ = ["file_store"]

NOISE = Image.frombytes("RGB", (900, 600), Random(0).randbytes(900 * 600 * 3))
RED = Image.new("RGB", (640, 480), "red")


def shown(artifact: ag.Artifact) -> Any:
    return block(shown_content, current_database(), artifact.id, None)


def picture_in(look: Any) -> Image.Image:
    start, _, data = look["image"].partition(";base64,")
    assert start in ("data:image/png", "data:image/jpeg")
    assert len(look["image"]) < 50_000
    return Image.open(io.BytesIO(base64.b64decode(data)))


def html_of(artifact: ag.Artifact) -> str:
    return RENDERERS[ag.Artifact](artifact)[0]


@contextmanager
def without_blob(store: Path) -> Iterator[None]:
    (blob,) = blobs(store)
    away = blob.rename(store.parent / "away")
    yield
    away.rename(blob)


@pytest.mark.parametrize("key", [None, "red.png"], ids=["value", "key"])
def test_a_saved_image_is_a_small_picture_in_its_card(file_store: Path, key: str | None) -> None:
    artifact = ag.Artifact(value=RED, key=key, label="red").save()
    html = html_of(artifact)
    assert '<img src="data:image/png;base64,' in html
    assert len(html.encode()) <= HTML_LIMIT
    small = picture_in(shown(artifact))
    assert (small.size, small.convert("RGB").getpixel((9, 9))) == ((320, 240), (255, 0, 0))


@pytest.mark.parametrize("suffix", ["jpg", "jpeg", "png", "gif", "webp"])
def test_an_image_file_is_a_small_picture(file_store: Path, tmp_path: Path, suffix: str) -> None:
    RED.save(tmp_path / f"red.{suffix}")
    artifact = ag.Artifact(tmp_path / f"red.{suffix}", key=f"red.{suffix}").save()
    assert "<img" in html_of(artifact)
    assert picture_in(shown(artifact)).size == (320, 240)


def test_a_picture_of_noise_is_made_to_fit(file_store: Path) -> None:
    artifact = ag.Artifact(value=NOISE, label="noise").save()
    html = html_of(artifact)
    assert "data:image/jpeg" in html
    assert len(html.encode()) <= HTML_LIMIT


@pytest.mark.parametrize("mode", ["1", "L", "LA", "P", "RGB", "RGBA", "CMYK", "YCbCr", "HSV", "I", "F", "I;16"])
def test_an_image_of_any_mode_is_shown_in_its_own_colours(file_store: Path, mode: str) -> None:
    image = Image.linear_gradient("L").convert("RGB").convert(mode) if mode != "I;16" else _sixteen_bits()
    small = picture_in(shown(ag.Artifact(value=image, label=mode).save())).convert("L")
    assert small.getpixel((5, 0)) < 20
    assert small.getpixel((5, small.height - 1)) > 235


def _sixteen_bits() -> Image.Image:
    rows = b"".join((row * 8).to_bytes(2, "little") * 256 for row in range(256))
    return Image.frombytes("I;16", (256, 256), rows)


def test_nothing_but_pixels_reaches_the_page(file_store: Path, tmp_path: Path) -> None:
    notes = PngImagePlugin.PngInfo()
    notes.add_text("comment", "a secret")
    RED.save(tmp_path / "red.png", pnginfo=notes)
    with (tmp_path / "red.png").open("ab") as file:
        file.write(b"<script>")
    look = shown(ag.Artifact(tmp_path / "red.png", key="red.png").save())
    small = base64.b64decode(look["image"].partition(",")[2])
    assert b"secret" not in small
    assert b"<script>" not in small


def test_a_big_image_is_told_and_not_read(file_store: Path) -> None:
    artifact = ag.Artifact(value=Image.new("L", (3000, 2000)), label="many pixels").save()
    assert shown(artifact) == {"type": "Image", "text": f"PNG, {artifact.size / 1000:.1f} KB"}
    noise = Image.frombytes("RGB", (1200, 1200), Random(0).randbytes(1200 * 1200 * 3))
    big = ag.Artifact(value=noise, key="big.png").save()
    assert big.size > view.READS
    with without_blob(file_store):  # nobody looks
        html = html_of(big)
    assert "RGB, 1200 × 1200 pixels, 4.3 MB" in html
    assert "<img" not in html


@pytest.mark.parametrize(
    "content", [b"", b"\x89PNG\r\n\x1a\nno", b"<svg onload='x()'/>", b"\xff\xd8\xff" * 99], ids=str
)
def test_what_is_no_image_is_shown_without_an_error(file_store: Path, tmp_path: Path, content: bytes) -> None:
    for suffix in ("png", "jpg"):
        (tmp_path / f"x.{suffix}").write_bytes(content)
        html = html_of(ag.Artifact(tmp_path / f"x.{suffix}", key=f"x.{suffix}").save())
        assert f"x.{suffix}" in html
        assert "<img" not in html


def test_an_image_whose_bytes_are_gone_shows_its_preview(file_store: Path) -> None:
    artifact = ag.Artifact(value=RED, key="red.png").save()
    with without_blob(file_store):
        html = html_of(artifact)
    assert "RGB, 640 × 480 pixels" in html
    assert "<img" not in html


def test_svg_is_never_shown(file_store: Path, tmp_path: Path) -> None:
    (tmp_path / "x.svg").write_text("<svg xmlns='http://www.w3.org/2000/svg' onload='x()'/>")
    artifact = ag.Artifact(tmp_path / "x.svg", key="x.svg").save()
    assert shown(artifact) is None
    assert "onload" not in html_of(artifact)
    assert look_at(Stored("image/svg+xml", {})) is None


def test_without_pillow_a_small_image_goes_as_it_is_and_a_bigger_one_is_told(
    file_store: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    RED.resize((40, 30)).save(tmp_path / "small.png")
    NOISE.save(tmp_path / "big.jpg", quality=95)
    (tmp_path / "none.png").write_text("<svg/>")
    kept = {name: ag.Artifact(tmp_path / name, key=name).save() for name in ("small.png", "big.jpg", "none.png")}
    monkeypatch.setitem(sys.modules, "PIL", None)
    monkeypatch.setitem(sys.modules, "PIL.Image", None)
    data = (tmp_path / "small.png").read_bytes()
    assert shown(kept["small.png"])["image"] == f"data:image/png;base64,{base64.b64encode(data).decode()}"
    assert shown(kept["big.jpg"])["text"].startswith("JPEG, ")
    assert "image" not in shown(kept["none.png"])
    monkeypatch.undo()
