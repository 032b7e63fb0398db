from __future__ import annotations

import sqlite3
from contextlib import closing
from pathlib import Path
from uuid import uuid4

import numpy as np
import pytest

import artigraph as ag
from artigraph.artifact.absent import ABSENT
from artigraph.errors import BlobCorruptError, InvalidArtifactError, NodeNotFoundError, NotHereError
from artigraph.storage.memory import MemoryStorage
from tests.stores import statements


def test_an_artifact_keeps_its_value_and_facts(store):
    saved = ag.Artifact(value=[1, 2], label="pair", tags={"a": "b"})
    assert (saved.hash, saved.size, saved.node_type) == (None, None, "artifact")
    assert saved.save() is saved
    assert (saved.size, saved.hash[:7]) == (5, "sha256:")
    [read] = ag.read(ag.Artifact, ag.NodeFilter(tags={"a": "b"}))
    assert read == saved
    assert (read.label, read.hash, read.size, read.value) == ("pair", saved.hash, 5, [1, 2])
    assert read.created_at.tzinfo is not None


def test_the_value_of_a_read_artifact_is_loaded_when_asked_for(store):
    ag.save(np.arange(10), "array")
    [read] = ag.read(ag.Artifact)
    assert np.array_equal(read.value, np.arange(10))
    assert read.value is read.value
    assert read.type_name == "ndarray"


def test_what_is_not_done_here_is_told_with_what_to_do(store):
    one = ag.Artifact(value=1).save()
    for name in ABSENT:
        for asked in (ag.Artifact, one):
            assert not hasattr(asked, name)
            with pytest.raises(NotHereError, match=rf"Artifact.{name} is not among") as told:
                getattr(asked, name)
            assert (told.value.name, isinstance(told.value, AttributeError)) == (name, True)
    with pytest.raises(AttributeError):
        one.nonsense


def test_the_storage_of_an_artifact_is_known(file_store, tmp_path):
    storage = MemoryStorage(f"artifacts-{uuid4().hex[:8]}").register()
    assert ag.Artifact(value=1, storage=storage).save().storage is storage
    (tmp_path / "a.txt").write_text("a")
    one = ag.Artifact(tmp_path / "a.txt", key="a.txt").save()
    assert (one.storage.name, one.overwrite_versions) == ("blobs", False)
    assert ag.Artifact.filter(storage=one.storage).one() == one
    assert ag.Artifact(value=1).save().storage is ag.Artifact(value=2).storage is None


def test_serializer_and_storage_can_be_named(store):
    storage = MemoryStorage(f"artifacts-{uuid4().hex[:8]}")
    saved = ag.Artifact(value=1, serializer="json/1", storage=storage).save()
    assert ag.load(saved) == 1


def test_what_is_not_there_is_told(store):
    with pytest.raises(NodeNotFoundError):
        ag.Artifact(value=1).load()
    with pytest.raises(InvalidArtifactError, match="one thing to keep"):
        ag.Artifact()
    with pytest.raises(InvalidArtifactError, match="does not exist"):
        ag.Artifact(Path("x.csv"))


async def test_it_is_awaited_in_async_code(store):
    saved = await ag.Artifact(value=None, label="none").save()
    assert await saved.load() is None
    assert await ag.load("none") is None


def test_reading_many_artifacts_and_their_values_takes_as_many_statements_as_for_one(store):
    ag.write_many([ag.Artifact(value=[n], label="many", tags={"n": str(n)}) for n in range(50)])
    ag.exists(ag.NodeFilter(label="nothing"))
    counts = []
    for limit in (1, 50):
        with statements() as seen:
            found = ag.read(ag.Artifact, ag.NodeFilter(label="many"), limit=limit)
            assert [(each.value, each.tags) for each in found] == [([n], {"n": str(n)}) for n in range(limit)]
        counts.append(len(seen))
    assert counts[0] == counts[1]


def test_a_value_that_came_with_its_row_is_an_input_where_it_is_used(store):
    ag.save([1], "used")
    with ag.span_context("use") as span:
        [found] = ag.read(ag.Artifact, ag.NodeFilter(label="used"))
        assert not ag.exists(ag.LinkFilter(target=span, kind="input"))
        assert found.value == [1]
    assert [link.role for link in ag.read(ag.Link, ag.LinkFilter(target=span, kind="input"))] == ["used"]


def test_a_damaged_value_is_told_when_it_is_asked_for(file_store):
    ag.save([1], "good")
    node_id = ag.save([2], "bad")
    with closing(sqlite3.connect(file_store)) as other, other:
        other.execute("UPDATE artigraph_node SET database_artifact_data = X'5b335d' WHERE id = ?", [node_id.bytes])
    good, bad = ag.read(ag.Artifact)
    assert good.value == [1]
    with pytest.raises(BlobCorruptError, match="bad"):
        bad.value
    ag.delete_one(node_id)
