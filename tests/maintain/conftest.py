"""Every test of this room may use a store; one with something of every kind in it; and a program to be killed."""

from __future__ import annotations

import os
import sqlite3
import subprocess
import sys
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import pytest

import artigraph as ag
from tests.stores import empty_database, file_store, server_store, store

__all__ = ["empty_database", "file_store", "server_store", "store"]

BIG = b"big" * 100_000
"""A value that goes to the folder beside the database."""


@dataclass
class KeptPair(ag.ArtifactModel, version=1):
    left: int
    right: str


def fill() -> None:
    """Something of every kind: a span with a small, a big and a model output, and one that used the big one."""
    with ag.span_context("make"):
        ag.save.s([1, 2, 3], "small", tags={"colour": "red"})
        ag.save.s(BIG, "big")
        KeptPair(1, "two").save.s("pair")
    with ag.span_context("use"):
        ag.load.s("big")


@pytest.fixture
def filled(file_store: Path) -> Path:
    """A database file with something of every kind in it."""
    fill()
    return file_store


@pytest.fixture
def damage(file_store: Path) -> Callable[..., None]:
    """Run SQL on the file as somebody would who knows nothing of us: foreign keys are not looked at."""

    def run(*statements: str) -> None:
        connection = sqlite3.connect(file_store)
        for statement in statements:
            connection.execute(statement)
        connection.commit()
        connection.close()

    return run


@pytest.fixture
def killed_span(filled: Path, tmp_path: Path) -> None:
    """A span whose process was killed."""
    script = (
        "import os, signal, sys\nimport artigraph as ag\n"
        "ag.set_engine(sys.argv[1])\n"
        "with ag.span_context('cut'):\n"
        "    ag.save.s(5, 'five')\n"
        "    os.kill(os.getpid(), signal.SIGKILL)\n"
    )
    done = subprocess.run([sys.executable, "-c", script, f"sqlite:///{filled}"], check=False, cwd=tmp_path)
    assert done.returncode == -9


def rewrite(path: Path, data: bytes) -> None:
    """Other bytes in a read-only file."""
    path.chmod(0o600)
    path.write_bytes(data)
    os.utime(path, (1, 1))
    path.chmod(0o400)
