"""Arrow tables come back with schema and metadata, from Parquet and from Feather."""

from __future__ import annotations

import io

import pytest

from artigraph.errors import UnserializableError
from artigraph.testing import SerializerKit

pyarrow = pytest.importorskip("pyarrow")
from artigraph.registry import Registry  # noqa: E402
from artigraph.serializer.pyarrow import feather_serializer, parquet_serializer  # noqa: E402

PLAIN = pyarrow.table({"a": [1, None], "b": ["x", "y"], "c": [[1], None], "d": [{"x": 1.5}, None]})
TABLES = (
    *(PLAIN, PLAIN.slice(0, 0), pyarrow.table({}), pyarrow.table({"a": pyarrow.array([None])})),
    pyarrow.table({"a": pyarrow.array([1], pyarrow.timestamp("us", "Europe/Berlin")), "b": pyarrow.array([b"x"])}),
    PLAIN.replace_schema_metadata({"who": "me"}),
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
    assert Registry().serializer_for_suffix(".feather") is feather_serializer


def test_a_type_that_parquet_would_change_is_named():
    with pytest.raises(UnserializableError, match=r"would change the schema of \['when'\]"):
        parquet_serializer.dump(pyarrow.table({"when": pyarrow.array([1], pyarrow.timestamp("s"))}), io.BytesIO())
