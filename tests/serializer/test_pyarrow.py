"""Arrow tables come back with schema and metadata, from Parquet and from Feather."""

from __future__ import annotations

import io
from dataclasses import dataclass

import numpy as np
import pytest

import artigraph as ag
from artigraph.errors import UnserializableError
from artigraph.testing import SerializerKit
from tests.stores import file_store, rows

__all__ = ["file_store"]

pyarrow = pytest.importorskip("pyarrow")
from artigraph.registry import Registry  # noqa: E402
from artigraph.serializer.pyarrow import feather_serializer, parquet_serializer  # noqa: E402

PLAIN = pyarrow.table({"a": [1, None], "b": ["x", "y"], "c": [[1], None], "d": [{"x": 1.5}, None]})
TABLES = (
    *(PLAIN, PLAIN.slice(0, 0), pyarrow.table({}), pyarrow.table({"a": pyarrow.array([None])})),
    pyarrow.table({"a": pyarrow.array([1], pyarrow.timestamp("us", "Europe/Berlin")), "b": pyarrow.array([b"x"])}),
    PLAIN.replace_schema_metadata({"who": "me"}),
    pyarrow.table([[1]], schema=pyarrow.schema([pyarrow.field("a", "int8", nullable=False, metadata={"unit": "m"})])),
    pyarrow.table(
        {
            "a": pyarrow.chunked_array([[1], [2, 3]]),
            "f": pyarrow.array([np.float16(1.5), None]).take(pyarrow.array([0, 1, 1])),
        }
    ),
    pyarrow.table({"l": pyarrow.array(["x"], "large_string"), "t": pyarrow.array([1], "time64[ns]")}),
    pyarrow.table({"a": pyarrow.array([b"abc", None], pyarrow.binary(3)), "d": pyarrow.array([1, 2], "date32")}),
    pyarrow.table({"long" * 50 + str(i): ["😀" * 300] * 20 for i in range(30)}),
)


class ArrowKit(SerializerKit):
    refused = ([1], pyarrow.array([1]))

    def equal(self, one, other):
        return type(one) is type(other) and one.equals(other, check_metadata=True)


class TestParquet(ArrowKit):
    serializer = parquet_serializer
    values = (*TABLES, pyarrow.table({"a": pyarrow.array(["x", "y"]).dictionary_encode()}))
    refused = (*ArrowKit.refused, pyarrow.table({"a": pyarrow.array([1], pyarrow.timestamp("s"))}))


class TestFeather(ArrowKit):
    serializer = feather_serializer
    values = (*TABLES, pyarrow.table({"a": pyarrow.array([1], pyarrow.timestamp("s"))}))


def test_a_table_is_kept_as_parquet_unless_feather_is_named():
    assert Registry().serializer_for(PLAIN) is parquet_serializer
    assert Registry().serializer_named("pyarrow.feather/1") is feather_serializer


async def test_fields_keep_tables_as_feather_and_as_parquet(file_store):
    @dataclass
    class ArrowModel(ag.ArtifactModel, version=1):
        feather: pyarrow.Table = ag.artifact_field(serializer=feather_serializer)  # noqa: RUF009
        parquet: pyarrow.Table = ag.artifact_field(serializer=parquet_serializer)  # noqa: RUF009

    back = await ArrowModel.load(await ArrowModel(PLAIN, PLAIN).save())
    assert back.feather.equals(PLAIN)
    assert back.parquet.equals(PLAIN)
    named = rows(
        file_store, "SELECT artifact_serializer FROM artigraph_node WHERE artifact_serializer LIKE 'pyarrow.%'"
    )
    assert sorted(named) == [("pyarrow.feather/1",), ("pyarrow.parquet/1",)]


def test_a_type_that_parquet_would_change_is_named():
    with pytest.raises(UnserializableError, match=r"would change the schema of \['when'\]"):
        parquet_serializer.dump(pyarrow.table({"when": pyarrow.array([1], pyarrow.timestamp("s"))}), io.BytesIO())
