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
from artigraph.graph.walk import raw
from artigraph.persist.load import LoadOptions, load_many
from artigraph.persist.save import SaveOptions, SaveRequest, save_many
from artigraph.persist.spec import INFER, SaveSpec
from artigraph.span.read import read_span, span_id

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
    return (await _create(span, {label: value}, spec, session))[label]


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


async def _create(
    span: Any, artifacts: Mapping[str, Any], spec: SaveSpec, session: AsyncSession | None
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
    def work(connection: Connection) -> dict[str, bytes]:
        statement = (
            select(LINK.c.label, raw(LINK.c.target_id))
            .join(NODE, NODE.c.id == LINK.c.target_id)
            .where(
                LINK.c.source_id == node,
                LINK.c.kind == "output",
                LINK.c.label.is_not(None),
                NODE.c.artifact_kind.is_(None) | (NODE.c.artifact_kind != "trace"),
            )
            .order_by(LINK.c.id)
        )
        return {row[0]: row[1] for row in connection.execute(statement)}

    return await current_database().read(work, session=session)
