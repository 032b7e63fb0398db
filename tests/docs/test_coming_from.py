"""Every row of the page for people who come from elsewhere says all it has to, and a test shows it."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
PAGE = (ROOT / "docs/coming-from.md").read_text(encoding="utf-8")
ROWS = [line for line in PAGE.splitlines() if line.startswith("| ") and not line.startswith(("| There", "|---"))]
TESTS = {
    name
    for file in (ROOT / "tests").rglob("test_*.py")
    for name in re.findall(r"^\s*(?:async )?def (test_\w+)", file.read_text(encoding="utf-8"), re.MULTILINE)
}


def test_the_page_has_rows_for_every_generation():
    assert len(ROWS) > 60


@pytest.mark.parametrize("row", ROWS, ids=lambda row: row[2:50])
def test_no_cell_is_empty_and_a_test_shows_it(row: str):
    cells = [cell.strip() for cell in re.split(r"(?<!\\)\|", row)[1:-1]]
    assert len(cells) == 3
    assert all(re.sub(r"<!--.*-->", "", cell).strip() for cell in cells)
    shown_by = re.findall(r"<!-- (.*) -->$", cells[2])
    assert shown_by, "no test is named"
    assert set(shown_by[0].split()) <= TESTS
