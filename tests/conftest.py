"""What every test may use: the marker `needs_program`, which asks for programs that pip cannot install; servers."""

from __future__ import annotations

import os
from collections.abc import Iterator
from typing import Any

import pytest
from hypothesis import HealthCheck, settings

from artigraph.graph import engine
from tests.servers.server import find_program, leave_place, make_place
from tests.servers.use import KINDS, MARIADB

CORE_ON_MARIADB = (
    *("test_filter.py", "test_schema.py", "test_session.py", "test_save.py", "test_process.py"),
    *("test_faults.py", "test_insert.py", "test_locks.py", "test_server.py", "test_types.py"),
)
"""Files whose tests run on MariaDB every time; the others do in ``make test-full``."""


SLOW_ROOMS = ("browser", "notebooks", "docs", "jupyter", "faults", "packaging", "typing", "persist")
"""Rooms with files that take a worker long; they come first, so that none is left with one at the end."""

settings.register_profile("ours", deadline=None, suppress_health_check=[HealthCheck.too_slow])
settings.load_profile("ours")  # a busy machine is no failure


def pytest_configure(config: pytest.Config) -> None:
    config.stash[_OURS] = make_place()


def pytest_unconfigure(config: pytest.Config) -> None:
    if config.stash.get(_OURS, False):
        leave_place()


@pytest.hookimpl(tryfirst=True)
def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Slow files come first. Tests on a server need its programs; most on MariaDB take too long for every change."""
    items.sort(key=_place_of_room)
    for item in items:
        asked = item.callspec.params.values() if isinstance(item, pytest.Function) and hasattr(item, "callspec") else ()
        kinds = {each for each in asked if isinstance(each, str)} & KINDS.keys()
        for kind in kinds:
            item.add_marker(pytest.mark.needs_program(*KINDS[kind].programs))
        if MARIADB in kinds and item.path.name not in CORE_ON_MARIADB:
            item.add_marker("full")


@pytest.hookimpl(optionalhook=True)
def pytest_xdist_make_scheduler(config: pytest.Config, log: Any) -> Any:
    """A file is the work of one worker, and so is the whole room of browsers: several at once slow each other."""
    from xdist.scheduler import LoadFileScheduling  # noqa: PLC0415 - pytest runs without it as well

    class Scheduling(LoadFileScheduling):
        def _split_scope(self, nodeid: str) -> str:
            return "browser" if nodeid.startswith("tests/browser/") else str(super()._split_scope(nodeid))

    return Scheduling(config, log)


def _place_of_room(item: pytest.Item) -> int:
    room = item.path.parent.name
    return SLOW_ROOMS.index(room) if room in SLOW_ROOMS else len(SLOW_ROOMS)


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
    missing = [name for name in wanted if find_program(name) is None]
    if missing:
        say = pytest.fail if os.environ.get("CI") == "true" else pytest.skip
        say(f"missing program: {', '.join(missing)}")


_OURS = pytest.StashKey[bool]()
