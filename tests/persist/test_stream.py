from __future__ import annotations

import asyncio
import threading
import time
from collections.abc import AsyncIterable, AsyncIterator
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Any

import numpy as np
import pandas as pd
import pyarrow as pa
import pytest
from sqlalchemy.ext.asyncio import AsyncSession

import artigraph as ag
from artigraph.errors import BlobCorruptError, BlobMissingError, SerializeError, UnfinishedError, UnserializableError
from artigraph.registry import Registry
from artigraph.serializer.base import StreamSerializer
from artigraph.storage.memory import MemoryStorage
from tests.stores import blobs, count

ROOT = Path(__file__).parents[2]
FAR = MemoryStorage("stream-far").register()


async def numbers(n: int) -> AsyncIterator[int]:
    for number in range(n):
        await asyncio.sleep(0)
        yield number


async def given(*items: Any) -> AsyncIterator[Any]:
    for item in items:
        yield item


async def all_of(stream: AsyncIterable[Any]) -> list[Any]:
    return [item async for item in stream]


@dataclass
class Log(ag.ArtifactModel):
    name: str
    lines: AsyncIterable[dict[str, int]]
    table: Annotated[AsyncIterable[pa.RecordBatch] | None, ag.SaveSpec(storage=FAR, tags={"kind": "table"})] = None
    chunks: AsyncIterable[bytes] | None = None


async def test_a_stream_is_read_any_number_of_times_each_time_from_the_start(store):
    handle = await ag.load(await ag.save(numbers(5_000), "n"))
    assert isinstance(handle, ag.Stream)
    assert "jsonl/1" in repr(handle)
    assert await all_of(handle) == list(range(5_000))
    first, second = aiter(handle), aiter(handle)
    assert [await anext(first), await anext(first), await anext(second)] == [0, 1, 0]
    await first.aclose()
    await second.aclose()
    async with handle.open() as items:
        assert await anext(items) == 0
        assert [item async for item in items][-1] == 4_999
    with pytest.raises(UnfinishedError, match="not open"):
        await anext(items)


def test_a_script_saves_and_reads_streams_too(store):
    handle = ag.load(ag.save(numbers(3)))
    assert list(handle) == list(handle) == [0, 1, 2]
    with handle.open() as items:
        assert next(items) == 0
    assert asyncio.run(all_of(handle)) == [0, 1, 2]


async def test_fields_are_streams_and_their_serializer_follows_the_annotation(file_store):
    batches = [pa.record_batch({"x": [n, n + 1]}) for n in range(4)]
    log = Log("a", given({"n": 1}, {"n": 2}), given(*batches), given(b"a", bytes(500_000), b""))
    loaded = await Log.load(await log.save("log"))
    assert await all_of(loaded.lines) == [{"n": 1}, {"n": 2}]
    assert await all_of(loaded.table) == batches
    assert [len(chunk) for chunk in await all_of(loaded.chunks)] == [1, 500_000, 0]
    names = [each.serializer.name for each in (loaded.lines, loaded.table, loaded.chunks)]
    assert names == ["jsonl/1", "pyarrow.batches/1", "frames.bytes/1"]
    assert len(FAR._blobs) == len(blobs(file_store)) == 1
    assert await ag.read_tags("log", "table") == {"kind": "table"}


async def test_an_empty_stream_has_the_serializer_of_its_annotation(store):
    loaded = await Log.load(await Log("empty", given(), given(), given()).save())
    assert [await all_of(each) for each in (loaded.lines, loaded.table, loaded.chunks)] == [[], [], []]
    assert loaded.table.serializer.name == "pyarrow.batches/1"


@pytest.mark.parametrize(
    ("items", "name"),
    [
        ([np.arange(3), np.zeros(2)], "frames.items/1"),
        ([pd.DataFrame({"a": [1]}), pd.DataFrame({"b": ["x"]})], "frames.items/1"),
        ([pa.table({"a": [1, 2]}), pa.table({"a": [3]})], "pyarrow.rowgroups/1"),
        ([b"x", b""], "frames.bytes/1"),
        ([], "jsonl/1"),
        (["text", None, (1, 2)], "jsonl/1"),
    ],
)
async def test_without_an_annotation_the_first_item_says_which_serializer(store, items, name):
    handle = await ag.load(await ag.save(given(*items)))
    assert handle.serializer.name == name
    back = await all_of(handle)
    assert [type(item) for item in back] == [type(item) for item in items]
    assert [str(item) for item in back] == [str(item) for item in items]


async def test_a_serializer_can_be_named_and_plain_iterables_can_be_streams(file_store):
    rows = [{"city": "Oslo", "rain": 1.5}, {"city": "12", "rain": None}]
    for value in (given(*rows), rows, iter(rows)):
        record = await ag.save_one(value, serializer="csv.rows/1")
        assert await all_of(await ag.load(record)) == rows
    assert (await ag.read_one(ag.Artifact, ag.NodeFilter(id=record.id))).type_name == "Stream"


async def test_a_loaded_stream_can_be_saved_again_and_gives_the_same_bytes(file_store):
    first = await ag.save_one(given(*([b"x" * 70_000] * 10)), storage="stream-far")
    again = await ag.save_one(await ag.load(first), storage="stream-far")
    assert (again.hash, again.size) == (first.hash, first.size)
    log = Log("a", given({"n": 1}))
    await log.save()
    loaded = await Log.load(log)
    assert await loaded.save() == log.graph_id


async def test_the_code_of_a_stream_runs_on_the_caller_s_loop_and_in_one_task(store):
    seen = set()

    async def items():
        for n in range(3_000):
            seen.add((threading.get_ident(), id(asyncio.current_task()), id(asyncio.get_running_loop())))
            await asyncio.sleep(0)
            yield n

    await ag.save(items())
    [(thread, _, loop)] = seen
    assert (thread, loop) == (threading.get_ident(), id(asyncio.get_running_loop()))


async def test_the_stream_goes_on_only_when_what_it_gave_is_taken(store):
    produced, leads = 0, []

    class Counting(StreamSerializer[bytes]):
        name = "counting.test/1"

        def dump(self, value, file, /):
            for place, _ in enumerate(value):
                time.sleep(0.001)
                leads.append(produced - place)

        def load(self, file, /):
            return iter(())

    async def chunks():
        nonlocal produced
        for _ in range(100):
            produced += 1
            yield bytes(1 << 20)

    await ag.save(chunks(), serializer=Counting(), registry=Registry(modules=["artigraph.serializer.json"]))
    assert len(leads) == produced == 100
    assert max(leads) <= 3


async def test_a_stream_may_use_the_library_while_it_is_saved(file_store):
    async def items():
        for n in range(3):
            await ag.save(n, f"item {n}")
            yield await ag.load(f"item {n}")

    async with ag.current_session():
        stream = await ag.save(items(), "stream")
        assert await all_of(await ag.load(stream)) == [0, 1, 2]
    engine = ag.get_engine()
    async with AsyncSession(engine) as session:
        record = await ag.save_one(numbers(3), session=session)
        await session.commit()
    await engine.dispose()
    assert await all_of(await ag.load(record)) == [0, 1, 2]


@pytest.mark.parametrize("how", ["async", "script"])
def test_what_a_stream_raises_comes_out_and_nothing_is_left(file_store, how):
    closed = []
    error = ZeroDivisionError("from the stream")

    async def items():
        try:
            yield bytes(600_000)
            raise error
        finally:
            closed.append(True)

    with pytest.raises(ZeroDivisionError) as caught:
        asyncio.run(ag.save.a(items())) if how == "async" else ag.save.s(items())
    assert caught.value is error
    assert closed == [True]
    assert (count(file_store), blobs(file_store)) == (0, [])


async def test_an_item_that_cannot_be_kept_is_named_and_the_stream_is_closed(file_store):
    closed = []

    async def items():
        try:
            while True:
                await asyncio.sleep(0)
                yield {"n": 1}
                yield {"n": object()}
        finally:
            closed.append(threading.get_ident())

    with pytest.raises(UnserializableError, match=r"Log\.lines\[1\]\['n'\] of type object"):
        await Log("a", items()).save()
    assert closed == [threading.get_ident()]
    assert count(file_store) == 0


async def test_a_cancelled_save_stops_its_stream_and_leaves_nothing(file_store):
    closed = asyncio.Event()
    many = asyncio.Event()

    async def endless():
        try:
            for n in range(1 << 62):
                if n == 30_000:
                    many.set()
                await asyncio.sleep(0)
                yield f"{n:100}"
        finally:
            closed.set()

    saving = asyncio.ensure_future(ag.save.a(endless()))
    await many.wait()
    saving.cancel()
    with pytest.raises(asyncio.CancelledError):
        await saving
    assert closed.is_set()
    assert (count(file_store), blobs(file_store)) == (0, [])


async def test_a_stream_that_waits_for_ever_can_be_cancelled(store):
    begun = asyncio.Event()

    async def waiting():
        begun.set()
        await asyncio.Event().wait()
        yield 1

    saving = asyncio.ensure_future(ag.save.a(waiting()))
    await begun.wait()
    saving.cancel()
    with pytest.raises(asyncio.CancelledError):
        await saving
    assert not await ag.exists(ag.Node)


async def test_a_generator_that_was_gone_through_is_not_saved_as_empty(store):
    items = numbers(3)
    await ag.save(items)
    with pytest.raises(UnserializableError, match="make a new one"):
        await ag.save(items)


async def test_an_async_value_of_no_known_items_says_so(store):
    with pytest.raises(UnserializableError, match=r"async_generator\[0\] of type object"):
        await ag.save(given(object()))


async def test_gone_or_changed_bytes_are_told_at_the_load_or_when_they_are_opened(file_store):
    node_id = await ag.save(given(*[b"x" * 100_000] * 5), "chunks")
    handle = await ag.load(node_id)
    [blob] = blobs(file_store)
    whole = blob.read_bytes()
    blob.chmod(0o600)
    blob.write_bytes(whole[:-1] + b"y")
    with pytest.raises(BlobCorruptError, match=f"stream {node_id}"):
        await all_of(handle)
    blob.write_bytes(whole[:-1])
    with pytest.raises(BlobCorruptError, match="chunks"):
        await ag.load(node_id)
    blob.unlink()
    with pytest.raises(BlobMissingError, match=f"stream {node_id}"):
        list(handle)
    with pytest.raises(BlobMissingError, match="chunks"):
        await ag.load(node_id)
    await ag.delete_one(node_id)


async def test_a_stream_that_breaks_off_says_so_when_it_is_read():
    reset = ag.set_engine("sqlite:///:memory:", create_tables=True, verify="never")
    storage = MemoryStorage("stream-broken")
    handle = await ag.load(await ag.save(given(b"abc", b"def"), storage=storage))
    [location] = storage._blobs
    storage._blobs[location] = (storage._blobs[location][0][:-1], storage._blobs[location][1])
    with pytest.raises(SerializeError, match="cut off"):
        await all_of(handle)
    reset()


async def test_a_stream_is_an_input_where_it_is_used_and_shown_as_one(store):
    with ag.span_context("made") as made:
        ag.save.s(numbers(3), "n")
    with ag.span_context("used") as used:
        await ag.load("n")
    assert await ag.exists(ag.LinkFilter(target=used, kind="input"))
    assert await all_of((await ag.read_span_artifacts(made))["n"]) == [0, 1, 2]
    row = await ag.read_one(ag.OrmArtifact, ag.NodeFilter(label="n"))
    assert row.artifact_preview == {"type": "Stream", "length": 3, "text": "3 items, the first is 0"}


def test_a_far_stream_is_brought_to_a_temporary_file_and_read_from_there(file_store, monkeypatch):
    monkeypatch.setattr("artigraph.persist.source.IN_MEMORY", 1000)
    handle = ag.load(ag.save(given(*[bytes(1000)] * 9), storage=FAR))
    monkeypatch.setattr(FAR, "read", None)
    monkeypatch.setattr(FAR, "download", _from(FAR))
    assert [len(chunk) for chunk in handle] == [1000] * 9


def _from(storage):
    async def download(location, file):
        file.write(storage._blobs[location][0])

    return download
