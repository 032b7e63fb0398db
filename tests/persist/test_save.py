from __future__ import annotations

import asyncio
import random
import threading
from dataclasses import dataclass, field
from typing import Annotated, Any

import numpy as np
import pytest

import artigraph as ag
from artigraph.bridge import block
from artigraph.errors import (
    CycleError,
    InvalidLabelError,
    LabelTakenError,
    NoStorageError,
    SerializeError,
    UnknownSerializerError,
    UnknownStorageError,
    UnserializableError,
)
from artigraph.graph.engine import current_database
from artigraph.persist.save import SaveRequest, save_many
from artigraph.serializer.base import Serializer
from artigraph.storage.memory import MemoryStorage
from tests.stores import blobs, check_store, count, rows, statements


@dataclass
class SavedPart(ag.ArtifactModel):
    x: Any


@dataclass
class SavedWhole(ag.ArtifactModel):
    left: Any = None
    right: Any = None
    more: list[Any] = field(default_factory=list)


class Refusing(Serializer[object]):
    """Fails with an error of its own, slowly enough to be among others."""

    name = "refusing.test/1"
    types = ()

    def serialize(self, value: object, /) -> bytes:
        raise ZeroDivisionError(f"not {value}")

    def deserialize(self, data: bytes, /) -> object:
        raise SerializeError("never")


refusing = Refusing()
BIG = np.arange(100_000)


def test_a_model_comes_back_equal_and_as_its_own_object(store):
    saved = SavedWhole(SavedPart(1), "two", [3, {"four": 5.5}])
    node_id = saved.save("whole")
    loaded = SavedWhole.load(node_id)
    assert loaded == saved
    assert loaded is not saved
    assert loaded.graph_id == saved.graph_id == node_id


def test_a_shared_child_is_saved_once_and_comes_back_shared(store):
    child = SavedPart(1)
    node_id = SavedWhole(child, child, [child]).save()
    loaded = SavedWhole.load(node_id)
    assert loaded.left is loaded.right is loaded.more[0]
    assert len(ag.read(SavedPart)) == 1


def test_a_cycle_is_named_before_anything_is_written(store):
    whole = SavedWhole()
    whole.left = SavedPart(whole)
    with pytest.raises(CycleError, match=r"SavedWhole -> SavedWhole\.left\.x"):
        whole.save()
    assert not ag.exists(ag.Node)


def test_a_list_inside_itself_is_a_cycle_too(store):
    looped: list[Any] = [SavedPart(1)]
    looped.append(looped)
    with pytest.raises(CycleError):
        SavedWhole(more=looped).save()
    assert not ag.exists(ag.Node)


def test_a_value_no_serializer_knows_is_named_by_path_and_type(store):
    with pytest.raises(UnserializableError, match=r"SavedWhole\.more\[1\]\.x of type RLock") as caught:
        SavedWhole(more=[SavedPart(1), SavedPart(threading.RLock())]).save()
    assert caught.value.type_name == "RLock"
    assert not ag.exists(ag.Node)


def test_a_failing_serializer_leaves_no_row_and_no_blob(file_store):
    with pytest.raises(ZeroDivisionError):
        ag.write_many([SavedWhole(BIG, BIG + 1), ag.Artifact(value="x", serializer=refusing)])
    assert count(file_store) == 0
    assert blobs(file_store) == []


def test_several_failing_values_come_as_a_group(file_store):
    things = [ag.Artifact(value=name, serializer=refusing) for name in "ab"]
    with pytest.raises(ExceptionGroup) as caught:
        ag.write_many([*things, SavedPart(1)])
    assert sorted(str(error) for error in caught.value.exceptions) == ["not a", "not b"]
    assert count(file_store) == 0


def test_a_failing_transaction_removes_the_blobs_it_put(file_store):
    lost = ag.Link(ag.Node(), ag.Node())
    with pytest.raises(LookupError):
        ag.write_many([SavedPart(BIG), lost])
    assert count(file_store) == 0
    assert blobs(file_store) == []


def test_a_failing_save_keeps_a_blob_that_another_node_needs(file_store):
    SavedPart(BIG).save()
    with pytest.raises(LookupError):
        ag.write_many([SavedPart(BIG), ag.Link(ag.Node(), ag.Node())])
    assert len(blobs(file_store)) == 1


def test_equal_blobs_are_kept_once(file_store):
    ag.write_many([SavedPart(BIG), SavedPart(BIG.copy()), SavedWhole(BIG, BIG)])
    assert len(blobs(file_store)) == 1
    assert oct(blobs(file_store)[0].stat().st_mode & 0o777) == "0o400"
    assert count(file_store, "artigraph_blob_use") == 4


def test_a_save_is_one_transaction_with_a_batch_per_table(file_store):
    ag.read(SavedPart)
    ag.save(SavedPart(0))
    with statements() as seen:
        ag.write_many([SavedPart(n) for n in range(500)])
    assert sum(each.startswith("BEGIN IMMEDIATE") for each in seen) == 1
    assert sum(each.startswith("COMMIT") for each in seen) == 1
    assert not [each for each in seen if each.startswith("SELECT")]


def test_big_values_of_a_database_in_memory_need_no_storage():
    reset = ag.set_engine("sqlite:///:memory:", create_tables=True)
    assert np.array_equal(ag.load(ag.save(BIG)), BIG)
    reset()


def test_a_storage_of_the_engine_takes_big_values_and_leaves_small_ones(tmp_path):
    storage = MemoryStorage("saves-elsewhere")
    reset = ag.set_engine(f"sqlite:///{tmp_path}/x.db", create_tables=True, storage=storage)
    node_id = SavedWhole(BIG, 1).save()
    assert np.array_equal(SavedWhole.load(node_id).left, BIG)
    assert rows(tmp_path / "x.db", "SELECT DISTINCT remote_artifact_storage FROM artigraph_node") == [
        (None,),
        ("saves-elsewhere",),
    ]
    reset()


def test_saving_again_without_a_change_is_nothing_to_do(file_store):
    whole = SavedWhole(SavedPart(1), BIG)
    assert whole.save() == whole.save() == whole.graph_id
    assert len(ag.read(SavedWhole)) == 1
    assert len(blobs(file_store)) == 1


def test_a_label_and_tags_given_later_reach_the_saved_model(store):
    whole = SavedWhole(SavedPart(1))
    whole.save(tags={"stage": "raw"})
    whole.save("later", tags={"stage": "clean", "by": "me"})
    whole.left.save("inner")
    assert ag.load("later") == whole
    assert ag.load("inner") == SavedPart(1)
    assert len(ag.read(SavedWhole, ag.NodeFilter(tags={"stage": "clean", "by": "me"}))) == 1
    assert not ag.read(SavedWhole, ag.NodeFilter(tags={"stage": "raw"}))


async def test_one_object_saved_by_several_tasks_at_once_is_one_node(store):
    part = SavedPart(1)
    ids = await asyncio.gather(*(part.save("same") for _ in range(5)))
    assert set(ids) == {part.graph_id}
    assert len(await ag.read(SavedPart)) == 1


@pytest.mark.parametrize("label", ["%_", "a/b", "ünïcode 🎉", "\u202eevil", "x" * 255, " ", "\n", "'; DROP TABLE"])
def test_a_strange_label_is_kept_as_it_is(store, label):
    node_id = ag.save(1, label)
    assert ag.load(label) == 1
    assert ag.read_one(ag.Node, ag.NodeFilter(label=label)).id == node_id


@pytest.mark.parametrize("label", ["", "x" * 256, "nul\x00", "half \ud800"])
def test_a_label_that_no_database_keeps_is_refused(store, label):
    with pytest.raises(InvalidLabelError):
        ag.save(1, label)
    with pytest.raises(InvalidLabelError):
        ag.write_one(ag.Node(label))
    with pytest.raises(InvalidLabelError):
        ag.save(1, tags={label: "x"})
    assert not ag.exists(ag.Node)


def test_what_is_saved_in_a_span_is_its_output_once(store):
    part = SavedPart(1)
    with ag.span_context("s") as span:
        part.save("x")
        part.save("x")
        thing = ag.Artifact(value=2, label="y")
        thing.save()
        thing.save()
    links = ag.read(ag.Link, ag.LinkFilter(source=span, kind="output"))
    assert sorted((link.label, link.target_id) for link in links) == sorted([("x", part.id), ("y", thing.id)])
    assert ag.read_span_artifacts(span) == {"x": part, "y": 2}


def test_the_newest_output_takes_a_label_over(store):
    with ag.span_context("s") as span:
        first, second = ag.save(1, "x"), ag.save(2, "x")
    assert ag.read_span_artifact(span, "x") == 2
    assert ag.load("x") == 2
    assert {link.target_id for link in ag.read(ag.Link, ag.LinkFilter(source=span))} == {first, second}


def test_a_span_artifact_of_a_taken_label_is_an_error_and_leaves_nothing(store):
    with ag.span_context("s"):
        ag.create_span_artifact("current", label="x", data=1)
        before = len(ag.read(ag.Node))
        with pytest.raises(LabelTakenError, match="'x'"):
            ag.create_span_artifacts("current", {"fresh": SavedPart(1), "x": 2})
        assert len(ag.read(ag.Node)) == before


async def test_a_cancelled_save_is_there_whole_or_not_at_all(file_store):
    await ag.read(SavedWhole)
    source = random.Random(1)
    for n in range(100):
        task = asyncio.ensure_future(ag.save.a(SavedWhole(SavedPart(n), BIG[: n * 900], [1, SavedPart(2)])))
        await asyncio.sleep(source.random() * 0.004)
        task.cancel()
        await asyncio.wait([task])
    saved = await ag.read(SavedWhole)
    assert all(len(each.more) == 2 and isinstance(each.left, SavedPart) for each in saved)
    assert await ag.load(await ag.save(SavedPart("after"))) == SavedPart("after")
    assert len(await ag.read(SavedPart)) == 2 * len(saved) + 1
    check_store(file_store)
    needed = {row[0] for row in rows(file_store, "SELECT remote_artifact_location FROM artigraph_node")}
    assert {f"{each.parent.name}/{each.name}" for each in blobs(file_store)} == needed - {None}


def test_a_record_tells_what_was_saved(store):
    [record] = block(save_many, [SaveRequest([1, 2], "pair")])
    assert (record.label, record.size) == ("pair", 5)
    assert record.hash.startswith("sha256:")
    assert ag.load(record) == [1, 2]


def test_nesting_beyond_all_measure_is_a_typed_error(store):
    deep: Any = SavedPart(None)
    for _ in range(5_000):
        deep = SavedPart(deep)
    with pytest.raises(UnserializableError, match="too deeply"):
        ag.save(deep)


def test_what_could_be_saved_can_be_loaded_however_deep(store):
    deep: Any = SavedPart(None)
    for _ in range(300):
        deep = SavedPart(deep)
    loaded = ag.load(ag.save(deep))
    for _ in range(300):
        loaded, deep = loaded.x, deep.x
    assert loaded == deep


def test_a_value_too_big_for_a_server_without_storage_says_what_to_do():
    error = NoStorageError("value", 300_000, 262_144)
    assert "storage=" in str(error)


def test_the_current_database_is_the_one_that_gets_it(tmp_path):
    one = ag.set_engine(f"sqlite:///{tmp_path}/one.db", create_tables=True)
    ag.save(1, "n")
    two = ag.set_engine(f"sqlite:///{tmp_path}/two.db", create_tables=True)
    ag.save(2, "n")
    assert ag.load("n") == 2
    two()
    assert current_database().file == tmp_path / "one.db"
    assert ag.load("n") == 1
    one()


class Counting(Serializer[Any]):
    """Counts how often it is asked."""

    name = "counting.test/1"
    asked = 0

    def serialize(self, value: Any, /) -> bytes:
        self.asked += 1
        return bytes(value.tolist())

    def deserialize(self, data: bytes, /) -> Any:
        return np.array(list(data), dtype=np.uint8)


counting = Counting()


@dataclass
class Sharing(ag.ArtifactModel):
    values: np.ndarray = ag.artifact_field(serializer=counting)  # noqa: RUF009 - makes a dataclass field


def test_a_value_that_many_models_share_is_turned_into_bytes_once(store):
    shared, before = np.array([1, 2, 3], dtype=np.uint8), counting.asked
    ag.save([Sharing(shared) for _ in range(20)], "many")
    assert counting.asked == before + 1
    assert [each.values.tolist() for each in ag.load("many")] == [[1, 2, 3]] * 20


@dataclass
class SavedNowhere(ag.ArtifactModel):
    x: Annotated[Any, ag.SaveSpec(storage="nowhere")]


@pytest.mark.parametrize(
    ("how", "error"),
    [
        (lambda: ag.save([1], storage="nowhere"), UnknownStorageError),
        (lambda: ag.save([1], serializer="nowhere/1"), UnknownSerializerError),
        (lambda: SavedNowhere([1]).save(), UnknownStorageError),
        (lambda: ag.save({"deep": [SavedNowhere([1])]}), UnknownStorageError),
        (lambda: ag.write_many([ag.Node("n"), SavedNowhere(1)]), UnknownStorageError),
    ],
    ids=["storage", "serializer", "field", "deep", "among others"],
)
def test_a_storage_or_serializer_that_nobody_registered_is_told_at_the_save(store, how, error):
    with pytest.raises(error, match="'nowhere"):
        how()
    assert ag.read(ag.Node) == []
