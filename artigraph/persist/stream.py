"""``Stream``: a stored stream, which can be read any number of times with little of it in memory."""

from __future__ import annotations

import io
import time
from collections.abc import AsyncIterator, Iterator
from types import TracebackType
from typing import IO, Generic, Self, TypeVar
from uuid import UUID

from anyio import to_thread

from artigraph.bridge import ask, block
from artigraph.errors import BlobCorruptError, BlobMissingError, UnfinishedError
from artigraph.persist.finish import finished
from artigraph.persist.handover import BATCH_BYTES, BATCH_ITEMS, item_size
from artigraph.persist.source import Source
from artigraph.registry import Registry, use_registry
from artigraph.serializer.base import StreamSerializer

T = TypeVar("T")

BATCH_SECONDS = 0.01
"""A batch that is read ahead ends when it took so long."""


class Stream(Generic[T]):
    """The items of a stored stream: ``async for item in stream``, or plain ``for``, each time from the start.

    ``async with stream.open() as items`` (or ``with``) closes the file as soon as the block ends.

    Attributes:
        node_id: of the artifact.
        size: bytes, as they are stored.
        serializer: what reads them.
    """

    def __init__(
        self, node_id: UUID, size: int, serializer: StreamSerializer[T], source: Source | bytes, registry: Registry
    ) -> None:
        self.node_id, self.size, self.serializer = node_id, size, serializer
        self._source, self._registry = source, registry

    def __repr__(self) -> str:
        return f"<Stream {self.serializer.name}, {self.size:,} bytes, {self.node_id}>"

    def open(self) -> OpenStream[T]:
        """The items from the start, as a context manager with or without ``async``.

        Raises (when it is entered):
            BlobMissingError, BlobCorruptError: the bytes are gone or changed.
        """
        return OpenStream(self)

    async def __aiter__(self) -> AsyncIterator[T]:
        async with self.open() as items:
            async for item in items:
                yield item

    def __iter__(self) -> Iterator[T]:
        with self.open() as items:
            yield from items

    async def _file(self) -> IO[bytes]:
        """(library thread) The bytes."""
        if isinstance(self._source, bytes):
            return io.BytesIO(self._source)
        try:
            return await self._source.open()
        except BlobMissingError as error:
            raise BlobMissingError(error.location, error.storage, f"stream {self.node_id}") from error
        except BlobCorruptError as error:
            named = f"stream {self.node_id}"
            raise BlobCorruptError(error.location, error.expected, error.got, named, error.storage) from error


class OpenStream(Generic[T]):
    """One pass through a stored stream, while its context is open."""

    def __init__(self, stream: Stream[T]) -> None:
        self._stream = stream
        self._file: IO[bytes] | None = None
        self._items: Iterator[T] = iter(())
        self._ready: list[T] = []
        """Read ahead, the next one last."""

    async def __aenter__(self) -> Self:
        return self._entered(await ask(self._stream._file))

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._left()

    def __enter__(self) -> Self:
        return self._entered(block(self._stream._file))

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._left()

    def __aiter__(self) -> Self:
        return self

    async def __anext__(self) -> T:
        if not self._ready:
            self._ready = await finished(to_thread.run_sync(self._read))
        if not self._ready:
            raise StopAsyncIteration
        return self._ready.pop()

    def __iter__(self) -> Self:
        return self

    def __next__(self) -> T:
        self._ready = self._ready or self._read()
        if not self._ready:
            raise StopIteration
        return self._ready.pop()

    def _entered(self, file: IO[bytes]) -> Self:
        self._left()
        self._file, self._items = file, iter(self._stream.serializer.load(file))
        return self

    def _left(self) -> None:
        if self._file is not None:
            self._items, self._ready = iter(()), []
            self._file.close()
            self._file = None

    def _read(self) -> list[T]:
        """(worker thread) The next items, in reverse; none: that was all."""
        batch: list[T] = []
        size, until = 0, time.monotonic() + BATCH_SECONDS
        if self._file is None:
            raise UnfinishedError("this stream is not open; read it inside 'async with stream.open() as items:'")
        with use_registry(self._stream._registry):
            for item in self._items:
                batch.append(item)
                size += item_size(item)
                if size >= BATCH_BYTES or len(batch) == BATCH_ITEMS or time.monotonic() >= until:
                    break
        return batch[::-1]
