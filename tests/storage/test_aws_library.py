"""What is kept in a bucket, through the whole library."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Annotated, Any

import pytest

import artigraph as ag
from artigraph.errors import (
    BlobCorruptError,
    BlobMissingError,
    NameTakenError,
    StorageReadOnlyError,
)
from artigraph.registry import Registry, default_registry, use_registry
from artigraph.storage.aws import S3Storage
from tests.storage.s3 import bucket, listed, moto_port, proxy, storage, store_object
from tests.stores import file_store

__all__ = ["bucket", "file_store", "moto_port", "proxy", "storage"]

pandas = pytest.importorskip("pandas")
from artigraph.serializer.pandas import dataframe_serializer  # noqa: E402

LARGE = bytes(1 << 20)
FRAME = pandas.DataFrame({"a": [1, 2, 3], "b": ["x", "y", None]})


async def test_a_field_that_names_the_storage_is_kept_there_and_comes_back(file_store, storage, proxy):
    @dataclass
    class S3Model(ag.ArtifactModel, version=1):
        df: pandas.DataFrame = ag.artifact_field(serializer=dataframe_serializer, storage=storage)  # noqa: RUF009
        note: str = "here"

    model_id = await S3Model(FRAME).save(label="one")
    assert [size.size for _, size in await listed(storage)] == [len(dataframe_serializer.serialize(FRAME))]
    back = await S3Model.load(model_id)
    pandas.testing.assert_frame_equal(back.df, FRAME)
    assert back.note == "here"


async def test_a_registered_storage_can_be_named_by_its_class(file_store, bucket):
    with use_registry(Registry(modules=["artigraph.serializer"])) as registry:
        storage = S3Storage(bucket)
        registry.add_storage(storage)

        @dataclass
        class S3ByClass(ag.ArtifactModel, version=1):
            value: Annotated[dict[str, Any], ag.SaveSpec(storage=S3Storage, tags={"type": "results"})]

        registry.add_model("S3ByClass", S3ByClass)
        model_id = await S3ByClass({"a": 1}).save()
        assert len(await listed(storage)) == 1
        assert (await S3ByClass.load(model_id)).value == {"a": 1}


def test_it_can_be_where_everything_big_goes(tmp_path, storage):
    reset = ag.set_engine(f"sqlite:///{tmp_path / 'x.db'}", create_tables=True, storage=storage)
    try:
        record = ag.save(LARGE, "big")
        assert ag.load("big") == LARGE
        assert record
    finally:
        reset()


async def test_a_missing_or_damaged_blob_names_its_owner(file_store, storage, bucket, proxy):
    @dataclass
    class S3Damaged(ag.ArtifactModel, version=1):
        text: str = ag.artifact_field(storage=storage)

    model_id = await S3Damaged("some text").save(label="hurt")
    [(location, kept)] = await listed(storage)
    store_object(proxy, bucket, location, b"x" * kept.size)
    with pytest.raises(BlobCorruptError, match="artifact hurt / text"):
        await S3Damaged.load(model_id)
    await storage.delete(location)
    with pytest.raises(BlobMissingError, match="artifact hurt / text"):
        await S3Damaged.load(model_id)


async def test_a_failed_put_leaves_no_row(file_store, bucket, proxy):
    storage = S3Storage(bucket, attempts=1)

    @dataclass
    class S3Failed(ag.ArtifactModel, version=1):
        text: str = ag.artifact_field(storage=storage)

    model = S3Failed("some text")
    proxy.fail("PUT", (403, "AccessDenied"))
    with pytest.raises(StorageReadOnlyError):
        await model.save()
    assert await ag.read(S3Failed) == []
    model_id = await model.save()
    assert (await S3Failed.load(model_id)).text == "some text"


def test_a_cell_that_registers_a_bucket_may_run_twice():
    first, second = S3Storage("twice", timeout=5).register(), S3Storage("twice").register()
    assert default_registry().storages["aws:twice"] is second == first
    with pytest.raises(NameTakenError):
        S3Storage("twice", endpoint="http://127.0.0.1:1").register()
