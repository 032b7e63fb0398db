"""Making and checking the tables of a database."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from sqlalchemy import Connection, UniqueConstraint, insert, inspect, select
from sqlalchemy.schema import CreateColumn

from artigraph.errors import SchemaTooNewError, SchemaTooOldError, TablesMissingError
from artigraph.graph.locks import make_buckets, tables_lock
from artigraph.graph.schema import NODE, OUR_COLUMNS, SCHEMA, SCHEMA_VERSION, Base

if TYPE_CHECKING:
    from artigraph.graph.server import ServerDoor
    from artigraph.graph.sqlite import SqliteDoor


def column_count() -> int:
    """How many columns a node has by now; grows when a user's node type is defined."""
    return len(NODE.columns)


async def prepare_tables(door: SqliteDoor | ServerDoor, *, create: bool) -> int:
    """Check the tables behind ``door``; with ``create``, make what is missing.

    Returns:
        The number of node columns that were checked for.

    Raises:
        TablesMissingError: tables of ours are missing and ``create`` is False.
        SchemaTooNewError, SchemaTooOldError: another artigraph made them.
    """
    columns = column_count()
    missing = await door.read(_missing)
    if missing and create:
        await door.write(_make)
    elif missing and not missing <= set(NODE.columns.keys()) - OUR_COLUMNS:
        raise TablesMissingError(f"{door.where} has no {', '.join(sorted(missing)[:3])}")
    return columns


def stored_version(connection: Connection) -> str | None:
    """The version that the database is stamped with; None when it has no stamp."""
    if not inspect(connection).has_table(SCHEMA.name):
        return None
    found: str | None = connection.execute(select(SCHEMA.c.version_num)).scalar()
    return found


def _missing(connection: Connection) -> set[str]:
    inspector = inspect(connection)
    tables = set(inspector.get_table_names())
    stored = stored_version(connection) if SCHEMA.name in tables else None
    if stored is not None and stored > SCHEMA_VERSION:
        raise SchemaTooNewError(stored, SCHEMA_VERSION)
    if stored is not None and stored < SCHEMA_VERSION:
        raise SchemaTooOldError(stored, SCHEMA_VERSION)
    missing = {f"table {name}" for name in Base.metadata.tables if name not in tables}
    if NODE.name in tables:
        missing |= set(NODE.columns.keys()) - {str(column["name"]) for column in inspector.get_columns(NODE.name)}
    return missing


def _make(connection: Connection) -> None:
    with tables_lock(connection):
        _make_missing(connection, _missing(connection))


def _make_missing(connection: Connection, missing: set[str]) -> None:
    make_buckets(connection)
    Base.metadata.create_all(connection)
    if stored_version(connection) is None:
        connection.execute(insert(SCHEMA).values(version_num=SCHEMA_VERSION))
    if f"table {NODE.name}" in missing:
        return
    for name in sorted(missing & set(NODE.columns.keys())):
        column = CreateColumn(NODE.columns[name]).compile(dialect=connection.dialect)
        keys = [f"REFERENCES {key.column.table.name} ({key.column.name})" for key in NODE.c[name].foreign_keys]
        inline = keys if connection.dialect.name == "sqlite" else []  # the one way there, and none on MySQL
        connection.exec_driver_sql(f"ALTER TABLE {NODE.name} ADD COLUMN {' '.join([str(column), *inline])}")
        for key in keys if not inline else ():
            quoted = connection.dialect.identifier_preparer.quote(name)
            connection.exec_driver_sql(f"ALTER TABLE {NODE.name} ADD FOREIGN KEY ({quoted}) {key}")
    for index in NODE.indexes:
        index.create(connection, checkfirst=True)
    _add_uniques(connection)


def _add_uniques(connection: Connection) -> None:
    """Unique constraints of node types that were defined since, as indexes: a table that exists takes no others."""
    inspector = inspect(connection)
    there: list[set[Any]] = [set(found["column_names"]) for found in inspector.get_unique_constraints(NODE.name)]
    there += [set(found["column_names"]) for found in inspector.get_indexes(NODE.name) if found["unique"]]
    for constraint in NODE.constraints:
        names = [column.name for column in constraint.columns] if isinstance(constraint, UniqueConstraint) else []
        if names and set(names) not in there:
            preparer = connection.dialect.identifier_preparer
            listed = ", ".join(map(preparer.quote, names))
            index = preparer.quote(f"uq_{'_'.join(names)}"[:60])
            connection.exec_driver_sql(f"CREATE UNIQUE INDEX {index} ON {NODE.name} ({listed})")
