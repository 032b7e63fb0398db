"""The row of the fault matrix that a test is about, and how much of it to run."""

from __future__ import annotations

import os

import pytest

FULL = os.environ.get("ARTIGRAPH_FAULTS") == "full"
"""Whether the long counts were asked for (``make faults-full``)."""


def amount(quick: int, full: int) -> int:
    """How many of something to do."""
    return full if FULL else quick


@pytest.fixture(autouse=True)
def its_row_is_recorded(request, record_property) -> None:
    """Into the report from which ``docs/reliability.md`` is made."""
    marker = request.node.get_closest_marker("row")
    assert marker is not None, "a test of faults names its row: @pytest.mark.row(3)"
    for row in marker.args:
        record_property("row", row)
