"""Reading spans: one, its children, parent, ancestors, descendants."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from sqlalchemy import ColumnElement
from sqlalchemy.ext.asyncio import AsyncSession

from artigraph.bridge import dual
from artigraph.errors import NodeNotFoundError, NoOpenSpanError
from artigraph.graph.current import open_span
from artigraph.graph.engine import current_database
from artigraph.graph.schema import NODE
from artigraph.graph.walk import is_relative
from artigraph.ids import as_id
from artigraph.span.span import Span

CHILD = ("child",)


async def span_id(span: Any) -> UUID:
    """The id that a span function's first argument means.

    Raises:
        NoOpenSpanError: "current", and no span is open here.
        NodeNotFoundError: it is neither a span nor an id.
    """
    if isinstance(span, str) and span == "current":
        database = current_database()
        found = open_span(database.identity)
        if found is None:
            raise NoOpenSpanError
        if found.opening is not None:
            await database.write(found.put_down)
        return found.id
    asked = as_id(getattr(span, "id", span))
    if asked is None:
        raise NodeNotFoundError(f"is meant by {span!r}", 'give a Span, its id, or "current"')
    return asked


@dual
async def read_span(span: Any, *, session: AsyncSession | None = None) -> Span:
    """The span as it is in the database.

    Raises:
        NodeNotFoundError: there is no such span.
    """
    node = await span_id(span)
    found = await _read(NODE.c.id == node, session)
    if not found:
        raise NodeNotFoundError(node, "no span has this id; was it deleted, or is another engine active?")
    return found[0]


@dual
async def read_child_spans(span: Any, *, session: AsyncSession | None = None) -> list[Span]:
    """The spans directly inside a span, in the order in which they were opened."""
    return await _relatives(span, down=True, deep=False, session=session)


@dual
async def read_parent_span(span: Any, *, session: AsyncSession | None = None) -> Span | None:
    """The span that a span is directly inside of; None for a root."""
    found = await _relatives(span, down=False, deep=False, session=session)
    return found[0] if found else None


@dual
async def read_ancestor_spans(span: Any, *, session: AsyncSession | None = None) -> list[Span]:
    """Every span that a span is inside of, the outermost first."""
    return await _relatives(span, down=False, deep=True, session=session)


@dual
async def read_descendant_spans(span: Any, *, session: AsyncSession | None = None) -> list[Span]:
    """Every span inside a span, at any depth, in the order in which they were opened."""
    return await _relatives(span, down=True, deep=True, session=session)


async def _relatives(span: Any, *, down: bool, deep: bool, session: AsyncSession | None) -> list[Span]:
    start = await span_id(span)
    return await _read(is_relative([start], down=down, deep=deep, kinds=CHILD), session)


async def _read(condition: ColumnElement[bool], session: AsyncSession | None) -> list[Span]:
    return await current_database().read(lambda connection: Span.matching(connection, condition), session=session)
