"""``prune`` keeps the last of every series, and everything that what stays was made from."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from uuid import UUID

import pytest

import artigraph as ag
from artigraph.errors import WouldDeadlockError
from tests.stores import blobs


@dataclass
class PrunedPair(ag.ArtifactModel, version=1):
    left: bytes
    right: int


def ran(step: str, value: object, *, uses: str | None = None, label: str = "out") -> UUID:
    """A span that loads one thing and saves another; the id of what it saved."""
    with ag.span_context(step):
        if uses is not None:
            ag.load.s(uses)
        return ag.save.s(value, label)


def exists(node: UUID) -> bool:
    return ag.exists.s(ag.NodeFilter(id=node))


def test_of_every_series_the_last_ones_stay(store) -> None:
    old = [ran("count", number) for number in range(5)]
    other = [ran("other", number) for number in range(2)]
    loose = [ag.save.s(number, "loose") for number in range(3)]
    nameless = [ag.save.s(number) for number in range(3)]
    report = ag.prune.s(2)
    assert (report.dry_run, len(report.removed)) == (True, 4)
    assert all(map(exists, old))
    report = ag.prune.s(2, dry_run=False)
    assert [exists(node) for node in old] == [False, False, False, True, True]
    assert [exists(node) for node in loose] == [False, True, True]
    assert all(map(exists, [*other, *nameless]))
    assert {each.series for each in report.removed} == {"count / out", "loose"}
    assert "removed 4 versions" in str(report)
    assert ag.prune.s(2, dry_run=False).removed == ()
    assert len(ag.read.s(ag.OrmSpan)) == 7
    assert ag.verify.s(data=True).ok


def test_blobs_go_with_the_last_version_that_needs_them(file_store: Path) -> None:
    for number in (1, 2, 1, 3):
        ran("big", bytes([number]) * 300_000)
    assert len(blobs(file_store)) == 3
    ag.prune.s(2, dry_run=False)
    assert len(blobs(file_store)) == 2
    assert ag.load.s("out") == bytes([3]) * 300_000


def test_what_the_kept_was_made_from_stays_however_far_back(file_store: Path) -> None:
    raws = [ran("load", number, label="raw") for number in range(2)]
    clean = ran("clean", 10, uses="raw", label="clean")
    ran("fit", 20, uses="clean", label="model")
    raws += [ran("load", number, label="raw") for number in range(2, 5)]
    report = ag.prune.s(1, dry_run=False)
    assert [exists(node) for node in raws] == [False, True, False, False, True]
    assert [each.node_id for each in report.needed] == [raws[1]]
    assert "1 more stay" in str(report)
    assert exists(clean)
    lineage = ag.view_lineage.s("model", upstream=10)
    assert {node.label for node in lineage.nodes if node.kind == "span"} == {"load", "clean", "fit"}


def test_what_was_used_inside_an_inner_span_counts_for_the_outer_one(file_store: Path) -> None:
    first = ag.save.s(1, "raw")
    with ag.span_context("outer"):
        with ag.span_context("inner"):
            ag.load.s("raw")
        ag.save.s(2, "result")
    ag.save.s(3, "raw")
    assert [each.node_id for each in ag.prune.s(1, dry_run=False).needed] == [first]


def test_a_part_of_something_that_stays_is_not_removed(file_store: Path) -> None:
    part = ag.save.s(b"part", "part")
    value = ag.load.s(part)
    kept = ag.save.s({"it": PrunedPair(value, 1)}, "holder")
    ag.save.s(b"newer", "part")
    ag.prune.s(1, dry_run=False)
    assert ag.load.s(kept)["it"].left == b"part"


def test_a_pruned_model_takes_its_fields_along(file_store: Path) -> None:
    for number in range(3):
        with ag.span_context("fit"):
            PrunedPair(bytes([number]) * 300_000, number).save.s("pair")
    ag.prune.s(1, dry_run=False)
    assert len(blobs(file_store)) == 1
    assert ag.stats.s().nodes == {"database_artifact": 1, "model_artifact": 1, "remote_artifact": 1, "span": 3}
    assert ag.load.s("pair") == PrunedPair(b"\2" * 300_000, 2)


def test_versions_of_a_key_are_ordered_by_their_number_and_trash_is_left_alone(file_store: Path) -> None:
    def version(number: int, **more: object) -> UUID:
        row = ag.OrmArtifact(
            artifact_stem="s" * 16, artifact_version=number, artifact_serializer="json.text/1", artifact_size=1, **more
        )
        ag.write_one.s(row)
        return row.id

    third, second, first = (version(number) for number in (3, 2, 1))
    trashed = version(4, artifact_trashed_at=ag.read_one.s(ag.OrmNode, ag.NodeFilter(id=third)).node_created_at)
    ag.prune.s(2, dry_run=False)
    assert [exists(node) for node in (first, second, third, trashed)] == [False, True, True, True]


def test_at_least_one_stays_and_a_transaction_is_refused(file_store: Path) -> None:
    with pytest.raises(ValueError, match="at least the last"):
        ag.prune.s(0)
    with ag.current_session(), pytest.raises(WouldDeadlockError):
        ag.prune.s(1)
