"""Rows 10, 11, 31 and 33: several processes at once on one store."""

from __future__ import annotations

import os
import sqlite3
import subprocess
import sys
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest

import artigraph as ag
from artigraph.bridge import block
from artigraph.errors import StoreBusyError
from artigraph.graph.engine import current_database
from tests.faults.conftest import amount
from tests.faults.oracle import look

SAVE_AND_DELETE = """
import random, sys, time
import artigraph as ag
from artigraph.errors import NodeNotFoundError

url, folder, who, seconds = *sys.argv[1:4], float(sys.argv[4])
ag.set_engine(url)
ag.FileSystemStorage(folder, name="blobs").register()
dice, until, saves = random.Random(who), time.monotonic() + seconds, 0
mine = {}
while time.monotonic() < until:
    value = f"value {dice.randrange(3)}" * 20
    mine[ag.save(value, f"{who}-{saves}", storage="blobs")] = value
    saves += 1
    for node in dice.sample(sorted(mine), len(mine) - 2 if dice.random() < 0.5 and len(mine) > 2 else 0):
        assert ag.load(node) == mine.pop(node)
        ag.delete_one(node)
assert all(ag.load(node) == value for node, value in mine.items())
print(saves, len(mine))
"""


@pytest.fixture
def store(folder) -> Iterator[Path]:
    """The file of an open, empty store."""
    reset = ag.set_engine(f"sqlite:///{folder / 'x.db'}", create_tables=True)
    ag.FileSystemStorage(folder / "x.blobs", name="blobs").register(replace=True)
    database = current_database()
    block(database.prepare, create=True)
    yield folder / "x.db"
    reset()
    block(database.close)


@pytest.mark.row(31)
@pytest.mark.timeout(300)
def test_a_blob_that_one_process_removes_while_others_save_the_same_bytes_is_there(store, record_property):
    arguments = [f"sqlite:///{store}", str(store.with_suffix(".blobs"))]
    seconds = str(amount(3, 60))
    command = [sys.executable, "-W", "error", "-c", SAVE_AND_DELETE, *arguments]
    started = [
        subprocess.Popen([*command, str(n), seconds], stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
        for n in range(3)
    ]
    saves = kept = 0
    for each in started:
        said, errors = each.communicate(timeout=250)
        assert (each.returncode, errors) == (0, "")
        saves, kept = saves + int(said.split()[0]), kept + int(said.split()[1])
    state = look(store)
    assert state.is_whole, state
    assert state.orphans == []
    assert len(ag.find()) == kept
    record_property("cases", saves)


@pytest.mark.row(10)
def test_a_store_that_another_process_holds_is_waited_for_and_then_told_and_reads_go_on(store):
    ag.save([1], "before")
    holder = sqlite3.connect(store, isolation_level=None, check_same_thread=False)
    holder.execute("BEGIN IMMEDIATE")
    reset = ag.set_engine(f"sqlite:///{store}", busy_timeout=0.3)
    with pytest.raises(StoreBusyError) as caught:
        ag.save([2], "while")
    assert caught.value.retryable
    assert ag.load("before") == [1]
    reset()
    letting_go = threading.Timer(0.2, lambda: holder.execute("ROLLBACK"))
    letting_go.start()
    assert ag.load(ag.save([3], "after")) == [3]
    letting_go.join()
    holder.close()
    assert {found.label for found in ag.find()} == {"before", "after"}


@pytest.mark.row(33)
@pytest.mark.filterwarnings("ignore::DeprecationWarning")
@pytest.mark.parametrize("open_before", [True, False], ids=["after a save", "before the first call"])
def test_a_forked_child_and_its_parent_both_go_on_saving(store, open_before):
    if open_before:
        ag.save("parent", "0")
    else:
        block(current_database().close)
    children = []
    for number in range(3):
        child = os.fork()
        if child == 0:
            status = 1
            try:
                for n in range(5):
                    ag.save([number, n], f"child {number}.{n}", storage="blobs")
                status = 0 if ag.load(f"child {number}.4") == [number, 4] else 2
            finally:
                os._exit(status)
        children.append(child)
        ag.save(number, f"parent {number}")
    assert [os.waitpid(child, 0)[1] for child in children] == [0, 0, 0]
    assert len(ag.find()) == 18 + open_before
    assert look(store).is_whole
