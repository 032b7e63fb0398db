"""What every test may use: the marker `needs_program`, which asks for programs that pip cannot install."""

from __future__ import annotations

import os
import shutil
from collections.abc import Iterator

import pytest

from artigraph.graph import engine


@pytest.fixture(autouse=True)
def no_database_is_left_behind() -> Iterator[None]:
    """Every test starts without a database, whatever the one before it forgot."""
    before = list(engine._all)
    yield
    for database in [each for each in engine._all if each not in before]:
        engine._all.remove(database)


def pytest_runtest_setup(item: pytest.Item) -> None:
    """Skip a test whose program is missing; on a build server (CI=true) that is a failure."""
    wanted = [name for mark in item.iter_markers("needs_program") for name in mark.args]
    missing = [name for name in wanted if shutil.which(name) is None]
    if missing:
        say = pytest.fail if os.environ.get("CI") == "true" else pytest.skip
        say(f"missing program: {', '.join(missing)}")
