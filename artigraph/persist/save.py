"""The one saver: plan, encode, put blobs, write all rows in one transaction."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from typing import Any, Literal
from uuid import UUID

from sqlalchemy import Connection
from sqlalchemy.exc import IntegrityError
from sqlalchemy.ext.asyncio import AsyncSession

from artigraph.bridge import ask
from artigraph.digest import format_digest
from artigraph.errors import ImmutableError, as_one
from artigraph.graph.current import OpenSpan, open_span
from artigraph.graph.engine import Database, current_database
from artigraph.graph.group import open_group
from artigraph.graph.insert import insert_batches
from artigraph.identity import Memory, memories
from artigraph.ids import now
from artigraph.persist.blobs import Blob, drop_unused
from artigraph.persist.conflict import Work, sort_out
from artigraph.persist.encode import Failures, encode
from artigraph.persist.fingerprint import fingerprint
from artigraph.persist.output import link_outputs, name_kept, still_there, uses_of
from artigraph.persist.place import INLINE_LIMIT, default_storage
from artigraph.persist.plan import Draft, ModelDraft, Plan, ValueDraft
from artigraph.persist.put import confirm_blobs, put_blobs
from artigraph.persist.replace import replace_models
from artigraph.persist.rows import Rows
from artigraph.persist.spec import INFER, OnConflict, SaveRecord, SaveSpec, check_on_conflict, is_savable
from artigraph.registry import Registry, current_registry

FAILED = "values could not be saved"


@dataclass(frozen=True, slots=True)
class SaveRequest:
    """One thing to save."""

    value: Any
    label: str | None = None
    spec: SaveSpec = INFER
    node_id: UUID | None = None
    """The id its node shall have, for a value that has none of its own."""
    known: bool = True
    """Whether a row of this id may exist."""
    span: OpenSpan | Literal[False] | None = None
    """The span whose output it is; False: of none; None: that of the options."""


@dataclass(slots=True)
class Outcome:
    """What became of requests that have a ``node_id``, by that id."""

    collect: bool = False
    """Whether the others are saved when some fail by themselves."""
    records: dict[UUID, SaveRecord] = field(default_factory=dict)
    failures: dict[UUID, Exception] = field(default_factory=dict)


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
    outcome: Outcome = field(default_factory=Outcome)
    """Where to note what becomes of each request."""

    def __post_init__(self) -> None:
        check_on_conflict(self.on_conflict)


async def save_many(requests: Sequence[SaveRequest], options: SaveOptions | None = None) -> list[SaveRecord]:
    """Save values and models: all of them are in the database afterwards, or none.

    Args:
        requests: what to save, in order.
        options: how.

    Returns:
        A record per request, in the same order; without those that failed, where failures are collected.

    Raises:
        UnserializableError, CycleError, InvalidLabelError: before anything was written.
        ImmutableError: something saved has other content by now, and ``on_conflict`` is "raise".
        LabelTakenError: see ``strict_labels``.
        StorageFullError, StoreBusyError and others of the database and storages: nothing is visible then.
        ExceptionGroup: several of them failed.
    """
    options = options or SaveOptions()
    database = current_database()
    save = _Save(database, options)
    save.plan_all(requests)
    try:
        work = await save.write()
    finally:
        _remove_spools([*save.plan.values, *save.plan.dropped])
    _remember([*work.fresh, *work.replaced, *work.kept], database)
    if save.span is not None:
        save.span.made.update(UUID(bytes=draft.id) for draft in save.plan.everything())
    records = {root: _record(root) for root in save.plan.roots}
    options.outcome.records.update({node_id: records[root] for root, node_id in save.asked.items() if root in records})
    return [records[root] for root in save.plan.roots]


class _Save:
    """One save, from its plan to its commit."""

    def __init__(self, database: Database, options: SaveOptions) -> None:
        self.database, self.options = database, options
        self.plan = Plan(options.registry or current_registry())
        self.span = options.span or open_span(database.identity)
        self.asked: dict[Draft, UUID] = {}
        """Root -> the id it was asked for with; what is replaced may get another one."""
        self._spans: dict[Draft, OpenSpan] = {}

    def plan_all(self, requests: Iterable[SaveRequest]) -> None:
        """Plan every request."""
        failures: list[tuple[UUID | None, Exception]] = []
        for each in requests:
            try:
                root = self.plan.add(each.value, each.label, each.spec, node_id=each.node_id, known=each.known)
            except Exception as error:  # noqa: BLE001 - raised or collected below
                failures.append((each.node_id, error))
                continue
            if each.node_id is not None:
                self.asked[root] = each.node_id
            span = self.span if each.span is None else each.span
            if span and span.store == self.database.identity:
                self._spans[root] = span
        self._raise_or_collect(failures)

    async def write(self) -> Work:
        """Encode and put what is planned, and write its rows in one transaction; on failure nothing of it is left."""
        plan, database = self.plan, self.database
        storage = None
        if any(value.data is None or value.size > INLINE_LIMIT for value in plan.values):
            await ask(database.door)  # a database that cannot be opened leaves no folder behind
            storage = default_storage(database, plan.registry)
        self._set_aside(await encode(plan.values, storage, plan.registry, inline=database.in_memory))
        for model in plan.models:
            model.finish()
        unused: list[Blob] = []
        try:
            work = await self._sort_out()
            if plan.roots or self.options.also is not None:
                try:
                    unused = await self._commit(work)
                except IntegrityError:
                    if self.options.session is not None or open_group(database) is not None:
                        raise
                    # another task saved the same object between our look and our transaction: look at every id
                    renewed = work.renewed
                    work = await self._sort_out(suspicious=True)
                    work.renewed += renewed
                    unused = await self._commit(work)
        except BaseException:
            await self._drop_blobs(plan.values)
            raise
        finally:
            await self._drop_blobs(plan.dropped)
        await drop_unused(database, plan.registry, unused, session=self.options.session)
        for draft in [*work.renewed, *(root for root in plan.roots if root.label is not None)]:
            if is_savable(draft.value):
                draft.value.graph_adopt(UUID(bytes=draft.id), draft.label)
        return work

    async def _sort_out(self, *, suspicious: bool = False) -> Work:
        """What has to be written, with its blobs put; what fails by itself is raised or set aside."""
        renewed: list[ModelDraft] = []
        while True:
            options = self.options
            try:
                work = await sort_out(
                    self.plan, self.database, options.on_conflict, options.session, suspicious=suspicious
                )
            except ImmutableError as error:
                self._set_aside(
                    {each: error for each in self.plan.everything() if UUID(bytes=each.id) == error.node_id}
                )
                continue
            renewed += work.renewed
            failures = await put_blobs(work.fresh, durable=self.database.durability != "off")
            if not failures:
                work.renewed = [draft for draft in renewed if draft in self.plan.models]
                return work
            self._set_aside(failures)

    async def _commit(self, work: Work) -> list[Blob]:
        """Write every row in one transaction; returns blobs that what was replaced needed."""
        plan, options, span = self.plan, self.options, self.span
        outputs: dict[OpenSpan, list[Draft]] = {}
        for root in plan.roots:
            if root in self._spans:
                outputs.setdefault(self._spans[root], []).append(root)
        uses = uses_of(plan, work.fresh, self.database, span)

        def write(connection: Connection) -> list[Blob]:
            rows = Rows(now())
            for draft in work.fresh:
                rows.add(draft)
            name_kept(connection, work.kept)
            for root in work.kept:
                rows.tag(root)
            for each in dict.fromkeys([*outputs, *([span] if span is not None and uses else [])]):
                each.put_down(connection)
            for each, roots in outputs.items():
                link_outputs(connection, rows, roots, each.id, strict=options.strict_labels)
            if span is not None:
                for use in still_there(connection, uses):
                    rows.use(span.id, use)
            confirm_blobs(connection, work.fresh)
            insert_batches(connection, rows.batches())
            if options.also is not None:
                options.also(connection)
            if not (work.replaced or work.healed):
                return []
            return replace_models(connection, work.replaced, work.healed, rows.at)

        try:
            unused = await self.database.write(write, session=options.session)
        except BaseException:
            if span is not None:
                span.give_back(uses)
            raise
        if span is not None:
            span.written(uses)
        return unused

    def _set_aside(self, failures: Failures) -> None:
        if failures:
            reasons = self.plan.drop(failures)
            grouped = [(self.asked.get(root), as_one(errors, FAILED)) for root, errors in reasons.items()]
            for node_id, error in grouped:
                if node_id is not None:
                    self.options.outcome.failures[node_id] = error
            if not self.options.outcome.collect:
                raise as_one(failures.values(), FAILED)

    def _raise_or_collect(self, failures: Sequence[tuple[UUID | None, Exception]]) -> None:
        self.options.outcome.failures.update({node_id: error for node_id, error in failures if node_id is not None})
        if failures and not self.options.outcome.collect:
            raise as_one((error for _, error in failures), FAILED)

    async def _drop_blobs(self, values: Iterable[ValueDraft]) -> None:
        ours = [Blob(value.storage.name, value.hash, value.location) for value in values if value.location]
        await drop_unused(self.database, self.plan.registry, ours, session=self.options.session)


def _record(root: Draft) -> SaveRecord:
    return SaveRecord(UUID(bytes=root.id), root.label, format_digest(root.hash), root.size, dict(root.tags))


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
            with suppress(OSError):  # what is left of it is swept up one day; the save has ended as it has
                value.spool.unlink()
