"""Functions that other processes of test_carry.py run."""

from __future__ import annotations

import artigraph as ag


def square(number: int) -> int:
    with ag.span_context(f"square-{number}"):
        ag.save.s(number**2, f"square-of-{number}")
    return number**2
