"""``stats``: how much of what is in a store, and how much space it takes."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from sqlalchemy import Column, Connection, func, select

from artigraph.bridge import dual
from artigraph.graph.engine import current_database
from artigraph.graph.schema import BLOB_USE, LINK, NODE, TAG
from artigraph.graph.tables import stored_version
from artigraph.lineage.escape import plain
from artigraph.maintain.needs import known_storages, needs, place_of, storage_names
from artigraph.maintain.report import Progress, Report, counted
from artigraph.persist.listing import human_bytes
from artigraph.registry import current_registry


@dataclass(frozen=True, slots=True)
class StorageStats:
    """The blobs of one storage."""

    storage: str
    blobs: int
    bytes: int


@dataclass(frozen=True, slots=True)
class StatsReport(Report):
    """How much of what is in a store; sizes in bytes."""

    where: str
    schema: str | None
    nodes: Mapping[str, int]
    """node_type -> how many"""
    links: Mapping[str, int]
    """kind -> how many"""
    spans: Mapping[str, int]
    """status -> how many"""
    models: Mapping[str, int]
    """stored name -> how many"""
    tags: int
    row_bytes: int
    """Values that lie in rows."""
    shared_bytes: int
    """What is saved because equal values share one blob."""
    file_bytes: int | None
    """The SQLite file with its log; None on a server or in memory."""
    storages: tuple[StorageStats, ...]

    def to_text(self) -> str:
        """A line per kind of thing."""
        size = "" if self.file_bytes is None else f", file {human_bytes(self.file_bytes)}"
        lines = [f"{self.where}: schema {self.schema}{size}, values in rows {human_bytes(self.row_bytes)}"]
        for what in ("nodes", "links", "spans", "models"):
            of: Mapping[str, int] = getattr(self, what)
            detail = ", ".join(f"{plain(name)} {number:,}" for name, number in of.items())
            lines.append(f"{what}: {sum(of.values()):,}{f' ({detail})' if detail else ''}")
        lines.append(f"tags: {self.tags:,}")
        lines += [
            f"storage {plain(each.storage)}: {counted(each.blobs, 'blob')}, {human_bytes(each.bytes)}"
            for each in self.storages
        ]
        return "\n".join([*lines, f"equal values that share a blob save {human_bytes(self.shared_bytes)}"])


@dual
async def stats(*, progress: Progress = lambda what, done, total: None) -> StatsReport:
    """Count what is in the current store.

    Args:
        progress: called with what is being done, how much of it is done, and of how much.

    Raises:
        NoEngineError: no database was chosen.
        CannotOpenError, ConnectionLostError: the database or a storage could not be asked.
    """
    database, registry = current_database(), current_registry()
    facts, names = await database.read(_count)
    storages = []
    for storage in known_storages(database, registry, names):
        blobs = size = 0
        async for _, stat in storage.list():
            blobs, size = blobs + 1, size + stat.size
            progress(f"looking through {storage.name}", blobs, None)
        storages.append(StorageStats(storage.name, blobs, size))
    return StatsReport(
        where=place_of(database),
        **facts,
        file_bytes=None if database.file is None else _on_disk(database.file),
        storages=tuple(storages),
    )


def _count(connection: Connection) -> tuple[dict[str, Any], list[str]]:
    uses = select(BLOB_USE.c.storage, BLOB_USE.c.hash, func.count() - 1).group_by(BLOB_USE.c.storage, BLOB_USE.c.hash)
    wanted = needs(connection)
    again = [(wanted[row[0], bytes(row[1])], row[2]) for row in connection.execute(uses)]
    inside = select(func.sum(func.length(NODE.c.database_artifact_data)))
    facts = {
        "schema": stored_version(connection),
        "nodes": _by(connection, NODE.c.node_type),
        "links": _by(connection, LINK.c.kind),
        "spans": _by(connection, NODE.c.span_status),
        "models": _by(connection, NODE.c.model_artifact_type_name),
        "tags": _number(connection, select(func.count()).select_from(TAG)),
        "row_bytes": _number(connection, inside),
        "shared_bytes": sum((need.size or 0) * more for need, more in again),
    }
    return facts, storage_names(connection)


def _by(connection: Connection, column: Column[Any]) -> dict[str, int]:
    rows = connection.execute(select(column, func.count()).where(column.is_not(None)).group_by(column).order_by(column))
    return {row[0]: row[1] for row in rows}


def _number(connection: Connection, statement: Any) -> int:
    return int(connection.execute(statement).scalar() or 0)


def _on_disk(file: Path) -> int:
    parts = (file.with_name(f"{file.name}{suffix}") for suffix in ("", "-wal", "-shm"))
    return sum(part.stat().st_size for part in parts if part.exists())
