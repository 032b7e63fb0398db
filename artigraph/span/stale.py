"""Which spans are out of date: their inputs, their code or their model classes have moved on since they ran."""

from __future__ import annotations

import asyncio
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from uuid import UUID

from sqlalchemy import Connection, and_, desc, func, select

from artigraph.bridge import dual
from artigraph.contract import several
from artigraph.digest import digest_bytes
from artigraph.errors import UnknownModelError
from artigraph.graph.engine import Database, current_database
from artigraph.graph.schema import LINK, NODE
from artigraph.registry import current_registry
from artigraph.span.again import replaced
from artigraph.span.commit import commit_of, differs
from artigraph.span.inputs import Used, find_span, read_used_by
from artigraph.span.redact import redacted
from artigraph.span.span import Span

NEWEST = 200
"""Labels whose newest spans are looked at when none is named."""

UNNAMED = "cell"
"""The label of the cells of a notebook that nobody named: such are told apart by the id of the cell."""

INPUTS = 200
"""Inputs of one span that are looked at, those that were saved last; and models that it made."""

_AT_ONCE = 100
"""Spans that one round of statements is about."""


@dataclass(frozen=True, slots=True)
class Stale:
    """A span that is out of date, and every reason why, in words."""

    span: Span
    reasons: tuple[str, ...]

    def __str__(self) -> str:
        return f"{self.span.label or self.span.id}: {'; '.join(self.reasons)}"


@dual
async def stale_spans(targets: Iterable[Any] | None = None, *, sources: Mapping[str, str] | None = None) -> list[Stale]:
    """The spans that would not come out the same if they ran again now.

    Reasons are: an input has a newer version (of a keyed artifact; else an output of that name of the same step that
    has run again, with other content; the next turn of a loop is no such step), the cell was edited since, a model
    class has a newer version, the code differs from the commit that it ran at (notebooks do not count).

    Args:
        targets: spans, ids or labels; by default the newest span of every label, and of every cell without a name.
        sources: id of a cell -> the source that was executed last.

    Returns:
        Those that are out of date, in the order in which they ran.

    Raises:
        NodeNotFoundError: a target is no span.
        InvalidFilterError: ``targets`` is no list.
    """
    database = current_database()
    if targets is None:
        ids = await database.read(_newest_of_each_label)
    else:
        ids = [(await find_span.a(target)).id for target in several("targets", targets, "spans, ids or labels")]
    return await judge(database, ids, sources or {})


async def judge(database: Database, ids: Sequence[UUID], sources: Mapping[str, str]) -> list[Stale]:
    """(library thread) Those of these spans that are out of date; a few statements for every 100 of them.

    Args:
        database: where they are.
        ids: of spans; one that is no span is passed over.
        sources: id of a cell -> the source that was executed last.

    Returns:
        As ``stale_spans``.
    """

    def work(connection: Connection) -> list[tuple[Span, list[str]]]:
        found: list[tuple[Span, list[str]]] = []
        for start in range(0, len(ids), _AT_ONCE):
            spans = Span.with_ids(connection, ids[start : start + _AT_ONCE])
            reasons = _data_reasons(connection, spans)
            found += [(span, reasons[span.id]) for span in spans]
        return found

    judged = await database.read(work)
    moved = await _moved_commits({commit for span, _ in judged if (commit := _commit(span))})
    found = []
    for span, reasons in judged:
        why = [*reasons, *_edited(span, sources)]
        if _commit(span) in moved:
            why.append(f"the code differs from commit {_commit(span)[:8]}")
        if why:
            found.append(Stale(span, tuple(why)))
    return sorted(found, key=lambda each: each.span.id)


def _newest_of_each_label(connection: Connection) -> list[UUID]:
    newest = func.max(NODE.c.node_created_at)
    is_span = (NODE.c.span_status.is_not(None), NODE.c.node_label.is_not(None))
    groups = select(NODE.c.node_label).where(*is_span).group_by(NODE.c.node_label).order_by(desc(newest)).limit(NEWEST)
    labels = [row[0] for row in connection.execute(groups)]
    ids: list[UUID] = []
    for label in labels:
        named = select(NODE.c.id, NODE.c.span_info).where(NODE.c.node_label == label, NODE.c.span_status.is_not(None))
        found = connection.execute(named.order_by(desc(NODE.c.id)).limit(NEWEST if label == UNNAMED else 1))
        cells: dict[str | None, UUID] = {}
        for span_id, info in found:
            cells.setdefault((info or {}).get("cell_id"), span_id)
        ids += cells.values()
    return ids


def _data_reasons(connection: Connection, spans: Sequence[Span]) -> dict[UUID, list[str]]:
    ids = [span.id for span in spans]
    inputs = read_used_by(connection, ids, most=INPUTS)
    models = read_used_by(connection, ids, "output", models=True, most=INPUTS)
    every = [used for each in inputs.values() for used in each]
    latest = _latest(connection, {used.stem for used in every if used.stem is not None})
    named = {used.id for used in every if used.stem is None and used.label is not None and used.kind != "trace"}
    anew = replaced(connection, named) if named else {}
    found: dict[UUID, list[str]] = {}
    for span in spans:
        reasons = []
        for used in inputs.get(span.id, ()):
            version, makers = latest.get(used.stem or "", (0, set()))
            by = anew.get(used.id)
            if version > (used.version or 0) and span.id not in makers:
                reasons.append(f"input {used.name} has version {version}")
            elif by is not None and by.hash != used.hash and not by.holds(span):
                reasons.append(f"input {used.name} has a newer version, of a later {by.step}")
        for used in (*inputs.get(span.id, ()), *models.get(span.id, ())):
            now = _class_version(used)
            if now is not None and used.version is not None and now > used.version:
                reasons.append(f"{used.name} is {used.model} v{used.version}, the class is v{now}")
        found[span.id] = list(dict.fromkeys(reasons))
    return found


def _latest(connection: Connection, stems: set[str]) -> dict[str, tuple[int, set[UUID]]]:
    """The latest version of each family of versions, and the spans that made it."""
    if not stems:
        return {}
    alive = (NODE.c.artifact_stem.in_(stems), NODE.c.artifact_trashed_at.is_(None))
    newest = select(NODE.c.artifact_stem.label("stem"), func.max(NODE.c.artifact_version).label("version"))
    newest_of = newest.where(*alive).group_by(NODE.c.artifact_stem).subquery()
    joined = newest_of.join(
        NODE, and_(NODE.c.artifact_stem == newest_of.c.stem, NODE.c.artifact_version == newest_of.c.version)
    ).outerjoin(LINK, and_(LINK.c.target_id == NODE.c.id, LINK.c.kind == "output"))
    found: dict[str, tuple[int, set[UUID]]] = {}
    for row in connection.execute(select(newest_of, LINK.c.source_id.label("maker")).select_from(joined)):
        found.setdefault(row.stem, (row.version, set()))[1].add(row.maker)
    return found


def _class_version(used: Used) -> int | None:
    """The version of the class that a model has here; None for what is no model, or has no class here."""
    if used.model is None:
        return None
    try:
        model: Any = current_registry().model_named(used.model)
    except UnknownModelError:
        return None
    return int(model.graph_model_version)


def _edited(span: Span, sources: Mapping[str, str]) -> list[str]:
    info = span.info or {}
    now = sources.get(info.get("cell_id", ""))
    if now is None or span.source is None:
        return []
    if "source_hash" in info:
        same = digest_bytes(now.strip().encode()).hex() == info["source_hash"] or redacted(now) == span.source
    else:
        same = now.strip() == span.source.strip()
    return [] if same else ["the cell was edited since"]


def _commit(span: Span) -> str:
    return str((span.environment or {}).get("commit") or "")


async def _moved_commits(commits: Iterable[str]) -> set[str]:
    """Those commits from which the code here differs; git is asked once for each, outside of the event loop."""
    here = Path()
    if commit_of(here) is None:
        return set()
    asked = sorted(commits)
    found = await asyncio.gather(*(asyncio.to_thread(differs, here, commit) for commit in asked))
    return {commit for commit, differ in zip(asked, found, strict=True) if differ}
