"""``Span`` and ``Run``: something that ran, as users hold it."""

from __future__ import annotations

import inspect
import sys
from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from functools import cache
from typing import Any, ClassVar, get_origin
from uuid import UUID

from sqlalchemy import ColumnElement, Connection, select
from sqlalchemy.orm import Mapped, MappedColumn

from artigraph.contract import checked
from artigraph.errors import InvalidFieldError, NodeNotFoundError
from artigraph.graph.node import Node
from artigraph.graph.owner import gone_owners
from artigraph.graph.schema import LINK, NODE, TAG, OrmNode, OrmRun, OrmSpan
from artigraph.ids import as_id
from artigraph.lineage.view import HasLineage
from artigraph.span.environment import read_environments

CHUNK = 500
"""Spans that one statement asks about."""

_HANDLES: dict[str, type[Span]] = {}


def _columns_of(cls: type) -> dict[str, MappedColumn[Any] | None]:
    """The columns that a class body defines; None for one that is only annotated."""
    given = {name: value for name, value in cls.__dict__.items() if isinstance(value, MappedColumn)}
    bare = [name for name, note in inspect.get_annotations(cls).items() if _is_mapped(note, cls.__module__)]
    return {**dict.fromkeys(bare), **given}


def _is_mapped(note: Any, module: str) -> bool:
    """Whether an annotation, or the text of one, is ``Mapped[...]``."""
    if not isinstance(note, str):
        return get_origin(note) is Mapped
    first, *others = note.partition("[")[0].strip().split(".")
    found = getattr(sys.modules.get(module), first, None)
    for name in others:
        found = getattr(found, name, None)
    return found is Mapped


@cache
def _defaults_of(row_class: type[OrmNode]) -> list[tuple[str, Any]]:
    """(attribute, default) of the columns of a span type that have one which Python knows."""
    named = ((attribute.key, attribute.columns[0].default) for attribute in row_class.__mapper__.column_attrs)
    standard = OrmRun.__mapper__.column_attrs
    known = ((key, default) for key, default in named if default is not None and key not in standard)
    return [(key, default) for key, default in known if default.is_scalar or default.is_callable]


def _row_class(cls: type[Span], identity: str, columns: dict[str, Any]) -> type[OrmNode]:
    """A row class for a user's span class: its columns, in the one table."""
    known = OrmNode.__mapper__.polymorphic_map.get(identity)
    if known is not None:
        row: type[OrmNode] = known.class_
        if (row.__module__, row.__qualname__) != (cls.__module__, cls.__qualname__) or not set(columns) <= set(
            NODE.c.keys()
        ):
            raise InvalidFieldError(
                f"the node type {identity!r} is {row.__module__}.{row.__qualname__} already; choose another "
                "polymorphic_identity, or restart to change its columns"
            )
        return row  # the cell that defines it ran again
    annotations = {name: note for name, note in inspect.get_annotations(cls).items() if name in columns}
    body = {
        "__module__": cls.__module__,
        "__qualname__": cls.__qualname__,
        "__annotations__": annotations,
        "polymorphic_identity": identity,
        **{name: column for name, column in columns.items() if column is not None},
    }
    if "__table_args__" in cls.__dict__:
        body["__table_args__"] = cls.__dict__["__table_args__"]
    return type(cls.__name__, (cls.__mro__[1].row_class,), body)  # type: ignore[attr-defined]


class Span(Node, HasLineage):
    """Something that ran: a cell, a function, a step.

    A subclass with a ``polymorphic_identity`` is a span type of its own; ``mapped_column`` attributes become columns.

    Args:
        label: its name.
        id: its id; a fresh one when None.
        parent_id: the span (or its id) that it is inside of, when that is not the open one.
        source: the code that ran.
        info: more facts about it; what JSON does not know is kept as text.
        tags: tag name -> value.
        columns: values for the columns of a subclass.

    Raises:
        NodeNotFoundError: an id that is none.
        InvalidOptionError: a source that is no text, or facts that are no dict.

    Attributes:
        status: open, ok, error, interrupted, or abandoned (its process ended without closing it).
        opened_at, closed_at: UTC; None while that has not happened.
        error: what it ended with: {"type", "message", "traceback"}.
        untracked: values it read that no span made: [{"name", "type"}].
        environment: in what it ran: {"python", "platform", "libraries", "commit"}; None when that was not recorded.
    """

    row_class: ClassVar[type[OrmNode]] = OrmSpan
    row_columns = None
    polymorphic_identity: ClassVar[str] = "span"
    _stored_type: str | None = None
    has_given_id = False
    """Whether its id was chosen by the caller, so that a node may have it."""

    def __init__(
        self,
        label: str | None = None,
        *,
        id: UUID | None = None,
        parent_id: Any = None,
        source: str | None = None,
        info: dict[str, Any] | None = None,
        tags: Mapping[str, str] | None = None,
        **columns: Any,
    ) -> None:
        super().__init__(label, id=_given_id(id, "an id, or None for a fresh one"))
        self.has_given_id = id is not None
        self.parent_id: UUID | None = _given_id(parent_id, "a span, or the id of one")
        checked("source", source, str | None, "the code that ran, as text")
        checked("info", info, Mapping | None, "a dict: name -> value")
        self.status = "open"
        self.opened_at: datetime | None = None
        self.closed_at: datetime | None = None
        self.error: dict[str, Any] | None = None
        self.untracked: list[dict[str, str]] | None = None
        self.source, self.info, self.tags = source, info, dict(tags or {})
        self.environment: dict[str, Any] | None = None
        for name, value in columns.items():
            if name not in self._own_columns():
                raise TypeError(
                    f"{type(self).__name__} has no column {name!r}; it has {', '.join(self._own_columns()) or 'none'}"
                )
            setattr(self, name, value)
        for name, default in _defaults_of(self.row_class):
            if getattr(self, name, None) is None:
                setattr(self, name, default.arg if default.is_scalar else default.arg(None))

    def __init_subclass__(cls, **options: Any) -> None:
        super().__init_subclass__(**options)
        identity = cls.__dict__.get("polymorphic_identity")
        if identity is None:
            return
        columns = _columns_of(cls)
        if "row_class" not in cls.__dict__:
            cls.row_class = _row_class(cls, identity, columns)
        for name in columns:
            setattr(cls, name, None)
        _HANDLES[identity] = cls

    @property
    def node_type(self) -> str:
        """What kind of span it is; of one that was read what is stored, also where no class here is of that type."""
        return self._stored_type or super().node_type

    @property
    def duration(self) -> timedelta | None:
        """How long it took; None while it is open."""
        return self.closed_at - self.opened_at if self.closed_at and self.opened_at else None

    def to_row(self) -> Any:
        """A fresh row that says the same."""
        row = super().to_row()
        row.node_type = self.node_type
        row.span_status, row.span_opened_at, row.span_closed_at = self.status, self.opened_at, self.closed_at
        row.span_error, row.span_untracked = self.error, self.untracked
        row.span_source, row.span_info = self.source, self.info
        for name in self._own_columns():
            if (value := getattr(self, name, None)) is not None:
                setattr(row, name, value)
        return row

    @classmethod
    def from_rows(cls, connection: Connection, rows: Sequence[Any]) -> list[Span]:
        """The spans of rows, each of its own class, with parent and tags; of a process that is gone: abandoned."""
        gone = gone_owners(connection, {row.span_owner_id for row in rows if row.span_status == "open"} - {None})
        parents, tags = _parents_and_tags(connection, [row.id for row in rows])
        environments = read_environments(connection, {row.run_environment_id for row in rows} - {None})
        spans = []
        for row in rows:
            span = _HANDLES.get(row.node_type, Span).from_row(row)
            if span.status == "open" and row.span_owner_id in gone:
                span.status = "abandoned"
            span.parent_id, span.tags = parents.get(span.id), tags.get(span.id, {})
            span.environment = environments.get(row.run_environment_id)
            spans.append(span)
        return spans

    @classmethod
    def with_ids(cls, connection: Connection, ids: Sequence[UUID]) -> list[Span]:
        """The spans that have these ids, in the order in which they were opened."""
        return cls.matching(connection, NODE.c.id.in_(ids))

    @classmethod
    def matching(
        cls,
        connection: Connection,
        condition: ColumnElement[bool],
        order_by: Sequence[ColumnElement[Any]] = (NODE.c.id,),
        limit: int | None = None,
        offset: int = 0,
    ) -> list[Any]:
        """The spans of this class that a condition on ``artigraph_node`` matches, in the order in which they opened.

        Those of a type that this process does not know are read as spans.
        """
        kinds = {kind.polymorphic_identity: kind for kind in cls.row_class.__mapper__.self_and_descendants}
        is_one: ColumnElement[bool] = NODE.c.node_type.in_(list(kinds))
        if cls.row_class is OrmSpan:
            is_one |= NODE.c.span_status.is_not(None)

        def read(*wanted: Any) -> Sequence[Any]:
            columns = {each.key: each.columns[0].label(each.key) for kind in wanted for each in kind.column_attrs}
            statement = select(*columns.values()).where(condition, is_one).order_by(*order_by)
            return connection.execute(statement.limit(limit).offset(offset or None)).all()

        rows = read(OrmRun.__mapper__)
        own = {row.node_type for row in rows} & kinds.keys() - {"span", "run"}
        if own:  # the columns of a user's type: a database without anything of that type may not have them
            rows = read(OrmRun.__mapper__, *(kinds[each] for each in own))
        return Span.from_rows(connection, rows)

    def _take(self, row: Any) -> None:
        super()._take(row)
        self.parent_id, self._stored_type = None, row.node_type
        self.status, self.opened_at, self.closed_at = row.span_status, row.span_opened_at, row.span_closed_at
        self.error, self.untracked = row.span_error, row.span_untracked
        self.source, self.info, self.tags, self.environment = row.span_source, row.span_info, {}, None
        for name in self._own_columns():
            setattr(self, name, getattr(row, name, None))

    @classmethod
    def _own_columns(cls) -> dict[str, str]:
        """Columns of subclasses, those of the row that spans do not have: attribute -> name in the table."""
        standard = OrmRun.__mapper__.column_attrs
        ours = cls.row_class.__mapper__.column_attrs
        return {each.key: each.columns[0].name for each in ours if each.key not in standard}

    def __repr__(self) -> str:
        took = f" {self.duration.total_seconds():.3g} s" if self.duration is not None else ""
        return f"<{type(self).__name__} {self.label or self.id} {self.status}{took}>"


class Run(Span):
    """A span that also records how it ran.

    Args:
        params: name -> value of what it was started with; what JSON does not know is kept as text.
        environment: in what it runs; looked up when it opens if None.
        node_parent_id: the same as ``parent_id``.
    """

    row_class: ClassVar[type[OrmNode]] = OrmRun
    polymorphic_identity: ClassVar[str] = "run"

    def __init__(
        self,
        label: str | None = None,
        *,
        params: dict[str, Any] | None = None,
        environment: dict[str, Any] | None = None,
        node_parent_id: Any = None,
        **options: Any,
    ) -> None:
        super().__init__(label, **{"parent_id": node_parent_id, **options})
        checked("params", params, Mapping | None, "a dict: name -> value")
        checked("environment", environment, Mapping | None, "a dict: name -> value")
        self.params, self.environment = params, environment

    @property
    def node_parent_id(self) -> UUID | None:
        """The same as ``parent_id``."""
        return self.parent_id

    def to_row(self) -> Any:
        """A fresh row that says the same."""
        row = super().to_row()
        row.run_params = self.params
        return row

    def _take(self, row: Any) -> None:
        super()._take(row)
        self.params = row.run_params


def _given_id(given: Any, wanted: str) -> UUID | None:
    """The id that an argument means. Raises NodeNotFoundError when it means none."""
    found = as_id(getattr(given, "id", given))
    if found is None and given is not None:
        raise NodeNotFoundError(f"is meant by {given!r}", f"give {wanted}")
    return found


def _parents_and_tags(
    connection: Connection, ids: Sequence[UUID]
) -> tuple[dict[UUID, UUID], dict[UUID, dict[str, str]]]:
    """Span -> the span it is inside of, and span -> its tags."""
    parents: dict[UUID, UUID] = {}
    tags: dict[UUID, dict[str, str]] = {}
    for start in range(0, len(ids), CHUNK):
        some = ids[start : start + CHUNK]
        links = select(LINK.c.target_id, LINK.c.source_id).where(LINK.c.target_id.in_(some), LINK.c.kind == "child")
        parents.update((row[0], row[1]) for row in connection.execute(links))
        noted = select(TAG.c.node_id, TAG.c.name, TAG.c.value_text).where(TAG.c.node_id.in_(some), TAG.c.space == "tag")
        for node_id, name, value in connection.execute(noted):
            tags.setdefault(node_id, {})[name] = value
    return parents, tags


_HANDLES.update(span=Span)
