"""What a filter found: a lazy sequence that is narrowed, sorted, counted, and read from sync and async code."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable, Generator, Iterator, Sequence
from dataclasses import dataclass, replace
from difflib import get_close_matches
from typing import Any, Generic, TypeVar, overload

from sqlalchemy import ColumnElement, Connection, Select, desc, func, or_, select
from sqlalchemy.ext.asyncio import AsyncSession

from artigraph.artifact.fields import LATEST
from artigraph.artifact.lookup import Fields, Lookup, Said, lookups
from artigraph.artifact.search import Search
from artigraph.artifact.text import table_text
from artigraph.bridge import block, method
from artigraph.errors import InvalidFilterError, MultipleNodesError, NodeNotFoundError
from artigraph.graph.engine import current_database
from artigraph.graph.schema import NODE, TAG
from artigraph.graph.value import Condition, Filter, filter_of
from artigraph.registry import load

T = TypeVar("T")

SHOWN = 20
"""Rows that the text of a query shows."""


Shown = tuple[str, Callable[[T], Any]]
"""A column: its head, and what stands there of a thing."""


@dataclass(frozen=True, slots=True)
class Kind(Generic[T]):
    """What a query is about."""

    name: str
    fields: Fields
    select: Callable[..., Select[Any]]
    """Conditions, ``latest=`` whether only latest versions -> a query of the rows that ``make`` reads."""
    make: Callable[[Connection, Select[Any]], Sequence[T]]
    population: Condition
    """Which nodes there are at all."""
    columns: Sequence[Shown[T]]
    """Of a data frame of them."""
    shown: Sequence[Shown[T]]
    """Of their table as text."""
    versioned: bool = True
    annotated: bool = True
    """They have features, so a name that is no field is one of these."""
    extend: Callable[[Connection, Sequence[T]], dict[str, list[Any]]] | None = None
    """More columns for a data frame."""


@dataclass(frozen=True, slots=True)
class _Asked:
    filters: tuple[Filter, ...] = ()
    order: tuple[tuple[str, bool], ...] = ()
    """(name of the field, whether the greatest comes first)"""
    start: int = 0
    stop: int | None = None
    versions: str = "latest"
    trash: bool | str = False


class Query(Generic[T]):
    """The things that match, in the order in which they were made; looked up anew when they are needed.

    ``for``, ``len``, ``[]`` and ``repr`` ask the database and block until it has answered; ``await query`` gives a
    list, and ``async for`` goes through it. Other methods that ask are called in a script and awaited in async code.
    """

    def __init__(self, kind: Kind[T], asked: _Asked | None = None) -> None:
        self._kind, self._asked = kind, asked or _Asked()

    # ------------------------------------------------------------ narrowing: nothing is asked yet

    def filter(
        self, *filters: Filter, versions: str | None = None, trash: bool | str | None = None, **expressions: Any
    ) -> Query[T]:
        """Those that match all of these as well.

        Args:
            filters: ``Q(...)``, ``Feature(...) > 5``, any filter, combined with ``&``, ``|``, ``~``.
            versions: "latest", or "all" versions.
            trash: True: what is in the trash, instead of what is not; "any": both.
            expressions: ``name=value`` or ``name__operator=value``; see ``Q``.

        Raises:
            InvalidFilterError: an unknown operator or name; those that exist are listed. The name of a feature is
                looked up when the query is asked.
        """
        asked = self._asked
        if versions not in (None, "latest", "all"):
            raise InvalidFilterError(f"versions is {versions!r}; it can be 'latest' or 'all'")
        if trash not in (None, True, False, "any"):
            raise InvalidFilterError(f"trash is {trash!r}; it can be True, False or 'any'")
        if versions is not None or trash is not None:
            trash = asked.trash if trash is None else trash
            asked = replace(asked, versions=versions or asked.versions, trash=trash)
        return self._narrowed(asked, self._tests(filters, expressions))

    def exclude(self, *filters: Filter, **expressions: Any) -> Query[T]:
        """Those that do not match all of these."""
        tests = self._tests(filters, expressions)
        if not tests:
            return self
        whole = tests[0]
        for each in tests[1:]:
            whole = whole & each
        return self._narrowed(self._asked, [~whole])

    def search(self, text: str) -> Query[T]:
        """Those with this text in key, label, description, or the value of a tag, label or feature; newest first.

        The case of ASCII letters does not matter.
        """
        if not isinstance(text, str):
            raise InvalidFilterError(f"search takes a text, not {text!r}")
        return self._narrowed(replace(self._asked, order=(("created_at", True),)), [Search(text)])

    def order_by(self, *names: str) -> Query[T]:
        """The same, sorted by fields; a ``-`` before a name puts the greatest first.

        Raises:
            InvalidFilterError: no such field, or none that can be sorted by; those that can are listed.
        """
        sortable = {name for name, field in self._kind.fields.items() if field.order is not None}
        order = []
        for asked in names:
            name = str(asked)
            if name.lstrip("-") not in sortable:
                listed = ", ".join(sorted(sortable))
                raise InvalidFilterError(
                    f"{self._kind.name}s are not sorted by {name.lstrip('-')!r}; there are {listed}"
                )
            order.append((name.lstrip("-"), name.startswith("-")))
        return self._narrowed(replace(self._asked, order=tuple(order)), [])

    # ------------------------------------------------------------ asking

    @method
    async def all(self, *, session: AsyncSession | None = None) -> list[T]:
        """All of them, as a list."""
        return await self._read(self._asked, session)

    @method
    async def count(self, *, session: AsyncSession | None = None) -> int:
        """How many there are."""
        rows = self._statement(self._asked, count=True).subquery()
        statement = select(func.count()).select_from(rows)

        def work(connection: Connection) -> int:
            self._check(connection)
            return int(connection.execute(statement).scalar() or 0)

        return await current_database().read(work, session=session)

    @method
    async def exists(self, *, session: AsyncSession | None = None) -> bool:
        """Whether there is any."""
        return bool(await self._read(self._cut(0, 1), session))

    @method
    async def first(self, *, session: AsyncSession | None = None) -> T | None:
        """The first one; None when there is none."""
        found = await self._read(self._cut(0, 1), session)
        return found[0] if found else None

    @method
    async def last(self, *, session: AsyncSession | None = None) -> T | None:
        """The last one; None when there is none."""
        if self._asked.start or self._asked.stop is not None:
            found = await self._read(self._asked, session)
            return found[-1] if found else None
        order = tuple((name, not down) for name, down in self._asked.order or (("id", False),))
        found = await self._read(replace(self._cut(0, 1), order=order), session)
        return found[0] if found else None

    @method
    async def one(self, *, session: AsyncSession | None = None) -> T:
        """The only one.

        Raises:
            NodeNotFoundError: there is none.
            MultipleNodesError: there are several.
        """
        found = await self._read(self._cut(0, 2), session)
        if not found:
            raise NodeNotFoundError(f"matches {self.question}", f"{self._kind.name}s can be listed with filter()")
        return self._only(found)

    @method
    async def one_or_none(self, *, session: AsyncSession | None = None) -> T | None:
        """The only one, or None. Raises MultipleNodesError when there are several."""
        found = await self._read(self._cut(0, 2), session)
        return self._only(found) if found else None

    @method
    async def to_dataframe(self, *, features: bool = False, session: AsyncSession | None = None) -> Any:
        """A ``pandas.DataFrame`` with a row for each.

        Args:
            features: a column for each feature that one of them has, as well.
            session: a session of yours.
        """
        pandas = load("pandas", "a data frame of what was found")
        kind, statement = self._kind, self._statement(self._asked)

        def work(connection: Connection) -> tuple[Sequence[T], dict[str, list[Any]]]:
            self._check(connection)
            found = kind.make(connection, statement)
            return found, kind.extend(connection, found) if features and kind.extend is not None else {}

        found, more = await current_database().read(work, session=session)
        columns = {head: [value(each) for each in found] for head, value in kind.columns}
        return pandas.DataFrame({**columns, **{name: more[name] for name in more if name not in columns}})

    def __await__(self) -> Generator[Any, Any, list[T]]:
        return self.all.a().__await__()

    async def __aiter__(self) -> AsyncIterator[T]:
        for each in await self.all.a():
            yield each

    def __iter__(self) -> Iterator[T]:
        return iter(self.all.s())

    def __len__(self) -> int:
        return self.count.s()

    def __bool__(self) -> bool:
        return self.exists.s()

    def __contains__(self, thing: object) -> bool:
        return any(each == thing for each in self)

    @overload
    def __getitem__(self, place: int) -> T: ...
    @overload
    def __getitem__(self, place: slice) -> Query[T]: ...
    def __getitem__(self, place: int | slice) -> T | Query[T]:
        if isinstance(place, slice):
            start, stop = place.start or 0, place.stop
            if place.step not in (None, 1) or start < 0 or (stop is not None and stop < 0):
                raise InvalidFilterError(
                    "a query is sliced from the front, without a step; list(query) can do the rest"
                )
            return Query(self._kind, self._cut(start, stop))
        if place < 0:
            return self.all.s()[place]
        found: list[T] = block(self._read, self._cut(place, place + 1), None)
        if not found:
            raise IndexError(f"there is no {self._kind.name} {place}, there are {len(self)}")
        return found[0]

    # ------------------------------------------------------------ showing

    @property
    def question(self) -> str:
        """What is asked, in words."""
        asked = self._asked
        parts = [repr(each) for each in asked.filters] or [f"all {self._kind.name}s"]
        order = [f"{name}, greatest first" if down else name for name, down in asked.order]
        parts += [f"by {' and '.join(order)}"] if order else []
        if self._kind.versioned:
            parts += ["all versions"] if self._every_version() else []
            parts += ["in the trash or not" if asked.trash == "any" else "in the trash"] if asked.trash else []
        return "; ".join(parts)

    def table(self, limit: int = SHOWN) -> tuple[list[str], list[list[Any]], int]:
        """The heads and cells of the first ``limit`` rows, and how many rows there are; asks the database."""
        found: list[T] = block(self._read, self._cut(0, limit), None)
        total = len(self) if len(found) == limit else len(found)
        return (
            [head for head, _ in self._kind.shown],
            [[get(each) for _, get in self._kind.shown] for each in found],
            total,
        )

    def __repr__(self) -> str:
        heads, rows, total = self.table()
        return table_text(heads, rows, total, self._kind.name)

    # ------------------------------------------------------------ how

    def _tests(self, filters: Sequence[Filter], expressions: dict[str, Any]) -> list[Filter]:
        for each in filters:
            if not isinstance(each, Filter):
                raise InvalidFilterError(f"{each!r} is no filter; write name=value, Q(...), or Feature(...) == value")
        return [*filters, *lookups(self._kind.fields, expressions, open_ended=self._kind.annotated)]

    def _narrowed(self, asked: _Asked, tests: Sequence[Filter]) -> Query[T]:
        if asked.start or asked.stop is not None:
            raise InvalidFilterError("a slice of a query cannot be narrowed or sorted; do that first, then slice")
        return Query(self._kind, replace(asked, filters=(*asked.filters, *tests)))

    def _cut(self, start: int, stop: int | None) -> _Asked:
        """What is asked, of that only this part."""
        first, last = self._asked.start + start, None if stop is None else self._asked.start + stop
        if self._asked.stop is not None:
            last = self._asked.stop if last is None else min(last, self._asked.stop)
        return replace(self._asked, start=first, stop=last if last is None else max(first, last))

    def _every_version(self) -> bool:
        if self._asked.versions == "all" or self._asked.trash:
            return True
        asked = (each for whole in self._asked.filters for each in whole.walk())
        return any(isinstance(each, Lookup) and each.field.every_version for each in asked)

    def _statement(self, asked: _Asked, *, count: bool = False) -> Select[Any]:
        kind, condition = self._kind, self._kind.population
        latest = kind.versioned and not asked.trash and not self._every_version()
        if kind.versioned:
            if asked.trash != "any":
                in_trash = NODE.c.artifact_trashed_at.is_not(None)
                condition &= in_trash if asked.trash else ~in_trash
            if latest:
                condition &= LATEST
        for each in asked.filters:
            condition = filter_of(each).compose(condition)
        statement = kind.select(condition, latest=latest)
        length = None if asked.stop is None else asked.stop - asked.start
        if count and length is None and not asked.start:
            return statement.with_only_columns(NODE.c.id)
        order: list[ColumnElement[Any]] = []
        for name, down in asked.order:
            by = kind.fields[name].order
            assert by is not None
            order += [by.is_(None), desc(by) if down else by]
        statement = statement.order_by(*order, desc(NODE.c.id) if asked.order and asked.order[0][1] else NODE.c.id)
        statement = statement.limit(length if length is not None or not asked.start else 2**62).offset(
            asked.start or None
        )
        return statement.with_only_columns(NODE.c.id) if count else statement

    async def _read(self, asked: _Asked, session: AsyncSession | None) -> list[T]:
        statement = self._statement(asked)

        def work(connection: Connection) -> list[T]:
            self._check(connection)
            return list(self._kind.make(connection, statement))

        return await current_database().read(work, session=session)

    def _check(self, connection: Connection) -> None:
        """Raise InvalidFilterError where a name is that of no field and of no feature that anybody has heard of."""
        walked = (each for whole in self._asked.filters for each in whole.walk())
        asked = {
            each.name for each in walked if isinstance(each, Said) and each.space == "feature" and not each.declared
        }
        if not asked:
            return
        is_feature = (NODE.c.node_type == "term") & (NODE.c.artifact_kind == "feature")
        features = {name for (name,) in connection.execute(select(NODE.c.node_label).where(is_feature))}
        if asked - features:
            said = or_(TAG.c.space == "feature", TAG.c.space == "column")
            features |= set(connection.scalars(select(TAG.c.name).where(said).distinct()))
        for name in sorted(asked - features, key=str):
            near = get_close_matches(str(name), [*self._kind.fields, *features], 1)
            raise InvalidFilterError(
                f"{name!r} is no field and no feature"
                + (f"; do you mean {near[0]!r}?" if near else "")
                + f"; fields are {', '.join(sorted(self._kind.fields))}; features are {_few(features)}"
            )

    def _only(self, found: Sequence[T]) -> T:
        if len(found) > 1:
            raise MultipleNodesError(self.question, len(found))
        return found[0]


def _few(names: set[str]) -> str:
    listed = sorted(names)
    more = [f"{len(listed) - 20:,} more"] if len(listed) > 20 else []
    return ", ".join([*listed[:20], *more]) or "none yet"
