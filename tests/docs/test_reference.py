"""The reference has every canonical name, and others that are served, each once."""

from __future__ import annotations

import re
from collections import Counter
from pathlib import Path

import artigraph as ag

ROOT = Path(__file__).parents[2]
SHOWN = re.compile(r"^::: artigraph\.(\w+)$", re.MULTILINE)


def test_every_canonical_name_is_on_one_page_of_the_reference():
    pages = sorted((ROOT / "docs/reference").glob("*.md"))
    shown = Counter(name for page in pages for name in SHOWN.findall(page.read_text(encoding="utf-8")))
    shown.pop("errors")
    assert set(shown) >= {name for name in ag.__all__ if not name.startswith("__")}
    assert set(shown) <= set(dir(ag))
    assert set(shown.values()) == {1}


def test_every_page_is_in_the_navigation():
    configured = set(re.findall(r"[\w/-]+\.md", (ROOT / "mkdocs.yml").read_text(encoding="utf-8")))
    assert configured == {str(page.relative_to(ROOT / "docs")) for page in (ROOT / "docs").rglob("*.md")}


def test_every_link_between_pages_leads_somewhere():
    for page in [ROOT / "README.md", *(ROOT / "docs").rglob("*.md")]:
        for target in re.findall(r"\]\(([^)#:]+)(?:#[\w-]+)?\)", page.read_text(encoding="utf-8")):
            assert (page.parent / target).exists(), f"{page.relative_to(ROOT)}: {target}"
