"""Rows of the ORM classes, written as they are: nodes before links, and what foreign keys point to before both.

Whatever their number, rows are looked up, checked and inserted in batches. No ORM session takes part, so nothing here
ends a transaction that belongs to somebody else.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from graphlib import CycleError as GraphCycleError
from graphlib import TopologicalSorter
from itertools import groupby
from typing import Any, cast

from sqlalchemy import Connection, Table, insert, select, tuple_, update

from artigraph.errors import CycleError, ImmutableError, LabelTakenError, NodeNotFoundError
from artigraph.graph.fit import kept
from artigraph.graph.schema import LINK, NODE, Base, OrmLink, OrmNode, utc_now
from artigraph.persist.spec import OnConflict, check_label

CHUNK = 2_000

Row = Any
"""An instance of a mapped class; what its maker left out has no entry in its ``__dict__``."""


def write_rows(connection: Connection, rows: Sequence[Base], on_conflict: OnConflict) -> None:
    """Insert rows; what exists already is treated as ``on_conflict`` says.

    Args:
        connection: inside one transaction.
        rows: of any mapped classes, in any order; they get the values that were written (ids, defaults).
        on_conflict: "raise", "replace" or "ignore" when the row exists with other values.

    Raises:
        NodeNotFoundError: a link to a node that does not exist.
        LabelTakenError: a link whose label its source has already.
        ImmutableError: see ``on_conflict``; always when the stored row is of another type, and for a field of a model.
        CycleError: foreign keys of the new rows that point in a circle.
        InvalidLabelError: a label that cannot be kept.
        InvalidValueError: a value that its column does not keep.
    """
    unique = list({id(row): row for row in rows}.values())
    for row in unique:
        check_label(getattr(row, "node_label" if isinstance(row, OrmNode) else "label", None))
        _complete(row)
    links = [row for row in unique if isinstance(row, OrmLink)]
    others = [row for row in unique if not isinstance(row, OrmLink)]
    _insert(connection, _parents_first(_unstored(connection, others, on_conflict)))
    for chunk in _chunks(links):
        _check_ends(connection, chunk)
    fresh = _unstored(connection, links, on_conflict)
    for chunk in _chunks(fresh):
        _check_fields(connection, chunk)
        _check_labels(connection, chunk)
    _insert(connection, fresh)


def _complete(row: Row) -> None:
    """Give a row its values as its columns keep them, and what these say of rows that do not say it themselves."""
    for attribute in row.__mapper__.column_attrs:
        column, value = attribute.columns[0], row.__dict__.get(attribute.key)
        default = column.default
        if value is not None:
            if (ours := kept(column, value)) is not value:
                setattr(row, attribute.key, ours)
        elif default is not None and default.has_arg:
            if default.is_scalar:
                setattr(row, attribute.key, default.arg)
            elif default.is_callable:
                setattr(row, attribute.key, default.arg(None))


def _unstored(connection: Connection, rows: Sequence[Row], on_conflict: OnConflict) -> list[Row]:
    """Those rows that do not exist yet; the others are compared, and replaced where that was asked for."""
    fresh: list[Row] = []
    for table, of_table in groupby(sorted(rows, key=lambda row: _table(row).name), _table):
        for chunk in _chunks(list(of_table)):
            stored = _stored(connection, table, chunk)
            for row in chunk:
                key = _key(row)
                if key not in stored:
                    fresh.append(row)
                    stored[key] = _values(row)
                    continue
                _settle(connection, row, stored[key], on_conflict)
    return fresh


def _settle(connection: Connection, row: Row, stored: dict[str, Any], on_conflict: OnConflict) -> None:
    times = ("node_created_at", "node_updated_at")
    changed = {name: value for name, value in _values(row).items() if name not in times and stored.get(name) != value}
    is_field = isinstance(row, OrmLink) and "field" in (row.kind, stored.get("kind"))
    if changed and (on_conflict == "raise" or "node_type" in changed or (is_field and on_conflict == "replace")):
        raise ImmutableError(f"{type(row).__name__} ({', '.join(changed)} differ)", ", ".join(map(str, _key(row))))
    if changed and on_conflict == "replace":
        table = _table(row)
        mine = tuple_(*table.primary_key).in_([_key(row)])
        at = {"node_updated_at": utc_now()} if table is NODE else {}
        connection.execute(update(table).where(mine).values({**changed, **at}))


def _stored(connection: Connection, table: Table, rows: Sequence[Row]) -> dict[Any, dict[str, Any]]:
    keys = list(table.primary_key)
    asked = [_key(row) for row in rows]
    mine = keys[0].in_([key[0] for key in asked]) if len(keys) == 1 else tuple_(*keys).in_(asked)
    found = connection.execute(select(table).where(mine)).mappings()
    return {tuple(each[key.name] for key in keys): dict(each) for each in found}


def _parents_first(rows: list[Row]) -> list[Row]:
    """The rows in an order that satisfies foreign keys between nodes."""
    keys = [key for key in NODE.foreign_keys if key.column.table is NODE]
    if not keys:
        return rows
    nodes = [row for row in rows if isinstance(row, OrmNode)]
    values = {id(row): _values(row) for row in nodes}
    holders = {(key.column.name, values[id(row)].get(key.column.name)): id(row) for row in nodes for key in keys}
    order: TopologicalSorter[int] = TopologicalSorter()
    for row in nodes:
        wanted = [(key.column.name, values[id(row)].get(key.parent.name)) for key in keys]
        order.add(id(row), *(holders[want] for want in wanted if want[1] is not None and want in holders))
    try:
        places = {each: place for place, each in enumerate(order.static_order())}
    except GraphCycleError as error:
        raise CycleError("foreign keys of nodes that are written together") from error
    return sorted(rows, key=lambda row: places.get(id(row), len(places)))


def _insert(connection: Connection, rows: Sequence[Row]) -> None:
    for (table, _), alike in groupby(rows, lambda row: (_table(row), frozenset(_values(row)))):
        connection.execute(insert(table), [_values(row) for row in alike])


def _check_ends(connection: Connection, links: Sequence[OrmLink]) -> None:
    ends = {end for link in links for end in (link.source_id, link.target_id)}
    there = set(connection.scalars(select(NODE.c.id).where(NODE.c.id.in_(list(ends)))))
    if missing := ends - there:
        raise NodeNotFoundError(min(missing), "write the node before (or together with) the link")


def _check_fields(connection: Connection, links: Sequence[OrmLink]) -> None:
    """What a model holds is written by saving it, and by nobody else."""
    fields = {link.source_id: link for link in links if link.kind == "field"}
    models = NODE.c.id.in_(list(fields)) & NODE.c.model_artifact_type_name.is_not(None)
    found = connection.scalar(select(NODE.c.id).where(models).limit(1)) if fields else None
    if found is not None:
        raise ImmutableError(
            f"a new field {fields[found].label!r} of a model",
            found,
            "is no link of yours to write; write one of the kind 'user', or change the object and save it with "
            "on_conflict='replace'",
        )


def _check_labels(connection: Connection, links: Sequence[OrmLink]) -> None:
    named = [link for link in links if link.label is not None]
    rows = connection.execute(
        select(LINK.c.source_id, LINK.c.label).where(
            LINK.c.source_id.in_(list({link.source_id for link in named})),
            LINK.c.label.in_(list({link.label for link in named})),
        )
    )
    taken = {(row.source_id, row.label) for row in rows}
    for link in named:
        if (link.source_id, link.label) in taken:
            raise LabelTakenError(link.label or "", link.source_id)
        taken.add((link.source_id, link.label))


def _table(row: Row) -> Table:
    return cast("Table", row.__mapper__.local_table)


def _values(row: Row) -> dict[str, Any]:
    """Column name -> what was set on the row."""
    return {a.columns[0].name: row.__dict__[a.key] for a in row.__mapper__.column_attrs if a.key in row.__dict__}


def _key(row: Row) -> tuple[Any, ...]:
    return tuple(row.__mapper__.primary_key_from_instance(row))


def _chunks(rows: Sequence[Row]) -> Iterator[Sequence[Row]]:
    for start in range(0, len(rows), CHUNK):
        yield rows[start : start + CHUNK]
