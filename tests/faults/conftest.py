"""The row of the fault matrix that a test is about, and how much of it to run."""

from __future__ import annotations

import os
import shutil
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest

FULL = os.environ.get("ARTIGRAPH_FAULTS") == "full"
"""Whether the long counts were asked for (``make faults-full``)."""


def amount(quick: int, full: int) -> int:
    """How many of something to do."""
    return full if FULL else quick


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """The long counts take their time."""
    for item in items:
        if FULL and item.path.parent.name == "faults":
            item.add_marker(pytest.mark.timeout(7200))


@pytest.fixture(autouse=True)
def its_row_is_recorded(request, record_property) -> None:
    """Into the report from which ``docs/reliability.md`` is made."""
    markers = list(request.node.iter_markers("row"))
    assert markers, "a test of faults names its rows: @pytest.mark.row(3)"
    marker = markers[-1]  # the one of a parameter goes before that of the function
    for row in marker.args:
        record_property("row", row)


@pytest.fixture
def folder(tmp_path) -> Iterator[Path]:
    """An empty folder, in memory where the system has such a place: most faults need no real disk."""
    memory = Path("/dev/shm")
    if not os.access(memory, os.W_OK) or shutil.disk_usage(memory).free < 1 << 30:
        yield tmp_path
        return
    made = Path(tempfile.mkdtemp(prefix="artigraph-faults-", dir=memory))
    yield made
    shutil.rmtree(made, ignore_errors=True)
