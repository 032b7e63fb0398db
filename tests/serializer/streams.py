"""The kit of serializers, for those of streams: values are lists of items."""

from __future__ import annotations

from typing import Any

from artigraph.serializer.base import Serializer
from artigraph.testing import SerializerKit


class _Listed:
    """A serializer of streams that gives lists back."""

    def __init__(self, stream: Any) -> None:
        self._stream = stream

    def __getattr__(self, name: str) -> Any:
        return getattr(self._stream, name)

    def deserialize(self, data: bytes) -> list[Any]:
        return list(self._stream.deserialize(data))

    def load(self, file: Any) -> list[Any]:
        return list(self._stream.load(file))


def listed(stream: Serializer[Any]) -> Any:
    return _Listed(stream)


class StreamKit(SerializerKit):
    def test_the_name_leads_to_the_module(self) -> None:
        stream = self.serializer._stream
        assert type(stream).__module__ == f"artigraph.serializer.{stream.name.partition('/')[0].partition('.')[0]}"
