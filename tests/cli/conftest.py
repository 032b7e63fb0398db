"""The command as people run it: a process of its own, in a folder of its own."""

from __future__ import annotations

import io
import json
import os
import subprocess
import sys
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

import artigraph as ag
from artigraph.bridge import block
from artigraph.cli.main import main
from artigraph.graph.engine import current_database
from tests.maintain.conftest import fill


@dataclass(frozen=True)
class Said:
    """How a command ended."""

    code: int
    out: str
    err: str

    @property
    def data(self) -> Any:
        return json.loads(self.out)


Run = Callable[..., Said]


@pytest.fixture
def run(tmp_path: Path) -> Run:
    """Run ``artigraph ARGUMENTS`` in an empty folder; warnings are errors."""

    def call(*arguments: object, stdin: str = "", **environment: str) -> Said:
        command = [sys.executable, "-W", "error", "-m", "artigraph.cli", *map(str, arguments)]
        done = subprocess.run(
            command,
            cwd=tmp_path,
            env={**{key: value for key, value in os.environ.items() if key != "ARTIGRAPH_URL"}, **environment},
            input=stdin,
            capture_output=True,
            text=True,
            check=False,
            timeout=60,
        )
        return Said(done.returncode, done.stdout, done.stderr)

    return call


@pytest.fixture
def call(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]) -> Run:
    """The same in this process, for what needs no process of its own."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.delenv("ARTIGRAPH_URL", raising=False)

    def call(*arguments: object, stdin: str = "") -> Said:
        monkeypatch.setattr("sys.argv", ["artigraph", *map(str, arguments)])
        monkeypatch.setattr("sys.stdin", io.StringIO(stdin))
        capfd.readouterr()
        with pytest.raises(SystemExit) as ended:
            main()
        sys.stdout.flush()
        told = capfd.readouterr()
        return Said(int(ended.value.code or 0), told.out, told.err)

    return call


@pytest.fixture
def kept(tmp_path: Path) -> Path:
    """A store with something of every kind, in the folder where commands look for one."""
    return keep(tmp_path / "artigraph.db", fill)


def keep(path: Path, work: Callable[[], object]) -> Path:
    """Do something in a store, and close it."""
    reset = ag.set_engine(f"sqlite:///{path}", create_tables=True)
    work()
    block(current_database().close)
    reset()
    return path
