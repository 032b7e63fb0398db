"""Reading and writing graph objects of any kind: rows, handles, models, artifacts."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from contextlib import nullcontext
from typing import Any, TypeVar

from sqlalchemy import ColumnElement, Connection, Select, and_, func, select, true
from sqlalchemy.ext.asyncio import AsyncSession
from sqlalchemy.orm import Session

from artigraph.bridge import dual
from artigraph.contract import checked
from artigraph.errors import (
    InvalidFilterError,
    InvalidOptionError,
    MultipleNodesError,
    NodeNotFoundError,
    UnserializableError,
)
from artigraph.graph.collector import resting_collector
from artigraph.graph.engine import current_database
from artigraph.graph.filter import LinkFilter, NodeFilter
from artigraph.graph.node import end_of_link
from artigraph.graph.order import in_order
from artigraph.graph.schema import NODE, Base, OrmLink, OrmNode
from artigraph.graph.select import plain_rows
from artigraph.graph.session import current_session
from artigraph.graph.value import Filter, filter_of
from artigraph.persist import fetch
from artigraph.persist.delete import delete_links, delete_nodes, delete_where
from artigraph.persist.load import LoadOptions, load_where
from artigraph.persist.mapped import write_rows
from artigraph.persist.save import SaveOptions, SaveRequest, save_many
from artigraph.persist.spec import OnConflict, is_savable
from artigraph.registry import Registry

T = TypeVar("T")


@dual
async def write_one(
    thing: Any,
    *,
    on_conflict: OnConflict = "raise",
    session: AsyncSession | None = None,
    registry: Registry | None = None,
) -> None:
    """Write a node, link, row, artifact or model. See ``write_many``."""
    await write_many.a([thing], on_conflict=on_conflict, session=session, registry=registry)


@dual
async def write_many(
    things: Iterable[Any],
    *,
    on_conflict: OnConflict = "raise",
    session: AsyncSession | None = None,
    registry: Registry | None = None,
) -> None:
    """Write nodes, links, rows, artifacts and models in one transaction: all of them, or nothing.

    Args:
        things: in any order; links may point to nodes among them.
        on_conflict: what to do with an id that exists with other content: "raise", "replace" or "ignore".
        session: a session of yours, which you commit.
        registry: where to look for serializers and storages.

    Raises:
        NodeNotFoundError: a link to a node that does not exist.
        LabelTakenError: a link whose label its source has already.
        ImmutableError: see ``on_conflict``; always for a link of the kind ``field``, which would change a saved model.
        UnserializableError: something that is none of these kinds of things.
    """
    selves: list[Any] = []
    requests: list[SaveRequest] = []
    rows: list[Base] = []
    for thing in {id(thing): thing for thing in _listed(things)}.values():  # each once
        if is_savable(thing):
            requests.append(SaveRequest(thing))
        elif getattr(thing, "graph_saves_itself", False):
            selves.append(thing)
        elif hasattr(thing, "graph_save_request"):
            requests.append(thing.graph_save_request())
        elif isinstance(thing, Base):
            rows.append(thing)
        elif hasattr(thing, "to_row"):
            rows.append(thing.to_row())
        else:
            raise UnserializableError(
                "the thing to write",
                type(thing).__name__,
                "write models, artifacts, nodes and links; artigraph.save() takes any value",
            )
    also = (lambda connection: write_rows(connection, rows, on_conflict)) if rows else None
    options = SaveOptions(on_conflict=on_conflict, session=session, registry=registry, also=also)
    is_one_write = not selves or (len(selves) == 1 and not requests and not rows)
    async with nullcontext() if is_one_write or session is not None else current_session():
        for each in selves:
            await each.save.a(on_conflict=on_conflict, session=session, registry=registry)
        if requests or rows or not selves:
            await save_many(requests, options)


@dual
async def read(
    cls: type[T],
    where: Filter | None = None,
    *,
    order_by: str | Sequence[str] | None = None,
    limit: int | None = None,
    offset: int = 0,
    session: AsyncSession | None = None,
    registry: Registry | None = None,
    track: bool = True,
) -> list[T]:
    """Everything of a class that a filter matches, oldest first.

    Args:
        cls: a model class (its subclasses count), Node, Link, Artifact, Span, or a row class.
        where: None matches all.
        order_by: names of columns, with ``-`` before them from the greatest on: ``["-size", "label"]``.
        limit: at most so many; None: all.
        offset: leave out so many first.
        session: a session of yours.
        registry: where to look for serializers, storages and models.
        track: False keeps models out of the open span's inputs.

    Raises:
        InvalidFilterError: the class cannot be read, ``where`` is no filter, or ``order_by`` names no column.
        InvalidOptionError: ``limit`` or ``offset`` is no count.
    """
    row: Any = _row_class(cls)
    for name, count in (("limit", limit), ("offset", offset)):
        if not (isinstance(count, int) and count >= 0) and count is not None:
            raise InvalidOptionError(name, count, "a number of things")
    if hasattr(cls, "graph_model_data"):
        statement = _models(cls, where).order_by(*in_order(NODE, order_by)).limit(limit).offset(offset or None)
        return await load_where(statement, LoadOptions(session=session, registry=registry, track=track))
    handle: Any = cls
    if hasattr(cls, "matching"):
        order, condition = in_order(NODE, order_by), _condition(where, true())
        return await current_database().read(
            lambda connection: handle.matching(connection, condition, order, limit, offset), session=session
        )
    columns = getattr(cls, "row_columns", None)
    statement = select(row) if columns is None else select(*columns)
    if columns is not None and row is not OrmNode:
        statement = statement.where(NodeFilter(node_type=row).compose(true()))
    statement = (
        statement.where(_condition(where, true(), row))
        .order_by(*in_order(row.__table__, order_by))
        .limit(limit)
        .offset(offset or None)
    )

    def work(connection: Connection) -> Sequence[Any]:
        if columns is not None:
            with resting_collector:
                return list(handle.from_rows(connection, plain_rows(connection, statement)))
        with Session(bind=connection, expire_on_commit=False) as orm:
            found = orm.scalars(statement).all()
            orm.expunge_all()
        return handle.from_rows(connection, found) if hasattr(cls, "from_rows") else found

    return list(await current_database().read(work, session=session))


@dual
async def read_one(cls: type[T], where: Filter | None = None, **options: Any) -> T:
    """The one object that a filter matches.

    Raises:
        NodeNotFoundError: none matches.
        MultipleNodesError: several do.
    """
    found = await read_one_or_none.a(cls, where, **options)
    if found is None:
        raise NodeNotFoundError(f"of class {cls.__name__} matches {where}", "exists() asks without an error")
    return found


@dual
async def read_one_or_none(cls: type[T], where: Filter | None = None, **options: Any) -> T | None:
    """The one object that a filter matches, or None. Raises MultipleNodesError when several match."""
    found = await read.a(cls, where, limit=2, **options)
    if len(found) > 1:
        raise MultipleNodesError(where, len(found))
    return found[0] if found else None


@dual
async def exists(cls: type | Filter, where: Filter | None = None, *, session: AsyncSession | None = None) -> bool:
    """Whether anything of a class matches a filter; with a filter alone, any node or link."""
    kind, where = _asked(cls, where)
    statement = select(func.count()).select_from(_ids(kind, where).limit(1).subquery())

    def work(connection: Connection) -> bool:
        return bool(connection.execute(statement).scalar())

    return await current_database().read(work, session=session)


@dual
async def delete(
    cls: type | Filter, where: Filter | None = None, *, outputs: bool = False, session: AsyncSession | None = None
) -> int:
    """Delete everything of a class that a filter matches, with what belongs to nobody else.

    Args:
        cls: as for ``read``; or a filter alone, of nodes or links.
        where: None matches all of the class.
        outputs: of spans, what they made as well.
        session: a session of yours, which you commit.

    Returns:
        How many matched.

    Raises:
        ImmutableError: a part of a model that stays, or the link to it; nothing is deleted then.
    """
    kind, where = _asked(cls, where)
    if issubclass(_row_class(kind), OrmLink):
        return await delete_links(_ids(kind, where), session=session)
    return await delete_where(_Of(kind, where), outputs=outputs, session=session)


@dual
async def delete_one(thing: Any, *, outputs: bool = False, session: AsyncSession | None = None) -> None:
    """Delete a node, link, row, artifact or model, or the node of an id.

    Raises:
        NodeNotFoundError: it is not there.
        ImmutableError: it is a part of a model that stays; delete that, or save it with other parts.
    """
    if await delete_many.a([thing], outputs=outputs, session=session) == 0:
        raise NodeNotFoundError(end_of_link(thing))


@dual
async def delete_many(things: Iterable[Any], *, outputs: bool = False, session: AsyncSession | None = None) -> int:
    """Delete several in one transaction; returns how many existed. An empty list deletes nothing.

    Raises:
        ImmutableError: one is a part of a model that stays; nothing is deleted then.
    """
    things = list(_listed(things))
    links = [thing.id for thing in things if _is_link(thing)]
    nodes = [end_of_link(thing).bytes for thing in things if not _is_link(thing)]
    return await delete_nodes(nodes, links=links, outputs=outputs, session=session) if things else 0


def _listed(things: Iterable[Any]) -> Iterable[Any]:
    return checked("things", things, Iterable, "a list of them; write_one() and delete_one() take one")


class _Of(Filter):
    """The nodes of a class that a filter matches."""

    def __init__(self, cls: type, where: Filter | None) -> None:
        self._cls, self._where = cls, where

    def compose(self, condition: ColumnElement[bool]) -> ColumnElement[bool]:
        return and_(condition, NODE.c.id.in_(_ids(self._cls, self._where)))


def _is_link(thing: Any) -> bool:
    return getattr(type(thing), "row_class", type(thing)) is OrmLink


def _row_class(cls: Any) -> type[Base]:
    if isinstance(cls, type) and hasattr(cls, "graph_model_data"):
        return OrmNode
    found: Any = getattr(cls, "row_class", cls) if isinstance(cls, type) else None
    if not (isinstance(found, type) and issubclass(found, OrmNode | OrmLink)):
        raise InvalidFilterError(
            f"{cls.__name__ if isinstance(cls, type) else repr(cls)[:80]} is no class of things in the graph; give a "
            "model, Node, Link, Artifact, Span or a row class (load() and delete_one() take one thing or its id)"
        )
    return found


def _models(cls: Any, where: Filter | None) -> Select[Any]:
    names: list[str] = []
    found = [cls]
    while found:
        each = found.pop()
        names.append(each.graph_model_name)
        found += each.__subclasses__()
    of_class = NODE.c.model_artifact_type_name.in_(names)
    return select(*fetch.COLUMNS).where(_condition(where, of_class))


def _asked(cls: Any, where: Filter | None) -> tuple[Any, Filter | None]:
    """The class and the filter; a filter alone speaks of nodes, or of links when it names something of theirs."""
    if not isinstance(cls, Filter):
        return cls, where
    of_links = any(each.about == LinkFilter.about for each in cls.walk())
    return (OrmLink if of_links else OrmNode), cls if where is None else cls & where


def _ids(cls: type, where: Filter | None) -> Select[Any]:
    row: Any = _row_class(cls)
    if hasattr(cls, "graph_model_data"):
        return _models(cls, where).with_only_columns(NODE.c.id)
    return select(row.id).where(_condition(where, true(), row))


def _condition(where: Filter | None, condition: ColumnElement[bool], row: type[Base] = OrmNode) -> ColumnElement[bool]:
    about = LinkFilter.about if issubclass(row, OrmLink) else NodeFilter.about
    return condition if where is None else filter_of(where, about).compose(condition)
