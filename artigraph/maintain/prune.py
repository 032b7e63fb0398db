"""``prune``: old versions thrown away, as far as nothing that stays was made from them.

A *series* is what replaces one another: the versions of a key, or what spans of one label saved under one label (for
values saved outside of spans: under one label). Values without key and label belong to none.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from itertools import groupby
from operator import attrgetter
from typing import Any
from uuid import UUID

from sqlalchemy import Connection, Select, exists, literal_column, or_, select

from artigraph.bridge import dual
from artigraph.errors import WouldDeadlockError
from artigraph.graph.engine import current_database
from artigraph.graph.group import open_group
from artigraph.graph.schema import KEY, LINK, NODE
from artigraph.graph.select import rows_for
from artigraph.graph.walk import raw, raw_ids
from artigraph.lineage.escape import plain
from artigraph.maintain.needs import place_of
from artigraph.maintain.report import Progress, Report, counted
from artigraph.persist.delete import delete_nodes
from artigraph.persist.listing import human_bytes

BATCH = 500
"""Versions that one transaction removes."""


@dataclass(frozen=True, slots=True)
class Old:
    """A version that is older than the last ones of its series."""

    node_id: UUID
    series: str
    """The key (its stem when it has none), or ``span / label``."""
    saved_at: datetime
    size: int
    """Bytes of the value, though other values may share them."""


@dataclass(frozen=True, slots=True)
class PruneReport(Report):
    """What ``prune`` found, and whether it removed that."""

    where: str
    dry_run: bool
    keep_last: int
    removed: tuple[Old, ...]
    needed: tuple[Old, ...]
    """Old, and kept: something that stays holds it or was made from it."""

    def to_text(self) -> str:
        """A line per series."""
        lines = [
            f"{plain(series)}: {counted(len(list(old)), 'old version')}"
            for series, old in groupby(self.removed, key=attrgetter("series"))
        ]
        size = human_bytes(sum(old.size for old in self.removed))
        verb = "would remove" if self.dry_run else "removed"
        total = f"{verb} {counted(len(self.removed), 'version')} ({size})"
        needed = f"; {len(self.needed):,} more stay, because something that stays needs them" if self.needed else ""
        return "\n".join([*lines, total + needed])


@dual
async def prune(
    keep_last: int, dry_run: bool = True, *, progress: Progress = lambda what, done, total: None
) -> PruneReport:
    """Throw old versions away: of every series all but the last ``keep_last``.

    A version stays when something that stays holds it as a part, links to it, or was made from it, however far back;
    so the lineage of what stays is whole. Spans stay. What is in the trash is left to ``purge_trash``.

    Args:
        keep_last: how many of each series stay, 1 or more.
        dry_run: only say what would be removed.
        progress: called with what is being done, how much of it is done, and of how much.

    Returns:
        The report.

    Raises:
        NoEngineError: no database was chosen.
        StoreBusyError, StorageReadOnlyError, ConnectionLostError: as named; what was removed by then is gone.
        WouldDeadlockError: inside ``current_session()``.
        ValueError: ``keep_last`` is below 1.
    """
    if keep_last < 1:
        raise ValueError(f"keep_last is {keep_last!r}; at least the last one stays")
    database = current_database()
    if open_group(database) is not None:
        raise WouldDeadlockError("prune() inside current_session() removes before it is known whether that is kept")

    def look(connection: Connection) -> tuple[list[Old], set[UUID]]:
        old = _old(connection, keep_last)
        return old, _needed(connection, {each.node_id for each in old}) if old else set()

    old, needed = await database.read(look)
    doomed = [each for each in old if each.node_id not in needed]
    if not dry_run:
        for start in range(0, len(doomed), BATCH):
            some = [each.node_id.bytes for each in doomed[start : start + BATCH]]
            await delete_nodes(some, for_good=True, sparing=True)
            progress("removing old versions", min(start + BATCH, len(doomed)), len(doomed))
    kept = tuple(each for each in old if each.node_id in needed)
    return PruneReport(place_of(database), dry_run, keep_last, tuple(doomed), kept)


def _old(connection: Connection, keep_last: int) -> list[Old]:
    maker, made = NODE.alias("maker"), LINK.alias("made")
    statement = (
        select(
            *(NODE.c.id, NODE.c.node_label, NODE.c.node_created_at, NODE.c.artifact_size),
            *(NODE.c.artifact_stem, NODE.c.artifact_version),
            select(KEY.c.key).where(KEY.c.stem == NODE.c.artifact_stem).scalar_subquery().label("key"),
            *(made.c.label.label("made_label"), maker.c.node_label.label("maker_label")),
        )
        .select_from(NODE)
        .outerjoin(made, (made.c.target_id == NODE.c.id) & (made.c.kind == "output") & made.c.role.is_(None))
        .outerjoin(maker, maker.c.id == made.c.source_id)
        .where(
            _CONTENT,
            or_(NODE.c.artifact_stem.is_not(None), NODE.c.node_label.is_not(None), made.c.label.is_not(None)),
            NODE.c.artifact_trashed_at.is_(None),
        )
    )
    series: dict[tuple[str, ...], dict[UUID, Any]] = {}
    for row in connection.execute(statement):
        label = row.made_label or row.node_label
        key = (row.key or row.artifact_stem, "", row.artifact_stem)
        name: tuple[str, ...] = key if row.artifact_stem else ("", row.maker_label or "", label)
        series.setdefault(name, {}).setdefault(row.id, row)
    found: list[Old] = []
    for name, rows in sorted(series.items()):
        newest = sorted(rows.values(), key=_age, reverse=True)
        shown = name[0] or " / ".join(part for part in name if part)
        found += [Old(row.id, shown, row.node_created_at, row.artifact_size or 0) for row in newest[keep_last:]]
    return found


def _age(row: Any) -> tuple[Any, ...]:
    return row.artifact_version or 0, row.node_created_at, row.id


def _needed(connection: Connection, old: set[UUID]) -> set[UUID]:
    """Those of ``old`` that something else holds, or that something which stays was made from."""
    raw_old = {each.bytes for each in old}
    environments = select(raw(NODE.c.run_environment_id)).where(NODE.c.run_environment_id.is_not(None))
    seen = {bytes(row[0]) for row in connection.execute(environments)}
    seen |= {row[1] for row in rows_for(connection, _HELD, list(raw_old)) if row[0] not in raw_old}
    seen |= {row[0] for row in connection.execute(_ROOTS)} - raw_old
    level = seen
    steps: Sequence[Select[Any]] = (_MADE_FROM, _HOLDS)
    while level:
        level = {row[0] for step in steps for row in rows_for(connection, step, list(level))} - seen
        seen |= level
        steps = (_MADE_FROM, _HOLDS, _PART_OF)  # what stays by itself needs no whole; a part that was used does
    return {each for each in old if each.bytes in seen}


def _kinds(*names: str) -> Sequence[Any]:
    return [literal_column(f"'{name}'") for name in names]


_HELD: Any = select(raw(LINK.c.source_id), raw(LINK.c.target_id)).where(
    raw(LINK.c.target_id).in_(raw_ids()), LINK.c.kind.in_(_kinds("field", "user"))
)
_CONTENT = or_(NODE.c.artifact_serializer.is_not(None), NODE.c.model_artifact_type_name.is_not(None))
_PART = exists().where(LINK.c.target_id == NODE.c.id, LINK.c.kind == "field")
_ROOTS = select(raw(NODE.c.id)).where(_CONTENT, or_(NODE.c.node_label.is_not(None), ~_PART))
"""What stays by itself, whatever holds it."""
_MADE_FROM: Select[Any] = select(raw(LINK.c.source_id)).where(
    raw(LINK.c.target_id).in_(raw_ids()), LINK.c.kind.in_(_kinds("output", "input"))
)
"""Against the arrows: who made it, what that used."""
_PART_OF = select(raw(LINK.c.source_id)).where(raw(LINK.c.target_id).in_(raw_ids()), LINK.c.kind.in_(_kinds("field")))
_HOLDS = select(raw(LINK.c.target_id)).where(
    raw(LINK.c.source_id).in_(raw_ids()), LINK.c.kind.in_(_kinds("field", "child"))
)
"""Along the arrows: the parts of a whole, the spans inside a span."""
