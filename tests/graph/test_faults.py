from __future__ import annotations

import asyncio
from contextlib import contextmanager
from dataclasses import dataclass

import pytest
from sqlalchemy import func, make_url, select, text
from sqlalchemy.exc import IntegrityError

import artigraph as ag
from artigraph.bridge import block
from artigraph.errors import (
    CannotOpenError,
    ConnectionLostError,
    InvalidLabelError,
    StorageReadOnlyError,
    StoreBusyError,
    TablesMissingError,
)
from artigraph.graph.engine import current_database
from artigraph.graph.faults import shown_url
from artigraph.graph.schema import NODE
from tests.servers.server import free_port
from tests.servers.use import execute

SECRET = "open sesame"


@dataclass
class Faulty(ag.ArtifactModel):
    x: int


@contextmanager
def using(url, **options):
    reset = ag.set_engine(url, **options)
    database = current_database()
    try:
        yield database
    finally:
        reset()
        block(database.close)


def changed(url, **parts) -> str:
    return make_url(url).set(**parts).render_as_string(hide_password=False)


def everything(error: BaseException | None) -> str:
    """What a user sees of an error and of all that led to it."""
    told = ""
    while error is not None:
        told += f"{error!r} {error}"
        error = error.__cause__ or error.__context__
    return told


def test_a_wrong_password_a_missing_database_and_a_server_that_is_not_there_are_told(empty_database):
    for url, kind, said in (
        (changed(empty_database, password="wr0ng"), CannotOpenError, "refused this user or password"),
        (changed(empty_database, database="nowhere"), CannotOpenError, "there is no database"),
        (changed(empty_database, port=free_port()), ConnectionLostError, "does not answer"),
        (changed(empty_database, host="no-such-host.invalid"), ConnectionLostError, "does not answer"),
    ):
        with using(url, create_tables=True), pytest.raises(kind, match=said) as caught:
            ag.save(1)
        for secret in ("wr0ng", SECRET, "open%20sesame"):
            assert secret not in everything(caught.value)


def test_a_database_is_shown_without_its_password_wherever_that_stands():
    shown = shown_url(make_url("postgresql+asyncpg://me:canary@host/db?password=canary&sslmode=require"))
    assert "canary" not in shown
    assert "sslmode=require" in shown
    assert shown_url(make_url("sqlite+aiosqlite:////tmp/x.db")) == "sqlite+aiosqlite:////tmp/x.db"


def test_missing_tables_are_told_and_made_when_asked_for(empty_database):
    with using(empty_database):
        with pytest.raises(TablesMissingError, match=r"create_tables\(\)"):
            ag.save(1)
        ag.create_tables()
        assert ag.load(ag.save(1)) == 1


def test_a_table_that_is_gone_is_told(empty_database):
    with using(empty_database, create_tables=True):
        ag.save(1, "n")
        execute(empty_database, "DROP TABLE artigraph_link")
        with pytest.raises(TablesMissingError):
            ag.save(Faulty(1))
        execute(empty_database, "CREATE TABLE artigraph_link (x int)")
        with pytest.raises(TablesMissingError):
            ag.save(Faulty(1))


def test_a_database_that_may_only_be_read_still_loads(server_store):
    ag.save([1, 2], "n")
    name = make_url(server_store).database
    if server_store.startswith("postgresql"):
        execute(server_store, f"ALTER DATABASE {name} SET default_transaction_read_only = on")
        url = server_store
    else:
        execute(
            server_store,
            f"CREATE USER '{name}'@'127.0.0.1' IDENTIFIED BY '{SECRET}'",
            f"GRANT SELECT ON {name}.* TO '{name}'@'127.0.0.1'",
        )
        url = changed(server_store, username=name)
    with using(url):
        assert ag.load("n") == [1, 2]
        with pytest.raises(StorageReadOnlyError):
            ag.save(1)
    if server_store.startswith("postgresql"):
        execute(server_store, "SET default_transaction_read_only = off", f"ALTER DATABASE {name} RESET ALL")
    else:
        execute(server_store, f"DROP USER '{name}'@'127.0.0.1'")


def test_a_row_that_another_transaction_holds_is_waited_for_as_long_as_busy_timeout_says(server_store):
    model = Faulty(1)
    model.save()
    hold = select(NODE).where(NODE.c.id == model.id).with_for_update()
    with ag.current_session() as group:
        group.execute(hold)
        with using(server_store, busy_timeout=1), pytest.raises(StoreBusyError) as caught:
            ag.delete_one(model)
        assert caught.value.retryable
    ag.delete_one(model)
    assert not ag.exists(ag.Node)


def test_connections_that_are_all_taken_are_told(server_store):
    database = current_database()
    ag.save(1)
    pool = database._door._engine.sync_engine.pool
    pool._timeout = 0.1
    sleep = "SELECT pg_sleep(2)" if server_store.startswith("postgresql") else "SELECT sleep(2)"

    async def crowd() -> list[object]:
        works = [database.read(lambda connection: connection.execute(text(sleep)).scalar()) for _ in range(20)]
        return await asyncio.gather(*works, return_exceptions=True)

    ended = block(crowd)
    assert {type(each) for each in ended if isinstance(each, Exception)} == {StoreBusyError}


def test_text_that_the_server_cannot_keep_is_told(server_store):
    ag.write_one(ag.Node("a"))
    with pytest.raises(InvalidLabelError, match="surrogate"):
        ag.read(ag.Node, ag.NodeFilter(label="\ud800"))
    if server_store.startswith("postgresql"):
        with pytest.raises(InvalidLabelError, match="NUL"):
            ag.read(ag.Node, ag.NodeFilter(label="\0"))
    assert len(ag.read(ag.Node)) == 1


def test_a_broken_constraint_stays_an_integrity_error(server_store):
    node = ag.Node()
    ag.write_one(node)
    twice = NODE.insert().values(id=node.id, node_type="node")

    def work(connection):
        connection.execute(twice)

    with pytest.raises(IntegrityError):
        block(current_database().write, work)
    assert block(current_database().read, lambda c: c.execute(select(func.count()).select_from(NODE)).scalar()) == 1
