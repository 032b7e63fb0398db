"""``stats`` counts what is there."""

from __future__ import annotations

import json
from pathlib import Path

import artigraph as ag
from tests.maintain.conftest import BIG, fill
from tests.stores import blobs


def test_everything_is_counted(filled: Path) -> None:
    ag.save.s(BIG, "the same again")
    report = ag.stats.s()
    assert report.where == str(filled)
    assert report.schema == "0001"
    assert report.nodes == {"database_artifact": 3, "model_artifact": 1, "remote_artifact": 2, "span": 2}
    assert report.links == {"field": 2, "input": 1, "output": 3}
    assert (report.spans, report.models, report.tags) == ({"ok": 2}, {"KeptPair": 1}, 1)
    (blob,) = blobs(filled)
    (storage,) = report.storages
    assert (storage.storage, storage.blobs, storage.bytes) == ("blobs", 1, blob.stat().st_size)
    assert report.shared_bytes == blob.stat().st_size
    assert report.row_bytes == len("[1,2,3]") + len("1") + len('"two"')
    assert report.file_bytes is not None
    assert report.file_bytes >= filled.stat().st_size
    assert "storage blobs: 1 blob" in str(report)
    assert json.loads(json.dumps(report.to_json()))["nodes"] == report.nodes


def test_it_counts_on_every_database(store) -> None:
    fill()
    report = ag.stats.s()
    assert sum(report.nodes.values()) == 7
    assert (report.file_bytes is None) == (not isinstance(store, Path))
