"""``gc``: blobs that no row needs, and unfinished files, removed when they are old enough."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from functools import partial

from sqlalchemy import Connection

from artigraph.bridge import dual
from artigraph.errors import WouldDeadlockError
from artigraph.graph.engine import Database, current_database
from artigraph.graph.group import open_group
from artigraph.lineage.escape import plain
from artigraph.maintain.needs import known_storages, place_of, storage_names, unlisted
from artigraph.maintain.report import Progress, Report, counted
from artigraph.persist.blobs import Blob, remove_unused, unused
from artigraph.persist.listing import human_bytes
from artigraph.registry import Registry, current_registry

GRACE = 24 * 3600
"""Seconds that something unused is spared: a save that is under way may need it."""

BATCH = 200
"""Blobs that one transaction removes; savers wait for it."""


@dataclass(frozen=True, slots=True)
class Sweep:
    """What was found in one storage."""

    storage: str
    blobs: int
    """All that are there."""
    orphans: int
    """Those that no row needs, and that are older than the grace."""
    orphan_bytes: int
    young: int
    """Those that no row needs, and that are spared because they are young."""
    unfinished: int
    """Files of saves that never ended."""


@dataclass(frozen=True, slots=True)
class GcReport(Report):
    """What ``gc`` found, and whether it removed that."""

    where: str
    dry_run: bool
    storages: tuple[Sweep, ...]

    @property
    def orphans(self) -> int:
        """Blobs that no row needs and that are old enough, in all storages."""
        return sum(each.orphans for each in self.storages)

    @property
    def unfinished(self) -> int:
        """Files of saves that never ended, in all storages."""
        return sum(each.unfinished for each in self.storages)

    def to_text(self) -> str:
        """A line per storage."""
        lines = [_line(each) for each in self.storages]
        verb = "would remove" if self.dry_run else "removed"
        size = human_bytes(sum(each.orphan_bytes for each in self.storages))
        total = f"{verb} {counted(self.orphans, 'blob')} ({size}) and {counted(self.unfinished, 'unfinished file')}"
        return "\n".join([*lines, total])


@dual
async def gc(
    dry_run: bool = True, grace: float = GRACE, *, progress: Progress = lambda what, done, total: None
) -> GcReport:
    """Remove blobs that no row needs, and what saves left that never ended.

    Nothing that a row needs is ever removed, nor what a save needs that is under way. A storage that several
    databases share must not be collected: each of them sees only its own rows.

    Args:
        dry_run: only say what would be removed.
        grace: seconds; what is younger stays. 0 only while nobody saves: it takes files away that are being written.
        progress: called with what is being done, how much of it is done, and of how much.

    Returns:
        The report.

    Raises:
        NoEngineError: no database was chosen.
        StoreBusyError, StorageReadOnlyError, ConnectionLostError: as named; what was removed by then is gone.
        WouldDeadlockError: inside ``current_session()``.
        ValueError: ``grace`` is negative.
    """
    if grace < 0:
        raise ValueError(f"grace is {grace!r}; give seconds, 0 or more")
    database, registry = current_database(), current_registry()
    if open_group(database) is not None:
        raise WouldDeadlockError("gc() inside current_session() waits for the transaction that it is part of")

    def look(connection: Connection) -> tuple[list[str], set[bytes]]:
        return storage_names(connection), {need.hash for need in unlisted(connection)}

    names, spared = await database.read(look)
    sweeps = []
    for storage in known_storages(database, registry, names):
        old: list[tuple[Blob, int]] = []
        young: list[Blob] = []
        count = 0
        newest = datetime.now(UTC) - timedelta(seconds=grace)
        async for location, stat in storage.list():
            count += 1
            blob = Blob(storage.name, bytes.fromhex(location.replace("/", "")), location)
            if stat.modified > newest:
                young.append(blob)
            elif blob.hash not in spared:
                old.append((blob, stat.size))
            progress(f"looking through {storage.name}", count, None)
        sizes = dict(old)
        gone = await _collect(database, registry, list(sizes), dry_run, progress)
        waiting = await _collect(database, registry, young, True, progress)
        unfinished = await storage.sweep(grace, dry_run=dry_run)
        freed = sum(sizes[blob] for blob in gone)
        sweeps.append(Sweep(storage.name, count, len(gone), freed, len(waiting), unfinished))
    return GcReport(place_of(database), dry_run, tuple(sweeps))


async def _collect(
    database: Database, registry: Registry, blobs: Sequence[Blob], dry_run: bool, progress: Progress
) -> list[Blob]:
    gone: list[Blob] = []
    for done, some in enumerate(_batches(blobs)):
        if dry_run:
            gone += await database.read(partial(unused, blobs=some, database=database, registry=registry))
        else:
            gone += await remove_unused(database, registry, some)
        progress("asking who needs them", min((done + 1) * BATCH, len(blobs)), len(blobs))
    return gone


def _batches(blobs: Sequence[Blob]) -> Iterator[Sequence[Blob]]:
    for start in range(0, len(blobs), BATCH):
        yield blobs[start : start + BATCH]


def _line(sweep: Sweep) -> str:
    spared = f", {sweep.young:,} unused but young" if sweep.young else ""
    return (
        f"{plain(sweep.storage)}: {counted(sweep.blobs, 'blob')}, {sweep.orphans:,} left over "
        f"({human_bytes(sweep.orphan_bytes)}){spared}, {counted(sweep.unfinished, 'unfinished file')}"
    )
