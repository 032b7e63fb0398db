"""The trash: where deleted artifacts are, until they are restored or deleted for good."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta

from sqlalchemy import Connection, select
from sqlalchemy.ext.asyncio import AsyncSession

from artigraph.bridge import dual
from artigraph.graph.engine import current_database
from artigraph.graph.schema import NODE
from artigraph.graph.walk import raw
from artigraph.ids import as_datetime, now
from artigraph.persist.delete import delete_nodes, held_by_collections
from artigraph.persist.trash import take_back


@dataclass(frozen=True, slots=True)
class PurgeReport:
    """What ``purge_trash`` did, or would do."""

    count: int
    """Artifacts."""
    size: int
    """Their bytes; blobs that others share stay."""
    dry_run: bool = False
    held: int = 0
    """Artifacts that stay in the trash, because a collection holds them."""

    def __str__(self) -> str:
        verb = "would be deleted" if self.dry_run else "deleted"
        stay = f"; {self.held:,} stay in the trash, because a collection holds them" if self.held else ""
        return f"{self.count:,} artifacts of {self.size:,} bytes {verb} for good{stay}"


@dual
async def purge_trash(
    older_than: timedelta | float = 0, *, dry_run: bool = False, session: AsyncSession | None = None
) -> PurgeReport:
    """Delete for good what is in the trash, but for what a collection holds that stays.

    Args:
        older_than: only what has been there for so long (a timedelta, or seconds).
        dry_run: only say what would be deleted.
        session: a session of yours, which you commit.
    """
    age = older_than if isinstance(older_than, timedelta) else timedelta(seconds=older_than)
    before = as_datetime(now()) - age
    statement = select(raw(NODE.c.id), NODE.c.artifact_size).where(
        NODE.c.artifact_uid.is_not(None), NODE.c.artifact_trashed_at <= before
    )

    def look(connection: Connection) -> tuple[dict[bytes, int], set[bytes]]:
        sizes = {row[0]: row[1] or 0 for row in connection.execute(statement)}
        return sizes, {held for held, holder, _ in held_by_collections(connection, sizes) if holder not in sizes}

    sizes, held = await current_database().read(look, session=session)
    gone = [node_id for node_id in sizes if node_id not in held]
    if not dry_run and gone:
        await delete_nodes(gone, for_good=True, sparing=True, session=session)
    return PurgeReport(len(gone), sum(sizes[node_id] for node_id in gone), dry_run, len(held))


async def restore(node_id: bytes, session: AsyncSession | None) -> None:
    """Take an artifact out of the trash."""

    def work(connection: Connection) -> None:
        take_back(connection, [node_id], now())

    await current_database().write(work, session=session)
