from __future__ import annotations

import copy
import pickle
from dataclasses import dataclass, field

import pytest

import artigraph as ag


@dataclass
class Contained(ag.ArtifactModel):
    n: int


@dataclass
class Containing(ag.ArtifactModel):
    by_name: ag.ArtifactMapping[str, Contained] = field(default_factory=ag.ArtifactMapping)
    in_order: ag.ArtifactSequence[Contained] = field(default_factory=ag.ArtifactSequence)


def test_both_come_back_as_themselves_inside_a_model(store):
    model = Containing(ag.ArtifactMapping({"a/b": Contained(1)}, c=Contained(2)), ag.ArtifactSequence([Contained(3)]))
    loaded = Containing.load(model.save())
    assert loaded == model
    assert list(loaded.by_name) == ["a/b", "c"]
    assert type(loaded.by_name) is ag.ArtifactMapping
    assert type(loaded.in_order) is ag.ArtifactSequence


def test_both_are_saved_and_loaded_alone(store):
    mapping, sequence = ag.ArtifactMapping({1: Contained(1)}), ag.ArtifactSequence([1, Contained(2)])
    assert ag.load(mapping.save("m")) == mapping == {1: Contained(1)}
    assert ag.ArtifactSequence.load(sequence.save()) == sequence == [1, Contained(2)]
    assert sequence == (1, Contained(2))


def test_a_mapping_is_a_mapping():
    mapping = ag.ArtifactMapping({"a": 1}, b=2)
    mapping["c"] = 3
    del mapping["a"]
    assert (dict(mapping), len(mapping), "b" in mapping, mapping.get("x")) == ({"b": 2, "c": 3}, 2, True, None)
    assert mapping != {"b": 2}
    assert mapping != 3
    assert repr(mapping) == "ArtifactMapping({'b': 2, 'c': 3})"
    with pytest.raises(KeyError):
        mapping["a"]


def test_a_sequence_is_a_list():
    sequence = ag.ArtifactSequence("abc")
    sequence.append("d")
    sequence[0] = "z"
    del sequence[1]
    assert list(sequence) == ["z", "c", "d"]
    assert (sequence[-1], sequence[1:], len(sequence)) == ("d", ["c", "d"], 3)
    assert type(sequence[1:]) is ag.ArtifactSequence
    assert list(reversed(sequence)) == ["d", "c", "z"]
    assert sequence != ["z"]
    assert sequence != "zcd"
    with pytest.raises(IndexError):
        sequence[3]


@pytest.mark.parametrize("value", [ag.ArtifactMapping(a=[1]), ag.ArtifactSequence([[1]])], ids=repr)
def test_copies_are_things_of_their_own(store, value):
    value.save()
    for other in (copy.deepcopy(value), pickle.loads(pickle.dumps(value))):
        assert other == value
        assert other.save() != value.graph_id


def test_growing_is_a_change(store):
    sequence = ag.ArtifactSequence([Contained(1)])
    sequence.save()
    sequence.append(Contained(2))
    assert sequence.save(on_conflict="replace") == sequence.graph_id
    assert ag.load(sequence.graph_id) == [Contained(1), Contained(2)]
