from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta
from typing import Any

import pytest

import artigraph as ag
from artigraph.errors import ImmutableError, NodeNotFoundError
from tests.stores import blobs, count


@dataclass
class TrashedWhole(ag.ArtifactModel):
    x: Any


@pytest.fixture
def two(store, tmp_path):
    """Two versions of one text."""
    for text in ("1", "2"):
        (tmp_path / "a.txt").write_text(text)
        artifact = ag.Artifact(tmp_path / "a.txt", key="a.txt").save()
    return artifact.versions


def test_delete_puts_into_the_trash_and_restore_takes_out_again(two):
    first, second = two
    assert second.delete() is None
    assert second.trashed_at is not None
    assert (second.is_latest, ag.Artifact.get(key="a.txt")) == (False, first)
    assert ag.load("a.txt") == "1"
    assert second.load() == "2"
    assert len(ag.find()) == 1
    assert second.restore() is second
    assert (second.trashed_at, second.is_latest, ag.load("a.txt")) == (None, True, "2")


def test_a_second_delete_is_for_good_without_a_question(two):
    _, second = two
    second.delete()
    second.delete()
    with pytest.raises(NodeNotFoundError):
        ag.Artifact.get(second.uid)
    assert [each.version for each in ag.Artifact.get(key="a.txt").versions] == [1]
    with pytest.raises(NodeNotFoundError):
        second.delete()


def test_permanent_deletes_at_once_and_permanent_false_never(two):
    first, second = two
    second.delete(permanent=False)
    second.delete(permanent=False)
    assert ag.Artifact.get(second.id).trashed_at is not None
    first.delete(permanent=True)
    with pytest.raises(NodeNotFoundError):
        ag.Artifact.get(first.id)


def test_the_verbs_of_nodes_know_the_trash(two):
    first, second = two
    ag.delete_one(second)
    assert ag.Artifact.get(second.id).trashed_at is not None
    assert ag.delete(ag.Artifact, ag.NodeFilter(id=first.id)) == 1
    assert ag.Artifact.get(first.id).trashed_at is not None
    ag.delete_one(first)
    with pytest.raises(NodeNotFoundError):
        ag.Artifact.get(first.id)


def test_outputs_of_a_deleted_span_go_into_the_trash(store):
    with ag.span_context("maker") as span:
        ag.save({"a": 1}, key="kept.json")
        ag.save([1], "plain")
    ag.delete_one(span, outputs=True)
    with pytest.raises(NodeNotFoundError):
        ag.load("plain")
    with pytest.raises(NodeNotFoundError):
        ag.load("kept.json")
    [trashed] = ag.read(ag.Artifact)
    assert trashed.restore().load() == {"a": 1}


def test_purging_deletes_what_is_in_the_trash_for_good(two):
    first, second = two
    first.delete()
    assert ag.purge_trash(dry_run=True).count == 1
    assert ag.purge_trash(timedelta(days=1)).count == 0
    report = ag.purge_trash()
    assert (report.count, report.size) == (1, 1)
    assert str(report) == "1 artifacts of 1 bytes deleted for good"
    assert list(ag.Artifact.get(key="a.txt").versions) == [second]


def test_blobs_that_another_version_needs_stay(file_store, tmp_path):
    (tmp_path / "a.txt").write_text("shared")
    one = ag.Artifact(tmp_path / "a.txt", key="1.txt").save()
    two = ag.Artifact(tmp_path / "a.txt", key="2.txt").save()
    one.delete(permanent=True)
    assert two.load() == "shared"
    two.delete(permanent=True)
    assert (blobs(file_store), count(file_store)) == ([], 0)


def test_what_a_model_in_the_trash_holds_stays_with_it(store):
    kept = ag.Artifact(value=TrashedWhole([1]), key="kept")
    kept.save()
    part = ag.read_one(ag.Node, ag.NodeFilter(child_of=kept))
    assert ag.delete_many([part, kept]) == 2
    kept = ag.Artifact.get(kept.id)
    kept.restore()
    assert kept.load() == TrashedWhole([1])


def test_a_purge_spares_what_a_model_holds(store):
    model = TrashedWhole([1])
    inner = ag.Artifact(value=model, key="inner")
    inner.save()
    whole = TrashedWhole(model)
    whole.save()
    inner.delete()
    ag.purge_trash()
    assert TrashedWhole.load(whole) == TrashedWhole(TrashedWhole([1]))
    with pytest.raises(ImmutableError):
        inner.delete(permanent=True)
