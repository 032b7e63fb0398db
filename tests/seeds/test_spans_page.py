"""The page "Usage" of the span generation (000), snippet by snippet, its mistakes mended."""

from __future__ import annotations

import subprocess
import sys

import pytest

import artigraph as ag
from tests.seeds.conftest import Run

MODELS = """
from dataclasses import dataclass
from artigraph import ArtifactModel

@dataclass
class TrainedModel(ArtifactModel, version=1):
    weights: list

@dataclass
class TrainingDataset(ArtifactModel, version=1):
    rows: list
"""


def test_the_frame_of_the_examples_is_a_whole_program(tmp_path):
    program = """
import asyncio
from artigraph import set_engine, save, load

set_engine("sqlite+aiosqlite:///example.db", create_tables=True)

async def main():
    assert await load(await save(1)) == 1

if __name__ == "__main__":
    asyncio.run(main())
"""
    subprocess.run([sys.executable, "-W", "error", "-c", program], cwd=tmp_path, check=True)
    assert (tmp_path / "example.db").exists()


def test_a_model_is_saved_under_a_label(run: Run):
    names = run("""
        from dataclasses import dataclass, field
        from artigraph import ArtifactModel

        @dataclass
        class MyDataModel(ArtifactModel, version=1):
            some_value: int
            another_value: dict[str, str] = field(default_factory=dict)

        async def main():
            # construct an artifact
            artifact = MyDataModel(some_value=42, another_value={"foo": "bar"})
            # save it to the database
            artifact_id = await artifact.create(label="my-data")
            assert await MyDataModel.read(artifact_id) == artifact
            assert await MyDataModel.read("my-data") == artifact

        await main()
    """)
    assert names["MyDataModel"].graph_model_version == 1


def test_a_field_says_how_it_is_kept_and_where(run: Run, bucket: str):
    run(
        """
        import pandas as pd
        from dataclasses import dataclass
        from artigraph import ArtifactModel, artifact_field
        from artigraph.storage.aws import S3Storage
        from artigraph.serializer.pandas import dataframe_serializer

        s3_storage = S3Storage(bucket)

        @dataclass
        class MyDataModel(ArtifactModel, version=1):
            dataframe: pd.DataFrame = artifact_field(
                serializer=dataframe_serializer,
                storage=s3_storage,
            )

        made = MyDataModel(dataframe=pd.DataFrame({"a": [1, 2, 3]}))
        artifact_id = await made.create(label="frame")
        pd.testing.assert_frame_equal((await MyDataModel.read(artifact_id)).dataframe, made.dataframe)
        """,
        bucket=bucket,
    )
    [row] = ag.read.s(ag.OrmArtifact, ag.ArtifactFilter(serializer="pandas.parquet/1"))
    assert row.node_type == "remote_artifact"


def test_without_a_storage_the_value_is_in_the_database_and_without_a_serializer_it_is_inferred(run: Run):
    run("""
        import pandas as pd
        from dataclasses import dataclass
        from artigraph import ArtifactModel, artifact_field
        from artigraph.serializer.pandas import dataframe_serializer

        @dataclass
        class MyDataModel(ArtifactModel, version=1):
            named: pd.DataFrame = artifact_field(serializer=dataframe_serializer)
            inferred: pd.DataFrame = artifact_field()

        frame = pd.DataFrame({"a": [1, 2, 3]})
        artifact_id = await MyDataModel(frame, frame).create()
    """)
    rows = ag.read.s(ag.OrmArtifact, ag.ArtifactFilter(serializer="pandas.parquet/1"))
    assert [row.node_type for row in rows] == ["database_artifact"] * 2


def test_an_old_version_is_migrated_when_it_is_read(run: Run):
    names = run("""
        from dataclasses import dataclass
        from artigraph import ArtifactModel

        @dataclass
        class MyDataModel(ArtifactModel, version=1):
            some_value: int

        artifact_id = await MyDataModel(some_value=42).create(label="old")
    """)
    run(
        """
        from __future__ import annotations
        from dataclasses import dataclass
        from typing import Any
        from artigraph import ArtifactModel, delete_one, exists, NodeFilter

        @dataclass
        class MyDataModel(ArtifactModel, version=2):
            renamed_value: int

            @classmethod
            def migrate(cls, version: int, data: dict[str, Any]) -> "MyDataModel":
                if version == 1:
                    return cls(renamed_value=data["some_value"])
                else:
                    raise ValueError(f"Unknown version: {version}")

        migrated = await MyDataModel.read(artifact_id)
        assert migrated == MyDataModel(renamed_value=42)

        # a migration script: read the old one, save it as the new version, delete the old one
        new_id = await migrated.create(label="new")
        await delete_one(artifact_id)
        assert await MyDataModel.read(new_id) == migrated
        assert not await exists(NodeFilter(id=artifact_id))
        """,
        artifact_id=names["artifact_id"],
    )


def test_artifacts_are_grouped_in_a_span_and_read_by_label(run: Run):
    run(
        MODELS
        + """
from artigraph import span_context, create_span_artifact, read_span, read_span_artifact, read_span_artifacts

async def main():
    async with span_context("my-span") as named:
        await create_span_artifact("current", label="model", data=TrainedModel([1.5]))
        await create_span_artifact("current", label="dataset", data=TrainingDataset([1, 2]))
    assert (await read_span(named.node_id)).label == "my-span"

    async with span_context() as span:
        await create_span_artifact("current", label="model", data=TrainedModel([2.5]))
        await create_span_artifact("current", label="dataset", artifact=TrainingDataset([3]))

    model = await read_span_artifact(span.node_id, label="model")
    dataset = await read_span_artifact(span.node_id, label="dataset")
    assert (model, dataset) == (TrainedModel([2.5]), TrainingDataset([3]))
    assert await read_span_artifacts(named) == {"model": TrainedModel([1.5]), "dataset": TrainingDataset([1, 2])}

await main()
"""
    )


def test_spans_nest_and_are_queried_by_id_span_or_current(run: Run):
    run("""
        from artigraph import span_context
        from artigraph import (
            read_child_spans,
            read_parent_span,
            read_ancestor_spans,
            read_descendant_spans,
        )

        async def main():
            async with span_context() as outer:
                async with span_context() as inner_1:
                    assert await read_parent_span("current") == outer
                async with span_context() as inner_2:
                    async with span_context() as innermost:
                        pass
                assert await read_child_spans("current") == [inner_1, inner_2]

            for outermost in (outer, outer.node_id):
                assert await read_child_spans(outermost) == [inner_1, inner_2]
                assert await read_descendant_spans(outermost) == [inner_1, inner_2, innermost]
                assert await read_ancestor_spans(outermost) == []
                assert await read_parent_span(outermost) is None
            assert await read_parent_span(innermost) == inner_2
            assert await read_ancestor_spans(innermost) == [outer, inner_2]

        await main()
    """)


def test_a_span_class_of_ones_own_needs_an_identity_only(run: Run):
    run("""
        from artigraph import Span, span_context, read_child_spans

        class CustomSpan(Span):
            polymorphic_identity = "seed_custom_span"

        async with span_context() as outer:
            async with span_context(CustomSpan("mine")) as span:
                pass
        [found] = await read_child_spans(outer)
        assert (type(found), found.label, found.id) == (CustomSpan, "mine", span.node_id)
    """)


def test_a_span_class_of_ones_own_has_columns(database):
    program = f"""
import asyncio
from typing import Any
from artigraph import Span, read_span, save, set_engine, span_context
from sqlalchemy import JSON
from sqlalchemy.orm import Mapped, mapped_column

class CustomSpan(Span):
    polymorphic_identity = "seed_column_span"
    custom_span_metadata: Mapped[Any] = mapped_column(JSON, default=None)

set_engine({database!r}, create_tables=True)

async def main():
    async with span_context(CustomSpan(custom_span_metadata={{"who": "me"}})) as span:
        await save(1)  # nodes without that column
        async with span_context("plain"):
            pass
    assert (await read_span(span)).custom_span_metadata == {{"who": "me"}}

asyncio.run(main())
"""
    subprocess.run([sys.executable, "-W", "error", "-c", program], check=True)


def test_a_decorator_makes_spans_of_functions(run: Run):
    run(
        MODELS
        + """
from functools import wraps
from artigraph import create_span_artifact, create_span_artifacts, read_child_spans, read_parent_span
from artigraph import read_span_artifact, span_context

def spanned(func):
    @wraps(func)
    async def wrapper(*args, **kwargs):
        async with span_context():
            parent_span = await read_parent_span("current")
            result = await func(parent_span, *args, **kwargs)
            await create_span_artifacts("current", result)
            return result

    return wrapper

def train_model_on_dataset(dataset, rate):
    return TrainedModel([row * rate for row in dataset.rows])

@spanned
async def train_model(parent_span, **parameters):
    dataset = await read_span_artifact(parent_span.node_id, label="dataset")
    model = train_model_on_dataset(dataset, **parameters)
    return {"model": model}

async def main():
    async with span_context("training") as training:
        await create_span_artifact("current", label="dataset", data=TrainingDataset([1, 2]))
        assert await train_model(rate=3) == {"model": TrainedModel([3, 6])}
    [inner] = await read_child_spans(training)
    assert await read_span_artifact(inner, label="model") == TrainedModel([3, 6])

await main()
"""
    )


def test_the_library_has_that_decorator(run: Run):
    run(
        MODELS
        + """
from artigraph import create_span_artifact, read_child_spans, read_span_artifact, read_span_artifacts, span_context
from artigraph import spanned

@spanned
async def train_model(parent_span, **parameters):
    dataset = await read_span_artifact(parent_span.node_id, label="dataset")
    return {"model": TrainedModel([row * parameters["rate"] for row in dataset.rows])}

@spanned
async def count(parent_span):
    return 3 if parent_span is None else await outer()

@spanned
async def outer(parent_span):
    return None

async def main():
    async with span_context("training") as training:
        await create_span_artifact("current", label="dataset", data=TrainingDataset([1, 2]))
        assert await train_model(rate=3) == {"model": TrainedModel([3, 6])}
        await count()
    first, second = await read_child_spans(training)
    assert (first.label, second.label) == ("train_model", "count")
    assert await read_span_artifact(first, label="model") == TrainedModel([3, 6])
    assert await read_span_artifacts(second) == {}
    assert [span.label for span in await read_child_spans(second)] == ["outer"]
    assert await count() == 3

await main()
"""
    )


def test_generators_are_no_spans():
    with pytest.raises(TypeError, match="generator"):

        @ag.spanned
        def rows(parent_span):
            yield 1


def test_linked_records_arguments_as_well(run: Run):
    run("""
        from artigraph import linked, load, read_child_spans, save, span_context

        @linked
        async def double(numbers):
            return [2 * number for number in numbers]

        async with span_context("work") as work:
            assert await double([1, 2]) == [2, 4]
            assert await double([3]) == [6]
        assert [span.label for span in await read_child_spans(work)] == ["double[1]", "double[2]"]
    """)
