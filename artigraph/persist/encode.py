"""Values to bytes: slow ones in a worker thread, big ones straight to a spool of their storage."""

from __future__ import annotations

import asyncio
import io
from collections.abc import Sequence
from contextlib import closing
from itertools import chain, islice
from pathlib import Path
from reprlib import Repr
from typing import IO, Any

from anyio import to_thread

from artigraph.digest import HashingFile
from artigraph.errors import ArtigraphError, NoStorageError, UnserializableError
from artigraph.persist.finish import finished
from artigraph.persist.handover import Handover
from artigraph.persist.place import INLINE_LIMIT
from artigraph.persist.plan import Draft, ValueDraft
from artigraph.registry import Registry, use_registry
from artigraph.storage.base import Storage, translated
from artigraph.storage.database import database_storage

AT_ONCE = 4

Failures = dict[Draft, Exception]
"""What failed by itself, and why."""


async def encode(
    drafts: Sequence[ValueDraft], default: Storage | None, registry: Registry, *, inline: bool
) -> Failures:
    """Give every draft its bytes (in memory or in a spool), hash, size and preview.

    Args:
        drafts: values; those that have bytes already are only moved to a spool where they have to be.
        default: the storage for values over ``INLINE_LIMIT`` that name none.
        registry: where to look for what the items of streams need.
        inline: whether the database takes values of any size when there is no storage.

    Returns:
        What could not be encoded: a serializer refused it, its stream failed, the disk is full, or it is too big for
        the database and there is no storage.
    """
    slow = [(_what(draft), draft) for draft in drafts if draft.data is None]
    firsts = dict(reversed(slow))
    places = asyncio.Semaphore(AT_ONCE)

    async def one(draft: ValueDraft) -> None:
        async with places:
            stop = draft.source.stop if draft.source is not None else None
            await finished(to_thread.run_sync(_dump, draft, draft.storage or default, registry), stop)

    ended = await asyncio.gather(*(one(draft) for draft in firsts.values()), return_exceptions=True)
    failed = noted(list(firsts.values()), ended)
    failures: Failures = {draft: failed[firsts[what]] for what, draft in slow if firsts[what] in failed}
    for what, draft in slow:
        first = firsts[what]
        draft.data, draft.spool, draft.preview = first.data, first.spool, first.preview
        draft.hash, draft.size, draft.serializer = first.hash, first.size, first.serializer
    for draft in drafts:
        try:
            if draft not in failures:
                _settle(draft, default, inline)
        except (ArtigraphError, OSError) as error:
            failures[draft] = error
    return failures


def noted(drafts: Sequence[ValueDraft], ended: Sequence[BaseException | None]) -> Failures:
    """Which of these ended with an exception; one that is more than a failure (a cancellation, Ctrl-C) is raised."""
    failures: Failures = {}
    for draft, error in zip(drafts, ended, strict=True):
        if isinstance(error, Exception):
            failures[draft] = error
        elif error is not None:
            raise error
    return failures


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


def _dump(draft: ValueDraft, storage: Any, registry: Registry) -> None:
    """(worker thread) Serialize into memory, or into a spool as soon as it gets big."""
    spooling = None if storage is None or storage is database_storage else storage
    sink = _Sink(spooling, 0 if draft.storage is not None else INLINE_LIMIT)
    hashing = HashingFile(sink)  # type: ignore[arg-type]
    try:
        if draft.source is not None:
            with use_registry(registry):
                _dump_stream(draft, draft.source, hashing, registry)
        else:
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


def _dump_stream(draft: ValueDraft, source: Handover, file: Any, registry: Registry) -> None:
    """Write the items as they come; the first one says what writes them, where nothing else did."""
    with closing(source.__iter__()) as items:
        first = list(islice(items, 1))
        if draft.serializer is None:
            kind = type(first[0]) if first else dict
            draft.serializer = registry.stream_serializer_for(kind)
            if draft.serializer is None:
                raise UnserializableError("value", f"AsyncIterable[{kind.__qualname__}]")
        draft.serializer.dump(chain(first, items), file)
    shown = f"{source.count:,} items" + (f", the first is {_SHOW.repr(first[0])[:300]}" if first else "")
    draft.preview = {"type": "Stream", "length": source.count, "text": shown}


_SHOW = Repr()
_SHOW.maxother = 200


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
