"""From handles to offers, and back: saving artifacts that are files, folders, tables, or have a key."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from sqlalchemy import Connection
from sqlalchemy.ext.asyncio import AsyncSession

from artigraph.artifact.get import select_artifacts
from artigraph.artifact.keep import keep
from artigraph.artifact.offer import Offer
from artigraph.artifact.wanted import prepare
from artigraph.bridge import ask
from artigraph.errors import InvalidArtifactError
from artigraph.graph.current import OpenSpan, open_span
from artigraph.graph.engine import Database, current_database
from artigraph.graph.schema import NODE
from artigraph.persist.place import file_storage
from artigraph.persist.spec import check_label, check_tags
from artigraph.registry import Registry, current_registry


async def save_kept(artifacts: Sequence[Any], session: AsyncSession | None, registry: Registry | None) -> None:
    """Save artifacts with content, all of them or none; they are handles of what they became afterwards."""
    database = current_database()
    registry = registry or current_registry()
    await ask(database.door)  # a database that cannot be opened leaves no folder behind
    default = file_storage(database, registry)
    span = open_span(database.identity)
    await prepare(artifacts, session)
    offers = [_offer(each, default, span, database) for each in artifacts]
    await keep(offers, database, registry, span=span, session=session)
    ids = {offer.became for offer in offers}

    def read(connection: Connection) -> dict[Any, Any]:
        return {row.id: row for row in connection.execute(select_artifacts(NODE.c.id.in_(ids)))}

    rows = await database.read(read, session=session)
    for artifact, offer in zip(artifacts, offers, strict=True):
        spec = artifact._spec
        artifact._take(rows[offer.became])
        artifact._spec = spec
        if span is not None and offer.is_new:
            span.made.add(artifact.id)


def _offer(artifact: Any, default: Any, span: OpenSpan | None, database: Database) -> Offer:
    revised = artifact.revises
    if revised is not None and revised.stem is None:
        raise InvalidArtifactError(f"{revised!r} has no versions; save it first")
    check_label(artifact.label)
    return Offer(
        id=artifact.id,
        content=artifact._content,
        storage=default,
        key=artifact.key,
        stem=revised.stem if revised is not None else None,
        revises=revised.id if revised is not None else None,
        always=artifact._always,
        label=artifact.label,
        kind=artifact.kind,
        description=artifact.description,
        extra=artifact.extra_data,
        tags=check_tags(artifact.tags),
        also=artifact._also,
        span=_maker(artifact._run, span, database),
    )


def _maker(run: Any, span: OpenSpan | None, database: Database) -> OpenSpan | None:
    if run is False:
        return None
    return span if run is None else OpenSpan(run.id, database.identity)
