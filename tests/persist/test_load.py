from __future__ import annotations

import asyncio
import sqlite3
from dataclasses import dataclass
from typing import Any
from uuid import UUID

import numpy as np
import pytest
from sqlalchemy import delete, insert

import artigraph as ag
from artigraph.errors import (
    BlobCorruptError,
    BlobMissingError,
    CycleError,
    LabelTakenError,
    NodeNotFoundError,
    UnknownSerializerError,
    UnknownStorageError,
    WrongModelError,
)
from artigraph.graph.schema import LINK
from artigraph.ids import new_id
from artigraph.persist.record import GenericRecord
from artigraph.registry import Registry, default_registry
from tests.stores import blobs, rows, statements


@dataclass
class LoadedPart(ag.ArtifactModel):
    data: Any
    note: str = "kept"


@dataclass
class LoadedWhole(ag.ArtifactModel):
    part: Any


BIG = np.arange(100_000)


def change(path, statement, *parameters):
    """Change the file behind the library's back."""
    connection = sqlite3.connect(path)
    connection.execute(statement, parameters)
    connection.commit()
    connection.close()


@pytest.mark.parametrize("number", [1, 10, 400])
def test_a_bulk_load_takes_as_many_statements_for_many_as_for_one(store, number):
    ag.write_many([LoadedWhole(LoadedPart(n)) for n in range(number)])
    ag.read(LoadedWhole)
    with statements() as seen:
        assert len(ag.read(LoadedWhole)) == number
    assert len([each for each in seen if each.startswith(("SELECT", "WITH"))]) <= 4


def test_a_missing_blob_names_artifact_span_and_storage(file_store):
    with ag.span_context("training"):
        node_id = LoadedPart(BIG).save("report")
    [blob] = blobs(file_store)
    blob.unlink()
    with pytest.raises(BlobMissingError, match=r"training / report / data.*storage blobs") as caught:
        ag.load(node_id)
    assert caught.value.storage == "blobs"
    assert ag.load(node_id, fields=["note"]) == {"note": "kept"}
    ag.delete_one(node_id)


def test_several_damaged_parts_are_a_group_that_names_each(file_store):
    node_id = LoadedWhole(LoadedPart(BIG, note=BIG + 1)).save("report")
    for blob in blobs(file_store):
        blob.unlink()
    for load in (lambda: ag.load(node_id), lambda: ag.load_one(node_id), lambda: ag.read(LoadedWhole)):
        with pytest.raises(ExceptionGroup, match="2 values could not be loaded") as caught:
            load()
        assert [type(each) for each in caught.value.exceptions] == [BlobMissingError] * 2
        assert {str(each).split(" (")[0].rpartition("/ ")[2] for each in caught.value.exceptions} == {"data", "note"}
    with pytest.raises(ExceptionGroup), ag.new_loader() as loader:
        future, good = loader.load_soon(node_id), loader.load_soon(ag.save(1))
    assert good.get() == 1
    with pytest.raises(ExceptionGroup):
        future.get()
    ag.delete_one(node_id)


@pytest.mark.parametrize("place", [0, 63, 400_000, -1])
def test_a_changed_byte_is_found_and_told(tmp_path, file_store, place):
    with ag.span_context("training"):
        node_id = LoadedPart(BIG).save("report")
    [blob] = blobs(file_store)
    good = blob.read_bytes()
    bad = bytearray(good)
    bad[place] ^= 1
    blob.chmod(0o600)
    blob.write_bytes(bad)
    with pytest.raises(BlobCorruptError, match=r"training / report / data.*storage blobs") as caught:
        ag.load(node_id)
    assert caught.value.expected != caught.value.got
    record = ag.load(node_id, generic=True)
    assert isinstance(record, GenericRecord)
    assert record["note"] == "kept"
    with pytest.raises(BlobCorruptError):
        record["data"]
    blob.write_bytes(good)


def test_a_truncated_blob_is_found_by_its_size_alone(tmp_path):
    url = f"sqlite:///{tmp_path}/x.db"
    ag.set_engine(url, create_tables=True)
    node_id = ag.save(BIG)
    reset = ag.set_engine(url, verify="size")
    [blob] = blobs(tmp_path / "x.db")
    blob.chmod(0o600)
    blob.write_bytes(blob.read_bytes()[:-8])
    with pytest.raises(BlobCorruptError, match="bytes"):
        ag.load(node_id)
    reset()


def test_a_damaged_row_is_found_too(file_store):
    node_id = LoadedPart(1).save()
    change(file_store, "UPDATE artigraph_node SET database_artifact_data = X'37' WHERE database_artifact_data = X'31'")
    with pytest.raises(BlobCorruptError, match="the database"):
        ag.load(node_id)
    assert ag.load(node_id, fields=["note"]) == {"note": "kept"}
    change(file_store, "UPDATE artigraph_node SET database_artifact_data = X'31' WHERE database_artifact_data = X'37'")


def test_a_damaged_root_is_an_error_also_as_a_generic_record(file_store):
    node_id = ag.save(BIG)
    blobs(file_store)[0].unlink()
    with pytest.raises(BlobMissingError):
        ag.load(node_id, generic=True)
    ag.delete_one(node_id)


def test_fields_are_loaded_alone(store):
    node_id = LoadedPart(BIG).save()
    assert ag.load(node_id, fields=["note"]) == {"note": "kept"}
    assert np.array_equal(ag.load(node_id, fields=["data", "note"])["data"], BIG)
    with pytest.raises(NodeNotFoundError, match=r"'nothing', 'else' of .*; its fields are data, note$"):
        ag.load(node_id, fields=["nothing", "note", "else"])
    with pytest.raises(NodeNotFoundError, match=r"field 'a' of .* it has no fields: load it without fields="):
        ag.load(ag.save({"a": 1}), fields=["a"])


def test_a_model_whose_class_is_gone_is_a_read_only_record_of_its_fields(store):
    node_id = LoadedWhole(LoadedPart([1])).save()
    models = {name: each for name, each in default_registry().models.items() if name != "LoadedPart"}
    record = ag.load(node_id, registry=Registry(models=models, modules=["artigraph.serializer"])).part
    assert (record.type_name, record.version, dict(record)) == ("LoadedPart", 1, {"data": [1], "note": "kept"})
    assert "LoadedPart v1" in repr(record)


def test_a_record_keeps_what_could_not_be_loaded_of_a_class_that_is_gone(file_store):
    node_id = LoadedPart(BIG).save()
    blobs(file_store)[0].unlink()
    record = ag.load(node_id, registry=Registry(models={"x": LoadedWhole}, modules=["artigraph.serializer"]))
    assert list(record) == ["note", "data"]
    assert isinstance(record.errors["data"], BlobMissingError)
    ag.delete_one(node_id)


def test_a_name_the_process_does_not_know_is_told_and_never_imported(file_store):
    node_id = LoadedPart(BIG).save()
    change(
        file_store,
        "UPDATE artigraph_node SET artifact_serializer = 'os.system/1' WHERE remote_artifact_storage = 'blobs'",
    )
    with pytest.raises(UnknownSerializerError, match=r"os\.system/1"):
        ag.load(node_id)
    change(
        file_store, "UPDATE artigraph_node SET remote_artifact_storage = 'gone' WHERE remote_artifact_storage = 'blobs'"
    )
    with pytest.raises(UnknownStorageError, match="'gone'"):
        ag.load(node_id)
    assert ag.load(node_id, fields=["note"]) == {"note": "kept"}


def test_loading_as_another_class_is_an_error_that_names_both(store):
    node_id = LoadedPart(1).save()
    with pytest.raises(WrongModelError, match="is a LoadedPart, not a LoadedWhole"):
        LoadedWhole.load(node_id)
    with pytest.raises(WrongModelError, match="is a int, not a LoadedPart"):
        LoadedPart.load(ag.save(1))


@pytest.mark.parametrize("target", ["no such label", UUID(int=7), str(UUID(int=7)), 3.5, "\x00"], ids=repr)
def test_what_is_not_there_is_not_found(store, target):
    with pytest.raises(NodeNotFoundError):
        ag.load(target)


def test_a_node_without_content_says_so(store):
    node = ag.Node("empty")
    ag.write_one(node)
    with pytest.raises(WrongModelError, match="without content"):
        ag.load(node)


def test_a_load_of_its_own_part_ends(store):
    part = LoadedPart(1)
    part.save()
    with ag.current_session() as group:
        group.execute(
            insert(LINK).values(id=new_id(), source_id=part.id, target_id=part.id, label="loop", kind="field")
        )
    with pytest.raises(CycleError):
        ag.load(part.id)
    with ag.current_session() as group:
        group.execute(delete(LINK).where(LINK.c.label == "loop"))


def test_everything_a_load_can_be_asked_with_leads_to_the_same(store):
    part = LoadedPart(1)
    part.save("named")
    handle = ag.Artifact(value=[1])
    handle.save()
    for target in (part.id, str(part.id), part.id.bytes, part, "named"):
        assert ag.load(target) == part
    assert ag.load(handle) == ag.load(handle.id) == [1]


async def test_many_loads_at_once_each_get_their_own(store):
    ids = [await ag.save(LoadedPart(n)) for n in range(20)]
    found = await asyncio.gather(*(ag.load(node_id) for node_id in ids))
    assert [each.data for each in found] == list(range(20))


def test_a_load_in_a_span_is_an_input_and_writes_nothing_by_itself(file_store):
    node_id = ag.save(1, "n")
    with ag.span_context("reader") as span:
        ag.load("n")
        assert rows(file_store, "SELECT count(*) FROM artigraph_link WHERE kind = 'input'") == [(0,)]
        ag.load("n")
    [link] = ag.read(ag.Link, ag.LinkFilter(kind="input"))
    assert (link.source_id, link.target_id, link.role) == (node_id, span.id, "n")


def test_track_false_keeps_a_load_out_of_the_inputs(store):
    ag.save(LoadedPart(1), "n")
    with ag.span_context("reader"):
        ag.load("n", track=False)
        ag.read(LoadedPart, track=False)
    assert not ag.exists(ag.Link, ag.LinkFilter(kind="input"))


def test_links_of_users_never_break_loading(store):
    part = LoadedPart([1])
    whole, other = LoadedWhole(part), ag.Node("other")
    whole.save("whole")
    links = [
        ag.Link(whole, other, "note"),  # the name of a field of the part
        ag.Link(whole, part, "again"),
        ag.Link(whole, whole, "itself"),
        ag.Link(part, whole, "back"),
        ag.Link(whole, other),
        ag.Link(other, whole, "part"),  # the name of a field of the whole
    ]
    ag.write_many([other, *links])
    assert LoadedWhole.load("whole") == whole
    assert ag.read(LoadedWhole, ag.NodeFilter(child_of=other)) == [whole]
    assert ag.load(whole, fields=["part"]) == {"part": part}
    part.note = "changed"
    part.save(on_conflict="replace")
    assert LoadedWhole.load("whole").part.note == "changed"
    assert set(ag.read(ag.Link, ag.LinkFilter(kind="user"))) == set(links)
    with pytest.raises(LabelTakenError):
        ag.write_one(ag.Link(whole, other, "part"))
    ag.delete_one(whole)
    assert ag.read(ag.Node) == [other]
