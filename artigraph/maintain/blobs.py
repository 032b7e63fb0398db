"""What can be wrong with blobs: gone, or other bytes than those that were saved."""

from __future__ import annotations

import asyncio
import io
from collections.abc import AsyncIterator, Callable, Collection, Sequence
from dataclasses import dataclass, field
from typing import IO, Any, Literal, cast

from anyio import to_thread
from sqlalchemy import Connection

from artigraph.digest import HashingFile, digest_file, format_digest
from artigraph.errors import BlobMissingError, UnsafeKeyError
from artigraph.graph.engine import Database
from artigraph.maintain.needs import Need, find_storage, needs
from artigraph.maintain.report import Problem, Progress, counted
from artigraph.persist.place import is_beside
from artigraph.persist.whose import whose
from artigraph.registry import Registry
from artigraph.storage.base import Storage, check_location

AT_ONCE = 8

Finding = tuple[Literal["missing", "damaged"], str]
"""What is wrong with a blob: its kind, and what was found instead."""


@dataclass(slots=True)
class Looked:
    """What a look at the blobs found."""

    blobs: int = 0
    hashed: int = 0
    problems: list[Problem] = field(default_factory=list)


async def check_blobs(
    database: Database,
    registry: Registry,
    wanted: Collection[Need],
    hashed: Callable[[], bool],
    progress: Progress,
) -> Looked:
    """Look at every blob that rows need: it is there, has its size, and, where ``hashed()`` says so, its hash."""
    looked = Looked(blobs=len(wanted))
    by_storage: dict[str, list[Need]] = {}
    for need in wanted:
        by_storage.setdefault(need.storage, []).append(need)
    suspects: list[tuple[Need, Finding]] = []
    done = 0
    for name, asked in by_storage.items():
        storage = find_storage(database, registry, name)
        if storage is None and not is_beside(database, name):
            looked.problems.append(_unknown(name, len(asked)))
            done += len(asked)
            continue
        sizes = {} if storage is None else {location: stat.size async for location, stat in storage.list()}
        to_hash = []
        for need in asked:
            finding = _by_size(need, sizes.get(need.location))
            if finding is not None:
                suspects.append((need, finding))
            elif hashed():
                to_hash.append(need)
        done += len(asked) - len(to_hash)
        progress("looking at blobs", done, len(wanted))
        if storage is not None:
            async for need, finding in _hashes(storage, to_hash):
                done += 1
                looked.hashed += 1
                progress("looking at blobs", done, len(wanted))
                if finding is not None:
                    suspects.append((need, finding))
    if suspects:
        looked.problems += await database.read(lambda connection: _still_needed(connection, suspects))
    return looked


async def find_fault(storage: Storage, need: Need, *, data: bool) -> Finding | None:
    """What is wrong with a blob now; with ``data`` its bytes are hashed."""
    try:
        stat = await storage.stat(need.location)
        finding = _by_size(need, stat.size if stat else None)
        if finding is not None or not data:
            return finding
        got = await _hash(storage, need.location)
    except BlobMissingError:
        return "missing", "nothing"
    return None if got == need.hash else ("damaged", format_digest(got))


def _by_size(need: Need, size: int | None) -> Finding | None:
    try:
        check_location(need.location)
    except UnsafeKeyError:
        return "missing", "a location that is none"
    if size is None:
        return "missing", "nothing"
    return None if need.size in (None, size) else ("damaged", f"{size} bytes instead of {need.size}")


async def _hashes(storage: Storage, asked: Sequence[Need]) -> AsyncIterator[tuple[Need, Finding | None]]:
    for start in range(0, len(asked), AT_ONCE):
        some = asked[start : start + AT_ONCE]
        faults = await asyncio.gather(*(find_fault(storage, need, data=True) for need in some))
        for found in zip(some, faults, strict=True):
            yield found


async def _hash(storage: Storage, location: str) -> bytes:
    path = await storage.path(location)
    if path is not None:
        return (await to_thread.run_sync(digest_file, path))[0]
    sink = HashingFile(cast("IO[bytes]", _Nowhere()))
    await storage.download(location, cast("IO[bytes]", sink))
    return sink.digest


def _still_needed(connection: Connection, suspects: Collection[tuple[Need, Finding]]) -> list[Problem]:
    """Problems with those blobs that rows need even now: others were deleted meanwhile."""
    still = needs(connection)
    return [
        _problem(need, finding, whose(connection, need.node_id.bytes))
        for need, finding in suspects
        if (need.storage, need.hash) in still
    ]


def _problem(need: Need, finding: Finding, owner: str) -> Problem:
    kind, got = finding
    where = f"the blob {need.location} of {owner} in storage {need.storage}"
    facts = (need.node_id, need.storage, need.location)
    if kind == "missing":
        return Problem(kind, f"{where} is missing: there is {got}", _RESTORE, *facts)
    cure = f"repair() moves it out of the way; then {_RESTORE}"
    return Problem(kind, f"{where} is damaged: expected {format_digest(need.hash)}, got {got}", cure, *facts)


def _unknown(name: str, count: int) -> Problem:
    what = f"{counted(count, 'blob')} could not be looked at: no storage is named {name!r} here"
    return Problem("storage", what, "create the storage with that name and .register() it", storage=name)


class _Nowhere(io.RawIOBase):
    """Takes bytes and keeps none."""

    def write(self, data: Any, /) -> int:
        return len(data)


_RESTORE = "restore it from a backup, or save the same value again"
