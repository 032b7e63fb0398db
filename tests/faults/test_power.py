"""Row 4: the power fails. Of the write-ahead log only what was flushed is sure to be there afterwards."""

from __future__ import annotations

import os
import random
import shutil
from dataclasses import dataclass
from pathlib import Path

import pytest

import artigraph as ag
from artigraph.bridge import block
from artigraph.graph.engine import current_database
from tests.faults.conftest import amount
from tests.faults.oracle import look, reading


@dataclass
class PowerModel(ag.ArtifactModel):
    number: int
    blob: bytes = ag.artifact_field(storage="blobs")


@pytest.fixture
def flushed(folder, monkeypatch):
    """The file of an open store, and how long its log was whenever that was flushed."""
    path = folder / "live" / "x.db"
    path.parent.mkdir()
    lengths: list[int] = [0]
    fsync = os.fsync

    def noting(file):
        fsync(file)
        name = Path(f"/proc/self/fd/{file}").readlink().name
        if name == "x.db-wal":
            lengths.append(os.fstat(file).st_size)

    monkeypatch.setattr(os, "fsync", noting)
    reset = ag.set_engine(f"sqlite:///{path}", create_tables=True)
    ag.FileSystemStorage(path.with_suffix(".blobs"), name="blobs").register(replace=True)
    database = current_database()
    block(database.prepare, create=True)
    yield path, lengths
    reset()
    block(database.close)


def after_the_cut(path: Path, folder: Path, number: int, length: int) -> Path:
    """A copy of the store as a power cut would leave it: the log ends after ``length`` bytes."""
    copy = folder / f"cut{number}" / path.name
    copy.parent.mkdir()
    shutil.copy(path, copy)
    log = Path(f"{path}-wal").read_bytes()
    Path(f"{copy}-wal").write_bytes(log[:length])
    shutil.copytree(path.with_suffix(".blobs"), copy.with_suffix(".blobs"))
    return copy


def lengths_of_cuts(path: Path, least: int) -> list[int]:
    """Where the log may end: at every page, and anywhere between."""
    size = Path(f"{path}-wal").stat().st_size
    dice = random.Random(size)
    pages = list(range(least, size, 4096 + 24))
    chosen = [dice.choice(pages) for _ in range(amount(25, 250))] if pages else []
    return [*chosen, *(dice.randint(least, size) for _ in range(amount(25, 250)))]


@pytest.mark.row(4)
def test_a_log_that_ends_anywhere_loses_last_saves_whole_and_leaves_nothing_half(flushed, folder, record_property):
    path, _ = flushed
    for number in range(15):
        ag.save(PowerModel(number, b"%d" % number * 9), f"power-{number}")
    cuts = lengths_of_cuts(path, 0)
    for number, length in enumerate(cuts):
        copy = after_the_cut(path, folder, number, length)
        state = look(copy)
        assert state.is_whole, f"cut at {length}: {state}"
        with reading(copy) as database:
            if database.execute("SELECT 1 FROM sqlite_master WHERE name = 'artigraph_node'").fetchone():
                query = "SELECT node_label FROM artigraph_node WHERE node_label IS NOT NULL ORDER BY id"
                there = [row[0] for row in database.execute(query)]
                assert there == [f"power-{n}" for n in range(len(there))]
        shutil.rmtree(copy.parent)
    record_property("cases", len(cuts))


@pytest.mark.row(4)
def test_rows_that_come_back_after_a_power_cut_still_have_their_blobs(flushed, folder, record_property):
    path, lengths = flushed
    models = [PowerModel(number, b"%d" % number * 9) for number in range(12)]
    cases = 0
    for number, model in enumerate(models):
        ag.save(model, f"power-{number}")
    for model in models[:6]:
        ag.delete_one(model)
        for length in lengths_of_cuts(path, lengths[-1])[-4:]:
            copy = after_the_cut(path, folder, cases, length)
            state = look(copy)
            assert state.is_whole, f"cut at {length}, flushed up to {lengths[-1]}: {state}"
            shutil.rmtree(copy.parent)
            cases += 1
    models[6].blob = b"another"
    ag.save(models[6], on_conflict="replace")
    copy = after_the_cut(path, folder, cases, lengths[-1])
    assert look(copy).is_whole
    record_property("cases", cases + 1)
