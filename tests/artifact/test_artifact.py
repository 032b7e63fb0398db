from __future__ import annotations

from pathlib import Path
from uuid import uuid4

import numpy as np
import pytest

import artigraph as ag
from artigraph.errors import InvalidArtifactError, NodeNotFoundError
from artigraph.storage.memory import MemoryStorage


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
