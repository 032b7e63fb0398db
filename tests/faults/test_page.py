"""Row 36: the page about all this says what the tests say."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from tests.faults.page import LAST_RUN, PAGE, node_of, render, rows_shown
from tests.faults.rows import ROWS

ROOT = Path(__file__).parents[2]


@pytest.mark.row(36)
def test_the_page_is_the_one_that_the_last_run_made():
    assert PAGE.read_text(encoding="utf-8") == render(json.loads(LAST_RUN.read_text(encoding="utf-8"))), (
        "run `make faults` after changing a test of a fault"
    )


@pytest.mark.row(36)
def test_every_row_has_tests_and_every_test_that_is_named_exists():
    for row, tests in rows_shown().items():
        assert tests, f"row {row} is shown by no test"
        for test in tests:
            assert (ROOT / node_of(test).partition("::")[0]).is_file()


@pytest.mark.row(36)
def test_the_rows_are_counted_without_a_gap():
    assert list(ROWS) == list(range(1, 37))
