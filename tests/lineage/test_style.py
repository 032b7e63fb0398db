"""The style sheet."""

from __future__ import annotations

import itertools

import pytest

from artigraph.lineage.style import style_sheet


def luminance(colour: str) -> float:
    digits = colour.removeprefix("#")
    digits = "".join(digit * 2 for digit in digits) if len(digits) == 3 else digits
    parts = [int(digits[at : at + 2], 16) / 255 for at in (0, 2, 4)]
    linear = [part / 12.92 if part <= 0.04045 else ((part + 0.055) / 1.055) ** 2.4 for part in parts]
    return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]


def contrast(one: str, two: str) -> float:
    light, dark = sorted((luminance(one), luminance(two)), reverse=True)
    return (light + 0.05) / (dark + 0.05)


@pytest.mark.parametrize("theme", ["light", "dark"])
def test_text_and_outlines_can_be_read_on_every_ground(theme: str) -> None:
    sheet = style_sheet("x", "auto").splitlines()[0 if theme == "light" else 1]
    colours = {}
    for declaration in sheet.split("{", 1)[1].rstrip("}").split(";"):
        name, _, value = declaration.partition(":")
        colours[name.removeprefix("--ag-")] = value[value.rindex("#") :].rstrip(")")
    grounds = [colours["surface"], colours["raised"], colours["process"]]
    for ink, ground in itertools.product(("ink", "ink-2", "accent"), grounds):
        assert contrast(colours[ink], ground) >= 4.5
    for tone in ("good", "bad", "caution", "active"):
        assert contrast(colours[tone], colours[f"{tone}-bg"]) >= 4.5
    for ground in grounds:
        assert contrast(colours["outline"], ground) >= 3


def test_a_fixed_sheet_names_its_scope_in_every_rule_and_no_variable() -> None:
    rules = style_sheet("mine", "light").splitlines()
    assert all(rule.startswith("#mine ") for rule in rules)
    assert "var(" not in "".join(rules)
