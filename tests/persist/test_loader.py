from __future__ import annotations

from collections.abc import AsyncIterable
from dataclasses import dataclass
from typing import Any

import numpy as np
import pytest

import artigraph as ag
from artigraph.errors import BlobMissingError, NodeNotFoundError, UnfinishedError, UnknownModelError, WrongModelError
from artigraph.ids import new_id
from artigraph.registry import Registry
from tests.stores import blobs, statements

BIG = np.arange(100_000)


@dataclass
class Shown(ag.ArtifactModel):
    name: str
    part: Any = None


@dataclass
class Picky(ag.ArtifactModel):
    x: int

    def __post_init__(self):
        if self.x == 13:
            raise ZeroDivisionError("thirteen")


def test_a_record_an_id_its_text_and_a_label_load_the_same(store):
    record = ag.save_one(Shown("a"), label="shown")
    for target in (record, record.id, str(record.id), "shown"):
        assert ag.load_one(target, Shown) == Shown("a")
    assert ag.load_one(ag.save_one([1, 2]), list[int]) == [1, 2]
    assert ag.load_one(ag.save_one(None)) is None


def test_another_class_than_was_asked_for_is_a_typed_error(store):
    record = ag.save_one(Shown("a"))
    with pytest.raises(WrongModelError, match="is a Shown, not a Picky"):
        ag.load_one(record, Picky)
    with pytest.raises(WrongModelError, match="not a dict"):
        ag.load_one(ag.save_one([1]), dict[str, int])


def test_a_class_that_was_defined_again_is_the_same_class(store):
    def define():
        @dataclass
        class Again(ag.ArtifactModel):
            x: int

        return Again

    first = define()
    record = ag.save_one(first(1))
    define()
    assert ag.load_one(record, first).x == 1


def test_many_are_loaded_in_as_many_statements_as_one(file_store):
    with ag.new_saver() as saver:
        futures = [saver.save_soon(Shown(str(n), Shown("part"))) for n in range(300)]
    ag.load(futures[0].get())
    counts = []
    for wanted in (futures[:1], futures):
        with statements() as seen, ag.new_loader() as loader:
            loaded = [loader.load_soon(each.get(), Shown) for each in wanted]
        counts.append(len([each for each in seen if each.startswith("SELECT")]))
    assert counts == [3, 3]
    assert [each.get().name for each in loaded] == [str(n) for n in range(300)]


async def test_one_failure_is_raised_as_itself_and_the_others_are_there(file_store):
    with ag.new_saver() as saver:
        futures = [saver.save_soon(BIG, "big"), saver.save_soon(1)]
    blobs(file_store)[0].unlink()
    with pytest.raises(BlobMissingError, match="big"):
        async with ag.new_loader() as loader:
            big, one, again = [loader.load_soon(each) for each in (*futures, futures[0])]
    assert one.get() == 1
    for each in (big, again):
        with pytest.raises(BlobMissingError, match="big"):
            await each
    await ag.delete_one(futures[0].get())


def test_several_failures_are_a_group_and_each_future_has_its_own(store):
    record, fine = ag.save_one(Shown("a")), ag.save_one(Picky(1))
    loader = ag.new_loader()
    loader.__enter__()
    missing, wrong, right = loader.load_soon(new_id()), loader.load_soon(record, Picky), loader.load_soon(fine, Picky)
    with pytest.raises(ExceptionGroup) as caught:
        loader.__exit__(None, None, None)
    assert {type(error) for error in caught.value.exceptions} == {NodeNotFoundError, WrongModelError}
    with pytest.raises(NodeNotFoundError):
        missing.get()
    with pytest.raises(WrongModelError):
        wrong.get()
    assert right.get() == Picky(1)


def test_what_user_code_raises_is_that_future_s_own(store):
    thirteen = Picky(12)
    thirteen.x = 13
    records = [ag.save_one(thirteen), ag.save_one(Shown("whole", thirteen)), ag.save_one(Picky(1))]
    with ag.new_loader(on_error="collect") as loader:
        bad, whole, good = [loader.load_soon(record) for record in records]
    assert good.get() == Picky(1)
    for each in (bad, whole):
        with pytest.raises(ZeroDivisionError, match="thirteen"):
            each.get()


def test_the_registry_limits_what_is_found_but_a_class_that_is_named_is_known(store):
    record = ag.save_one(Shown("a", Picky(1)))
    few = Registry(modules=["artigraph.serializer.json"])
    loaded = ag.load_one(record, Shown, registry=few)
    assert loaded.name == "a"
    assert (loaded.part.type_name, dict(loaded.part)) == ("Picky", {"x": 1})
    assert Shown.load(record, registry=few).name == "a"
    with ag.new_loader(registry=few) as loader:
        generic, known = loader.load_soon(record), loader.load_soon(ag.save_one(Picky(2)), Picky)
    assert generic.get()["name"] == "a"
    assert known.get() == Picky(2)
    with pytest.raises(UnknownModelError):
        few.model_named("Shown")
    every = Registry(modules=["artigraph.serializer", "artigraph.model"])
    assert ag.load_one(record, registry=every).part == Picky(1)


def test_a_target_that_is_no_record_is_refused_at_once(store):
    with ag.new_loader() as loader, pytest.raises(NodeNotFoundError, match="give the record"):
        loader.load_soon("a label")
    with pytest.raises(UnfinishedError, match="with new_loader"):
        ag.new_loader().load_soon(new_id())


def test_what_is_loaded_in_a_span_is_its_input_unless_asked_otherwise(store):
    record = ag.save_one(1)
    with ag.span_context("s") as span, ag.new_loader() as loader:
        loader.load_soon(record)
    with ag.span_context("t") as other:
        with ag.new_loader(track=False) as loader:
            loader.load_soon(record)
        ag.load_one(record, track=False)
    assert ag.exists(ag.LinkFilter(source=record, target=span, kind="input"))
    assert not ag.exists(ag.LinkFilter(target=other, kind="input"))


def test_a_stream_is_what_an_async_iterable_asks_for(store):
    record = ag.save_one([1, 2], serializer="jsonl/1")
    assert list(ag.load_one(record, AsyncIterable[int])) == [1, 2]
