"""The one saver: plan, encode, put blobs, write all rows in one transaction."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from sqlalchemy import Connection
from sqlalchemy.exc import IntegrityError
from sqlalchemy.ext.asyncio import AsyncSession

from artigraph.bridge import ask
from artigraph.digest import format_digest
from artigraph.graph.current import OpenSpan, Use, open_span
from artigraph.graph.engine import Database, current_database
from artigraph.graph.group import open_group
from artigraph.graph.insert import insert_batches
from artigraph.graph.locks import share_blobs
from artigraph.identity import Memory, memories
from artigraph.ids import now
from artigraph.persist.blobs import Blob, drop_unused
from artigraph.persist.conflict import Work, sort_out
from artigraph.persist.encode import encode
from artigraph.persist.fingerprint import fingerprint
from artigraph.persist.finish import finished
from artigraph.persist.output import link_outputs, name_kept, still_there, uses_of
from artigraph.persist.place import INLINE_LIMIT, default_storage
from artigraph.persist.plan import Draft, Plan, ValueDraft
from artigraph.persist.replace import replace_models
from artigraph.persist.rows import Rows
from artigraph.persist.spec import INFER, OnConflict, SaveRecord, SaveSpec, is_savable
from artigraph.registry import Registry, current_registry
from artigraph.storage.database import database_storage


@dataclass(frozen=True, slots=True)
class SaveRequest:
    """One thing to save."""

    value: Any
    label: str | None = None
    spec: SaveSpec = INFER
    node_id: UUID | None = None
    """The id its node shall have, for a value that has none of its own."""


@dataclass(frozen=True, slots=True)
class SaveOptions:
    """How a call saves."""

    on_conflict: OnConflict = "raise"
    session: AsyncSession | None = None
    registry: Registry | None = None
    span: OpenSpan | None = None
    """The span whose output this is; by default the one that is open."""
    strict_labels: bool = False
    """A label that the span has already is an error; otherwise the newest output takes it over."""
    also: Callable[[Connection], None] | None = None
    """More to write in the same transaction, after the nodes."""


async def save_many(requests: Sequence[SaveRequest], options: SaveOptions | None = None) -> list[SaveRecord]:
    """Save values and models: all of them are in the database afterwards, or none.

    Args:
        requests: what to save, in order.
        options: how.

    Returns:
        A record per request, in the same order.

    Raises:
        UnserializableError, CycleError, InvalidLabelError: before anything was written.
        ImmutableError: something saved has other content by now, and ``on_conflict`` is "raise".
        LabelTakenError: see ``strict_labels``.
        StorageFullError, StoreBusyError and others of the database and storages: nothing is visible then.
    """
    options = options or SaveOptions()
    database = current_database()
    plan = Plan(options.registry or current_registry())
    for request in requests:
        plan.add(request.value, request.label, request.spec, node_id=request.node_id)
    span = options.span or open_span(database.identity)
    try:
        work = await _write(plan, database, options, span)
    finally:
        _remove_spools(plan.values)
    _remember([*work.fresh, *work.replaced, *work.kept], database)
    if span is not None:
        span.made.update(UUID(bytes=draft.id) for draft in plan.everything())
    return [
        SaveRecord(UUID(bytes=root.id), root.label, format_digest(root.hash), root.size, dict(root.tags))
        for root in plan.roots
    ]


async def _write(plan: Plan, database: Database, options: SaveOptions, span: OpenSpan | None) -> Work:
    storage = None
    if any(value.data is None or value.size > INLINE_LIMIT for value in plan.values):
        await ask(database.door)  # a database that cannot be opened leaves no folder behind
        storage = default_storage(database, plan.registry)
    await encode(plan.values, storage, inline=database.in_memory)
    for model in plan.models:
        model.finish()
    work = await sort_out(plan, database, options.on_conflict, options.session)
    try:
        await _commit(plan, work, database, options, span)
    except IntegrityError:
        if options.session is not None or open_group(database) is not None:
            raise
        # another task saved the same object between our look and our transaction: look again, for every id
        work = await sort_out(plan, database, options.on_conflict, None, suspicious=True)
        await _commit(plan, work, database, options, span)
    for draft in [*work.renewed, *(root for root in plan.roots if root.label is not None)]:
        if is_savable(draft.value):
            draft.value.graph_adopt(UUID(bytes=draft.id), draft.label)
    return work


async def _commit(plan: Plan, work: Work, database: Database, options: SaveOptions, span: OpenSpan | None) -> None:
    """Put the blobs, then write every row in one transaction; on failure nothing of either is left."""
    values = [draft for draft in work.fresh if isinstance(draft, ValueDraft) and draft.storage is not database_storage]
    durable = database.durability != "off"
    uses: list[Use] = []

    def write(connection: Connection) -> list[Blob]:
        rows = Rows(now())
        for draft in work.fresh:
            rows.add(draft)
        name_kept(connection, work.kept)
        for root in work.kept:
            rows.tag(root)
        if span is not None:
            link_outputs(connection, rows, plan.roots, span.id, strict=options.strict_labels)
            for use in still_there(connection, uses):
                rows.use(span.id, use)
        share_blobs(connection, [value.hash for value in values])
        for value in values:
            value.storage.confirm(value.location, value.spool)
        insert_batches(connection, rows.batches())
        if options.also is not None:
            options.also(connection)
        return replace_models(connection, work.replaced, rows.at) if work.replaced else []

    async def put(value: ValueDraft) -> None:
        value.location = await value.storage.put(value.spool, value.hash, value.size, durable=durable)

    try:
        for value in values:
            await finished(put(value))
        uses = uses_of(plan, work.fresh, database, span)
        unused = await database.write(write, session=options.session)
    except BaseException:
        if span is not None:
            span.give_back(uses)
        ours = [Blob(value.storage.name, value.hash, value.location) for value in values if value.location]
        await drop_unused(database, plan.registry, ours, session=options.session)
        raise
    if span is not None:
        span.written(uses)
    await drop_unused(database, plan.registry, unused, session=options.session)


def _remember(drafts: Iterable[Draft], database: Database) -> None:
    """Know the saved objects again when they are used."""
    for draft in drafts:
        before = memories.recall(draft.value)
        if before is None or before.store != database.identity or before.hash != draft.hash:
            looks = fingerprint(draft.value) if isinstance(draft, ValueDraft) else None
            memories.remember(draft.value, Memory(UUID(bytes=draft.id), database.identity, looks, draft.hash))


def _remove_spools(values: Iterable[ValueDraft]) -> None:
    for value in values:
        if value.spool is not None:
            value.spool.unlink(missing_ok=True)
