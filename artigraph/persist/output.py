"""What a save tells about the open span: what it made, and what was used for it."""

from __future__ import annotations

from collections.abc import Sequence
from uuid import UUID

from sqlalchemy import Connection, bindparam, delete, literal_column, select, update

from artigraph.errors import LabelTakenError
from artigraph.graph.current import OpenSpan, Use, tracking
from artigraph.graph.engine import Database
from artigraph.graph.schema import LINK, NODE, TAG
from artigraph.graph.select import rows_for
from artigraph.graph.types import RawId
from artigraph.graph.walk import raw, raw_ids
from artigraph.identity import memories
from artigraph.persist.fingerprint import has_changed
from artigraph.persist.plan import Draft, Plan
from artigraph.persist.rows import Rows

# Built once: building a statement costs more than running it.
_THERE = select(raw(NODE.c.id)).where(raw(NODE.c.id).in_(raw_ids()))
_OF_SPAN = raw(LINK.c.source_id) == bindparam("span", type_=RawId())
_TAKEN = select(LINK.c.label, raw(LINK.c.target_id), LINK.c.kind).where(
    _OF_SPAN, LINK.c.label.in_(bindparam("ids", expanding=True))
)
_FREE = update(LINK).where(_OF_SPAN, LINK.c.label == bindparam("taken")).values(label=None)
_OUTPUTS = select(raw(LINK.c.target_id)).where(_OF_SPAN, LINK.c.kind == literal_column("'output'"))
_LINKED = _OUTPUTS.where(raw(LINK.c.target_id).in_(raw_ids()))


def link_outputs(connection: Connection, rows: Rows, roots: Sequence[Draft], span_id: UUID, *, strict: bool) -> None:
    """Link the roots to their span, each once; a label that another output has moves to the newest.

    Raises:
        LabelTakenError: the label belongs to something else than an output, or ``strict`` and it is taken at all.
    """
    newest: dict[str | None, Draft] = {root.label: root for root in roots if root.label is not None}
    if strict and len(newest) < sum(root.label is not None for root in roots):
        labels = [root.label for root in roots]
        raise LabelTakenError(next(label for label in labels if label and labels.count(label) > 1), span_id)
    if newest:
        _free_labels(connection, newest, span_id, strict=strict)
    linked = {root.id: root for root in roots}
    present = _linked_already(connection, span_id, linked)
    for root in linked.values():
        label = root.label if newest.get(root.label) is root else None
        if root.id not in present:
            rows.link(span_id.bytes, root.id, label, "output")
        elif label is not None:
            own = (LINK.c.source_id == span_id) & (LINK.c.target_id == UUID(bytes=root.id)) & (LINK.c.kind == "output")
            connection.execute(update(LINK).where(own).values(label=label))


def name_kept(connection: Connection, roots: Sequence[Draft]) -> None:
    """Give what was saved before the label and tags that were asked for now."""
    for root in roots:
        node_id = UUID(bytes=root.id)
        if root.label is not None:
            connection.execute(update(NODE).where(NODE.c.id == node_id).values(node_label=root.label))
        if root.tags:
            said = (TAG.c.node_id == node_id) & (TAG.c.space == "tag") & TAG.c.name.in_(list(root.tags))
            connection.execute(delete(TAG).where(said))


def uses_of(plan: Plan, fresh: Sequence[Draft], database: Database, span: OpenSpan | None) -> list[Use]:
    """What the open span used: what it noted so far, and remembered values nested in what is saved now."""
    if span is None:
        return []
    if tracking() and span.track:
        ours = {draft.id for draft in (*fresh, *plan.roots)}
        for value, path in plan.used:
            memory = memories.recall(value)
            if memory is None or memory.store != database.identity or memory.node_id in span.made:
                continue
            if memory.node_id.bytes not in ours:
                span.use(Use(memory.node_id, path.rpartition(".")[2][:255], has_changed(value, memory)))
    return span.take_uses()


def still_there(connection: Connection, uses: Sequence[Use]) -> list[Use]:
    """Those uses whose artifact has not been deleted meanwhile."""
    there = {row[0] for row in rows_for(connection, _THERE, [use.node_id.bytes for use in uses])}
    return [use for use in uses if use.node_id.bytes in there]


def _free_labels(connection: Connection, newest: dict[str | None, Draft], span_id: UUID, *, strict: bool) -> None:
    labels = [label for label in newest if label is not None]
    taken = []
    for label, target, kind in rows_for(connection, _TAKEN, labels, span=span_id.bytes):
        if target == newest[label].id:
            continue
        if strict or kind != "output":
            raise LabelTakenError(label, span_id)
        taken.append(label)
    if taken:
        connection.execute(_FREE, [{"span": span_id.bytes, "taken": label} for label in taken])


def _linked_already(connection: Connection, span_id: UUID, roots: dict[bytes, Draft]) -> set[bytes]:
    """Roots saved before that are outputs of this span already."""
    known = [node_id for node_id, root in roots.items() if root.known]
    if not known:
        return set()
    return {row[0] for row in rows_for(connection, _LINKED, known, span=span_id.bytes)}
