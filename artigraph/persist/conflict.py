"""What of a plan is in the database already, and what ``on_conflict`` makes of it.

Saved parts never change: a model that is replaced gets new ones. A nested model that changed and that others hold too
is not changed under their feet, it becomes a node of its own; so does a model that was migrated from an older version.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from typing import Any
from uuid import UUID

from sqlalchemy import Connection, select
from sqlalchemy.ext.asyncio import AsyncSession

from artigraph.errors import ImmutableError
from artigraph.graph.engine import Database
from artigraph.graph.schema import LINK, NODE
from artigraph.graph.walk import raw, raw_ids
from artigraph.ids import new_raw_id
from artigraph.persist.plan import Draft, ModelDraft, Plan
from artigraph.persist.spec import OnConflict

CHUNK = 10_000

_EXISTING = select(raw(NODE.c.id), NODE.c.artifact_hash, NODE.c.artifact_size, NODE.c.model_artifact_version).where(
    raw(NODE.c.id).in_(raw_ids())
)
_HELD = select(raw(LINK.c.target_id), raw(LINK.c.source_id)).where(raw(LINK.c.target_id).in_(raw_ids()))
_PARTS = (
    select(raw(LINK.c.source_id), LINK.c.label, raw(LINK.c.target_id), NODE.c.artifact_hash)
    .join(NODE, NODE.c.id == LINK.c.target_id)
    .where(raw(LINK.c.source_id).in_(raw_ids()), LINK.c.kind == "field")
)
_NAMED = select(raw(NODE.c.id)).where(raw(NODE.c.id).in_(raw_ids()), NODE.c.node_label.is_not(None))


@dataclass(slots=True)
class Work:
    """What one save has to do."""

    fresh: list[Draft] = field(default_factory=list)
    """What has to be inserted."""
    replaced: list[ModelDraft] = field(default_factory=list)
    """Stored models that get new parts."""
    healed: list[ModelDraft] = field(default_factory=list)
    """Stored models that lost parts, and get them back: what they say does not change."""
    kept: list[Draft] = field(default_factory=list)
    """Roots that are there already."""
    renewed: list[ModelDraft] = field(default_factory=list)
    """Stored models that become new nodes; their objects have to adopt the new id."""


async def sort_out(
    plan: Plan, database: Database, on_conflict: OnConflict, session: AsyncSession | None, *, suspicious: bool = False
) -> Work:
    """Compare a finished plan with the database.

    Args:
        plan: its drafts have their hashes; those that are kept get the hash and size of the stored row.
        database: where to look.
        on_conflict: what to do with an id that exists with other content.
        session: a caller's session.
        suspicious: look for every id, also those that were never given out before.

    Raises:
        ImmutableError: something saved has other content now, and may not be replaced.
    """
    known = {draft.id: draft for draft in plan.everything() if draft.known or suspicious}
    stored = await _look(database, known, session) if known else {}
    if not stored:
        return Work(fresh=list(plan.everything()))
    changed = [known[node_id] for node_id, row in stored.items() if known[node_id].hash != row.artifact_hash]
    models = [draft for draft in changed if isinstance(draft, ModelDraft)]
    equal = [known[node_id] for node_id, row in stored.items() if known[node_id].hash == row.artifact_hash]
    work = Work(healed=await _broken([draft for draft in equal if isinstance(draft, ModelDraft)], database, session))
    if on_conflict == "raise":
        work.renewed = [draft for draft in models if (stored[draft.id][3] or 0) < draft.version]
    elif on_conflict == "replace":
        work.renewed = await _shared(plan, models, database, session)
        work.replaced = [draft for draft in models if draft not in work.renewed]
    else:
        _keep(plan, stored)
    if on_conflict != "ignore" and len(work.renewed) + len(work.replaced) < len(changed):
        refused = next(draft for draft in changed if draft not in [*work.renewed, *work.replaced])
        raise ImmutableError(refused.path, UUID(bytes=refused.id))
    for draft in work.renewed:
        draft.id = new_raw_id()
    open_ones = {draft.id for draft in (*work.replaced, *work.healed)}
    _collect(plan.roots, stored.keys() - open_ones, stored.keys(), set(), work.fresh)
    work.kept = [root for root in plan.roots if root.id in stored]
    return work


async def _look(database: Database, ids: Iterable[bytes], session: AsyncSession | None) -> dict[bytes, Any]:
    """id -> row of those nodes that exist."""
    rows = await database.read(lambda connection: rows_of(connection, _EXISTING, ids), session=session)
    return {row[0]: row for row in rows}


async def _broken(models: Sequence[ModelDraft], database: Database, session: AsyncSession | None) -> list[ModelDraft]:
    """Those of these models, stored with equal content, whose stored parts are not what they were."""

    def work(connection: Connection) -> list[ModelDraft]:
        broken: dict[ModelDraft, None] = {}
        level = [(draft.id, draft, draft) for draft in models]
        while level:
            parts: dict[bytes, dict[str, tuple[bytes, bytes]]] = {}
            for source, label, target, digest in rows_of(connection, _PARTS, {node_id for node_id, _, _ in level}):
                parts.setdefault(source, {})[label] = (target, bytes(digest or b""))
            below: list[tuple[bytes, ModelDraft, ModelDraft]] = []
            for node_id, draft, model in level:
                there = parts.get(node_id, {})
                wanted = {label: digest for label, _, _, digest in draft.plain}
                wanted |= {label: part.hash for label, part in draft.parts}
                if wanted != {label: digest for label, (_, digest) in there.items()}:
                    broken[model] = None
                    continue
                inner = [(label, part) for label, part in draft.parts if isinstance(part, ModelDraft)]
                below += [(there[label][0], part, model) for label, part in inner if not part.known]
            level = below
        return list(broken)

    return await database.read(work, session=session) if models else []


async def _shared(
    plan: Plan, changed: Sequence[ModelDraft], database: Database, session: AsyncSession | None
) -> list[ModelDraft]:
    """Those of the changed models that are no roots, and that something outside of this plan holds or names."""
    nested = [draft for draft in changed if draft not in plan.roots]
    if not nested:
        return []
    ours = {model.id for model in plan.models}
    ids = [draft.id for draft in nested]

    def work(connection: Connection) -> set[bytes]:
        held = {target for target, source in rows_of(connection, _HELD, ids) if source not in ours}
        return held | {row[0] for row in rows_of(connection, _NAMED, ids)}

    found = await database.read(work, session=session)
    return [draft for draft in nested if draft.id in found]


def _keep(plan: Plan, stored: dict[bytes, Any]) -> None:
    """Let drafts speak of what is stored instead of what is in memory, and what holds them as well."""
    for draft in plan.everything():
        if draft.id in stored:
            draft.hash, draft.size = stored[draft.id].artifact_hash or b"", stored[draft.id].artifact_size or 0
        elif isinstance(draft, ModelDraft):
            draft.finish()


def _collect(
    drafts: Iterable[Draft], closed: set[bytes], stored: Iterable[bytes], seen: set[int], into: list[Draft]
) -> None:
    """What is not stored, parts before wholes; a ``closed`` model is not looked into."""
    for draft in drafts:
        if id(draft) in seen:
            continue
        seen.add(id(draft))
        if isinstance(draft, ModelDraft) and draft.id not in closed:
            _collect((part for _, part in draft.parts), closed, stored, seen, into)
        if draft.id not in stored:
            into.append(draft)


def rows_of(connection: Connection, statement: Any, ids: Iterable[Any], **others: Any) -> list[Any]:
    """The rows of a statement with a parameter ``ids``, however many those are, and perhaps others."""
    listed = list(ids)
    found: list[Any] = []
    for start in range(0, len(listed), CHUNK):
        found += connection.execute(statement, {"ids": listed[start : start + CHUNK], **others}).all()
    return found
