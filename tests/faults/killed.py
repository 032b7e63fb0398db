"""A program that works on a store until it is killed, and says what was acknowledged.

It reads jobs, one JSON object a line: ``{"work": ..., "path": ..., "seed": ..., "step": ...}``. Each runs in a child of
its own (a fork, so that the interpreter starts once), which writes a line for everything it begins and everything it
was told is done. With ``step`` it kills itself at that step against disk or database, else somebody else does.
"""

from __future__ import annotations

import json
import os
import random
import signal
import sqlite3
import sys
import traceback
from collections.abc import Callable
from dataclasses import dataclass
from itertools import count
from pathlib import Path
from typing import Any

import artigraph as ag
from artigraph.bridge import block
from artigraph.graph.engine import current_database
from artigraph.graph.migrations import run as _  # noqa: F401 - loads Alembic before the fork
from artigraph.graph.upgrade import upgrade
from artigraph.storage.file import FileSystemStorage
from tests.faults.operations import Fault, Operations

GROUP = 10
"""Values that are written together."""


@dataclass
class KilledPart(ag.ArtifactModel):
    small: str
    blob: bytes = ag.artifact_field(storage="blobs")


@dataclass
class KilledWhole(ag.ArtifactModel):
    numbers: list
    part: KilledPart
    blob: bytes = ag.artifact_field(storage="blobs")


def made(label: str) -> KilledWhole:
    """The value that is saved under a label; some blobs are equal to those of other labels."""
    dice = random.Random(label)
    shared = f"shared {dice.randrange(6)}".encode() * 50
    return KilledWhole([dice.random()], KilledPart(label, shared), dice.randbytes(dice.choice([10, 3000])))


def say(*words: str) -> None:
    os.write(1, f"{' '.join(words)}\n".encode())


def save(label: str) -> None:
    say("begin", label)
    ag.save(made(label), label)
    say("done", label)


def bulk(label: str) -> None:
    say("begin", label)
    members = [f"{label}.{n}" for n in range(GROUP)]
    ag.write_many([ag.Artifact(value=made(each), label=each) for each in members])
    say("done", label)


def span(label: str) -> None:
    say("begin", label)
    with ag.span_context(label) as opened:
        ag.create_span_artifacts(opened, {f"{label}.{n}": made(f"{label}.{n}") for n in range(GROUP)})
    say("done", label)


def delete(label: str) -> None:
    values = {f"{label}.{n}": made(f"{label}.{n}") for n in range(2)}
    for each, value in values.items():
        say("begin", each)
        ag.save(value, each)
        say("done", each)
    for each in list(values)[:1]:
        say("remove", each)
        ag.delete_one(values[each])
        say("removed", each)


def purge(label: str) -> None:
    for each in (f"{label}.0", f"{label}.1"):
        say("begin", each)
        ag.Artifact(value=made_key(each), key=each).save()
        say("done", each)
    doomed = ag.Artifact.get(key=f"{label}.0")
    say("remove", f"{label}.0")
    doomed.delete()
    ag.purge_trash()
    say("removed", f"{label}.0")


def collect(label: str) -> None:
    delete(label)
    ag.gc(dry_run=False, grace=0)


def made_key(key: str) -> list[str]:
    """The value that is kept under a key."""
    return [key] * 3


def upgrading(label: str) -> None:
    file = current_database().file
    assert file is not None
    say("begin", label)
    upgrade()
    say("upgraded", label)
    ag.save(made(label), label)
    say("done", label)


WORKS: dict[str, Callable[[str], None]] = {
    "save": save,
    "bulk": bulk,
    "span": span,
    "delete": delete,
    "purge": purge,
    "gc": collect,
    "upgrade": upgrading,
}


def open_store(path: Path, operations: Operations | None = None) -> Callable[[], None]:
    """Make it the current one, with its tables."""
    url = f"sqlite:///{path}"
    reset = ag.set_engine(operations.engine(url) if operations else url, create_tables=True)
    FileSystemStorage(path.with_suffix(".blobs"), name="blobs").register(replace=True)
    return reset


def be_killed(work: str, path: str, seed: int, step: int | None) -> None:
    """(child) Work until killed."""
    operations = None
    if step is not None:
        operations = Operations(Path(path).parent)
        operations.watch(step, Fault(lambda what: True, lambda what: os.kill(os.getpid(), signal.SIGKILL)))
    if work == "upgrade":
        old_store(Path(path))
    open_store(Path(path), operations)
    if work != "upgrade":
        block(current_database().prepare, create=True)
    say("ready")
    for number in count():
        WORKS[work](f"{work}-{seed}-{number}")


def old_store(path: Path) -> None:
    """A database from before the first revision: nothing in it but an empty stamp."""
    connection = sqlite3.connect(path)
    connection.execute("CREATE TABLE IF NOT EXISTS artigraph_schema (version_num VARCHAR(32) NOT NULL PRIMARY KEY)")
    connection.commit()
    connection.close()


def main() -> None:
    ready = [getattr(ag, name) for name in ag.__all__]  # loaded once, not in every child
    ready.append(Operations(Path()).engine("sqlite:///"))
    for line in sys.stdin:
        job: dict[str, Any] = json.loads(line)
        child = os.fork()
        if child == 0:
            try:
                be_killed(**job)
            finally:
                traceback.print_exc()
                os._exit(1)
        say("child", str(child))
        say("end", str(os.waitstatus_to_exitcode(os.waitpid(child, 0)[1])))


if __name__ == "__main__":
    main()
