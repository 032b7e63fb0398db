"""Which spans are out of date: their inputs, their code or their model classes have moved on since they ran."""

from __future__ import annotations

import asyncio
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from uuid import UUID

from sqlalchemy import Connection, desc, func, select

from artigraph.bridge import dual
from artigraph.digest import digest_bytes
from artigraph.errors import UnknownModelError
from artigraph.graph.engine import current_database
from artigraph.graph.schema import LINK, NODE
from artigraph.registry import current_registry
from artigraph.span.commit import commit_of, differs
from artigraph.span.inputs import Used, find_span, read_used
from artigraph.span.redact import redacted
from artigraph.span.span import Span

NEWEST = 200
"""Labels whose newest spans are looked at when none is named."""


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

    Reasons are: an input has a newer version (of a keyed artifact; else a newer output of that name of the same step,
    with other content), the cell was edited since, a model class has a newer version, the code differs from the commit
    that it ran at (notebooks do not count).

    Args:
        targets: spans, ids or labels; by default the newest span of every label.
        sources: id of a cell -> the source that was executed last.

    Returns:
        Those that are out of date, in the order in which they ran.

    Raises:
        NodeNotFoundError: a target is no span.
    """
    if targets is None:
        spans = await current_database().read(_newest_of_each_label)
    else:
        spans = [await find_span.a(target) for target in targets]

    def work(connection: Connection) -> dict[UUID, list[str]]:
        return {span.id: _data_reasons(connection, span) for span in spans}

    reasons = await current_database().read(work)
    moved = await _moved_commits({commit for span in spans if (commit := _commit(span))})
    found = []
    for span in spans:
        why = [*reasons[span.id], *_edited(span, sources or {})]
        if _commit(span) in moved:
            why.append(f"the code differs from commit {_commit(span)[:8]}")
        if why:
            found.append(Stale(span, tuple(why)))
    return sorted(found, key=lambda each: each.span.id)


def _newest_of_each_label(connection: Connection) -> list[Span]:
    newest = func.max(NODE.c.node_created_at)
    is_span = (NODE.c.span_status.is_not(None), NODE.c.node_label.is_not(None))
    groups = select(NODE.c.node_label).where(*is_span).group_by(NODE.c.node_label).order_by(desc(newest)).limit(NEWEST)
    labels = [row[0] for row in connection.execute(groups)]
    ids = []
    for label in labels:
        one = select(NODE.c.id).where(NODE.c.node_label == label, NODE.c.span_status.is_not(None))
        ids.append(connection.execute(one.order_by(desc(NODE.c.id)).limit(1)).scalar_one())
    return Span.with_ids(connection, ids)


def _data_reasons(connection: Connection, span: Span) -> list[str]:
    reasons = []
    for used in read_used(connection, span.id):
        newer = _newer(connection, used)
        if newer:
            reasons.append(f"input {used.name} has {newer}")
    outputs = read_used(connection, span.id, "output")
    for used in (*read_used(connection, span.id), *outputs):
        now = _class_version(used)
        if now is not None and used.version is not None and now > used.version:
            reasons.append(f"{used.name} is {used.model} v{used.version}, the class is v{now}")
    return list(dict.fromkeys(reasons))


def _newer(connection: Connection, used: Used) -> str:
    """What has replaced an input, in words; empty when nothing has."""
    if used.stem is not None:
        latest = select(func.max(NODE.c.artifact_version)).where(
            NODE.c.artifact_stem == used.stem, NODE.c.artifact_trashed_at.is_(None)
        )
        version = connection.execute(latest).scalar()
        return f"version {version}" if version is not None and version > (used.version or 0) else ""
    label = used.label
    if label is None or used.kind == "trace":
        return ""
    makers = (
        select(NODE.c.node_label, NODE.c.id)
        .join(LINK, LINK.c.source_id == NODE.c.id)
        .where(LINK.c.target_id == used.id, LINK.c.kind == "output")
    )
    maker = connection.execute(makers.order_by(NODE.c.id).limit(1)).first()
    if maker is None or maker[0] is None:
        return ""
    made, step = NODE.alias("made"), NODE.alias("step")
    newest = (
        select(made.c.artifact_hash)
        .select_from(made.join(LINK, LINK.c.target_id == made.c.id).join(step, step.c.id == LINK.c.source_id))
        .where(made.c.node_label == label, LINK.c.kind == "output", step.c.node_label == maker[0], step.c.id > maker[1])
        .order_by(desc(step.c.id), desc(made.c.id))
        .limit(1)
    )
    newer = connection.execute(newest).first()
    return f"a newer version, of a later {maker[0]}" if newer is not None and newer[0] != used.hash else ""


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
