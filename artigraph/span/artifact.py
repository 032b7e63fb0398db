"""Artifacts of a span: saved as its outputs, read back by label."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any
from uuid import UUID

from sqlalchemy import Connection, select
from sqlalchemy.ext.asyncio import AsyncSession

from artigraph.bridge import dual
from artigraph.errors import NodeNotFoundError, UnserializableError
from artigraph.graph.current import OpenSpan, open_span
from artigraph.graph.engine import current_database
from artigraph.graph.schema import LINK, NODE
from artigraph.graph.walk import is_relative, raw
from artigraph.persist.load import LoadOptions, load_many
from artigraph.persist.save import SaveOptions, SaveRequest, save_many
from artigraph.persist.spec import INFER, SaveSpec, check_label
from artigraph.span.read import CHILD, read_span, span_id

_NOTHING = object()


@dual
async def create_span_artifact(
    span: Any,
    *,
    label: str,
    data: Any = _NOTHING,
    artifact: Any = _NOTHING,
    spec: SaveSpec = INFER,
    session: AsyncSession | None = None,
) -> UUID:
    """Save a value as an output of a span.

    Args:
        span: a Span, its id, or "current".
        label: its name, unique among the outputs of the span.
        data: the value: a model, or anything a serializer knows.
        artifact: the same as ``data``.
        spec: how it is to be kept.
        session: a session of yours, which you commit.

    Returns:
        The id of the artifact.

    Raises:
        NoOpenSpanError: "current", and no span is open.
        NodeNotFoundError: there is no such span.
        LabelTakenError: the span has an output of this label.
        UnserializableError: no serializer knows the value, or none was given.
    """
    value = artifact if data is _NOTHING else data
    if value is _NOTHING:
        raise UnserializableError("data", "nothing", "pass data=...")
    return (await _create(span, {check_label(label): value}, spec, session))[label]


@dual
async def create_span_artifacts(
    span: Any, artifacts: Mapping[str, Any], *, session: AsyncSession | None = None
) -> dict[str, UUID]:
    """Save several values as outputs of a span, in one transaction: all of them, or none.

    Args:
        span: a Span, its id, or "current".
        artifacts: label -> value.
        session: a session of yours, which you commit.

    Returns:
        Label -> id. Raises the same errors as ``create_span_artifact``.
    """
    if not isinstance(artifacts, Mapping):
        raise UnserializableError("the artifacts", type(artifacts).__name__, "give a dict: label -> value")
    return await _create(span, artifacts, INFER, session)


@dual
async def read_span_artifact(span: Any, label: str, *, track: bool = True, session: AsyncSession | None = None) -> Any:
    """The value of one output of a span.

    Args:
        span: a Span, its id, or "current".
        label: the output's name.
        track: False keeps it out of the open span's inputs.
        session: a session of yours.

    Raises:
        NodeNotFoundError: the span has no output of this label; the message lists those it has.
    """
    node = await span_id(span)
    outputs = await _outputs(node, session)
    if label not in outputs:
        listed = ", ".join(map(repr, outputs)) or "no outputs"
        raise NodeNotFoundError(f"is the output {label!r} of span {node}", f"it has {listed}")
    options = LoadOptions(session=session, track=track, role=label)
    return (await load_many([outputs[label]], options))[0]


@dual
async def read_span_artifacts(span: Any, *, track: bool = True, session: AsyncSession | None = None) -> dict[str, Any]:
    """The values of all labelled outputs of a span: label -> value. Traces, which have none, are left out."""
    outputs = await _outputs(await span_id(span), session)
    values = await load_many(list(outputs.values()), LoadOptions(session=session, track=track))
    return dict(zip(outputs, values, strict=True))


async def read_artifacts_inside(span: Any) -> dict[UUID, dict[str, Any]]:
    """The values of the labelled outputs of every span inside a span, at any depth: span id -> label -> value."""
    node = await span_id(span)
    spans = select(NODE.c.id).where(
        is_relative([node], down=True, deep=True, kinds=CHILD), NODE.c.span_status.is_not(None)
    )
    outputs = _OUTPUTS.where(LINK.c.source_id.in_(spans))

    def work(connection: Connection) -> tuple[list[UUID], list[Any]]:
        inside = list(connection.execute(spans.order_by(NODE.c.id)).scalars())
        return inside, list(connection.execute(outputs.order_by(LINK.c.id)))

    inside, rows = await current_database().read(work)
    values = await load_many([row.target for row in rows], LoadOptions())
    found: dict[UUID, dict[str, Any]] = {each: {} for each in inside}
    for row, value in zip(rows, values, strict=True):
        found[row.source_id][row.label] = value
    return found


async def _create(
    span: Any, artifacts: Mapping[Any, Any], spec: SaveSpec, session: AsyncSession | None
) -> dict[str, UUID]:
    node = await span_id(span)
    database = current_database()
    target = open_span(database.identity)
    if target is None or target.id != node:
        await read_span.a(node, session=session)  # that there is such a span
        target = OpenSpan(node, database.identity)
    requests = [SaveRequest(value, label, spec) for label, value in artifacts.items()]
    records = await save_many(requests, SaveOptions(session=session, span=target, strict_labels=True))
    return {label: record.id for label, record in zip(artifacts, records, strict=True)}


async def _outputs(node: UUID, session: AsyncSession | None) -> dict[str, bytes]:
    statement = _OUTPUTS.where(LINK.c.source_id == node).order_by(LINK.c.id)

    def work(connection: Connection) -> dict[str, bytes]:
        return {row.label: row.target for row in connection.execute(statement)}

    return await current_database().read(work, session=session)


_OUTPUTS = (
    select(LINK.c.source_id, LINK.c.label, raw(LINK.c.target_id).label("target"))
    .select_from(LINK.join(NODE, NODE.c.id == LINK.c.target_id))
    .where(
        LINK.c.kind == "output",
        LINK.c.label.is_not(None),
        NODE.c.artifact_kind.is_(None) | (NODE.c.artifact_kind != "trace"),
    )
)
