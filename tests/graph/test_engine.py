from __future__ import annotations

import os
import shutil
import sqlite3
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path

import pytest
from sqlalchemy import text
from sqlalchemy.ext.asyncio import create_async_engine

import artigraph as ag
from artigraph.bridge import block
from artigraph.errors import (
    CannotOpenError,
    DatabaseCorruptError,
    NoEngineError,
    SchemaTooNewError,
    StoreBusyError,
    TablesMissingError,
)
from artigraph.graph.engine import current_database
from tests.stores import count, rows


@dataclass
class Kept(ag.ArtifactModel):
    x: int


@pytest.mark.parametrize("url", ["nonsense", "", "redis://x", "oracle://x", "sqlite+pysqlite:///x.db", "sqlite+no://x"])
def test_a_url_of_no_known_database_is_refused_at_once(url):
    with pytest.raises(CannotOpenError):
        ag.set_engine(url)
    with pytest.raises(NoEngineError, match="set_engine"):
        ag.save(1)


def test_options_are_checked_at_once():
    with pytest.raises(ValueError, match="durability"):
        ag.set_engine("sqlite://", durability="fast")
    with pytest.raises(ValueError, match="verify"):
        ag.set_engine("sqlite://", verify="sometimes")


def test_setting_an_engine_opens_and_makes_nothing(tmp_path):
    ag.set_engine(f"sqlite:///{tmp_path}/x.db", create_tables=True)()
    assert list(tmp_path.iterdir()) == []


def test_a_missing_file_is_told_and_made_by_create_tables(tmp_path):
    reset = ag.set_engine(f"sqlite:///{tmp_path}/x.db")
    with pytest.raises(CannotOpenError, match=r"x\.db; pass create_tables=True"):
        ag.save(1)
    assert list(tmp_path.iterdir()) == []
    ag.create_tables()
    assert ag.load(ag.save(1)) == 1
    assert oct((tmp_path / "x.db").stat().st_mode & 0o777) == "0o600"
    reset()


def test_a_missing_folder_and_a_folder_in_place_of_a_file_are_told(tmp_path):
    for url, said in ((f"sqlite:///{tmp_path}/no/x.db", "no folder"), (f"sqlite:///{tmp_path}", "is a folder")):
        reset = ag.set_engine(url, create_tables=True)
        with pytest.raises(CannotOpenError, match=said):
            ag.save(1)
        reset()


@pytest.mark.parametrize(
    "content", [b"this is no database, whatever its name says\n" * 100, os.urandom(5000)], ids=["text", "noise"]
)
def test_a_file_that_is_no_database_is_told_and_left_alone(tmp_path, content):
    path = tmp_path / "x.db"
    path.write_bytes(content)
    reset = ag.set_engine(f"sqlite:///{path}", create_tables=True)
    with pytest.raises(DatabaseCorruptError, match=r"x\.db"):
        ag.save(1)
    assert path.read_bytes() == content
    reset()


def test_a_database_without_our_tables_is_told(tmp_path):
    sqlite3.connect(tmp_path / "x.db").execute("CREATE TABLE other (x)").connection.close()
    reset = ag.set_engine(f"sqlite:///{tmp_path}/x.db")
    with pytest.raises(TablesMissingError, match=r"create_tables\(\)"):
        ag.save(1)
    reset()


def test_a_database_of_a_newer_schema_is_refused(file_store):
    connection = sqlite3.connect(file_store)
    connection.execute("UPDATE artigraph_schema SET version_num = '9999'")
    connection.commit()
    connection.close()
    reset = ag.set_engine(f"sqlite:///{file_store}", create_tables=True)
    with pytest.raises(SchemaTooNewError, match="9999"):
        ag.save(1)
    reset()


def test_a_writer_that_waits_too_long_is_told_and_may_try_again(tmp_path):
    reset = ag.set_engine(f"sqlite:///{tmp_path}/x.db", create_tables=True, busy_timeout=0.3)
    ag.save(Kept(1))
    other = sqlite3.connect(tmp_path / "x.db", isolation_level=None)
    other.execute("BEGIN IMMEDIATE")
    with pytest.raises(StoreBusyError) as caught:
        ag.save(Kept(2))
    assert caught.value.retryable
    assert ag.read(Kept) == [Kept(1)]
    other.execute("COMMIT")
    other.close()
    ag.save(Kept(2))
    reset()


def test_each_database_in_memory_is_its_own_and_has_no_engine_for_others():
    one = ag.set_engine("sqlite://", create_tables=True)
    ag.save(1, "n")
    two = ag.set_engine("sqlite://", create_tables=True)
    assert not ag.exists(ag.Node)
    with pytest.raises(CannotOpenError, match="use a file"):
        ag.get_engine()
    two()
    assert ag.load("n") == 1
    one()


def test_engines_are_reset_in_any_order_and_set_again(tmp_path):
    urls = [f"sqlite:///{tmp_path}/{n}.db" for n in range(3)]
    resets = [ag.set_engine(url, create_tables=True) for url in urls]
    resets[1]()
    assert current_database().file == tmp_path / "2.db"
    resets[2]()
    resets[2]()
    assert current_database().file == tmp_path / "0.db"
    ag.save(1, "n")
    again = ag.set_engine(urls[0])
    assert ag.load("n") == 1
    again()
    assert ag.load("n") == 1
    resets[0]()
    with pytest.raises(NoEngineError):
        current_database()


def wait_for_the_end(*, of: Path) -> None:
    """SQLite removes the log when the last connection to the file is closed."""
    log = of.with_name(f"{of.name}-wal")
    until = time.monotonic() + 20
    while log.exists():
        assert time.monotonic() < until, f"{of.name} is still open"
        time.sleep(0.01)


def test_another_engine_closes_the_connections_to_the_one_before(tmp_path):
    before = ag.set_engine(f"sqlite:///{tmp_path}/1.db", create_tables=True)
    ag.save(1, "n")
    assert (tmp_path / "1.db-wal").exists()
    after = ag.set_engine(f"sqlite:///{tmp_path}/2.db", create_tables=True)
    wait_for_the_end(of=tmp_path / "1.db")
    after()
    assert ag.load("n") == 1
    before()
    wait_for_the_end(of=tmp_path / "1.db")


def test_what_is_under_way_ends_before_its_connections_are_closed(tmp_path):
    before = ag.set_engine(f"sqlite:///{tmp_path}/1.db", create_tables=True)
    ag.save(Kept(0))
    with ThreadPoolExecutor(8) as pool:
        saving = [pool.submit(Kept(number).save.s) for number in range(1, 200)]
        with ag.current_session():
            ag.save("in the group", "n")
            after = ag.set_engine(f"sqlite:///{tmp_path}/2.db", create_tables=True)
        for each in saving:
            each.result()
    there = len(ag.read(Kept))
    after()
    assert len(ag.read(Kept)) == 200 - there
    assert ag.load("n") == "in the group"
    before()
    wait_for_the_end(of=tmp_path / "1.db")
    wait_for_the_end(of=tmp_path / "2.db")


async def test_an_engine_of_the_caller_is_used_with_its_settings(tmp_path):
    engine = create_async_engine(f"sqlite+aiosqlite:///{tmp_path}/x.db", connect_args={"timeout": 7})
    reset = ag.set_engine(engine, create_tables=True)
    node_id = await ag.save(Kept(1))
    async with engine.connect() as connection:
        assert (await connection.execute(text("SELECT count(*) FROM artigraph_node"))).scalar() == 2
    assert await ag.load(node_id) == Kept(1)
    reset()
    await engine.dispose()


def test_an_engine_in_memory_of_the_caller_becomes_ours():
    reset = ag.set_engine(create_async_engine("sqlite+aiosqlite://"), create_tables=True)
    assert ag.load(ag.save(Kept(1))) == Kept(1)
    reset()


async def test_foreign_keys_hold_in_the_engine_for_callers(file_store):
    await ag.create_tables()
    engine = ag.get_engine()
    async with engine.connect() as connection:
        assert (await connection.execute(text("PRAGMA foreign_keys"))).scalar() == 1
    await engine.dispose()


def test_a_fork_in_the_middle_gives_each_process_its_own_connections(file_store):
    ag.save(Kept(1))
    child = os.fork()
    if child == 0:
        status = 1
        try:
            ag.save(Kept(2))
            status = 0 if len(ag.read(Kept)) >= 2 else 2
        finally:
            os._exit(status)
    ag.save(Kept(3))
    assert os.waitpid(child, 0)[1] == 0
    assert sorted(each.x for each in ag.read(Kept)) == [1, 2, 3]


READER = """
import sys
import tempfile
from collections.abc import Iterator
import artigraph as ag
from artigraph.errors import StorageReadOnlyError
ag.set_engine(sys.argv[1])
assert ag.load("n") == [1, 2]
try:
    ag.save(1)
except StorageReadOnlyError:
    print("read only")
"""


@pytest.fixture
def open_folder() -> Iterator[Path]:
    """A folder that every user may enter; pytest closes its own to others whenever a session starts."""
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        folder.chmod(0o755)
        yield folder


@pytest.mark.skipif(os.geteuid() != 0, reason="needs root, to be somebody else")
@pytest.mark.needs_program("setpriv")
@pytest.mark.parametrize("mode", [0o555, 0o777], ids=["folder too", "file only"])
def test_a_database_that_may_only_be_read_still_loads(open_folder, mode):
    place = open_folder / "readonly"
    place.mkdir()
    reset = ag.set_engine(f"sqlite:///{place}/x.db", create_tables=True)
    database = current_database()
    ag.save([1, 2], "n")
    reset()
    block(database.close)
    (place / "x.db").chmod(0o444)
    place.chmod(mode)
    setpriv = [shutil.which("setpriv") or "setpriv", "--reuid=65534", "--regid=65534", "--clear-groups"]
    probe = subprocess.run([*setpriv, sys.executable, "-c", "import artigraph"], capture_output=True, check=False)
    if probe.returncode:
        pytest.skip("nobody cannot run this interpreter")
    url = f"sqlite:///{place}/x.db"
    done = subprocess.run([*setpriv, sys.executable, "-c", READER, url], capture_output=True, text=True, check=False)
    assert done.stdout == "read only\n", done.stderr


def test_a_file_counts_what_the_process_wrote(file_store):
    ag.save(Kept(1))
    assert count(file_store) == 2
    assert rows(file_store, "PRAGMA journal_mode") == [("wal",)]
