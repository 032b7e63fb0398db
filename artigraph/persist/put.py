"""Spools to blobs: some at once, equal ones once."""

from __future__ import annotations

import asyncio
from collections.abc import Iterable, Iterator, Sequence
from typing import Any

from sqlalchemy import Connection

from artigraph.graph.locks import share_blobs
from artigraph.persist.encode import Failures, noted
from artigraph.persist.finish import finished
from artigraph.persist.plan import Draft, ValueDraft
from artigraph.storage.database import database_storage

AT_ONCE = 8


async def put_blobs(drafts: Iterable[Draft], *, durable: bool) -> Failures:
    """Put the bytes of every draft that goes to a storage and is not there yet, and note its location.

    Args:
        drafts: encoded.
        durable: wait until the bytes survive a power cut.

    Returns:
        What could not be put.
    """
    alike: dict[tuple[Any, bytes], list[ValueDraft]] = {}
    for draft in _remote(drafts):
        if draft.location is None:
            alike.setdefault((draft.storage, draft.hash), []).append(draft)
    places = asyncio.Semaphore(AT_ONCE)

    async def one(same: list[ValueDraft]) -> None:
        async with places:
            await finished(_put(same, durable))

    ended = await asyncio.gather(*map(one, alike.values()), return_exceptions=True)
    failures = noted([same[0] for same in alike.values()], ended)
    for same in alike.values():
        failures.update(dict.fromkeys(same[1:], failures[same[0]]) if same[0] in failures else {})
    return failures


def confirm_blobs(connection: Connection, drafts: Iterable[Draft]) -> None:
    """(inside the transaction) See that what was put is still there, and that nobody removes it meanwhile."""
    remote = list(_remote(drafts))
    share_blobs(connection, [draft.hash for draft in remote])
    for draft in remote:
        draft.storage.confirm(draft.location, draft.spool)


async def _put(same: Sequence[ValueDraft], durable: bool) -> None:
    first = same[0]
    location = await first.storage.put(first.spool, first.hash, first.size, durable=durable)
    for draft in same:
        draft.location = location


def _remote(drafts: Iterable[Draft]) -> Iterator[ValueDraft]:
    for draft in drafts:
        if isinstance(draft, ValueDraft) and draft.storage is not database_storage:
            yield draft
