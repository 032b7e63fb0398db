"""From handles to offers, and back: saving artifacts that are files, folders, tables, or have a key."""

from __future__ import annotations

import dataclasses
from collections.abc import Sequence
from typing import Any

from sqlalchemy import Connection
from sqlalchemy.ext.asyncio import AsyncSession

from artigraph.artifact.content import FileContent, ValueContent
from artigraph.artifact.keep import keep
from artigraph.artifact.offer import Offer
from artigraph.artifact.record import full_rows
from artigraph.artifact.replace import replace
from artigraph.artifact.value import save_whole, value_content
from artigraph.artifact.wanted import prepare
from artigraph.bridge import ask
from artigraph.errors import InvalidArtifactError, UnknownStorageError
from artigraph.graph.current import OpenSpan, Use, open_span, tracking
from artigraph.graph.engine import Database, current_database
from artigraph.graph.undo import undone
from artigraph.identity import Memory, memories
from artigraph.persist.fingerprint import fingerprint, has_changed
from artigraph.persist.place import file_storage
from artigraph.persist.spec import check_label, check_tags
from artigraph.persist.tags import tags_of
from artigraph.registry import Registry, current_registry
from artigraph.storage.base import Storage


async def save_kept(artifacts: Sequence[Any], session: AsyncSession | None, registry: Registry | None) -> None:
    """Save artifacts with content or a key, all of them or none; they are handles of what they became afterwards.

    Raises:
        Whatever ``keep``, ``replace`` and the checks of an artifact raise: nothing is stored then.
    """
    if not artifacts:
        return
    database = current_database()
    registry = registry or current_registry()
    await ask(database.door)  # a database that cannot be opened leaves no folder behind
    span = open_span(database.identity)
    await prepare(artifacts, session)
    default = file_storage(database, registry)
    offers = [_offer(each, default, database, registry, span) for each in artifacts]
    wholes = [(offer, each) for offer, each in zip(offers, artifacts, strict=True) if each._content is None]
    for offer, artifact in wholes:
        await save_whole(offer, artifact._value, artifact, database, session)
    files = [(offer, each) for offer, each in zip(offers, artifacts, strict=True) if each._content is not None]
    if files and files[0][1]._replaces:
        await replace(files[0][0], database, registry, session)
    elif files:
        _note_uses([each for _, each in files], database, span)
        await keep([offer for offer, _ in files], database, registry, span=span, session=session)
    with undone(artifacts, session):
        await _renew(artifacts, offers, database, session)
    if span is not None:
        span.made.update(offer.became for offer in offers if offer.is_new and offer.became is not None)


async def _renew(
    artifacts: Sequence[Any], offers: Sequence[Offer], database: Database, session: AsyncSession | None
) -> None:
    """Let the handles say what is stored."""
    ids = [(offer.became or offer.id).bytes for offer in offers]
    known = [node_id for offer, node_id in zip(offers, ids, strict=True) if not offer.is_new]

    def work(connection: Connection) -> tuple[dict[bytes, Any], dict[bytes, dict[str, str]]]:
        return full_rows(connection, ids), tags_of(connection, known)

    rows, tags = await database.read(work, session=session)
    for artifact, node_id in zip(artifacts, ids, strict=True):
        value, spec, content = artifact._value, artifact._spec, artifact._content
        if node_id in tags and tags[node_id] != spec.tags:
            spec = dataclasses.replace(spec, tags=tags[node_id])
        artifact._take(rows[node_id])
        artifact._value, artifact._spec = value, spec
        if isinstance(content, ValueContent):
            memory = Memory(artifact.id, database.identity, fingerprint(content.value), content.hash)
            memories.remember(content.value, memory)


def _offer(artifact: Any, default: Storage, database: Database, registry: Registry, span: OpenSpan | None) -> Offer:
    revised = artifact.revises
    if revised is not None and revised.stem is None:
        raise InvalidArtifactError(f"{revised!r} has no versions; save it first")
    check_label(artifact.label)
    if artifact._content is None:
        artifact._content = value_content(artifact._value, artifact.key, artifact._spec.serializer, registry)
    content = artifact._content or FileContent()
    return Offer(
        id=artifact.id,
        content=content,
        storage=_storage(artifact._spec.storage, default, registry),
        key=artifact.key,
        stem=artifact.stem if artifact._replaces else revised.stem if revised is not None else None,
        revises=revised.id if revised is not None else None,
        always=artifact._always,
        label=artifact.label,
        kind=artifact.kind,
        description=artifact.description,
        otype=artifact.otype if artifact.otype != content.otype else None,
        extra=artifact.extra_data,
        tags=check_tags(artifact.tags),
        span=maker_of(artifact._run, span, database),
        also=artifact._also,
    )


def _storage(asked: Any, default: Storage, registry: Registry) -> Storage:
    """The storage that was named, else the one for files."""
    if asked is None:
        return default
    if isinstance(asked, str):
        return registry.storage_named(asked)  # type: ignore[return-value]
    if isinstance(asked, type):
        found = registry.storages_of(asked)
        if len(found) != 1:
            raise UnknownStorageError(asked.__name__, [each.name for each in found])
        return found[0]  # type: ignore[return-value]
    if registry.storages.get(asked.name) is not asked:
        registry.add_storage(asked)
    return asked  # type: ignore[no-any-return]


def maker_of(run: Any, span: OpenSpan | None, database: Database) -> OpenSpan | None:
    """The span whose output it becomes."""
    if run is False:
        return None
    if run is None or (span is not None and span.id == run.id):
        return span
    return OpenSpan(run.id, database.identity)


def _note_uses(artifacts: Sequence[Any], database: Database, span: OpenSpan | None) -> None:
    """What is saved as a table and was loaded before, under another name, is an input of the open span."""
    if span is None or not tracking():
        return
    for artifact in artifacts:
        value = getattr(artifact._content, "value", None)
        memory = memories.recall(value) if value is not None else None
        if memory is not None and memory.store == database.identity and memory.node_id not in span.made:
            span.use(Use(memory.node_id, None, has_changed(value, memory)))
