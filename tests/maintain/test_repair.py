"""``repair`` mends what can be mended, loses nothing that is whole, and says what is left."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

import artigraph as ag
from artigraph.errors import BlobMissingError, WouldDeadlockError
from artigraph.storage.base import location_of
from tests.maintain.conftest import BIG, rewrite
from tests.stores import blobs, rows


def test_a_whole_store_stays_as_it_is(filled: Path) -> None:
    before = rows(filled, "SELECT * FROM artigraph_node ORDER BY id")
    report = ag.repair.s(data=True)
    assert report.ok
    assert (report.closed, report.removed, report.listed, report.moved) == ((), 0, 0, ())
    assert rows(filled, "SELECT * FROM artigraph_node ORDER BY id") == before


def test_a_span_of_a_killed_process_is_closed_at_its_last_sign_of_life(killed_span: None) -> None:
    with ag.span_context("running") as running:
        report = ag.repair.s()
        assert ag.read_span.s(running).status == "open"
    assert report.ok
    (closed,) = report.closed
    span = ag.read_span.s(closed)
    assert (span.label, span.status) == ("cut", "abandoned")
    assert span.closed_at is not None
    assert span.opened_at is not None
    (five,) = ag.find("five")
    assert span.opened_at <= five.saved_at <= span.closed_at <= ag.read_span.s(running).opened_at
    assert ag.read_span_artifact.s(span, "five") == 5
    assert ag.repair.s().closed == ()


def test_rows_that_lead_nowhere_are_removed_and_the_rest_stays(filled: Path, damage) -> None:
    damage("DELETE FROM artigraph_node WHERE node_label = 'use'", "DELETE FROM artigraph_blob_use")
    report = ag.repair.s()
    assert report.ok
    assert (report.removed, report.listed) == (1, 1)
    assert ag.verify.s(data=True).ok
    assert ag.load.s("big") == BIG
    ag.delete_one.s(ag.find("big")[0].id)
    assert blobs(filled) == []


@pytest.mark.parametrize("same_size", [True, False])
def test_a_damaged_blob_makes_room_for_the_same_value(filled: Path, same_size: bool) -> None:
    (blob,) = blobs(filled)
    kept = blob.read_bytes()
    bad = b"?" + kept[1:] if same_size else b"short"
    rewrite(blob, bad)
    report = ag.repair.s(data=same_size)
    assert not report.ok
    (moved,) = report.moved
    assert Path(moved.to).read_bytes() == bad
    assert Path(moved.to).parent.stat().st_mode & 0o777 == 0o700
    assert [problem.kind for problem in report.left] == ["damaged"]
    with pytest.raises(BlobMissingError):
        ag.load.s("big")
    assert [problem.kind for problem in ag.verify.s().problems] == ["missing"]
    ag.save.s(BIG, "once more")
    assert ag.load.s("big") == BIG
    assert ag.repair.s(data=True).ok
    assert Path(moved.to).exists()


def test_without_repair_the_same_value_would_meet_the_damaged_blob(filled: Path) -> None:
    (blob,) = blobs(filled)
    rewrite(blob, b"?" + blob.read_bytes()[1:])
    ag.save.s(BIG, "once more")
    assert not ag.verify.s(data=True).ok
    ag.repair.s(data=True)
    ag.save.s(BIG, "and again")
    assert ag.verify.s(data=True).ok


def test_what_cannot_be_mended_is_left_and_said(filled: Path, damage) -> None:
    (blob,) = blobs(filled)
    kept = blob.read_bytes()
    blob.unlink()
    damage("UPDATE artigraph_node SET database_artifact_data = X'FF' WHERE artifact_size = 1")
    report = ag.repair.s(data=True)
    assert {problem.kind for problem in report.left} == {"missing", "content"}
    assert "left, missing" in str(report)
    blob.write_bytes(kept)
    data = report.to_json()
    assert [each["location"] for each in data["left"] if each["kind"] == "missing"] == [
        f"{blob.parent.name}/{blob.name}"
    ]
    assert location_of(bytes.fromhex(blob.parent.name + blob.name)) == f"{blob.parent.name}/{blob.name}"


def test_an_older_schema_is_left_alone(filled: Path, damage) -> None:
    damage("UPDATE artigraph_schema SET version_num = '0000'", "DELETE FROM artigraph_blob_use")
    reset = ag.set_engine(f"sqlite:///{filled}")
    report = ag.repair.s()
    reset()
    assert [problem.kind for problem in report.left] == ["schema"]
    assert report.listed == 0
    damage("UPDATE artigraph_schema SET version_num = '0001'")


def test_inside_a_transaction_it_is_refused_at_once(filled: Path) -> None:
    with ag.current_session(), pytest.raises(WouldDeadlockError):
        ag.repair.s()


def test_on_a_server_an_abandoned_span_is_closed_as_well(server_store: str, tmp_path: Path) -> None:
    script = "import os, sys\nimport artigraph as ag\nag.set_engine(sys.argv[1])\n"
    script += "with ag.span_context('cut'):\n    os._exit(9)"
    subprocess.run([sys.executable, "-c", script, server_store], check=False, cwd=tmp_path)
    report = ag.repair.s()
    assert report.ok
    assert [ag.read_span.s(node).status for node in report.closed] == ["abandoned"]
