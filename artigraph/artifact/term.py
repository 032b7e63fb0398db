"""Words that annotate artifacts, kept once per name: features, schemas, labels."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime
from hashlib import sha256
from typing import Any, ClassVar, Self
from uuid import UUID

from sqlalchemy import Connection, Select, select, update
from sqlalchemy.ext.asyncio import AsyncSession

from artigraph.artifact.fields import SHARED, column_field, field_table
from artigraph.artifact.query import Kind, Query
from artigraph.bridge import loader, self_method
from artigraph.errors import InvalidLabelError, NameTakenError
from artigraph.graph.engine import current_database
from artigraph.graph.insert import Batch, insert_batches
from artigraph.graph.schema import NODE
from artigraph.graph.value import Filter
from artigraph.ids import as_id, now
from artigraph.persist.spec import check_label

_COLUMNS = (
    *("id", "node_type", "node_label", "node_created_at", "node_updated_at"),
    *("artifact_kind", "artifact_otype", "artifact_description", "artifact_extra"),
)


class Term:
    """A named thing of which there is one per name in a database.

    Args:
        name: 1-255 characters.
        description: what it means, in a sentence.
    """

    term_kind: ClassVar[str]
    """What it is called in the database."""

    def __init__(self, name: str, *, description: str | None = None) -> None:
        self.name = check_label(named(name)) or ""
        self.description = description
        self.created_at: datetime | None = None

    @property
    def id(self) -> UUID:
        """The id of its node: the same in every database, for the same name."""
        return term_id(self.term_kind, self.name)

    @self_method
    async def save(self, *, session: AsyncSession | None = None) -> Any:
        """Keep it; what has its name already has to mean the same, and gets its description.

        Raises:
            NameTakenError: the name stands for something else.
        """

        def work(connection: Connection) -> None:
            self.write(connection)

        await current_database().write(work, session=session)

    @loader
    async def get(
        cls: Any,  # noqa: N805 - a class method, in the clothes of a Dual
        name: Any = None,
        /,
        *,
        session: AsyncSession | None = None,
        **expressions: Any,
    ) -> Any:
        """The one of a name or id, or that matches.

        Raises:
            NodeNotFoundError: there is none.
            MultipleNodesError: there are several.
            InvalidFilterError: an unknown name or operator.
        """
        if name is not None:
            expressions["id" if as_id(name) is not None else "name"] = name
        return await cls.filter(**expressions).one.a(session=session)

    @classmethod
    def filter(cls, *filters: Filter, **expressions: Any) -> Query[Self]:
        """Those that match: a lazy sequence.

        Args:
            filters: conditions.
            expressions: ``name=value`` or ``name__operator=value``; the fields are id, name, description, created_at,
                updated_at, and dtype or otype.

        Raises:
            InvalidFilterError: an unknown name or operator; those that exist are listed.
        """
        return Query(cls._kind()).filter(*filters, **expressions)

    @classmethod
    def _kind(cls) -> Kind[Self]:
        own = column_field("dtype" if cls.term_kind == "feature" else "otype", NODE.c.artifact_otype, str)
        shown: list[tuple[str, Callable[[Self], Any]]] = [("name", lambda term: term.name)]
        shown.append((own.name, lambda term: getattr(term, own.name, None)))
        shown += [("description", lambda term: term.description), ("created_at", lambda term: term.created_at)]
        return Kind(
            name=cls.__name__.lower(),
            fields=field_table(*SHARED, column_field("name", NODE.c.node_label, str), own),
            select=lambda *conditions, latest: select_terms(cls.term_kind).where(*conditions),
            make=lambda connection, statement: [cls.from_row(row) for row in connection.execute(statement)],
            population=NODE.c.node_type == "term",
            columns=shown,
            shown=shown,
            versioned=False,
            annotated=False,
        )

    def write(self, connection: Connection) -> None:
        """(in a transaction) What ``save`` does."""
        at, kind = now(), self.definition()
        row = (self.id.bytes, "term", self.name, at, at, self.term_kind, kind[0], self.description, kind[1])
        insert_batches(connection, [Batch(NODE, _COLUMNS, [row], ignore=True)])
        stored = connection.execute(select_terms(self.term_kind).where(NODE.c.id == self.id)).one()
        if not self.agrees(stored.artifact_otype, stored.artifact_extra or {}):
            there = f"{self.term_kind} {self.name} that is {stored.artifact_otype or 'another'}"
            raise NameTakenError(self.name, there, repr(self), "take that one, or choose another name")
        said = {"artifact_extra": self.definition()[1], "artifact_description": self.description}
        changes = {name: value for name, value in said.items() if value and value != getattr(stored, name)}
        if changes:
            connection.execute(update(NODE).where(NODE.c.id == self.id).values(**changes))
        self._take(stored)

    def definition(self) -> tuple[str | None, dict[str, Any] | None]:
        """What it is: its dtype or type, and more about it."""
        return None, None

    def agrees(self, otype: str | None, extra: dict[str, Any]) -> bool:
        """Whether what is stored under its name means the same."""
        return otype == self.definition()[0]

    def take(self, otype: str | None, extra: dict[str, Any]) -> None:
        """Be what is stored."""

    @classmethod
    def from_row(cls, row: Any) -> Self:
        """The term of a row."""
        self = cls.__new__(cls)
        self.name, self.description = row.node_label, None
        self.take(row.artifact_otype, row.artifact_extra or {})
        self._take(row)
        return self

    def _take(self, row: Any) -> None:
        self.created_at = row.node_created_at
        self.description = self.description or row.artifact_description

    def __hash__(self) -> int:
        return hash((self.term_kind, self.name))

    def __eq__(self, other: object) -> Any:
        return isinstance(other, Term) and (other.term_kind, other.name) == (self.term_kind, self.name)

    def __repr__(self) -> str:
        return f"{type(self).__name__}({self.name!r})"


def named(name: Any) -> str:
    """The same name. Raises InvalidLabelError when it is no text."""
    if not isinstance(name, str):
        raise InvalidLabelError(name, "a name is text")
    return name


def term_id(kind: str, name: str) -> UUID:
    """The id of a term: a UUID (version 8) made of its name, so that racing savers make one node."""
    digest = bytearray(sha256(f"{kind}\x00{name}".encode()).digest()[:16])
    digest[6] = digest[6] & 0x0F | 0x80
    digest[8] = digest[8] & 0x3F | 0x80
    return UUID(bytes=bytes(digest))


def select_terms(kind: str) -> Select[Any]:
    """A query of the rows that ``Term.from_row`` makes terms of."""
    return select(*(NODE.c[name] for name in _COLUMNS), NODE.c.artifact_uid).where(
        NODE.c.node_type == "term", NODE.c.artifact_kind == kind
    )
