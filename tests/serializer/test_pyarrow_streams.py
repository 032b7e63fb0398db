"""Streams of Arrow's batches and tables."""

from __future__ import annotations

import pyarrow as pa
from pyarrow import parquet

from artigraph.registry import Registry
from artigraph.serializer.pyarrow import batches_serializer, row_groups_serializer
from tests.serializer.streams import StreamKit, listed

WORDS = pa.dictionary(pa.int32(), pa.string())
SCHEMA = pa.schema({"n": pa.int64(), "word": WORDS}, {b"k": b"v"})


def batch(*numbers):
    words = pa.array([f"w{n}" for n in numbers], pa.string()).cast(WORDS)
    return pa.record_batch([pa.array(numbers, pa.int64()), words], schema=SCHEMA)


BATCHES = [batch(1, 2), batch(), batch(3, 4, 5).slice(1)]
TABLES = [pa.Table.from_batches([each]) for each in BATCHES]


class TestBatches(StreamKit):
    serializer = listed(batches_serializer)
    values = (
        [],
        BATCHES,
    )
    refused = (
        [1],
        [BATCHES[0], pa.record_batch({"n": [1]})],
        [TABLES[0]],
    )


class TestRowGroups(StreamKit):
    serializer = listed(row_groups_serializer)
    values = (
        [],
        TABLES,
    )
    refused = (
        [1],
        [TABLES[0], pa.table({"n": [1]})],
        [BATCHES[0]],
    )


def test_streams_of_batches_and_tables_find_their_serializers():
    assert Registry().stream_serializer_for(pa.RecordBatch) is batches_serializer
    assert Registry().stream_serializer_for(pa.Table) is row_groups_serializer


def test_each_table_is_one_row_group_of_a_file_that_any_reader_takes():
    file = pa.BufferReader(row_groups_serializer.serialize(TABLES))
    assert parquet.ParquetFile(file).num_row_groups == 3
    assert parquet.read_table(file).column("n").to_pylist() == [1, 2, 4, 5]
