from __future__ import annotations

import io

import numpy as np
import pytest

from artigraph.errors import SerializeError, UnknownSerializerError, UnserializableError
from artigraph.registry import Registry, use_registry
from artigraph.serializer.frames import bytes_serializer, items_serializer
from tests.serializer.streams import StreamKit, listed


class TestChunks(StreamKit):
    serializer = listed(bytes_serializer)
    values = (
        [],
        [b""],
        [b"a", b"", bytes(70_000)],
    )
    refused = (
        [b"a", "b"],
        [bytearray(b"x")],
    )


class TestItems(StreamKit):
    serializer = listed(items_serializer)
    values = (
        [],
        [np.arange(3), np.zeros((2, 0))],
    )
    refused = (
        [np.arange(3), 1],
        [object()],
        [np.array([object()])],
    )

    def equal(self, one, other):
        return len(one) == len(other) and all(map(np.array_equal, one, other))


def test_bytes_are_chunks_and_what_has_a_serializer_is_an_item():
    assert Registry().stream_serializer_for(bytes) is bytes_serializer
    assert Registry().stream_serializer_for(np.ndarray) is items_serializer


def test_a_frame_that_claims_more_than_there_is_is_refused_before_it_is_read():
    with pytest.raises(SerializeError, match="cut off"):
        list(bytes_serializer.load(io.BytesIO((1 << 60).to_bytes(8) + b"x")))


def test_the_serializer_of_the_items_is_looked_for_in_the_registry_in_use():
    data = items_serializer.serialize([np.arange(3)])
    with (
        use_registry(Registry(modules=["artigraph.serializer.json"])),
        pytest.raises(UnknownSerializerError, match="numpy"),
    ):
        list(items_serializer.deserialize(data))


def test_the_item_that_differs_is_named():
    with pytest.raises(UnserializableError, match=r"value\[1\] of type int; the items before it are written by numpy"):
        items_serializer.serialize([np.arange(3), 1])
