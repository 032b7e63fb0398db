"""Unpackers: composite types of third parties, saved part by part."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Any

import numpy as np
import pytest

import artigraph as ag
from artigraph.contract import Unpacker
from artigraph.errors import BlobMissingError, CycleError, InvalidLabelError, UnserializableError
from artigraph.registry import Registry
from artigraph.storage.memory import MemoryStorage
from tests.stores import blobs, rows


class Dataset:
    """Somebody else's: arrays under names, and facts about them."""

    def __init__(self, arrays: dict[str, Any], facts: Any) -> None:
        self.arrays, self.facts = arrays, facts

    def __eq__(self, other):
        same = self.arrays.keys() == other.arrays.keys()
        return (
            same and self.facts == other.facts and all(map(np.array_equal, self.arrays.values(), other.arrays.values()))
        )

    __hash__ = None


class Special(Dataset):
    pass


class DatasetUnpacker:
    name = "somebody.dataset/1"
    types = (Dataset,)

    def unpack(self, value):
        return {**value.arrays, "facts": value.facts}

    def pack(self, parts):
        facts = parts.pop("facts")
        return Dataset(parts, facts)


DATASETS = Registry(modules=["artigraph.serializer", "artigraph.model"], unpackers=[DatasetUnpacker()])
VALUE = Dataset({"a": np.arange(100_000), "b": np.zeros((2, 3))}, {"unit": "m"})


@dataclass
class Study(ag.ArtifactModel):
    name: str
    data: Any


def test_a_composite_comes_back_alone_in_models_and_in_containers(store):
    assert isinstance(DatasetUnpacker(), Unpacker)
    for value in (VALUE, {"x": VALUE}, [VALUE, 1], Study("s", VALUE), Study("s", Dataset({}, Study("t", VALUE)))):
        record = ag.save_one(value, registry=DATASETS)
        if not isinstance(value, Study):
            assert ag.load_one(record, registry=DATASETS) == value
        else:
            assert vars(ag.load_one(record, Study, registry=DATASETS).data).keys() == {"arrays", "facts"}


def test_each_part_is_an_artifact_of_its_own(file_store):
    record = ag.save_one(VALUE, label="set", registry=DATASETS, tags={"k": "v"})
    [(name,)] = rows(file_store, "SELECT model_artifact_type_name FROM artigraph_node WHERE node_label = 'set'")
    assert name == "somebody.dataset/1"
    assert len(blobs(file_store)) == 1
    assert ag.load(record, fields=["facts"], registry=DATASETS) == {"facts": {"unit": "m"}}
    assert ag.read_tags("set") == {"k": "v"}
    again = ag.save_one(Dataset(dict(VALUE.arrays), {"unit": "m"}), registry=DATASETS)
    assert again.hash == record.hash
    ag.delete_one(record)
    ag.delete_one(again)
    assert not ag.exists(ag.Node)
    assert blobs(file_store) == []


def test_a_spec_is_for_all_parts_and_a_serializer_comes_first(store):
    storage = MemoryStorage()
    ag.save_one(VALUE, storage=storage, registry=DATASETS)
    assert len(storage._blobs) == 3
    with pytest.raises(UnserializableError):
        ag.save_one(VALUE, serializer="json/1", registry=DATASETS)


def test_without_its_unpacker_it_is_refused_and_read_as_a_record(store):
    with pytest.raises(UnserializableError, match="of type Dataset"):
        ag.save(VALUE)
    record = ag.save_one(VALUE, registry=DATASETS)
    generic = ag.load_one(record)
    assert generic.type_name == "somebody.dataset/1"
    assert np.array_equal(generic["a"], VALUE.arrays["a"])


def test_an_unpacker_serves_subclasses(store):
    record = ag.save_one(Special({}, 1), registry=DATASETS)
    assert ag.load_one(record, registry=DATASETS) == Dataset({}, 1)


def test_cycles_labels_and_parts_that_cannot_be_kept_are_named(store):
    looped = Dataset({}, None)
    looped.facts = [looped]
    with pytest.raises(CycleError, match=re.escape("Dataset -> Dataset.facts[0]")):
        ag.save_one(looped, registry=DATASETS)
    with pytest.raises(InvalidLabelError):
        ag.save_one(Dataset({"": np.arange(2)}, 1), registry=DATASETS)
    with pytest.raises(UnserializableError, match=r"set\.a of type object"):
        ag.save_one(Dataset({"a": object()}, 1), label="set", registry=DATASETS)


def test_a_part_that_is_gone_is_told(file_store):
    record = ag.save_one(VALUE, label="set", registry=DATASETS)
    blobs(file_store)[0].unlink()
    with pytest.raises(BlobMissingError, match="set / a"):
        ag.load_one(record, registry=DATASETS)
    ag.delete_one(record)
