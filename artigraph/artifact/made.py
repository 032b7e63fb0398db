"""What a save of keyed artifacts tells about spans: what they made, what they made again, and what they used."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from sqlalchemy import Connection, select

from artigraph.artifact.offer import Offer
from artigraph.graph.current import OpenSpan, Use
from artigraph.graph.insert import Batch, insert_batches
from artigraph.graph.schema import LINK
from artigraph.graph.walk import raw, raw_ids
from artigraph.persist.output import link_outputs, still_there
from artigraph.persist.rows import Rows, input_id

AGAIN = "again"
"""The role of an ``output`` link to content that was there before the span made it once more."""


@dataclass(slots=True)
class _Made:
    """An output, as ``link_outputs`` asks for it."""

    id: bytes
    label: str | None
    known: bool = False


def link_made(connection: Connection, offers: Iterable[Offer], at: int) -> None:
    """Link what was kept to the spans that made it."""
    by_span: dict[OpenSpan, list[Offer]] = {}
    for offer in offers:
        if offer.span is not None:
            by_span.setdefault(offer.span, []).append(offer)
    rows = Rows(at)
    for span, made in by_span.items():
        fresh: list[Any] = [_Made(_id(offer), _label(offer)) for offer in made if offer.is_new]
        link_outputs(connection, rows, fresh, span.id, strict=False)
        _link_again(connection, span.id, [_id(offer) for offer in made if not offer.is_new])
    insert_batches(connection, rows.batches())


def link_used(connection: Connection, span_id: UUID, uses: Iterable[Use], at: int) -> None:
    """Write what a span used so far."""
    rows = Rows(at)
    for use in still_there(connection, list(uses)):
        rows.use(span_id, use)
    insert_batches(connection, rows.batches())


def _link_again(connection: Connection, span_id: UUID, ids: list[bytes]) -> None:
    """Say that a span made these again, unless it is the one that made them first."""
    if not ids:
        return
    own = select(raw(LINK.c.target_id)).where(
        LINK.c.source_id == span_id, LINK.c.kind == "output", raw(LINK.c.target_id).in_(raw_ids())
    )
    there = {row[0] for row in connection.execute(own, {"ids": ids})}
    source = span_id.bytes
    rows: list[tuple[Any, ...]] = [
        (input_id(source, each, AGAIN), source, each, "output", AGAIN)
        for each in dict.fromkeys(ids)
        if each not in there
    ]
    columns = ("id", "source_id", "target_id", "kind", "role")
    insert_batches(connection, [Batch(LINK, columns, rows, ignore=True)])


def _id(offer: Offer) -> bytes:
    assert offer.became is not None
    return offer.became.bytes


def _label(offer: Offer) -> str | None:
    """What the span calls it: its label, else its key where that is short enough."""
    name = offer.label or offer.key
    return name if name is not None and len(name) <= 255 else None
