"""No text of a user can become markup."""

from __future__ import annotations

from xml.etree import ElementTree as ET

import pytest

from artigraph.lineage import escape
from tests.lineage.conftest import HOSTILE


@pytest.mark.parametrize("text", HOSTILE, ids=ascii)
def test_xml_text_parses_back_to_the_plain_text(text: str) -> None:
    safe = escape.xml(text)
    parsed = ET.fromstring(f'<a b="{safe}">{safe}</a>')
    assert (parsed.text or "") == escape.plain(text)
    assert parsed.get("b") == escape.plain(text)
    assert not list(parsed)


@pytest.mark.parametrize("text", HOSTILE, ids=ascii)
def test_mermaid_text_holds_only_letters_digits_and_code_points(text: str) -> None:
    assert set(escape.mermaid(text)) <= set("abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789#;")


@pytest.mark.parametrize("text", HOSTILE, ids=ascii)
def test_dot_text_cannot_end_its_quotes_or_open_a_record(text: str) -> None:
    safe = escape.dot(text)
    assert not set('"<>{}|') & set(safe)
    assert safe.replace("\\\\", "").count("\\") == 0


def test_plain_text_is_one_line_without_controls() -> None:
    assert escape.plain("two\nlines\u2028\x00\u202eend\ud800") == "two lines end"


def test_a_long_text_keeps_its_start_and_its_end() -> None:
    short = escape.plain("start" + "x" * 500 + "end", 21)
    assert len(short) == 21
    assert short.startswith("startxxx")
    assert short.endswith("end")
