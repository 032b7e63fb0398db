"""The one saver: plan, encode, put blobs, write all rows in one transaction."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Literal
from uuid import UUID

from sqlalchemy import Connection, select, update
from sqlalchemy.ext.asyncio import AsyncSession

from artigraph.digest import format_digest
from artigraph.errors import ImmutableError, LabelTakenError
from artigraph.graph.current import OpenSpan, Use, open_span, tracking
from artigraph.graph.engine import Database, current_database
from artigraph.graph.insert import insert_batches
from artigraph.graph.schema import LINK, NODE
from artigraph.graph.walk import raw, raw_ids
from artigraph.identity import Memory, memories
from artigraph.ids import now
from artigraph.persist.blobs import Blob, drop_unused
from artigraph.persist.encode import encode
from artigraph.persist.place import default_storage
from artigraph.persist.plan import Draft, ModelDraft, Plan, ValueDraft
from artigraph.persist.replace import replace_models
from artigraph.persist.rows import Rows
from artigraph.persist.spec import INFER, SaveRecord, SaveSpec
from artigraph.registry import Registry, current_registry
from artigraph.storage.database import database_storage

OnConflict = Literal["raise", "replace", "ignore"]

_EXISTING = select(raw(NODE.c.id), NODE.c.artifact_hash).where(raw(NODE.c.id).in_(raw_ids()))


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
        await _write(plan, database, options, span)
    finally:
        _remove_spools(plan.values)
    _remember(plan, database)
    if span is not None:
        span.made.update(UUID(bytes=draft.id) for draft in plan.everything())
    return [
        SaveRecord(UUID(bytes=root.id), root.label, format_digest(root.hash), root.size, dict(root.tags))
        for root in plan.roots
    ]


async def _write(plan: Plan, database: Database, options: SaveOptions, span: OpenSpan | None) -> None:
    storage = default_storage(database, plan.registry)
    await encode(plan.values, storage, inline=database.in_memory)
    for model in plan.models:
        model.finish()
    fresh, changed = await _sort_out(plan, database, options)
    values = [draft for draft in fresh if isinstance(draft, ValueDraft) and draft.storage is not database_storage]
    durable = database.durability != "off"
    try:
        for value in values:
            value.location = await value.storage.put(value.spool, value.hash, value.size, durable=durable)
        rows = Rows(now())
        for draft in fresh:
            rows.add(draft)
        uses = _note_uses(plan, fresh, database, span)

        def work(connection: Connection) -> list[Blob]:
            if span is not None:
                _link_outputs(connection, rows, plan.roots, span.id, options.strict_labels)
                for use in _existing_uses(connection, uses):
                    rows.use(span.id, use)
            for value in values:
                value.storage.confirm(value.location, value.spool)
            insert_batches(connection, rows.batches())
            if options.also is not None:
                options.also(connection)
            return replace_models(connection, changed, rows.at) if changed else []

        try:
            unused = await database.write(work, session=options.session)
        except BaseException:
            if span is not None:
                span.give_back(uses)
            raise
    except BaseException:
        put = [Blob(value.storage.name, value.hash, value.location) for value in values if value.location]
        await drop_unused(database, plan.registry, put, session=options.session)
        raise
    if span is not None:
        span.written(uses)
    await drop_unused(database, plan.registry, unused, session=options.session)


async def _sort_out(plan: Plan, database: Database, options: SaveOptions) -> tuple[list[Draft], list[ModelDraft]]:
    """What has to be inserted, and which models have to be replaced."""
    known = {draft.id: draft for draft in plan.everything() if draft.known}
    stored = await stored_hashes(database, list(known), options.session) if known else {}
    if not stored:
        return list(plan.everything()), []
    changed = [known[node_id] for node_id, digest in stored.items() if known[node_id].hash != digest]
    models = [draft for draft in changed if isinstance(draft, ModelDraft)]
    if changed and (
        options.on_conflict == "raise" or (options.on_conflict == "replace" and len(models) < len(changed))
    ):
        raise ImmutableError(changed[0].path, UUID(bytes=changed[0].id))
    replaced = {model.id for model in models} if options.on_conflict == "replace" else set()
    needed: set[int] = set()
    fresh: list[Draft] = []
    _collect(plan.roots, stored, replaced, needed, fresh)
    return fresh, [model for model in models if model.id in replaced]


def _collect(
    drafts: Iterable[Draft], stored: Mapping[bytes, bytes], replaced: set[bytes], seen: set[int], into: list[Draft]
) -> None:
    for draft in drafts:
        if id(draft) in seen:
            continue
        seen.add(id(draft))
        is_stored = draft.id in stored
        if isinstance(draft, ModelDraft) and (not is_stored or draft.id in replaced):
            _collect((part for _, part in draft.parts), stored, replaced, seen, into)
        if not is_stored:
            into.append(draft)


async def stored_hashes(database: Database, ids: Sequence[bytes], session: AsyncSession | None) -> dict[bytes, bytes]:
    """The content hashes of those nodes that exist."""

    def work(connection: Connection) -> dict[bytes, bytes]:
        found: dict[bytes, bytes] = {}
        for start in range(0, len(ids), 10_000):
            rows = connection.execute(_EXISTING, {"ids": list(ids[start : start + 10_000])})
            found.update((row[0], row[1] or b"") for row in rows)
        return found

    return await database.read(work, session=session)


def _link_outputs(connection: Connection, rows: Rows, roots: Sequence[Draft], span_id: UUID, strict: bool) -> None:
    """Link the roots to their span; a label that another output has moves to the newest, or is an error."""
    newest = {root.label: root for root in roots if root.label is not None}
    if newest:
        taken = connection.execute(
            select(LINK.c.label, raw(LINK.c.target_id), LINK.c.kind).where(
                LINK.c.source_id == span_id, LINK.c.label.in_(list(newest))
            )
        ).all()
        strange = next((row.label for row in taken if strict or row.kind != "output"), None)
        if strange is not None or (strict and len(newest) < sum(root.label is not None for root in roots)):
            raise LabelTakenError(strange or next(iter(newest)) or "", span_id)
        if taken:
            connection.execute(
                update(LINK)
                .where(LINK.c.source_id == span_id, LINK.c.label.in_([row.label for row in taken]))
                .values(label=None)
            )
    linked = {root.id: root for root in roots}
    present = _linked_already(connection, span_id, linked)
    for root in linked.values():
        if root.id not in present:
            rows.link(span_id.bytes, root.id, root.label if newest.get(root.label) is root else None, "output")


def _linked_already(connection: Connection, span_id: UUID, roots: Mapping[bytes, Draft]) -> set[bytes]:
    """Roots saved before that are outputs of this span already."""
    known = [node_id for node_id, root in roots.items() if isinstance(root, ModelDraft) and root.known]
    if not known:
        return set()
    statement = select(raw(LINK.c.target_id)).where(
        LINK.c.source_id == span_id, LINK.c.kind == "output", raw(LINK.c.target_id).in_(raw_ids())
    )
    return {row[0] for row in connection.execute(statement, {"ids": known})}


def _note_uses(plan: Plan, fresh: Sequence[Draft], database: Database, span: OpenSpan | None) -> list[Use]:
    """What the open span used: what it noted so far, and remembered values nested in what is saved now."""
    if span is None:
        return []
    if tracking() and span.track:
        ours = {draft.id for draft in (*fresh, *plan.roots)}
        for value, path in plan.used:
            memory = memories.recall(value)
            if memory is not None and memory.store == database.identity and memory.node_id.bytes not in ours:
                span.use(Use(memory.node_id, path.rpartition(".")[2][:255]))
    return span.take_uses()


def _existing_uses(connection: Connection, uses: Sequence[Use]) -> list[Use]:
    """Those uses whose artifact has not been deleted meanwhile."""
    if not uses:
        return []
    rows = connection.execute(_EXISTING, {"ids": [use.node_id.bytes for use in uses]})
    there = {row[0] for row in rows}
    return [use for use in uses if use.node_id.bytes in there]


def _remember(plan: Plan, database: Database) -> None:
    """Know the saved objects again when they are used."""
    for draft in plan.everything():
        before = memories.recall(draft.value)
        if before is None or before.store != database.identity or before.hash != draft.hash:
            memories.remember(draft.value, Memory(UUID(bytes=draft.id), database.identity, hash=draft.hash))


def _remove_spools(values: Iterable[ValueDraft]) -> None:
    for value in values:
        if value.spool is not None:
            value.spool.unlink(missing_ok=True)
