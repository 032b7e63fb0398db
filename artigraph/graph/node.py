"""``Node`` and ``Link``: what users hold of rows."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Any, ClassVar, Self
from uuid import UUID

from sqlalchemy import Connection

from artigraph.errors import InvalidFilterError
from artigraph.graph.schema import LINK_KINDS, NODE, OrmLink, OrmNode
from artigraph.graph.walk import raw, raw_time
from artigraph.ids import as_datetime, as_id, new_id


class Node:
    """A vertex of the graph.

    Args:
        label: the name it is given, need not be unique.
        id: its id; a fresh one when None.

    Attributes:
        created_at, updated_at: UTC; None before it was written.
    """

    row_class: ClassVar[type[OrmNode]] = OrmNode
    row_columns: ClassVar[tuple[Any, ...] | None] = (
        *(raw(NODE.c.id), NODE.c.node_label, raw_time(NODE.c.node_created_at), raw_time(NODE.c.node_updated_at)),
    )
    """The columns that ``from_rows`` needs; None: whole rows."""

    def __init__(self, label: str | None = None, *, id: UUID | None = None) -> None:
        self.id = id or new_id()
        self.label = label
        self._created: datetime | int | None = None
        self._updated: datetime | int | None = None

    @property
    def created_at(self) -> datetime | None:
        """When its row was made, in UTC."""
        return as_datetime(self._created) if isinstance(self._created, int) else self._created

    @created_at.setter
    def created_at(self, moment: datetime | None) -> None:
        self._created = moment

    @property
    def updated_at(self) -> datetime | None:
        """When its row was last changed, in UTC."""
        return as_datetime(self._updated) if isinstance(self._updated, int) else self._updated

    @updated_at.setter
    def updated_at(self, moment: datetime | None) -> None:
        self._updated = moment

    @property
    def graph_id(self) -> UUID:
        """The same as ``id``."""
        return self.id

    node_id = graph_id

    @property
    def node_type(self) -> str:
        """What kind of node it is."""
        return self.row_class.polymorphic_identity

    def to_row(self) -> Any:
        """A fresh row that says the same."""
        return self.row_class(id=self.id, node_label=self.label)

    @classmethod
    def from_row(cls, row: Any) -> Self:
        """The handle of a whole row."""
        self = cls.__new__(cls)
        self._take(row)
        return self

    @classmethod
    def from_rows(cls, connection: Connection, rows: Sequence[Any]) -> Sequence[Any]:
        """The handles of rows of ``row_columns``; a subclass may ask the database for more."""
        return [cls._of(*row) for row in rows]

    def _take(self, row: Any) -> None:
        self.id, self.label = row.id, row.node_label
        self.created_at, self.updated_at = row.node_created_at, row.node_updated_at

    @classmethod
    def _of(cls, raw_id: bytes, label: str | None, created: int, updated: int) -> Self:
        self = cls.__new__(cls)
        self.id, self.label, self._created, self._updated = UUID(bytes=raw_id), label, created, updated
        return self

    def __eq__(self, other: object) -> bool:
        return type(other) is type(self) and other.id == self.id

    def __hash__(self) -> int:
        return hash(self.id)

    def __repr__(self) -> str:
        return f"<{type(self).__name__} {self.label or ''}{' ' if self.label else ''}{self.id}>"


class Link:
    """An arrow of the graph.

    Args:
        source_id: the node it starts at, or its id.
        target_id: the node it ends at, or its id.
        label: its name, unique among the links of the source.
        kind: one of field, child, output, input, user.
        role: of an input, the name it was used under.
        id: its id; a fresh one when None.

    Raises:
        InvalidFilterError: an end that is no node, or an unknown kind.
    """

    row_class: ClassVar[type[OrmLink]] = OrmLink

    def __init__(
        self,
        source_id: Any,
        target_id: Any,
        label: str | None = None,
        *,
        kind: str = "user",
        role: str | None = None,
        id: UUID | None = None,
    ) -> None:
        if kind not in LINK_KINDS:
            raise InvalidFilterError(f"{kind!r} is no kind of link; there are {', '.join(LINK_KINDS)}")
        self.id = id or new_id()
        self.source_id, self.target_id = end_of_link(source_id), end_of_link(target_id)
        self.label, self.kind, self.role = label, kind, role
        self.changed = False
        """Of an input: the value had changed since it was saved."""

    def to_row(self) -> OrmLink:
        """A fresh row that says the same."""
        ends = {"source_id": self.source_id, "target_id": self.target_id}
        return OrmLink(id=self.id, **ends, label=self.label, kind=self.kind, role=self.role)

    @classmethod
    def from_row(cls, row: OrmLink) -> Self:
        """The handle of a row."""
        self = cls(row.source_id, row.target_id, row.label, kind=row.kind, role=row.role, id=row.id)
        self.changed = bool(row.changed)
        return self

    @classmethod
    def from_rows(cls, connection: Connection, rows: Sequence[OrmLink]) -> Sequence[Link]:
        """The handles of rows."""
        return [cls.from_row(row) for row in rows]

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Link) and other.id == self.id

    def __hash__(self) -> int:
        return hash(self.id)

    def __repr__(self) -> str:
        name = f" {self.label or self.role!r}" if self.label or self.role else ""
        return f"<Link {self.source_id} -{self.kind}{name}-> {self.target_id}>"


def end_of_link(end: Any) -> UUID:
    """The id that an end of a link means: an id, its text, or an object that has one.

    Raises:
        InvalidFilterError: it is none of these.
    """
    found = as_id(end) or as_id(getattr(end, "graph_id", None)) or as_id(getattr(end, "id", None))
    if found is None:
        raise InvalidFilterError(f"{end!r} is no end of a link; give a node, a model, or an id")
    return found
