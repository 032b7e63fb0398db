"""Writes the golden store of today's schema: ``schema-<revision>.db`` and its blobs.

Run once when a revision is added, and never again for that revision: what a released version wrote must stay readable.
``python -m tests.data.build_golden`` from the root of the repository. The tests load what ``EXPECTED`` says.
"""

from __future__ import annotations

import datetime as dt
import sqlite3
import sys
from dataclasses import dataclass
from decimal import Decimal
from pathlib import Path
from typing import Any

import artigraph as ag
from artigraph.bridge import block
from artigraph.graph.engine import current_database
from artigraph.graph.schema import SCHEMA_VERSION

HERE = Path(__file__).parent

PLAIN: dict[str, Any] = {
    "a number": 1.5,
    "texts": ["", "é", "𝄞"],
    "exact": (Decimal("1.10"), dt.date(2026, 1, 2), {3, 4}),
    "bytes": b"\x00\xff",
}
BLOB = "a value that lies in the folder beside the database"


@dataclass
class GoldenInner(ag.ArtifactModel, version=1):
    value: int


@dataclass
class GoldenOuter(ag.ArtifactModel, version=2):
    title: str
    inner: GoldenInner
    more: dict[str, GoldenInner]


OUTER = GoldenOuter("t", GoldenInner(1), {"x": GoldenInner(2), "y": GoldenInner(3)})


def build(path: Path) -> None:
    """Everything the schema can hold, small."""
    reset = ag.set_engine(f"sqlite:///{path}", create_tables=True)
    with ag.span_context(ag.Run("load", params={"n": 1}, source="x = 1", tags={"who": "me"})):
        for label, value in PLAIN.items():
            ag.save.s(value, label, tags={"colour": "red"})
        ag.save.s(BLOB, "blob", storage=beside(path))
    with ag.span_context("use"), ag.span_context("inside"):
        ag.load.s("blob")
        OUTER.save.s("outer")
    ag.write_one.s(ag.Link(ag.find("outer")[0].id, ag.find("blob")[0].id, "see also"))
    database = current_database()
    block(database.close)
    reset()
    connection = sqlite3.connect(path, isolation_level=None)
    connection.execute("UPDATE artigraph_owner SET host = 'golden', boot_id = NULL, pid = 1, started = NULL")
    connection.execute("VACUUM")
    connection.close()


def beside(path: Path) -> ag.FileSystemStorage:
    """The folder beside the file, under its stored name."""
    return ag.FileSystemStorage(path.with_suffix(".blobs"), name="blobs")


if __name__ == "__main__":
    target = HERE / f"schema-{SCHEMA_VERSION}.db"
    if target.exists():
        sys.exit(f"{target} exists; it is kept as it is")
    build(target)
