"""Values to bytes: slow ones in a worker thread, big ones straight to a spool of their storage."""

from __future__ import annotations

import asyncio
import io
from collections.abc import Sequence
from pathlib import Path
from typing import IO, Any

from anyio import to_thread

from artigraph.digest import HashingFile
from artigraph.errors import NoStorageError, UnserializableError
from artigraph.persist.finish import finished
from artigraph.persist.place import INLINE_LIMIT
from artigraph.persist.plan import ValueDraft
from artigraph.storage.base import Storage, translated
from artigraph.storage.database import database_storage

AT_ONCE = 4


async def encode(drafts: Sequence[ValueDraft], default: Storage | None, *, inline: bool) -> None:
    """Give every draft its bytes (in memory or in a spool), hash, size and preview.

    Args:
        drafts: values; those that have bytes already are only moved to a spool where they have to be.
        default: the storage for values over ``INLINE_LIMIT`` that name none.
        inline: whether the database takes values of any size when there is no storage.

    Raises:
        UnserializableError: a serializer refused its value.
        NoStorageError: a value is too big for the database and there is no storage.
    """
    slow = [(_what(draft), draft) for draft in drafts if draft.data is None]
    firsts = dict(reversed(slow))
    places = asyncio.Semaphore(AT_ONCE)

    async def one(draft: ValueDraft) -> None:
        async with places:
            await finished(to_thread.run_sync(_dump, draft, draft.storage or default))

    ended = await asyncio.gather(*(one(draft) for draft in firsts.values()), return_exceptions=True)
    raise_failures([error for error in ended if isinstance(error, BaseException)])
    for what, draft in slow:
        first = firsts[what]
        draft.data, draft.spool, draft.preview = first.data, first.spool, first.preview
        draft.hash, draft.size = first.hash, first.size
    for draft in drafts:
        _settle(draft, default, inline)


def raise_failures(failures: Sequence[BaseException]) -> None:
    """Raise one failure as itself, several as a group; none: nothing."""
    if len(failures) == 1:
        raise failures[0]
    if failures:
        raise BaseExceptionGroup("several values failed", failures)


def _what(draft: ValueDraft) -> tuple[int, int, int]:
    """Equal for drafts of one object that is to be kept in the same way: its bytes are made once."""
    return id(draft.value), id(draft.serializer), id(draft.storage)


def _settle(draft: ValueDraft, default: Storage | None, inline: bool) -> None:
    """Decide between row and storage, by size where nothing was said."""
    if draft.storage is None:
        if draft.size <= INLINE_LIMIT or (default is None and inline):
            draft.storage = database_storage
        elif default is None:
            raise NoStorageError(draft.path, draft.size, INLINE_LIMIT)
        else:
            draft.storage = default
    if draft.storage is not database_storage and draft.spool is None:
        draft.spool = draft.storage.spool()
        with translated(draft.storage):
            draft.spool.write_bytes(draft.data or b"")
        draft.data = None


def _dump(draft: ValueDraft, storage: Any) -> None:
    """(worker thread) Serialize into memory, or into a spool as soon as it gets big."""
    spooling = None if storage is None or storage is database_storage else storage
    sink = _Sink(spooling, 0 if draft.storage is not None else INLINE_LIMIT)
    hashing = HashingFile(sink)  # type: ignore[arg-type]
    try:
        draft.serializer.dump(draft.value, hashing)
        draft.preview = draft.serializer.preview(draft.value)
        sink.end()
    except UnserializableError as error:
        sink.drop()
        raise UnserializableError(error.path.replace("value", draft.path, 1), error.type_name, error.hint) from error
    except BaseException:
        sink.drop()
        raise
    draft.hash, draft.size = hashing.digest, hashing.size
    draft.spool, draft.data = sink.spool, sink.data


class _Sink:
    """Bytes in memory up to a limit, then in a spool of a storage (always in memory when there is none)."""

    closed = False

    def __init__(self, storage: Storage | None, limit: int) -> None:
        self.spool: Path | None = None
        self.data: bytes | None = None
        self._storage, self._limit = storage, limit
        self._file: IO[bytes] = io.BytesIO()
        self._size = 0

    def write(self, data: memoryview) -> int:
        self._size += len(data)
        if self._storage is not None and self.spool is None and self._size > self._limit:
            self._roll(self._storage)
        with translated(self._storage or "memory"):
            return self._file.write(data)

    def flush(self) -> None:
        self._file.flush()

    def end(self) -> None:
        if self.spool is None and isinstance(self._file, io.BytesIO):
            self.data = self._file.getvalue()
        with translated(self._storage or "memory"):
            self._file.close()

    def drop(self) -> None:
        self._file.close()
        if self.spool is not None:
            self.spool.unlink(missing_ok=True)

    def _roll(self, storage: Storage) -> None:
        begun = self._file.getvalue() if isinstance(self._file, io.BytesIO) else b""
        self.spool = storage.spool()
        self._file = self.spool.open("wb", buffering=1 << 20)
        self._file.write(begun)
