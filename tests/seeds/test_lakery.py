"""Lakery's overview page: every snippet, its mistakes mended, with a pydantic model and with a dataclass."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterable, Iterator
from dataclasses import dataclass
from typing import Annotated, Any

import numpy as np
import pytest
from sqlalchemy import NullPool
from sqlalchemy.ext.asyncio import async_sessionmaker, create_async_engine

import artigraph as ag
from artigraph.errors import TablesMissingError
from artigraph.registry import Registry, default_registry
from artigraph.storage.aws import S3Storage
from tests.storage.s3 import bucket, moto_port, proxy
from tests.stores import empty_database

__all__ = ["bucket", "empty_database", "moto_port", "proxy"]

VALUES = {
    "description": "Experiment 1",
    "parameters": {"learning_rate": 0.01, "batch_size": 32},
    "results": {"accuracy": [0.8, 0.85, 0.9], "loss": [0.5, 0.4, 0.3]},
}
OTHERS = {
    "description": "Experiment 2",
    "parameters": {"learning_rate": 0.001, "batch_size": 64},
    "results": {"accuracy": [0.75, 0.8, 0.85], "loss": [0.6, 0.5, 0.4]},
}


@dataclass
class DataclassExperiment(ag.GraphModel):
    description: str
    parameters: dict[str, float]
    results: dict[str, list[float]]


@dataclass
class DataclassArrays(ag.GraphModel):
    description: str
    results: dict[str, np.ndarray]


@dataclass
class DataclassTagged(ag.GraphModel):
    description: str
    parameters: dict[str, float]
    results: Annotated[dict[str, np.ndarray], ag.ContentSpec(storage=S3Storage, tags={"type": "results"})]


def models(kind: str) -> tuple[Any, Any, Any]:
    """The three classes of the page."""
    if kind == "dataclass":
        return DataclassExperiment, DataclassArrays, DataclassTagged
    base: Any = pytest.importorskip("artigraph.extras.pydantic").StorableModel

    class ExperimentData(base):
        description: str
        parameters: dict[str, float]
        results: dict[str, list[float]]

    class ArrayData(base):
        description: str
        results: dict[str, np.ndarray]

    class TaggedData(base):
        description: str
        parameters: dict[str, float]
        results: Annotated[dict[str, np.ndarray], ag.ContentSpec(storage=S3Storage, tags={"type": "results"})]

    return ExperimentData, ArrayData, TaggedData


@pytest.fixture
def new_async_session(database: str) -> Iterator[Any]:
    """Sessions on the current database."""
    engine = create_async_engine(database, poolclass=NullPool)
    yield async_sessionmaker(engine, expire_on_commit=True)
    asyncio.run(engine.dispose())


@pytest.fixture
def registry(monkeypatch) -> Registry:
    """Registry setup, in a process that knows no S3Storage yet."""
    known = default_registry()
    others = {name: each for name, each in known.storages.items() if not isinstance(each, S3Storage)}
    monkeypatch.setattr(known, "_storages", others)
    return Registry(modules=["artigraph.serializer", "artigraph.storage.file", "artigraph.storage.aws"])


both_kinds = pytest.mark.parametrize("kind", ["dataclass", "pydantic"])


@both_kinds
async def test_one_is_saved_and_loaded_in_sessions_of_the_caller(new_async_session, registry, kind):
    experiment, _, _ = models(kind)
    obj = experiment(**VALUES)
    async with new_async_session() as session:
        record = await ag.save_one(obj, session=session, registry=registry)
        await session.commit()
    async with new_async_session() as session:
        loaded_obj = await ag.load_one(record, experiment, session=session, registry=registry)
    assert loaded_obj == obj
    assert type(loaded_obj) is experiment
    assert await ag.load_one(record.id) == await ag.load_one(str(record.id)) == obj


@both_kinds
async def test_many_are_saved_and_loaded_at_once(new_async_session, registry, kind):
    experiment, _, _ = models(kind)
    objs = [experiment(**VALUES), experiment(**OTHERS)]
    async with new_async_session() as session:
        async with ag.new_saver(session=session, registry=registry) as ms:
            future_records = [ms.save_soon(s) for s in objs]
        records = [r.get() for r in future_records]
        await session.commit()
    async with new_async_session() as session:
        async with ag.new_loader(session=session, registry=registry) as ml:
            future_objs = [ml.load_soon(r, experiment) for r in records]
        loaded_objs = [future.get() for future in future_objs]
    assert loaded_objs == objs
    assert [await each for each in future_records] == records


@both_kinds
def test_a_script_needs_neither_sessions_nor_registry(new_async_session, kind):
    experiment, _, _ = models(kind)
    with ag.new_saver() as saver:
        futures = [saver.save_soon(experiment(**VALUES)), saver.save_soon(experiment(**OTHERS), "second")]
    with ag.new_loader() as loader:
        loaded = [loader.load_soon(each.get(), experiment) for each in futures]
    assert [each.get().description for each in loaded] == ["Experiment 1", "Experiment 2"]
    assert ag.load_one("second") == experiment(**OTHERS)


@both_kinds
async def test_values_that_are_no_json_are_nested_without_loss(new_async_session, registry, kind):
    _, arrays, _ = models(kind)
    results = {"accuracy": np.array([0.8, 0.85]), "image": np.arange(6, dtype="uint8").reshape(2, 3)}
    record = await ag.save_one(arrays(description="arrays", results=results), registry=registry)
    loaded = await ag.load_one(record, arrays, registry=registry)
    assert type(loaded.results) is dict
    for name, array in results.items():
        assert loaded.results[name].dtype == array.dtype
        assert np.array_equal(loaded.results[name], array)


@both_kinds
async def test_tags_of_a_whole_and_of_its_content(new_async_session, registry, kind, bucket):
    _, _, tagged = models(kind)
    storage = S3Storage(bucket, prefix=kind)
    registry.add_storage(storage)
    obj = tagged(description="e", parameters=VALUES["parameters"], results={"loss": np.zeros(3)})
    tags = {"experiment_type": "baseline", "model": "cnn"}
    async with new_async_session() as session:
        record = await ag.save_one(obj, session=session, registry=registry, tags=tags)
        async with ag.new_saver(session=session, registry=registry) as ms:
            future = ms.save_soon(obj, tags={"more": "yes"})
        await session.commit()
    assert record.tags == tags
    assert await ag.read_tags(record) == {**tags, "more": "yes"} == {**record.tags, **future.get().tags}
    assert await ag.read_tags(record, "results") == {"type": "results"}
    [found] = await ag.read(ag.Node, ag.NodeFilter(tags={"experiment_type": "baseline", "model": "cnn"}))
    assert found.id == record.id
    assert len([location async for location, _ in storage.list()]) == 1
    assert (await ag.load_one(record, tagged, registry=registry)).results["loss"].tolist() == [0, 0, 0]


async def test_a_stream_is_a_storable_too(new_async_session, registry):
    async def rows() -> AsyncIterable[dict[str, int]]:
        for n in range(1000):
            yield {"n": n}

    async with new_async_session() as session:
        record = await ag.save_one(rows(), session=session, registry=registry)
        await session.commit()
    handle = await ag.load_one(record, registry=registry)
    for _ in range(2):
        assert [row["n"] async for row in handle] == list(range(1000))


def test_the_tables_are_made_by_one_call(empty_database):
    reset = ag.set_engine(create_async_engine(empty_database))
    with pytest.raises(TablesMissingError):
        ag.save_one(1)
    ag.create_tables()
    assert ag.load_one(ag.save_one(1)) == 1
    reset()
