"""Measuring text without a browser."""

from __future__ import annotations

import pytest

from artigraph.lineage.width import fit, text_width


def test_wide_letters_are_wider_and_bold_is_wider_still() -> None:
    assert text_width("iii", 10) < text_width("mmm", 10) < text_width("mmm", 10, bold=True)


def test_width_grows_with_the_size() -> None:
    assert text_width("metrics", 26) == pytest.approx(2 * text_width("metrics", 13))


def test_ideographs_are_wide_and_combining_marks_have_no_width() -> None:
    assert text_width("漢", 10) > text_width("M", 10)
    assert text_width("e\u0301", 10) == text_width("e", 10)


def test_a_text_that_fits_stays_as_it_is() -> None:
    assert fit("metrics", 100, 13) == "metrics"


def test_a_text_that_does_not_fit_keeps_both_ends() -> None:
    shown = fit("experiments_of_november_final_2", 120, 13)
    assert text_width(shown, 13) <= 120
    assert shown.startswith("exper")
    assert shown.endswith("l_2")
