"""Rows 1 and 2: ``kill -9`` at any moment of any work, and the store is whole when it is opened again."""

from __future__ import annotations

import json
import os
import random
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

import pytest

import artigraph as ag
from artigraph.bridge import block
from artigraph.graph.engine import current_database
from artigraph.graph.schema import SCHEMA_VERSION, Base
from artigraph.graph.upgrade import upgrade
from tests.faults.conftest import amount
from tests.faults.killed import GROUP, made, made_key, open_store
from tests.faults.oracle import look, reading

KILLS = {
    "save": amount(30, 250),
    "bulk": amount(15, 125),
    "span": amount(15, 125),
    "delete": amount(15, 125),
    "purge": amount(15, 125),
    "gc": amount(15, 125),
    "upgrade": amount(15, 125),
}
"""Work -> how often it is killed."""

ROWS = {"save": (1,), "upgrade": (2, 32)}
"""Work -> the rows it is about, where that is not the second."""

STEPS = {"save": 200, "bulk": 1000, "span": 1000, "delete": 400, "purge": 400, "gc": 600, "upgrade": 300}
"""Work -> steps against disk and database of which one is the last."""

SECONDS = 0.04
"""The most that is waited, after some acknowledgements, before somebody else kills it."""

STORE = 25
"""Kills of one store before a new one is begun."""


@dataclass
class Said:
    """What the killed programs said of their work on one store."""

    begun: set[str] = field(default_factory=set)
    done: set[str] = field(default_factory=set)
    removing: set[str] = field(default_factory=set)
    removed: set[str] = field(default_factory=set)

    def hear(self, word: str, label: str) -> None:
        {"begin": self.begun, "done": self.done, "remove": self.removing, "removed": self.removed}.get(word, set()).add(
            label
        )


@pytest.fixture(scope="module")
def workers() -> Iterator[subprocess.Popen[str]]:
    """The program that starts those who are killed."""
    command = [sys.executable, "-m", "tests.faults.killed"]
    pipe = subprocess.PIPE
    with subprocess.Popen(command, stdin=pipe, stdout=pipe, text=True, cwd=Path(__file__).parents[2]) as program:
        yield program
        program.stdin.close()


@pytest.mark.timeout(7200)
@pytest.mark.row(1, 2, 32)
@pytest.mark.parametrize("work", [pytest.param(work, marks=pytest.mark.row(*ROWS.get(work, (2,)))) for work in KILLS])
def test_after_kill_9_what_was_acknowledged_is_there_and_nothing_is_half_there(work, workers, folder, record_property):
    orphans, acknowledged = 0, 0
    for number in range(KILLS[work]):
        if number % STORE == 0 or work == "upgrade":
            path, said = folder / f"{number}.db", Said()
        seed = random.SystemRandom().randrange(1 << 32)
        kill(workers, work, path, seed, said)
        try:
            check(path, said, work)
        except AssertionError as error:
            error.add_note(f"kill {number} of {work}, seed {seed}")
            raise
        if (number + 1) % STORE == 0 or number + 1 == KILLS[work] or work == "upgrade":
            orphans += collected(path)
            acknowledged += len(said.done)
    assert acknowledged
    record_property("cases", KILLS[work])
    print(f"{work}: {KILLS[work]} kills, {acknowledged} acknowledged, 0 lost, {orphans} orphans")


def kill(workers: subprocess.Popen[str], work: str, path: Path, seed: int, said: Said) -> None:
    """Let a child work and be killed: at a step of its own, or by us at any moment."""
    dice = random.Random(seed)
    step = dice.randrange(STEPS[work]) if dice.random() < 0.5 else None
    enough = dice.choice([0, 0, 1, 3])
    job = {"work": work, "path": str(path), "seed": seed, "step": step}
    workers.stdin.write(json.dumps(job) + "\n")
    workers.stdin.flush()
    child, begun, done, killed = 0, False, 0, step is not None
    for line in workers.stdout:
        word, _, rest = line.rstrip("\n").partition(" ")
        if word == "end":
            assert int(rest) == -signal.SIGKILL, "it ended by itself; its error is above"
            return
        if word == "child":
            child = int(rest)
        said.hear(word, rest)
        begun, done = begun or word in ("ready", "begin"), done + (word == "done")
        if not killed and child and begun and done >= enough:
            killed = True
            time.sleep(dice.uniform(0, SECONDS))
            os.kill(child, signal.SIGKILL)
    pytest.fail("the program that starts the workers has ended")


def check(path: Path, said: Said, work: str) -> None:
    """Everything acknowledged is there, all that is there was asked for, nothing is half there."""
    if not path.exists():
        assert not said.done
        return
    state = look(path)
    assert state.is_whole, state
    reset = open_store(path)
    database = current_database()
    try:
        if work == "upgrade":
            assert stamp_and_tables(path) in (([], 1), ([], 0), ([SCHEMA_VERSION], len(Base.metadata.tables)))
            upgrade()
        block(database.prepare, create=True)
        there = keys(path) if work == "purge" else {node.node_label for node in ag.read(ag.OrmNode)}
        for label in sorted(said.begun):
            members = [f"{label}.{n}" for n in range(GROUP)] if work in ("bulk", "span") else [label]
            found = there.intersection(members)
            if label in said.done and label not in said.removing:
                assert found == set(members), f"{label} was acknowledged and is lost: {len(found)} of {len(members)}"
            assert label not in said.removed or not found, f"{label} was removed and is back"
            assert len(found) in (0, len(members)), f"{label} is half there: {len(found)} of {len(members)}"
        for label in random.sample(sorted(said.done - said.removing), min(3, len(said.done - said.removing))):
            wanted = f"{label}.0" if work in ("bulk", "span") else label
            assert ag.load(wanted) == (made_key(wanted) if work == "purge" else made(wanted))
        if work == "span":
            ended = {span.label: span.status for span in ag.read(ag.Span)}
            assert all(ended[label] == "ok" for label in said.done)
            assert set(ended.values()) <= {"ok", "abandoned"}
    finally:
        reset()
        block(database.close)


def collected(path: Path) -> int:
    """Let the store be verified, repaired and collected, as its user would; how many orphans there were."""
    reset = open_store(path)
    database = current_database()
    try:
        orphans = len(look(path).orphans)
        assert {problem.kind for problem in ag.verify(data=True).problems} <= {"abandoned"}
        ag.repair()
        report = ag.verify(data=True)
        assert report.ok, report.to_text()
        ag.gc(dry_run=False, grace=0)
        state = look(path)
        assert state.is_whole, state
        assert state.orphans == []
        assert all(span.status in ("ok", "abandoned") for span in ag.read(ag.Span))
        return orphans
    finally:
        reset()
        block(database.close)


def keys(path: Path) -> set[str]:
    """The keys that have a version, in the trash or out of it."""
    query = (
        "SELECT k.key FROM artigraph_key k JOIN artigraph_node n ON n.artifact_stem = k.stem AND n.artifact_uid <> ''"
    )
    with reading(path) as database:
        return {row[0] for row in database.execute(query)}


def stamp_and_tables(path: Path) -> tuple[list[str], int]:
    """The version that a database carries, and how many tables it has."""
    with reading(path) as database:
        names = [row[0] for row in database.execute("SELECT name FROM sqlite_master WHERE type = 'table'")]
        stamp = [row[0] for row in database.execute("SELECT version_num FROM artigraph_schema")] if names else []
    return stamp, len(names)
