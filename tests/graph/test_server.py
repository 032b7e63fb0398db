from __future__ import annotations

import asyncio
import os
import subprocess
import sys
import time
from contextlib import contextmanager
from dataclasses import dataclass
from itertools import pairwise
from pathlib import Path
from uuid import uuid4

import pytest
from sqlalchemy import func, select, text
from sqlalchemy.ext.asyncio import AsyncSession, create_async_engine

import artigraph as ag
from artigraph.bridge import block
from artigraph.errors import ConnectionLostError, SchemaTooNewError
from artigraph.graph.engine import current_database
from artigraph.graph.schema import LINK, NODE
from artigraph.graph.upgrade import upgrade
from tests.servers.server import PLACE, started, stop
from tests.servers.use import KINDS, MARIADB, POSTGRES, execute
from tests.stores import MODELS, PARTS, check_models


@dataclass
class Served(ag.ArtifactModel):
    x: int


def nodes(url: str) -> int:
    return int(execute(url, "SELECT count(*) FROM artigraph_node")[0][0])


@contextmanager
def using(url, **options):
    reset = ag.set_engine(url, **options)
    database = current_database()
    try:
        yield database
    finally:
        reset()
        block(database.close)


def test_a_read_of_several_statements_sees_one_moment(server_store):
    ag.save(1)
    count = select(func.count()).select_from(NODE)

    def work(connection):
        before = connection.execute(count).scalar()
        connection.exec_driver_sql("SELECT pg_sleep(1)" if server_store.startswith("post") else "SELECT sleep(1)")
        return before, connection.execute(count).scalar()

    async def both():
        reading = asyncio.ensure_future(current_database().read(work))
        await asyncio.sleep(0.3)
        await current_database().write(lambda c: c.execute(NODE.insert(), {"node_type": "node"}))
        return await reading

    before, after = block(both)
    assert before == after == 1
    assert nodes(server_store) == 2


def test_what_a_read_writes_is_rolled_back(server_store):
    block(current_database().read, lambda c: c.execute(NODE.insert(), {"node_type": "node"}))
    assert nodes(server_store) == 0


def test_a_walk_goes_deeper_than_a_server_goes_by_itself(server_store):
    chain = [ag.Node(str(n)) for n in range(1501)]
    ag.write_many([*chain, *(ag.Link(a, b) for a, b in pairwise(chain))])
    assert len(ag.read(ag.Node, ag.NodeFilter(descendant_of=chain[0]))) == 1500
    assert len(ag.read(ag.Node, ag.NodeFilter(ancestor_of=chain[-1]))) == 1500


async def test_an_engine_of_the_caller_is_used_from_any_loop(empty_database):
    engine = create_async_engine(empty_database, pool_size=2)
    reset = ag.set_engine(engine, create_tables=True)
    node_id = await ag.save(Served(1))
    async with engine.connect() as connection:
        assert (await connection.execute(text("SELECT count(*) FROM artigraph_node"))).scalar() == 2
    assert await asyncio.to_thread(lambda: asyncio.run(load_in_a_loop(node_id))) == Served(1)
    assert await asyncio.to_thread(lambda: ag.load.s(node_id)) == Served(1)
    database = current_database()
    reset()
    await asyncio.to_thread(block, database.close)
    await engine.dispose()


async def load_in_a_loop(node_id):
    return await ag.load(node_id)


async def test_a_session_of_the_caller_is_committed_by_the_caller(server_store):
    engine = ag.get_engine()
    async with AsyncSession(engine) as session:
        node_id = await ag.save(Served(1), session=session)
        assert await ag.load(node_id, session=session) == Served(1)
        assert await asyncio.to_thread(nodes, server_store) == 0
        await session.commit()
    assert await asyncio.to_thread(nodes, server_store) == 2
    async with AsyncSession(engine) as session:
        await ag.save(Served(2), session=session)
        await session.rollback()
    assert await asyncio.to_thread(nodes, server_store) == 2
    await engine.dispose()


async def test_many_tasks_at_once_wait_for_a_connection_and_lose_nothing(server_store):
    await asyncio.gather(*(ag.save(Served(n)) for n in range(60)))
    assert sorted(each.x for each in await ag.read(Served)) == list(range(60))


async def test_a_cancelled_save_is_whole_or_not_there_and_the_next_one_works(server_store):
    for n in range(12):
        task = asyncio.ensure_future(ag.save.a(Served(n), f"n{n}"))
        await asyncio.sleep(0.004 * n)
        task.cancel()
        await asyncio.wait([task])
    await ag.save(Served(99))
    assert len(await ag.read(Served)) * 2 == len(await ag.read(ag.Node)) == await asyncio.to_thread(nodes, server_store)


def test_a_fork_in_the_middle_gives_each_process_its_own_connections(server_store):
    ag.save(Served(1))
    child = os.fork()
    if child == 0:
        status = 1
        try:
            ag.save(Served(2))
            status = 0 if len(ag.read(Served)) >= 2 else 2
        finally:
            os._exit(status)
    ag.save(Served(3))
    assert os.waitpid(child, 0)[1] == 0
    assert sorted(each.x for each in ag.read(Served)) == [1, 2, 3]


@pytest.mark.parametrize("scheme", ["postgresql://asyncpg", "mariadb://asyncmy", "mysql://asyncmy"])
def test_a_driver_that_is_not_installed_is_named(scheme):
    backend, driver = scheme.split("://")
    program = (
        f"import sys; sys.modules[{driver!r}] = None\nimport artigraph as ag\n"
        f"ag.set_engine('{backend}://me@127.0.0.1/x')\nag.save(1)"
    )
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=False)
    assert f"MissingLibraryError: a {backend} database needs {driver}: pip install {driver}" in done.stderr


def test_an_upgrade_of_an_empty_database_makes_the_very_tables_that_a_new_one_has(empty_database):
    columns = (
        "SELECT table_name, column_name, data_type, is_nullable, character_maximum_length, collation_name"
        " FROM information_schema.columns WHERE table_name LIKE 'artigraph%' AND table_schema IN"
        f" ('public', '{empty_database.rpartition('/')[2]}') ORDER BY table_name, column_name"
    )
    with using(empty_database, create_tables=True):
        assert upgrade() is None
        assert upgrade() is None
        made = execute(empty_database, columns)
        assert ag.load(ag.save([1])) == [1]
        fresh = execute(empty_database, columns)
        assert {row[:2] for row in made} <= {row[:2] for row in fresh}
        assert set(made) <= set(fresh)
        execute(empty_database, "UPDATE artigraph_schema SET version_num = '9999'")
    with using(empty_database), pytest.raises(SchemaTooNewError, match="9999"):
        upgrade()


@pytest.fixture(params=[POSTGRES, MARIADB])
def own_server(request):
    """A server for one test, which may stop it."""
    server = started(KINDS[request.param], Path(os.environ[PLACE]) / f"own-{uuid4().hex[:8]}")
    yield server
    stop(server.pid)


@pytest.mark.timeout(100)
def test_a_server_that_crashes_and_comes_back_has_what_was_saved_and_nothing_half(own_server):
    with own_server.database("crash") as url, using(url, create_tables=True):
        ag.save(Served(1), "kept")
        with pytest.raises(ConnectionLostError) as caught, ag.current_session():  # noqa: PT012 - the block is the point
            ag.save(Served(2), "lost")
            own_server.crash()
            ag.save(Served(3), "lost too")
        assert caught.value.retryable
        with pytest.raises(ConnectionLostError, match="does not answer"):
            ag.save(Served(4))
        own_server.start()
        assert ag.load("kept") == Served(1)
        ag.save(Served(5))
        assert sorted(each.x for each in ag.read(Served)) == [1, 5]
        check_models(execute(url, MODELS), execute(url, PARTS))


@pytest.mark.full
@pytest.mark.timeout(100)
async def test_a_server_that_crashes_under_load_keeps_every_save_it_answered(own_server):
    with own_server.database("loaded") as url:
        reset = ag.set_engine(url, create_tables=True)
        await ag.save(Served(-1))
        saved, failed = [], []

        async def worker(first):
            for n in range(first, first + 40):
                try:
                    await ag.save(Served(n))
                    saved.append(n)
                except ConnectionLostError:
                    failed.append(n)
                    await asyncio.sleep(0.05)

        async def crash():
            await asyncio.sleep(0.1)
            await asyncio.to_thread(own_server.crash)
            await asyncio.sleep(0.2)
            await asyncio.to_thread(own_server.start)

        await asyncio.gather(crash(), *(worker(100 * k) for k in range(8)))
        await ag.save(Served(-2))
        found = {each.x for each in await ag.read(Served)}
        assert {*saved, -1, -2} <= found
        assert failed
        models, parts = await asyncio.to_thread(execute, url, MODELS), await asyncio.to_thread(execute, url, PARTS)
        check_models(models, parts)
        assert len(parts) == len(models)
        links = await asyncio.to_thread(execute, url, f"SELECT count(*) FROM {LINK.name}")
        assert links == [(len(models),)]
        database = current_database()
        reset()
        await asyncio.to_thread(block, database.close)


def connections(url: str) -> int:
    """How many connections to a database are open, besides the one that asks."""
    if url.startswith("postgresql"):
        [(count,)] = execute(
            url, "SELECT count(*) FROM pg_stat_activity WHERE datname = current_database() AND pid <> pg_backend_pid()"
        )
    else:
        [(count,)] = execute(
            url, "SELECT count(*) FROM information_schema.processlist WHERE db = database() AND id <> connection_id()"
        )
    return int(count)


def test_another_engine_closes_the_connections_to_a_server(server_store):
    ag.save(1, "n")
    assert connections(server_store) == 1
    after = ag.set_engine("sqlite://")
    until = time.monotonic() + 20
    while connections(server_store):
        assert time.monotonic() < until
        time.sleep(0.01)
    after()
    assert ag.load("n") == 1
