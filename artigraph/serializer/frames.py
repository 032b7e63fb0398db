"""Streams of anything else: frames of a length (8 bytes, the biggest first) and as many bytes.

Chunks of bytes are frames as they are. Items of other types are frames of their own serializer, whose name is the
first frame.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import IO, Any

from artigraph.errors import SerializeError, UnserializableError
from artigraph.registry import current_registry
from artigraph.serializer.base import StreamSerializer


class BytesSerializer(StreamSerializer[bytes]):
    """Chunks of bytes, as long as they were."""

    name = "frames.bytes/1"
    items = (bytes,)

    def dump(self, value: Iterable[bytes], file: IO[bytes], /) -> None:
        for place, item in enumerate(value):
            if type(item) is not bytes:
                raise UnserializableError(f"value[{place}]", type(item).__qualname__, "this is a stream of bytes")
            _write(item, file)

    def load(self, file: IO[bytes], /) -> Iterator[bytes]:
        return _read(file)


class ItemsSerializer(StreamSerializer[Any]):
    """Items of one type that have a serializer: frames, arrays, images."""

    name = "frames.items/1"
    items = (object,)

    def dump(self, value: Iterable[Any], file: IO[bytes], /) -> None:
        first = None
        for place, item in enumerate(value):
            serializer = current_registry().serializer_for(item)
            if serializer is None:
                raise UnserializableError(f"value[{place}]", type(item).__qualname__)
            if first is None:
                first = serializer
                _write(first.name.encode(), file)
            if serializer is not first:
                hint = f"the items before it are written by {first.name}; a stream has one kind of items"
                raise UnserializableError(f"value[{place}]", type(item).__qualname__, hint)
            try:
                _write(first.serialize(item), file)
            except UnserializableError as error:
                path = error.path.replace("value", f"value[{place}]", 1)
                raise UnserializableError(path, error.type_name, error.hint) from error

    def load(self, file: IO[bytes], /) -> Iterator[Any]:
        frames = _read(file)
        name = next(frames, None)
        if name is not None:
            yield from map(current_registry().serializer_named(name.decode("ascii", "replace")).deserialize, frames)


def _write(data: bytes, file: IO[bytes]) -> None:
    file.write(len(data).to_bytes(8))
    file.write(data)


def _read(file: IO[bytes]) -> Iterator[bytes]:
    left = file.seek(0, 2)
    file.seek(0)
    while left > 0:
        size = int.from_bytes(file.read(8))
        left -= 8 + size
        if left < 0:
            raise SerializeError("not a stream of frames: the last one is cut off")
        yield file.read(size)


bytes_serializer = BytesSerializer().register()
items_serializer = ItemsSerializer().register()
