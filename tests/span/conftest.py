"""A fresh database per test, and programs that run beside it."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

import artigraph as ag
from tests.servers.use import MARIADB, POSTGRES, fresh_database
from tests.stores import opened


@pytest.fixture(params=["file", POSTGRES, MARIADB])
def url(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[str]:
    """The URL of a database with tables, which is that of the process: a SQLite file, or one on a server."""
    if request.param == "file":
        where = f"sqlite:///{tmp_path}/spans.db"
        reset = ag.set_engine(where, create_tables=True)
        yield where
        reset()
    else:
        with fresh_database(request.param) as where:
            yield from opened(where, where)


@pytest.fixture
def start(url: str, tmp_path: Path) -> Iterator[Callable[[str], subprocess.Popen[str]]]:
    """Start a program whose first lines import artigraph as ag and connect to the same database."""
    running: list[subprocess.Popen[str]] = []

    def run(code: str) -> subprocess.Popen[str]:
        file = tmp_path / f"program{len(running)}.py"
        file.write_text(f"import artigraph as ag\nag.set_engine({url!r}, create_tables=True)\n{code}")
        command = [sys.executable, "-W", "error", str(file)]
        running.append(subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True))
        return running[-1]

    yield run
    for process in running:
        process.kill()
        process.communicate()


@pytest.fixture
def spans(url: str) -> Callable[[], dict[str, Any]]:
    """The spans in the database, by label."""

    def read() -> dict[str, Any]:
        return {span.label: span for span in ag.read.s(ag.Span)}

    return read


@pytest.fixture
def used(url: str) -> Callable[[Any], list[tuple[Any, str | None]]]:
    """(id of the artifact, role) of each input of a span."""

    def read(span: Any) -> list[tuple[Any, str | None]]:
        links = ag.read.s(ag.Link, ag.LinkFilter(target=span.id, kind="input"))
        return [(link.source_id, link.role) for link in links]

    return read
