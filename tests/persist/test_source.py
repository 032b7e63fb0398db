from __future__ import annotations

import tempfile
import tracemalloc

import numpy as np
import pandas as pd
import pytest

import artigraph as ag
from artigraph.errors import BlobCorruptError, BlobMissingError
from artigraph.persist.source import CHECKED_UP_TO, IN_MEMORY
from artigraph.storage.memory import MemoryStorage

FAR = MemoryStorage("source-far").register()


class Piecewise(MemoryStorage):
    """Far away: it hands its blobs out in pieces only."""

    async def read(self, location):
        raise AssertionError("it was read whole")

    async def download(self, location, file):
        data = await MemoryStorage.read(self, location)
        for start in range(0, len(data), 1 << 16):
            file.write(data[start : start + (1 << 16)])


PIECES = Piecewise("source-pieces").register()


@pytest.fixture(autouse=True)
def no_temporary_file_is_left(tmp_path, monkeypatch):
    folder = tmp_path / "temporary"
    folder.mkdir()
    monkeypatch.setattr(tempfile, "tempdir", str(folder))
    yield
    FAR._blobs.clear()
    PIECES._blobs.clear()
    for storage in (FAR, PIECES):
        for spool in storage._spools:
            assert not spool.exists()
    assert list(folder.iterdir()) == []


@pytest.mark.parametrize("value", [np.arange(IN_MEMORY), pd.DataFrame({"x": np.random.rand(IN_MEMORY // 4)})])
def test_a_big_far_blob_comes_through_a_temporary_file(store, value):
    record = ag.save_one(value, storage=PIECES)
    assert record.size > IN_MEMORY
    loaded = ag.load_one(record)
    assert np.array_equal(np.asarray(loaded), np.asarray(value))


def test_a_small_far_blob_is_read_at_once(store):
    assert ag.load_one(ag.save_one(np.arange(10), storage=FAR)).tolist() == list(range(10))


@pytest.mark.parametrize("size", [100, IN_MEMORY])
def test_damage_of_far_blobs_is_told(store, size):
    record = ag.save_one(np.arange(size), label="far", storage=FAR)
    [(location, (data, at))] = FAR._blobs.items()
    FAR._blobs[location] = (data[:-1] + b"\xff", at)
    with pytest.raises(BlobCorruptError, match="artifact far"):
        ag.load_one(record)
    FAR._blobs[location] = (data[:-1], at)
    with pytest.raises(BlobCorruptError, match=f"expected {len(data)} bytes, got {len(data) - 1} bytes"):
        ag.load_one(record)
    FAR._blobs.clear()
    with pytest.raises(BlobMissingError, match="artifact far"):
        ag.load_one(record)


def test_loading_a_far_blob_takes_no_second_copy_in_memory(store):
    value = np.zeros(CHECKED_UP_TO // 8)
    record = ag.save_one(value, storage=PIECES)
    ag.load_one(record)
    tracemalloc.start()
    loaded = ag.load_one(record)
    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert peak < loaded.nbytes * 1.25
