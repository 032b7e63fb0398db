"""``repair``: closes spans that nobody will close, mends rows, moves damaged blobs out of the way."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import Connection, delete, func, or_, select, update

from artigraph.bridge import dual
from artigraph.errors import WouldDeadlockError
from artigraph.graph.engine import Database, current_database
from artigraph.graph.group import Group, open_group
from artigraph.graph.insert import Batch, insert_batches
from artigraph.graph.locks import take_blobs
from artigraph.graph.schema import BLOB_USE, LINK, NODE, OWNER
from artigraph.ids import now
from artigraph.lineage.escape import plain
from artigraph.maintain.blobs import find_fault
from artigraph.maintain.needs import Need, find_storage, needs, place_of, unlisted
from artigraph.maintain.report import Problem, Progress, Report, counted
from artigraph.maintain.rows import POINTERS, dangling, open_spans
from artigraph.maintain.verify import verify
from artigraph.registry import Registry, current_registry

MENDED = frozenset({"abandoned", "dangling", "unlisted"})
"""Kinds of problems that rows alone can mend."""


@dataclass(frozen=True, slots=True)
class Moved:
    """A damaged blob that was moved out of the way."""

    storage: str
    location: str
    to: str
    """Where the damaged bytes are now."""


@dataclass(frozen=True, slots=True)
class RepairReport(Report):
    """What ``repair`` mended, and what is left."""

    where: str
    closed: tuple[UUID, ...]
    """Spans that are abandoned now."""
    removed: int
    """Rows that belonged to nodes that do not exist."""
    listed: int
    """Needs of blobs that are written down now."""
    moved: tuple[Moved, ...]
    left: tuple[Problem, ...]
    """What only a backup, or saving again, can mend."""

    @property
    def ok(self) -> bool:
        """Nothing is wrong any more."""
        return not self.left

    def to_text(self) -> str:
        """What was done, and a line per problem that is left."""
        rows = f"closed {counted(len(self.closed), 'span')}, removed {counted(self.removed, 'row')} that led nowhere"
        blobs = f"wrote down {counted(self.listed, 'need')} of blobs, moved {counted(len(self.moved), 'damaged blob')}"
        lines = [f"{rows}, {blobs}"]
        lines += [f"  {plain(each.location)} of storage {plain(each.storage)} is now {each.to}" for each in self.moved]
        for problem in self.left:
            lines += problem.to_lines("left, ")
        return "\n".join(lines)


@dual
async def repair(data: bool = False, *, progress: Progress = lambda what, done, total: None) -> RepairReport:
    """Mend what can be mended in the current store without losing anything that is whole.

    Open spans whose process is gone are closed as ``abandoned``; rows that belong to nodes that do not exist are
    removed; a blob's need that is not written down is written down; damaged blobs are moved aside (in a folder:
    ``damaged/``), so that saving the same value again stores it anew.

    Args:
        data: find damaged blobs by their hash, not only by their size; reads everything.
        progress: called with what is being done, how much of it is done, and of how much.

    Returns:
        The report; ``left`` is what it could not mend.

    Raises:
        NoEngineError: no database was chosen.
        StoreBusyError, StorageReadOnlyError, ConnectionLostError: as named; whatever was mended stays so.
        WouldDeadlockError: inside ``current_session()``.
    """
    database, registry = current_database(), current_registry()
    if open_group(database) is not None:
        raise WouldDeadlockError("repair() inside current_session() waits for the transaction that it is part of")
    found = await verify.a(data, progress=progress)
    if any(problem.kind in ("schema", "database") for problem in found.problems):
        return RepairReport(place_of(database), (), 0, 0, (), found.problems)
    closed, removed, listed = await database.write(_mend)
    moved: list[Moved] = []
    left: list[Problem] = []
    damaged = [problem for problem in found.problems if problem.kind == "damaged"]
    wanted = await database.read(needs) if damaged else {}
    by_place = {(need.storage, need.location): need for need in wanted.values()}
    for problem in found.problems:
        need = by_place.get((problem.storage or "", problem.location or ""))
        if problem.kind != "damaged":
            left += [] if problem.kind in MENDED else [problem]
        elif need is not None:
            to = await _move(database, registry, need, data)
            moved += [to] if to is not None else []
            left.append(problem)
    return RepairReport(place_of(database), tuple(closed), removed, listed, tuple(moved), tuple(left))


def _mend(connection: Connection) -> tuple[list[UUID], int, int]:
    removed = sum(connection.execute(delete(column.table).where(dangling(column))).rowcount for _, column in POINTERS)
    wanted = unlisted(connection)
    uses = [(need.node_id.bytes, need.storage, need.hash) for need in wanted]
    insert_batches(connection, [Batch(BLOB_USE, ("node_id", "storage", "hash"), uses)])
    spans = open_spans(connection)
    at = now()
    for span in spans:
        ended = {"span_status": "abandoned", "span_closed_at": _last_sign(connection, span), "node_updated_at": at}
        connection.execute(update(NODE).where(NODE.c.id == span.id).values(ended))
    return [span.id for span in spans], removed, len(uses)


def _last_sign(connection: Connection, span: Any) -> datetime:
    """The last moment at which something is known to have happened in a span, or its process to have lived."""
    inside = select(LINK.c.target_id).where(LINK.c.source_id == span.id, LINK.c.kind.in_(("output", "child")))
    made = select(func.max(NODE.c.node_created_at)).where(or_(NODE.c.id.in_(inside), NODE.c.id == span.id))
    seen = select(OWNER.c.seen_at).where(OWNER.c.id == span.span_owner_id)
    signs = [connection.execute(statement).scalar() for statement in (made, seen)]
    found: datetime = max(sign for sign in (span.span_opened_at, *signs) if sign is not None)
    return found


async def _move(database: Database, registry: Registry, need: Need, data: bool) -> Moved | None:
    """Move a damaged blob aside, unless it is whole by now: nobody can put or remove it meanwhile."""
    storage = find_storage(database, registry, need.storage)
    if storage is None:
        return None
    group = Group(database)
    await group.begin()
    try:
        await group.step(lambda connection: take_blobs(connection, [need.hash]))
        if await find_fault(storage, need, data=data) is None:
            return None
        to = await storage.quarantine(need.location)
    finally:
        await group.end(commit=True)
    return Moved(storage.name, need.location, to) if to is not None else None
