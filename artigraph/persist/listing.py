"""What is in the store: a lazy list of artifacts, models and spans, newest first."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any, overload
from uuid import UUID

from sqlalchemy import Connection, Select, and_, desc, exists, func, or_, select

from artigraph.bridge import block
from artigraph.errors import InvalidFilterError
from artigraph.graph.engine import Database, current_database
from artigraph.graph.filter import NodeFilter
from artigraph.graph.schema import KEY, LINK, NODE
from artigraph.graph.value import Condition, Filter, ValueFilter, filter_of

SHOWN = 20
"""Rows that the text of a listing shows."""

WIDEST = 48
"""Characters of one cell of that text."""


@dataclass(frozen=True, slots=True)
class Found:
    """One row of a listing."""

    id: UUID
    label: str | None
    kind: str
    """span, run, model, artifact or trace"""
    type_name: str | None
    version: int | None
    size: int | None
    """bytes"""
    shape: tuple[int, ...] | None
    maker: str | None
    """label of the span that made it"""
    maker_id: UUID | None
    saved_at: datetime
    status: str | None


class Listing:
    """The artifacts that match, newest first; looked up when they are needed.

    ``len``, ``[]``, iteration and ``repr`` ask the database, and block until it has answered.
    """

    def __init__(
        self, where: Filter | None = None, *, database: Database | None = None, asked: str | None = None
    ) -> None:
        self._where, self._database = where, database or current_database()
        self._asked = asked if asked is not None or where is None else "this filter"
        self._count: int | None = None

    def __len__(self) -> int:
        if self._count is None:
            statement = select(func.count()).select_from(_roots(self._where).subquery())
            self._count = block(
                self._database.read, lambda connection: int(connection.execute(statement).scalar() or 0)
            )
        return self._count

    def __bool__(self) -> bool:
        return len(self) > 0

    @overload
    def __getitem__(self, place: int) -> Found: ...
    @overload
    def __getitem__(self, place: slice) -> list[Found]: ...
    def __getitem__(self, place: int | slice) -> Found | list[Found]:
        if isinstance(place, slice):
            start, stop, step = place.indices(len(self))
            rows = self.rows(stop - start, start) if step > 0 else self.rows(start - stop, stop + 1)
            return rows[::step]
        where = place if place >= 0 else len(self) + place
        rows = self.rows(1, where) if where >= 0 else []
        if not rows:
            raise IndexError(f"there is no row {place}, there are {len(self)}")
        return rows[0]

    def __iter__(self) -> Iterator[Found]:
        return iter(self.rows(len(self)))

    def rows(self, limit: int = SHOWN, offset: int = 0) -> list[Found]:
        """At most ``limit`` rows, after the first ``offset``."""
        if limit <= 0:
            return []
        found: list[Found] = block(
            self._database.read, lambda connection: _read(connection, self._where, limit, offset)
        )
        return found

    def __repr__(self) -> str:
        rows, count = self.rows(), len(self)
        if not rows:
            if self._asked is not None:
                return f"nothing matches {self._asked}; artigraph.find() lists what there is"
            return "nothing is in the store yet; artigraph.save(value, 'label') puts something in"
        head = ("label", "type", "size", "made by", "saved (UTC)")
        table = [head, *(_cells(row) for row in rows)]
        widths = [max(len(line[column]) for line in table) for column in range(len(head))]
        lines = [
            "  ".join(cell.ljust(width) for cell, width in zip(line, widths, strict=True)).rstrip() for line in table
        ]
        if count > len(rows):
            lines.append(f"… {count - len(rows):,} more of {count:,}")
        return "\n".join(lines)


def listing(where: Any = None, *, tags: Any = None) -> Listing:
    """What is in the store.

    Args:
        where: a filter, or text that labels or keys contain (ASCII case does not matter).
        tags: tag name -> value (None: any value).

    Raises:
        InvalidFilterError: ``where`` is neither, or ``tags`` is no dict.
    """
    asked = [_shown(repr(each)) for each in (where, tags) if not isinstance(each, Filter) and each]
    if tags is not None and not isinstance(tags, Mapping):
        raise InvalidFilterError(f"tags is {tags!r}; give a dict: tag name -> value, or None for any value")
    if isinstance(where, str):
        where = called(where)
    elif where is not None and not isinstance(where, Filter):
        raise InvalidFilterError(f"{where!r} is no filter; give one, or text that labels contain")
    if tags:
        where = NodeFilter(tags=dict(tags)) if where is None else where & NodeFilter(tags=dict(tags))
    return Listing(where, asked=" and ".join(asked) or None)


def called(text: str) -> Filter:
    """What has this text in its label, own or of a link to it, or in its key; ASCII case does not matter."""
    contains = ValueFilter(icontains=text)
    return NodeFilter(label=contains) | _KeyFilter(contains)


@dataclass(frozen=True)
class _KeyFilter(Filter):
    """Every version of what has such a key."""

    key: ValueFilter

    def compose(self, condition: Condition) -> Condition:
        """``condition`` narrowed by it."""
        return condition & NODE.c.artifact_stem.in_(select(KEY.c.stem).where(self.key.on(KEY.c.key)))


def human_bytes(size: int | None) -> str:
    """A number of bytes in three digits and a unit, empty for None."""
    if size is None:
        return ""
    amount = float(size)
    for unit in ("B", "KB", "MB", "GB"):
        if amount < 1000:
            return f"{amount:.3g} {unit}"
        amount /= 1000
    return f"{amount:.3g} TB"


def _roots(where: Filter | None) -> Select[Any]:
    """Ids of what stands by itself: not a span, and not merely a part of something."""
    part = exists().where(LINK.c.target_id == NODE.c.id, LINK.c.kind == "field")
    made = exists().where(LINK.c.target_id == NODE.c.id, LINK.c.kind == "output")
    named = or_(NODE.c.node_label.is_not(None), NODE.c.artifact_uid.is_not(None))
    alone = and_(NODE.c.span_status.is_(None), or_(~part, made, named))
    kept = or_(NODE.c.artifact_serializer.is_not(None), NODE.c.model_artifact_type_name.is_not(None))
    condition = and_(alone, kept, NODE.c.artifact_trashed_at.is_(None))
    return select(NODE.c.id).where(filter_of(where).compose(condition) if where is not None else condition)


def _read(connection: Connection, where: Filter | None, limit: int, offset: int) -> list[Found]:
    maker = NODE.alias("maker")
    made = LINK.alias("made")
    outputs = LINK.alias("outputs")
    first = (  # of the spans that made it: an artifact has one row here, whatever their number
        select(outputs.c.id)
        .where(outputs.c.target_id == NODE.c.id, outputs.c.kind == "output", outputs.c.role.is_(None))
        .order_by(outputs.c.id)
        .limit(1)
        .scalar_subquery()
    )
    statement = (
        select(
            NODE,
            maker.c.node_label.label("maker_label"),
            maker.c.id.label("maker_id"),
            made.c.label.label("made_label"),
            select(KEY.c.key).where(KEY.c.stem == NODE.c.artifact_stem).scalar_subquery().label("key"),
        )
        .select_from(NODE)
        .outerjoin(made, made.c.id == first)
        .outerjoin(maker, maker.c.id == made.c.source_id)
        .where(NODE.c.id.in_(_roots(where)))
        .order_by(desc(NODE.c.node_created_at), desc(NODE.c.id))
        .limit(limit)
        .offset(offset)
    )
    return [_found(row) for row in connection.execute(statement)]


def _found(row: Any) -> Found:
    preview = row.artifact_preview if isinstance(row.artifact_preview, dict) else {}
    shape = preview.get("shape")
    return Found(
        id=row.id,
        label=row.key or row.node_label or row.made_label,
        kind="model" if row.model_artifact_type_name else row.artifact_kind or "artifact",
        type_name=row.model_artifact_type_name or row.artifact_otype,
        version=row.model_artifact_version or row.artifact_version,
        size=row.artifact_size,
        shape=tuple(shape) if shape else None,
        maker=row.maker_label,
        maker_id=row.maker_id,
        saved_at=row.node_created_at,
        status=row.span_status,
    )


def _cells(row: Found) -> tuple[str, ...]:
    shape = f" {' × '.join(f'{length:,}' for length in row.shape)}" if row.shape else ""
    kind = (row.type_name or row.kind) + (f" v{row.version}" if row.version else "") + shape
    label = _shown(row.label) or f"({str(row.id)[-8:]})"
    return label, _shown(kind), human_bytes(row.size), _shown(row.maker), f"{row.saved_at:%Y-%m-%d %H:%M:%S}"


def _shown(text: str | None) -> str:
    """A label as part of a line: without what would move the cursor, and not too long."""
    safe = "".join(each if each.isprintable() else "\N{REPLACEMENT CHARACTER}" for each in text or "")
    return safe if len(safe) <= WIDEST else f"{safe[: WIDEST - 1]}…"
