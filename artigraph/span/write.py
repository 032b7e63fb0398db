"""Opening and closing spans in the database."""

from __future__ import annotations

import traceback
from collections.abc import Callable
from dataclasses import dataclass, field
from itertools import accumulate
from typing import Any
from uuid import UUID

from sqlalchemy import Connection, bindparam, select, update

from artigraph.digest import digest_bytes
from artigraph.errors import NameTakenError, NodeNotFoundError
from artigraph.graph.current import OpenSpan, Use
from artigraph.graph.engine import Database
from artigraph.graph.group import open_group
from artigraph.graph.insert import Batch, insert_batches
from artigraph.graph.owner import owner_of
from artigraph.graph.schema import LINK, NODE, TAG
from artigraph.graph.types import RawId, RawTime
from artigraph.graph.walk import raw, raw_ids
from artigraph.ids import new_raw_id, now
from artigraph.persist.conflict import rows_of
from artigraph.persist.output import still_there
from artigraph.persist.rows import Rows
from artigraph.span.environment import environment_row
from artigraph.span.jsonable import jsonable
from artigraph.span.redact import redacted, redacted_data, redacted_text
from artigraph.span.span import Run, Span
from artigraph.span.trace import Trace

TRACEBACK_LIMIT = 16_000
"""Characters of a traceback that are kept."""

MESSAGE_LIMIT = 2_000
"""Characters of an exception's message that are kept."""

_NO_SPANS = ("artifact", "database_artifact", "remote_artifact", "model_artifact", "collection", "term")
"""Types of nodes that nothing runs inside of."""

_SPAN = (
    *("id", "node_type", "node_label", "node_created_at", "node_updated_at", "span_status", "span_opened_at"),
    *("span_owner_id", "span_source", "span_info"),
)


# Built once: building a statement costs more than running it.
_NODE_IS = raw(NODE.c.id) == bindparam("node", type_=RawId())
_EXISTS = select(NODE.c.node_type, NODE.c.span_status).where(_NODE_IS)
_THERE = select(raw(NODE.c.id)).where(raw(NODE.c.id).in_(raw_ids()))
_LABELS = select(raw(LINK.c.source_id), LINK.c.label).where(raw(LINK.c.source_id).in_(raw_ids()))
_CLOSE = (
    update(NODE)
    .where(_NODE_IS)
    .values(
        span_status=bindparam("status"),
        span_closed_at=bindparam("at", type_=RawTime()),
        node_updated_at=bindparam("at", type_=RawTime()),
        span_error=bindparam("error", type_=NODE.c.span_error.type),
        span_untracked=bindparam("untracked", type_=NODE.c.span_untracked.type),
    )
)


@dataclass(slots=True)
class Ending:
    """What is known when a span closes."""

    status: str
    error: dict[str, Any] | None
    closed_at: int
    untracked: list[dict[str, str]] = field(default_factory=list)
    traces: list[tuple[Trace, str]] = field(default_factory=list)
    """(trace, role): values this span read that were never saved"""


Put = Callable[[Connection], None]
"""What writes the row of a span, inside a transaction."""


def put_of(span: Span, parent: OpenSpan | UUID | None, database: Database, opened_at: int, *, again: bool) -> Put:
    """What puts down the row of a span that opens, inside its parent.

    Args:
        span: as it opens.
        parent: the span that it is inside of; one whose own row was put off gets it first.
        database: where.
        opened_at: microseconds.
        again: it may be called more than once, and then changes nothing.
    """
    owner = owner_of(database)
    source = redacted(span.source) if span.source is not None else None
    info = redacted_data(jsonable(span.info))
    if source is not None and span.source is not None and source != span.source:
        info = {**(info or {}), "source_hash": digest_bytes(span.source.encode()).hex()}
    columns: tuple[str, ...] = _SPAN
    values: tuple[Any, ...] = (
        *(span.id.bytes, span.node_type, span.label, opened_at, opened_at, "open", opened_at),
        *(owner.id.bytes, source, info),
    )
    kept = environment_row(span.environment) if span.environment is not None else None
    if kept is not None:
        columns, values = (*columns, "run_environment_id"), (*values, kept[0].bytes)
    own = span._own_columns() | ({"run_params": "run_params"} if isinstance(span, Run) else {})
    if own:
        made = span.to_row()
        said = {column: value for name, column in own.items() if (value := _column(made, name)) is not None}
        columns, values = (*columns, *said), (*values, *said.values())
    link_id = new_raw_id()

    def put(connection: Connection) -> None:
        if span.has_given_id and not again:
            taken = connection.execute(_EXISTS, {"node": span.id.bytes}).first()
            if taken is not None:
                raise NameTakenError(str(span.id), f"a stored {taken[0]}", repr(span), "open a span with another id")
        owner.write(connection)
        batches = [*([kept[1]] if kept is not None else []), Batch(NODE, columns, [values], again)]
        if parent is not None:
            parent_id = parent if isinstance(parent, UUID) else parent.id
            if isinstance(parent, OpenSpan):
                parent.put_down(connection)
            outer = connection.execute(_EXISTS, {"node": parent_id.bytes}).first()
            if outer is None:
                raise NodeNotFoundError(parent_id, "a span can only open inside one that exists")
            if outer[1] is None and outer[0] in _NO_SPANS:
                raise NodeNotFoundError(
                    f"of type span has the id {parent_id}, which is of type {outer[0]}",
                    "a span can only open inside another span",
                )
            child = (link_id, parent_id.bytes, span.id.bytes, "child")
            batches.append(Batch(LINK, ("id", "source_id", "target_id", "kind"), [child], again))
        tags = [(span.id.bytes, "tag", name, -1, "str", value) for name, value in redacted_data(span.tags).items()]
        batches.append(Batch(TAG, ("node_id", "space", "name", "position", "dtype", "value_text"), tags, again))
        insert_batches(connection, batches)

    return put


async def write_open(span: Span, parent: OpenSpan | UUID | None, database: Database, opened_at: int) -> None:
    """Put down the row of a span that opens, inside its parent.

    Raises:
        NodeNotFoundError: the parent does not exist, or is no span.
        NameTakenError: the id that the span was given is that of a node.
    """
    await database.write(put_of(span, parent, database, opened_at, again=False))
    owner = owner_of(database)
    owner.written = open_group(database) is None  # a group may still be rolled back
    owner.opened(span.id, database)


async def write_close(open_span: OpenSpan, ending: Ending, database: Database) -> None:
    """Write how a span ended, and everything it used that is not written yet."""
    uses = open_span.take_uses()

    def work(connection: Connection) -> None:
        open_span.put_down(connection)
        closed = {
            "node": open_span.id.bytes,
            "status": ending.status,
            "at": ending.closed_at,
            "error": ending.error,
            "untracked": ending.untracked or None,
        }
        if connection.execute(_CLOSE, closed).rowcount == 0:
            return  # it was deleted while it ran
        rows = Rows(ending.closed_at)
        for use in still_there(connection, uses):
            rows.use(open_span.id, use)
        traced = _write_traces(connection, ending)
        for node_id, role in traced:
            rows.use(open_span.id, Use(UUID(bytes=node_id), role))
        insert_batches(connection, rows.batches())

    try:
        await database.write(work)
    except BaseException:
        open_span.give_back(uses)
        raise
    open_span.written(uses)
    owner_of(database).closed(open_span.id)


async def write_uses(open_span: OpenSpan, database: Database) -> None:
    """Write what a span used that is not written yet; one that was deleted has no use for it."""
    uses = open_span.take_uses()
    if not uses:
        return

    def work(connection: Connection) -> None:
        open_span.put_down(connection)
        if connection.execute(_EXISTS, {"node": open_span.id.bytes}).first() is None:
            return
        rows = Rows(now())
        for use in still_there(connection, uses):
            rows.use(open_span.id, use)
        insert_batches(connection, rows.batches())

    try:
        await database.write(work)
    except BaseException:
        open_span.give_back(uses)
        raise
    open_span.written(uses)


async def check_exists(span_id: UUID, database: Database) -> None:
    """Raises NodeNotFoundError when the database has no such span."""
    if not await database.read(lambda connection: connection.execute(_EXISTS, {"node": span_id.bytes}).all()):
        raise NodeNotFoundError(span_id, "it is the span of a carrier; choose the database that it was opened in")


def error_of(error: BaseException) -> dict[str, Any]:
    """What is kept of an exception: type, message and traceback, without secrets."""
    return {
        "type": type(error).__qualname__,
        "message": redacted_text(_message(error)[: 4 * MESSAGE_LIMIT])[:MESSAGE_LIMIT],
        "traceback": _trace(error),
    }


def _column(row: Any, name: str) -> Any:
    value = getattr(row, name)
    return redacted_data(jsonable(value)) if name == "run_params" else value


def _trace(error: BaseException) -> str:
    try:
        parts = traceback.format_exception(error)
    except Exception as failure:  # noqa: BLE001 - as in _message
        return f"<no traceback: {type(failure).__name__}>"
    half = TRACEBACK_LIMIT // 2
    ends, most = list(accumulate(map(len, parts))), 4 * TRACEBACK_LIMIT
    near = [part for part, end in zip(parts, ends, strict=True) if end - len(part) < most or end > ends[-1] - most]
    lines = "".join(_part(part) for part in near)  # redacted before it is cut, so that no half of a secret is left
    if len(lines) <= TRACEBACK_LIMIT:
        return lines
    return f"{lines[:half]}\n[{len(lines) - TRACEBACK_LIMIT} characters left out]\n{lines[-half:]}"


def _part(part: str) -> str:
    """A frame, which is code, or the text of an exception."""
    if len(part) > 8 * TRACEBACK_LIMIT:
        part = f"{part[: 4 * TRACEBACK_LIMIT]}\n{part[-4 * TRACEBACK_LIMIT :]}"
    return redacted(part) if part.lstrip(" |+-").startswith("File ") else redacted_text(part)


def _message(error: BaseException) -> str:
    try:
        return str(error)
    except Exception as failure:  # noqa: BLE001 - a broken __str__ of the user must not hide the error itself
        return f"<no message: {type(failure).__name__}>"


def _write_traces(connection: Connection, ending: Ending) -> list[tuple[bytes, str]]:
    """Nodes for values that were read and never saved: outputs of the span that bound them."""
    if not ending.traces:
        return []
    makers = {trace.maker_id.bytes for trace, _ in ending.traces if trace.maker_id is not None}
    living = {row[0] for row in rows_of(connection, _THERE, makers)}
    written = {row[0] for row in rows_of(connection, _THERE, (trace.node_id for trace, _ in ending.traces))}
    taken = {(row[0], row[1]) for row in rows_of(connection, _LABELS, living)}
    at = ending.closed_at
    columns = (
        *("id", "node_type", "node_label", "node_created_at", "node_updated_at"),
        *("artifact_kind", "artifact_otype", "artifact_preview"),
    )
    nodes = Batch(NODE, columns)
    links = Batch(LINK, ("id", "source_id", "target_id", "label", "kind"))
    used: list[tuple[bytes, str]] = []
    for trace, role in ending.traces:
        maker, node_id = trace.maker_id.bytes if trace.maker_id is not None else None, trace.node_id
        if maker is not None and maker not in living:
            continue
        used.append((node_id, role))
        if node_id in written:
            continue
        written.add(node_id)
        shown = {"text": trace.shown}
        nodes.rows.append((node_id, "artifact", trace.name, at, at, "trace", trace.type_name[:255], shown))
        if maker is None:
            continue
        label = None if (maker, trace.name) in taken else trace.name
        taken.add((maker, trace.name))
        links.rows.append((new_raw_id(), maker, node_id, label, "output"))
    insert_batches(connection, [nodes, links])
    return used
