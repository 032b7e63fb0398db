"""The page of the run generation (001), snippet by snippet, its mistakes mended."""

from __future__ import annotations

import numpy as np
import pandas as pd
import polars as pl
import pyarrow as pa
import pytest

import artigraph as ag
from artigraph.errors import NoOpenSpanError, WrongModelError
from artigraph.serializer.numpy import array_serializer
from artigraph.serializer.pandas import dataframe_serializer, pandas_serializer
from artigraph.serializer.polars import dataframe_serializer as polars_serializer
from artigraph.serializer.pyarrow import feather_serializer, parquet_serializer
from artigraph.storage.file import FileSystem
from tests.seeds.conftest import Run

MODEL = """
from dataclasses import dataclass
from artigraph import ArtifactModel, Run, RunManager, run_manager

@dataclass
class MyDataModel(ArtifactModel, version=1):
    some_value: int
    another_value: str = "hello"

"""


def test_a_model_is_saved_and_loaded(run: Run):
    names = run("""
        from dataclasses import dataclass
        from artigraph import ArtifactModel

        @dataclass
        class MyDataModel(ArtifactModel, version=1):
            some_value: int
            another_value: str

        @dataclass
        class OtherModel(ArtifactModel, version=1):
            x: int = 0

        model = MyDataModel(some_value=42, another_value="hello")
        artifact_id = await model.save(label="my-data-model")
        assert await MyDataModel.load(artifact_id) == model
    """)
    with pytest.raises(WrongModelError):
        names["OtherModel"].load.s(names["artifact_id"])


def test_a_field_says_its_storage_and_serializer(run: Run, bucket: str):
    run(
        """
        import pandas as pd
        from dataclasses import dataclass
        from artigraph.storage.aws import S3Storage
        from artigraph.serializer.pandas import pandas_serializer
        from artigraph import ArtifactModel, artifact_field

        s3_bucket = S3Storage(bucket).register()

        @dataclass
        class MyDataModel(ArtifactModel, version=1):
            some_value: int
            another_value: str
            large_value: pd.DataFrame = artifact_field(storage=s3_bucket, serializer=pandas_serializer)

        model = MyDataModel(some_value=42, another_value="hello", large_value=pd.DataFrame({"a": [1, 2, 3]}))
        artifact_id = await model.save(label="my-data-model")
        loaded = await MyDataModel.load(artifact_id)
        pd.testing.assert_frame_equal(loaded.large_value, model.large_value)
        """,
        bucket=bucket,
    )
    rows = ag.read.s(ag.OrmArtifact)
    assert sorted(row.node_type for row in rows) == [
        "database_artifact",
        "database_artifact",
        "model_artifact",
        "remote_artifact",
    ]


def test_a_config_gives_defaults_that_subclasses_inherit(run: Run, tmp_path):
    run(
        """
        import pandas as pd
        from dataclasses import dataclass
        from artigraph import ArtifactModel, ArtifactModelConfig, artifact_field
        from artigraph.serializer.pandas import pandas_serializer

        @dataclass
        class MyDataModel(
            ArtifactModel,
            version=1,
            config=ArtifactModelConfig(
                default_field_storage=storage,
                default_field_serializer=pandas_serializer,
            )
        ):
            frame: pd.DataFrame
            number: int = 1

        @dataclass
        class Below(MyDataModel, version=1):
            more: int = 2

        model = Below(pd.DataFrame({"a": [1]}))
        loaded = await Below.load(await model.save())
        pd.testing.assert_frame_equal(loaded.frame, model.frame)
        assert (loaded.number, loaded.more) == (1, 2)
        """,
        storage=FileSystem(tmp_path / "files"),
    )
    rows = [row for row in ag.read.s(ag.OrmArtifact) if row.node_type != "model_artifact"]
    assert sorted(row.artifact_serializer for row in rows) == ["json/1", "json/1", "pandas.parquet/1"]
    assert {row.node_type for row in rows} == {"remote_artifact"}


@pytest.mark.parametrize("annotation", ["MyDataModel | None", '"MyDataModel | None"'])
def test_a_model_holds_models_of_its_own_class(run: Run, annotation: str):
    future = "" if annotation.startswith('"') else "from __future__ import annotations\n"
    run(f"""{future}
from dataclasses import dataclass
from artigraph import ArtifactModel

@dataclass
class MyDataModel(ArtifactModel, version=1):
    some_value: int
    nested_value: {annotation} = None

model = MyDataModel(some_value=42, nested_value=MyDataModel(some_value=43))
artifact_id = await model.save(label="my-data-model")
assert await MyDataModel.load(artifact_id) == model
""")


def test_models_nest_in_mappings_and_sequences(run: Run):
    run("""
        from __future__ import annotations
        from dataclasses import dataclass, field
        from artigraph import ArtifactModel, ArtifactMapping, ArtifactSequence

        @dataclass
        class MyDataModel(ArtifactModel, version=1):
            some_value: int
            nested_map: ArtifactMapping[str, MyDataModel] = field(default_factory=ArtifactMapping)
            nested_seq: ArtifactSequence[MyDataModel] = field(default_factory=ArtifactSequence)

        model = MyDataModel(
            some_value=42,
            nested_map=ArtifactMapping({"a/b": MyDataModel(some_value=43)}, a=MyDataModel(some_value=43)),
            nested_seq=ArtifactSequence([MyDataModel(some_value=44), MyDataModel(some_value=45)])
        )
        artifact_id = await model.save(label="my-data-model")
        loaded = await MyDataModel.load(artifact_id)
        assert loaded == model
        assert list(loaded.nested_map) == ["a/b", "a"]
        assert loaded.nested_seq[-1] == loaded.nested_seq[1:][0] == MyDataModel(some_value=45)
    """)


def test_an_older_model_is_migrated_by_a_dict_of_arguments(run: Run):
    old = run(MODEL + 'artifact_id = await MyDataModel(1).save("old")')
    run(
        """
        from dataclasses import dataclass
        from artigraph import ArtifactModel

        @dataclass
        class MyDataModel(ArtifactModel, version=2):
            value: int

            @classmethod
            def migrate(cls, version, data):
                return {"value": data["some_value"]}

        assert await MyDataModel.load(artifact_id) == MyDataModel(1)
        """,
        artifact_id=old["artifact_id"],
    )


def test_a_run_groups_what_was_made_together(run: Run):
    run(
        MODEL
        + """
run = Run(node_parent_id=None)
async with RunManager(run) as manager:
    artifact_id = await manager.save_artifact("my-data-model", MyDataModel(1))
    assert await manager.load_artifact("my-data-model") == MyDataModel(1)
assert manager.run.node_id == run.node_id
assert await MyDataModel.load(artifact_id) == MyDataModel(1)
"""
    )


def test_deep_in_a_call_stack_the_manager_is_found(run: Run):
    run(
        MODEL
        + """
async def my_function():
    await run_manager().save_artifact("my-data-model", MyDataModel(1))

run = Run(node_parent_id=None)
async with RunManager(run) as manager:
    await my_function()
    assert await manager.load_artifacts() == {"my-data-model": MyDataModel(1)}
"""
    )
    with pytest.raises(NoOpenSpanError, match="span_context"):
        ag.run_manager()


@pytest.mark.parametrize("inner", ["Run(node_parent_id=m1.run.node_id)", "Run()"], ids=["explicit", "inherited"])
def test_runs_nest_and_their_artifacts_are_loaded_from_above(run: Run, inner: str):
    run(
        MODEL
        + f"""
run1 = Run(node_parent_id=None)
async with RunManager(run1) as m1:
    run2 = {inner}
    async with RunManager(run2) as m2:
        await m2.save_artifact("my-data-model", MyDataModel(1))
        assert m2.run.node_parent_id == m1.run.node_id
        async with RunManager() as m3:
            await m3.save_artifacts({{"a": 1, "b": [2]}})

run_artifacts = await m1.load_descendant_artifacts()
assert run_artifacts == {{
    run2.node_id: {{"my-data-model": MyDataModel(1)}},
    m3.run.node_id: {{"a": 1, "b": [2]}},
}}
"""
    )


@pytest.mark.parametrize(
    ("serializer", "value"),
    [
        (dataframe_serializer, pd.DataFrame({"a": [1, 2], "b": pd.to_datetime(["2024-01-01", None])})),
        (pandas_serializer, pd.DataFrame({"a": pd.Categorical(["x", "y"])})),
        (array_serializer, np.arange(3)),
        (array_serializer, np.ones((2, 2), dtype="float32")),
        (array_serializer, np.zeros((2, 3, 4))),
        (polars_serializer, pl.DataFrame({"a": [1, None], "b": ["x", "y"]})),
        (feather_serializer, pa.table({"a": [1, 2]})),
        (parquet_serializer, pa.table({"a": ["x", None]})),
    ],
    ids=lambda each: getattr(each, "name", type(each).__name__),
)
def test_the_serializers_of_the_list_give_back_what_they_got(run: Run, serializer, value):
    names = run(
        """
        from artigraph import load, save
        named = await load(await save(value, serializer=serializer))
        found = await load(await save(value))
        """,
        serializer=serializer,
        value=value,
    )
    for loaded in (names["named"], names["found"]):
        assert type(loaded) is type(value)
        if isinstance(value, pd.DataFrame):
            pd.testing.assert_frame_equal(loaded, value)
        elif isinstance(value, np.ndarray):
            np.testing.assert_array_equal(loaded, value, strict=True)
        else:
            assert loaded.equals(value)


def test_the_storage_of_files_keeps_values_in_its_folder(run: Run, tmp_path):
    run(
        """
        from artigraph import load, save
        from artigraph.storage.file import FileSystem, FileSystemStorage

        files = FileSystem(folder)
        assert FileSystem is FileSystemStorage
        assert await load(await save("text", storage=files)) == "text"
        """,
        folder=tmp_path / "files",
    )
    assert [path for path in (tmp_path / "files").rglob("*") if path.is_file()]
