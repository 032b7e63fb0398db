"""HTML is made in one place: what is text stays text, and only known tags and attributes come out."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

import artigraph_jupyter
from artigraph_jupyter.html import Html, is_picture, join, style_tag, tag, text
from artigraph_jupyter.style import style, stylesheet


def test_text_is_escaped_and_html_is_not() -> None:
    assert tag("b", "<i>", tag("i", "a & b")) == "<b>&lt;i&gt;<i>a &amp; b</i></b>"


def test_text_that_is_no_str_is_escaped_as_well() -> None:
    class Sly:
        def __str__(self) -> str:
            return "<script>"

    assert tag("b", Sly(), 3, None, ["<", (tag("br"),)]) == "<b>&lt;script&gt;3&lt;<br/></b>"


def test_a_slice_or_sum_of_html_is_text_again() -> None:
    made = tag("b", "x")
    assert type(made) is Html
    assert join([made + ""]) == "&lt;b&gt;x&lt;/b&gt;"


def test_attributes_are_escaped_named_in_html_and_left_out_when_empty() -> None:
    made = tag("span", "x", class_="a", data_tone='"bad', aria_hidden="true", title=None, open=True)
    assert made == '<span class="a" data-tone="&quot;bad" aria-hidden="true" open>x</span>'


def test_finished_html_in_an_attribute_is_escaped() -> None:
    assert tag("span", title=tag("b")) == '<span title="&lt;b&gt;&lt;/b&gt;"></span>'


@pytest.mark.parametrize("name", ["script", "iframe", "style", "image", "object", "form", "b onclick=x", "", "B"])
def test_other_tags_are_refused(name: str) -> None:
    with pytest.raises(ValueError, match="not a tag"):
        tag(name)


@pytest.mark.parametrize("name", ["onclick", "onerror", "srcset", "srcdoc", "formaction", "aria-x y", "data-", "x>"])
def test_other_attributes_are_refused(name: str) -> None:
    with pytest.raises(ValueError, match="not an attribute"):
        tag("b", **{name: "x"})


@pytest.mark.parametrize(
    "src",
    [
        "x.png",
        "https://example.org/x.png",
        "javascript:x",
        "data:text/html;base64,AAAA",
        "data:image/svg+xml;base64,PHN2Zy8+",
        "data:image/png,x",
        "data:image/png;base64,AAAA\n",
        " data:image/png;base64,AAAA",
    ],
)
def test_a_picture_is_a_png_or_jpeg_that_comes_with_the_page(src: str) -> None:
    with pytest.raises(ValueError, match="not a plain src"):
        tag("img", src=src)
    assert not is_picture(src)
    assert tag("img", src="data:image/png;base64,AA==", alt="") == '<img src="data:image/png;base64,AA==" alt=""/>'


@pytest.mark.parametrize("href", ["javascript:x", " javascript:x", "JAVASCRIPT:x", "data:text/html,x", "//x", "#a b"])
def test_a_link_leads_to_a_place_on_the_page_or_the_web(href: str) -> None:
    with pytest.raises(ValueError, match="not a plain href"):
        tag("a", "x", href=href)
    assert tag("a", "x", href="#top") == '<a href="#top">x</a>'


@pytest.mark.parametrize("css", ["background:url(x)", "a:expression(1)", "x:\\75rl(1)", "a:'b'", "}b{c:d", "@import x"])
def test_a_style_is_plain_declarations(css: str) -> None:
    with pytest.raises(ValueError, match="not a plain style"):
        tag("i", style=css)
    assert tag("i", style="left:1.5%;--lvl:2") == '<i style="left:1.5%;--lvl:2"></i>'


def test_characters_that_cannot_be_shown_are_replaced() -> None:
    shown = tag("b", "a\x00b\x1b[31m\u202ec\ud800d\ne\tf")
    assert shown == "<b>a\ufffdb\ufffd[31m\ufffdc\ufffdd\ne\tf</b>"
    shown.encode("utf-8")


def test_a_long_text_is_cut_and_says_how_much() -> None:
    assert text("abc", 3) == "abc"
    assert text("x" * 10_003, 3) == "xxx… 10,000 more characters"


def test_a_value_that_cannot_be_shown_is_named_by_its_type() -> None:
    class Rude:
        def __str__(self) -> str:
            raise ZeroDivisionError

    assert text(Rude(), 100) == "<Rude: ZeroDivisionError while it was shown>"


def test_a_stylesheet_cannot_end_its_element() -> None:
    with pytest.raises(ValueError, match="<"):
        style_tag("a{}</style><script>")


def test_the_stylesheet_is_small_and_every_rule_is_ours() -> None:
    sizes = {name: len(css) for name, css in stylesheet().items()}
    assert sizes["core"] < 7_000
    assert sum(sizes.values()) < 12_000
    for css in stylesheet().values():
        plain = re.sub(r"@container[^{]*\{((?:[^{}]*\{[^{}]*\})*)\}", r"\1", css)
        for selectors in re.findall(r"([^{}]+)\{", plain):
            assert all(".ag" in selector for selector in selectors.split(",")), selectors


def test_the_stylesheet_loads_nothing_and_asks_not_the_desktop_for_its_theme() -> None:
    css = "".join(stylesheet().values())
    assert not re.search(r"url\(|@import|prefers-color-scheme|/\*", css)
    assert "var(--vscode-foreground,var(--_ink))" in css


def test_an_output_carries_only_the_parts_it_asks_for() -> None:
    assert ".ag-tree" not in style("table")
    assert style("table", "tree", "table").count(".ag-tree{") == 1
    with pytest.raises(KeyError):
        style("nothing")


def test_no_other_file_makes_html() -> None:
    root = Path(artigraph_jupyter.__file__).parent
    for path in root.rglob("*.py"):
        if path.name != "html.py":
            assert not re.search(r"\bHtml\(|html\.escape|</\w+>", path.read_text("utf-8")), path
