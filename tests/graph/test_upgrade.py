from __future__ import annotations

import sqlite3
import subprocess
import sys

import pytest
from sqlalchemy import MetaData, inspect

import artigraph as ag
from artigraph.bridge import block
from artigraph.errors import SchemaTooNewError, SchemaTooOldError
from artigraph.graph.engine import current_database
from artigraph.graph.schema import OUR_COLUMNS, SCHEMA_VERSION
from artigraph.graph.upgrade import upgrade
from tests.stores import rows

FRESH = """
import sys
import artigraph as ag
ag.set_engine(sys.argv[1], create_tables=True)
ag.save(1, "n")
"""


def definitions(path):
    """Name -> SQL of everything in the file, with spaces and quotes made alike."""
    found = rows(path, "SELECT name, sql FROM sqlite_master WHERE sql IS NOT NULL")
    return {name: " ".join(sql.replace('"', "").split()) for name, sql in found}


def stamped(path, version):
    connection = sqlite3.connect(path)
    connection.execute("CREATE TABLE IF NOT EXISTS artigraph_schema (version_num VARCHAR(32) NOT NULL PRIMARY KEY)")
    connection.execute("DELETE FROM artigraph_schema")
    if version is not None:
        connection.execute("INSERT INTO artigraph_schema VALUES (?)", (version,))
    connection.commit()
    connection.close()


@pytest.fixture
def made(tmp_path):
    """A database as a process without node types of its own makes it."""
    path = tmp_path / "made.db"
    subprocess.run([sys.executable, "-W", "error", "-c", FRESH, f"sqlite:///{path}"], check=True)
    return path


def test_the_first_revision_makes_the_very_tables_that_a_new_database_has(tmp_path, made):
    path = tmp_path / "x.db"
    reset = ag.set_engine(f"sqlite:///{path}", create_tables=True)
    copy = upgrade()
    reset()
    assert copy is not None
    assert definitions(path) == definitions(made)
    assert rows(path, "SELECT version_num FROM artigraph_schema") == [(SCHEMA_VERSION,)]


def test_an_upgraded_database_is_usable_and_needs_no_second_upgrade(tmp_path):
    path = tmp_path / "x.db"
    stamped(path, None)
    reset = ag.set_engine(f"sqlite:///{path}", create_tables=True)
    copy = upgrade()
    assert copy is not None
    assert rows(copy, "SELECT name FROM sqlite_master WHERE type = 'table'") == [("artigraph_schema",)]
    assert copy.stat().st_mode & 0o777 == 0o600
    assert ag.load(ag.save([1])) == [1]
    assert upgrade() is None
    assert len(list(tmp_path.glob("*.schema-*"))) == 1
    reset()


def test_an_older_database_is_told_before_anything_is_done(made):
    stamped(made, "0000")
    reset = ag.set_engine(f"sqlite:///{made}", create_tables=True)
    with pytest.raises(SchemaTooOldError, match="upgrade"):
        ag.load("n")
    reset()


def test_a_newer_database_is_refused(made):
    stamped(made, "9999")
    reset = ag.set_engine(f"sqlite:///{made}")
    with pytest.raises(SchemaTooNewError, match="9999"):
        upgrade()
    reset()
    assert rows(made, "SELECT version_num FROM artigraph_schema") == [("9999",)]


def test_a_failing_upgrade_changes_nothing(made):
    stamped(made, "0000")
    before = definitions(made)
    reset = ag.set_engine(f"sqlite:///{made}")
    with pytest.raises(Exception, match="0000"):  # no revision is called that
        upgrade()
    reset()
    assert definitions(made) == before
    assert rows(made, "SELECT version_num FROM artigraph_schema") == [("0000",)]


def test_alembic_is_not_loaded_before_it_is_needed():
    script = "import artigraph.graph.upgrade, sys; sys.exit('alembic' in sys.modules)"
    subprocess.run([sys.executable, "-c", script], check=True)


def test_on_a_server_the_revisions_make_the_tables_of_a_new_database(empty_database):
    """The same columns, defaults, keys and indexes, under the same names."""

    def is_ours(table, columns):
        """Not of a node type that another test defined."""
        return table != "artigraph_node" or {*columns} <= OUR_COLUMNS

    def described(connection):
        inspector = inspect(connection)
        return {
            table: (
                sorted(
                    (column["name"], str(column["type"]), column["nullable"], column["default"])
                    for column in inspector.get_columns(table)
                    if is_ours(table, [column["name"]])
                ),
                inspector.get_pk_constraint(table)["constrained_columns"],
                sorted(
                    (key["constrained_columns"], key["referred_table"])
                    for key in inspector.get_foreign_keys(table)
                    if is_ours(table, key["constrained_columns"])
                ),
                sorted(
                    (index["name"], index["column_names"], index["unique"])
                    for index in inspector.get_indexes(table)
                    if index["name"].startswith("artigraph_") and is_ours(table, index["column_names"])
                ),
            )
            for table in inspector.get_table_names()
        }

    seen = []
    for make in ("upgrade", "create"):
        reset = ag.set_engine(empty_database, create_tables=make == "create")
        database = current_database()
        if make == "upgrade":
            assert upgrade() is None
        else:
            block(database.prepare, create=True)
        seen.append(block(database.read, described))
        block(database.write, drop_all)
        block(database.close)
        reset()
    assert seen[0] == seen[1]
    assert seen[0].keys() >= {"artigraph_node", "artigraph_link", "artigraph_schema"}


def drop_all(connection):
    """An empty database again."""
    found = MetaData()
    found.reflect(connection)
    found.drop_all(connection)
