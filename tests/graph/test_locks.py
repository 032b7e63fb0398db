from __future__ import annotations

import asyncio

import pytest
from sqlalchemy import text

import artigraph as ag
from artigraph.bridge import block
from artigraph.digest import digest_bytes
from artigraph.errors import StoreBusyError
from artigraph.graph.engine import current_database
from artigraph.graph.locks import share_blobs, take_blobs
from tests.servers.use import execute

SOME, SAME, OTHER = b"\x01" * 32, b"\x01" + b"\x02" * 31, b"\xff" * 32


@pytest.fixture
def hasty(server_store):
    """A second setting for the same database, which waits a second for locks."""
    reset = ag.set_engine(server_store, busy_timeout=1)
    database = current_database()
    reset()
    yield database
    block(database.close)


def taking(hashes):
    return lambda connection: take_blobs(connection, hashes)


def sharing(hashes):
    return lambda connection: share_blobs(connection, hashes)


def test_savers_of_one_blob_go_together_and_removers_wait_for_them(server_store, hasty):
    with ag.current_session() as group:
        block(group._group.step, sharing([SOME, OTHER]))
        block(hasty.write, sharing([SAME]))
        block(hasty.write, taking([b"\x02" * 32]))
        for wanted in (SOME, SAME, OTHER):
            with pytest.raises(StoreBusyError):
                block(hasty.write, taking([wanted]))
    block(hasty.write, taking([SOME, SAME, OTHER]))


def test_savers_wait_for_a_remover(server_store, hasty):
    with ag.current_session() as group:
        block(group._group.step, taking([SOME]))
        with pytest.raises(StoreBusyError):
            block(hasty.write, sharing([SAME, OTHER]))
    block(hasty.write, sharing([SOME]))


def test_all_first_bytes_can_be_asked_for_at_once(server_store):
    everything = [bytes([n]) * 32 for n in range(256)]
    block(current_database().write, taking(everything))
    block(current_database().write, taking([]))


def test_a_blob_whose_last_row_goes_is_removed_and_one_still_needed_stays(server_store, tmp_path):
    value = "x" * 400_000
    first, second = ag.save(value), ag.save(value)
    files = [each for each in (tmp_path / "blobs").rglob("*") if each.is_file()]
    assert [digest_bytes(each.read_bytes()) for each in files] == [digest_bytes(f'"{value}"'.encode())]
    ag.delete_many([first])
    assert ag.load(second) == value
    ag.delete_many([second])
    assert [each for each in (tmp_path / "blobs").rglob("*") if each.is_file()] == []


async def test_two_writers_in_each_others_way_both_get_through(server_store):
    a, b = ag.Node("a"), ag.Node("b")
    await ag.write_many([a, b])
    database = current_database()
    pause = "SELECT pg_sleep(0.3)" if server_store.startswith("postgresql") else "SELECT sleep(0.3)"
    change = text("UPDATE artigraph_node SET artifact_size = coalesce(artifact_size, 0) + 1 WHERE node_label = :label")
    tries = []

    def work(first, second):
        def both(connection):
            tries.append(first)
            connection.execute(change, {"label": first})
            connection.execute(text(pause)).all()
            connection.execute(change, {"label": second})

        return both

    async def race():
        await asyncio.gather(database.write(work("a", "b")), database.write(work("b", "a")))

    await asyncio.to_thread(block, race)
    assert len(tries) > 2
    sizes = await asyncio.to_thread(execute, server_store, "SELECT artifact_size FROM artigraph_node")
    assert sizes == [(2,), (2,)]


def test_the_tables_are_made_by_whoever_comes_first(empty_database):
    resets, databases = [], []
    for _ in range(4):
        resets.append(ag.set_engine(empty_database, create_tables=True))
        databases.append(current_database())

    async def make():
        await asyncio.gather(*(database.prepare(create=True) for database in databases))

    block(make)
    for reset, database in zip(resets, databases, strict=True):
        reset()
        block(database.close)
    assert len(execute(empty_database, "SELECT * FROM artigraph_schema")) == 1
