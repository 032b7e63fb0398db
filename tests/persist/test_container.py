from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
import pytest

import artigraph as ag
from tests.stores import blobs


@dataclass(frozen=True)
class Element(ag.ArtifactModel):
    n: int


@pytest.mark.parametrize(
    "value",
    [
        [Element(1), 2, "three"],
        (Element(1), (Element(2), [])),
        {Element(1), Element(2)},
        frozenset({Element(1)}),
        {"a": Element(1), "b": {"c": [Element(2)]}},
        {1: Element(1), (2, 3): Element(2), None: 4, "": Element(5), "#0": 6},
        {"x" * 300: Element(1), "nul\x00": Element(2)},
        [],
        {},
        [[1, [2, {"three": (4, {5})}]]],
    ],
    ids=repr,
)
def test_a_native_container_comes_back_as_itself(store, value):
    loaded = ag.load(ag.save(value))
    assert loaded == value
    assert type(loaded) is type(value)


def test_plain_values_alone_are_one_artifact(store):
    ag.save({"a": [1, 2, {"b": (3,)}]})
    assert len(ag.read(ag.Node)) == 1


def test_a_dict_of_arrays_is_a_node_and_a_blob_per_array(file_store):
    value = {"a": np.arange(100_000), "b": np.ones(100_000)}
    loaded = ag.load(ag.save(value))
    assert list(loaded) == ["a", "b"]
    assert all(np.array_equal(loaded[name], value[name]) for name in value)
    assert len(ag.read(ag.Artifact)) == 3
    assert len(blobs(file_store)) == 2


def test_the_order_of_a_dict_survives(store):
    value: dict[Any, Any] = {name: Element(n) for n, name in enumerate("zaymb")}
    assert list(ag.load(ag.save(value))) == list("zaymb")


def test_a_subclass_of_a_container_is_refused_instead_of_losing_its_type(store):
    class Mine(dict):
        pass

    with pytest.raises(TypeError):
        ag.save(Mine(a=Element(1)))
