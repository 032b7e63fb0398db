"""What ran again since: the later run of a step, and what it made in the place of a thing."""

from __future__ import annotations

from collections.abc import Collection, Iterable
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import ColumnElement, Connection, Select, and_, bindparam, desc, exists, or_, select

from artigraph.graph.schema import LINK, NODE
from artigraph.span.span import Span


@dataclass(frozen=True, slots=True)
class Replaced:
    """What a later run made in the place of a thing."""

    hash: bytes | None
    step: str
    """The label of the span that made it."""
    run: UUID
    """The outermost span that it was made in."""
    ended_at: datetime | None
    """When that closed; None: it is open."""

    def holds(self, span: Span) -> bool:
        """Whether a span ran in that run: it is no newer version for what made it."""
        return span.id >= self.run and (
            self.ended_at is None or span.opened_at is None or span.opened_at <= self.ended_at
        )


def replaced(connection: Connection, ids: Iterable[UUID]) -> dict[UUID, Replaced]:
    """What has taken the place of things that spans made; three statements at most, however many there are.

    A *run* is the outermost span that was open when a span opened inside it; what ran inside of one run has not
    replaced one another: the turns of a loop, the calls of a function. The newest run of the same label that began
    when that had ended, with the same steps directly inside, has replaced it, place by place: what its third step of a
    label made under a name replaces what the third one made before. Of a run that makes fewer, the last one stands for
    all that is missing. A run with steps inside counts when it ended well: one that broke off has not come to all.

    Args:
        connection: inside one transaction.
        ids: of the things, which have labels.

    Returns:
        By the id of the thing, also where the content is the same; without those that nothing has replaced.
    """
    found = {row.thing: row for row in connection.execute(_AGAIN, {"ids": list(ids)}) if row.again is not None}
    if not found:
        return {}
    runs = {run for row in found.values() for run in (row.run, row.again)}
    steps, names = ({getattr(row, name) for row in found.values()} for name in ("step", "name"))
    made = _made(connection, runs, steps, names)
    later = {"ids": list({row.again for row in found.values()})}
    ended = {row.id: row.span_closed_at for row in connection.execute(_ENDED, later)}
    answer = {}
    for thing, row in found.items():
        before, after = (made.get((run, row.step, row.name), _NOTHING) for run in (row.run, row.again))
        if thing in before.places and after.hashes:
            by = after.hashes[min(before.places[thing], len(after.hashes) - 1)]
            answer[thing] = Replaced(by, row.step, row.again, ended.get(row.again))
    return answer


@dataclass(slots=True)
class _Made:
    """What the steps of one label in one run made under one name, in their order."""

    hashes: list[bytes | None] = field(default_factory=list)
    places: dict[UUID, int] = field(default_factory=dict)


_NOTHING = _Made()


def _made(
    connection: Connection, runs: Collection[UUID], steps: Collection[str], names: Collection[str]
) -> dict[tuple[UUID, str, str], _Made]:
    """By run, label of the step, and label of the thing."""
    found: dict[tuple[UUID, str, str], _Made] = {}
    for row in connection.execute(_MADE, {"runs": list(runs), "steps": list(steps), "names": list(names)}):
        each = found.setdefault((row.run, row.step, row.name), _Made())
        each.places[row.thing] = len(each.hashes)
        each.hashes.append(row.hash)
    return found


def _within(inner: Any, outer: Any) -> ColumnElement[bool]:
    """The outer span was still open when the inner one opened; it may also have been put inside afterwards."""
    return or_(outer.span_closed_at.is_(None), inner.span_opened_at <= outer.span_closed_at)


def _again() -> Select[Any]:
    """Of the things ``ids``: name, label of the step, the run, and the later run that has replaced that."""
    thing, maker, child, parent = (NODE.alias(name) for name in ("thing", "maker", "child", "parent"))
    run, first, later, outer, step, made = (
        NODE.alias(name) for name in ("run", "first", "later", "outer", "step", "made")
    )
    output, holds, around, inside = (LINK.alias(name) for name in ("output", "holds", "around", "inside"))
    of_maker = select(output.c.target_id.label("thing"), output.c.source_id.label("maker"))
    ways = (
        of_maker.add_columns(output.c.source_id.label("run"), output.c.source_id.label("first"))
        .where(output.c.target_id.in_(bindparam("ids", expanding=True)), output.c.kind == "output")
        .cte("ways", recursive=True)
    )
    up = ways.join(holds, and_(holds.c.target_id == ways.c.run, holds.c.kind == "child"))
    up = up.join(child, child.c.id == ways.c.run).join(parent, parent.c.id == holds.c.source_id)
    ways = ways.union(
        select(ways.c.thing, ways.c.maker, holds.c.source_id, ways.c.run)
        .select_from(up)
        .where(_within(child.c, parent.c))
    )

    def is_outermost(span: Any) -> ColumnElement[bool]:
        around_it = around.join(outer, outer.c.id == around.c.source_id)
        held = (
            select(around.c.id).select_from(around_it).where(around.c.target_id == span.c.id, _within(span.c, outer.c))
        )
        return ~held.where(around.c.kind == "child").correlate(span).exists()

    made_it = exists().where(
        inside.c.source_id == later.c.id,
        inside.c.kind == "output",
        inside.c.target_id == made.c.id,
        made.c.node_label == thing.c.node_label,
    )
    has_step = exists().where(
        inside.c.source_id == later.c.id,
        inside.c.kind == "child",
        inside.c.target_id == step.c.id,
        step.c.node_label == first.c.node_label,
    )
    again = (
        select(later.c.id)
        .where(later.c.node_label == run.c.node_label, later.c.id > run.c.id, later.c.span_status.is_not(None))
        .where(or_(run.c.span_closed_at.is_(None), later.c.span_opened_at >= run.c.span_closed_at))
        .where(
            or_(
                and_(run.c.id == maker.c.id, made_it),
                and_(run.c.id != maker.c.id, later.c.span_status == "ok", has_step),
            ),
            is_outermost(later),
        )
        .order_by(desc(later.c.id))
        .limit(1)
        .correlate(thing, maker, run, first)
        .scalar_subquery()
    )
    joined = ways.join(thing, thing.c.id == ways.c.thing).join(maker, maker.c.id == ways.c.maker)
    joined = joined.join(run, run.c.id == ways.c.run).join(first, first.c.id == ways.c.first)
    return (
        select(ways.c.thing, thing.c.node_label.label("name"), maker.c.node_label.label("step"))
        .add_columns(ways.c.run, again.label("again"))
        .select_from(joined)
        .where(is_outermost(run))
        .order_by(ways.c.maker)  # what several made is the newest one's
    )


def _things() -> Select[Any]:
    """What the ``steps`` inside of the ``runs`` made under ``names``."""
    inside, output = LINK.alias("inside"), LINK.alias("output")
    step, made = NODE.alias("step"), NODE.alias("made")
    reached = (
        select(NODE.c.id.label("run"), NODE.c.id.label("span"))
        .where(NODE.c.id.in_(bindparam("runs", expanding=True)))
        .cte("reached", recursive=True)
    )
    down = reached.join(inside, and_(inside.c.source_id == reached.c.span, inside.c.kind == "child"))
    reached = reached.union(select(reached.c.run, inside.c.target_id).select_from(down))
    joined = reached.join(step, step.c.id == reached.c.span).join(output, output.c.source_id == step.c.id)
    return (
        select(reached.c.run, step.c.node_label.label("step"), made.c.node_label.label("name"))
        .add_columns(made.c.id.label("thing"), made.c.artifact_hash.label("hash"))
        .select_from(joined.join(made, made.c.id == output.c.target_id))
        .where(output.c.kind == "output", step.c.node_label.in_(bindparam("steps", expanding=True)))
        .where(made.c.node_label.in_(bindparam("names", expanding=True)))
        .order_by(reached.c.run, step.c.id, made.c.id)
    )


_AGAIN, _MADE = _again(), _things()
_ENDED = select(NODE.c.id, NODE.c.span_closed_at).where(NODE.c.id.in_(bindparam("ids", expanding=True)))
