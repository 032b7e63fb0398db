from __future__ import annotations

import asyncio
from dataclasses import dataclass
from typing import Annotated, Any

import numpy as np
import pytest
from sqlalchemy.ext.asyncio import AsyncSession

import artigraph as ag
from artigraph.errors import (
    BlobMissingError,
    ImmutableError,
    InvalidLabelError,
    StorageFullError,
    UnfinishedError,
    UnserializableError,
    WouldDeadlockError,
)
from artigraph.registry import Registry
from artigraph.storage.memory import MemoryStorage
from tests.stores import blobs, count, statements

BIG = np.arange(100_000)


@dataclass
class Trial(ag.ArtifactModel):
    name: str
    result: Any = None
    next: Any = None


ELSEWHERE = MemoryStorage("saver-field")


@dataclass
class Tagged(ag.ArtifactModel):
    plain: Annotated[int, ag.ContentSpec(tags={"unit": "m"})]
    big: Annotated[Any, ag.ContentSpec(storage=ELSEWHERE, tags={"type": "results"})]


class FullStorage(MemoryStorage):
    """Takes nothing that is not zeros."""

    async def put(self, spool, digest, size, *, durable=True):
        if spool.read_bytes()[-1]:
            raise StorageFullError(28, "no space is left")
        return await super().put(spool, digest, size, durable=durable)


def test_one_thing_saved_gives_the_record_of_it(store):
    record = ag.save_one([1, 2], label="pair", tags={"a": "b"})
    assert (record.label, record.size, record.tags) == ("pair", 5, {"a": "b"})
    assert record.hash.startswith("sha256:")
    assert ag.load(record.id) == [1, 2]


def test_what_was_given_to_a_saver_is_one_transaction_with_a_batch_per_table(file_store):
    ag.save(Trial("warm"))
    with statements() as seen, ag.new_saver() as saver:
        futures = [saver.save_soon(Trial(str(n), n), f"trial {n}") for n in range(200)]
        futures += [saver.save_soon(n, tags={"n": str(n)}) for n in range(200)]
    assert sum(each.startswith("BEGIN IMMEDIATE") for each in seen) == 1
    assert not [each for each in seen if each.startswith("SELECT")]
    assert [ag.load(future.get()) for future in futures[::100]] == [Trial("0", 0), Trial("100", 100), 0, 100]


def test_the_id_is_known_at_once_and_is_that_of_the_record(store):
    trial = Trial("a")
    with ag.new_saver() as saver:
        futures = [saver.save_soon(trial), saver.save_soon(2), saver.save_soon({"x": trial})]
        ids = [future.node_id for future in futures]
        assert ids[0] == trial.graph_id
        assert "pending" in repr(futures[0])
    assert [future.get().id for future in futures] == ids == [future.node_id for future in futures]
    assert "done" in repr(futures[0])


def test_one_object_given_twice_is_saved_once_and_both_futures_have_it(store):
    trial = Trial("a")
    with ag.new_saver() as saver:
        first, second = saver.save_soon(trial, "x"), saver.save_soon(trial)
    assert first.get() == second.get()
    assert second.get().label == "x"
    assert len(ag.read(Trial)) == 1


async def test_a_future_can_be_awaited_by_another_task_but_not_by_its_own_block(store):
    async with ag.new_saver() as saver:
        future = saver.save_soon(1, "x")
        waiting = asyncio.ensure_future(_result(future))
        given_up = asyncio.ensure_future(_result(future))
        await asyncio.sleep(0)
        given_up.cancel()
        with pytest.raises(UnfinishedError, match="not ended"):
            future.get()
        with pytest.raises(WouldDeadlockError):
            await future
    assert (await waiting) == (await future) == future.get()


async def _result(future):
    return await future


def test_a_failure_means_that_nothing_is_saved_and_each_future_says_its_own(file_store):
    with pytest.raises(UnserializableError, match="object"), ag.new_saver() as saver:
        good, bad, big = saver.save_soon(Trial("good")), saver.save_soon(Trial("bad", object())), saver.save_soon(BIG)
    with pytest.raises(UnserializableError, match=r"Trial\.result of type object"):
        bad.get()
    for each in (good, big):
        with pytest.raises(UnfinishedError, match="UnserializableError"):
            each.get()
    assert count(file_store) == 0
    assert blobs(file_store) == []


def test_several_failures_come_as_a_group(store):
    with pytest.raises(ExceptionGroup) as caught, ag.new_saver() as saver:
        first, second = saver.save_soon(object()), saver.save_soon(1, "")
    assert [type(error) for error in caught.value.exceptions] == [UnserializableError, InvalidLabelError]
    with pytest.raises(InvalidLabelError):
        second.get()
    with pytest.raises(UnserializableError):
        first.get()


async def test_collected_failures_let_the_others_be_saved(file_store):
    full = FullStorage("saver-full")
    changed = Trial("first")
    await changed.save()
    changed.name = "second"
    part = Trial("shared", bytes(300_000))
    async with ag.new_saver(on_error="collect") as saver:
        good = saver.save_soon(Trial("good", part), "good")
        unknown = saver.save_soon({"a": BIG + 1, "b": object()})
        refused = saver.save_soon(np.array([object()]))
        unput = saver.save_soon(Trial("full", [part, ag.Artifact]), "never")
        no_room = saver.save_soon(np.ones(9), storage=full)
        room = saver.save_soon(np.zeros(9), storage=full)
        stale = saver.save_soon([changed])
    assert ag.load.s(good.get()) == Trial("good", part)
    assert ag.load.s(room.get()).tolist() == [0] * 9
    for future, error in [
        (unknown, UnserializableError),
        (refused, UnserializableError),
        (unput, UnserializableError),
        (no_room, StorageFullError),
        (stale, ImmutableError),
    ]:
        with pytest.raises(error):
            future.get()
    assert len(blobs(file_store)) == 1
    assert {trial.name for trial in await ag.read(Trial)} == {"good", "shared", "first"}
    assert len(full._blobs) == 1


def test_a_saver_where_everything_failed_writes_nothing(file_store):
    with ag.new_saver(on_error="collect") as saver:
        future = saver.save_soon(object())
    with pytest.raises(UnserializableError):
        future.get()
    assert count(file_store) == 0


def test_a_block_that_raises_saves_nothing(store):
    futures = []

    def work():
        with ag.new_saver() as saver:
            futures.append(saver.save_soon(1))
            1 / 0

    with pytest.raises(ZeroDivisionError):
        work()
    [future] = futures
    with pytest.raises(UnfinishedError, match="ZeroDivisionError"):
        future.get()
    assert not ag.exists(ag.Node)


def test_a_saver_is_used_once_and_only_inside_its_block(store):
    saver = ag.new_saver()
    with pytest.raises(UnfinishedError, match="with new_saver"):
        saver.save_soon(1)
    with saver:
        pass
    with pytest.raises(UnfinishedError, match="not open"):
        saver.save_soon(1)
    with pytest.raises(UnfinishedError, match="used before"), saver:
        pass


def test_what_is_given_in_an_open_span_becomes_its_output(store):
    with ag.new_saver() as saver:
        outside = saver.save_soon(0)
        with ag.span_context("first") as first:
            saver.save_soon(1, "x")
        with ag.span_context("second") as second:
            saver.save_soon(2, "x")
    assert ag.read_span_artifacts(first) == {"x": 1}
    assert ag.read_span_artifacts(second) == {"x": 2}
    assert not ag.exists(ag.LinkFilter(target=outside.get()))


async def test_a_session_of_the_caller_is_committed_by_the_caller(file_store):
    engine = ag.get_engine()
    async with AsyncSession(engine) as session:
        record = await ag.save_one(1, session=session)
        async with ag.new_saver(session=session) as saver:
            futures = [saver.save_soon(Trial("a", BIG), "a"), saver.save_soon(2)]
        async with ag.new_loader(session=session) as loader:
            loaded = [loader.load_soon(each) for each in (record, *futures)]
        assert (loaded[0].get(), loaded[1].get().name, loaded[2].get()) == (1, "a", 2)
        assert np.array_equal(loaded[1].get().result, BIG)
        assert count(file_store) == 0
        await session.commit()
    assert count(file_store) == 6
    await engine.dispose()


async def test_a_saver_with_a_session_needs_async_with(file_store):
    engine = ag.get_engine()
    async with AsyncSession(engine) as session:
        with pytest.raises(WouldDeadlockError), ag.new_saver(session=session) as saver:
            saver.save_soon(1)
    await engine.dispose()


def test_equal_blobs_of_one_save_are_put_once_and_others_at_the_same_time(file_store):
    storage = Counting("saver-counting")
    with ag.new_saver(registry=Registry(modules=["artigraph.serializer"], default_storage=storage)) as saver:
        for n in range(12):
            saver.save_soon(BIG + n)
            saver.save_soon(BIG + n)
    assert storage.calls == 12
    assert storage.most == 8


class Counting(MemoryStorage):
    calls = now = most = 0

    async def put(self, spool, digest, size, *, durable=True):
        self.calls, self.now = self.calls + 1, self.now + 1
        self.most = max(self.most, self.now)
        await asyncio.sleep(0.02)
        self.now -= 1
        return await super().put(spool, digest, size, durable=durable)


def test_fields_say_where_they_go_and_how_they_are_tagged(file_store):
    record = ag.save_one(Tagged(1, {"a": BIG}), tags={"stage": "raw"})
    assert ag.read_tags(record) == {"stage": "raw"}
    assert ag.read_tags(record.id, "plain") == {"unit": "m"}
    assert ag.read_tags(record, "big") == {"type": "results"}
    assert len(ELSEWHERE._blobs) == 1
    ELSEWHERE._blobs.clear()
    with pytest.raises(BlobMissingError):
        ag.load_one(record, Tagged)
