"""Stores that released versions wrote can be upgraded and read, and a killed upgrade leaves the old or the new."""

from __future__ import annotations

import random
import shutil
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

import artigraph as ag
from artigraph.bridge import block
from artigraph.errors import ArtigraphError, DatabaseCorruptError
from artigraph.graph import upgrade as upgrade_file
from artigraph.graph.engine import current_database
from artigraph.graph.migrations import run
from artigraph.graph.schema import SCHEMA_VERSION
from tests.data.build_golden import BLOB, OUTER, PLAIN, GoldenOuter
from tests.graph.test_upgrade import FRESH, definitions
from tests.servers.use import execute
from tests.stores import rows

GOLDEN = sorted((Path(__file__).parents[1] / "data").glob("schema-*.db"))
VERSIONS = Path(run.__file__).parent / "versions"

MOVES = '''
"""A revision that moves the table of nodes, row by row, as SQLite makes it."""
import time
from alembic import op
from sqlalchemy import Column, Integer

revision, down_revision = "9000", "{down}"

def upgrade():
    with op.batch_alter_table("artigraph_node", recreate="{recreate}") as batch:
        batch.add_column(Column("moved", Integer, server_default="1"))
    op.execute("UPDATE artigraph_tag SET value_text = 'blue'")
    {then}
'''

UPGRADE = """
import sys
from pathlib import Path
import artigraph as ag
from artigraph.graph import upgrade
from artigraph.graph.migrations import run
upgrade.SCHEMA_VERSION, run.HERE = "9000", Path(sys.argv[2])
ag.set_engine(sys.argv[1])
print("ready", flush=True)
ag.upgrade()
"""


@pytest.fixture(params=GOLDEN, ids=[path.stem for path in GOLDEN])
def golden(request, tmp_path: Path) -> Path:
    """A copy of a golden store."""
    path = tmp_path / request.param.name
    shutil.copy(request.param, path)
    shutil.copytree(request.param.with_suffix(".blobs"), path.with_suffix(".blobs"))
    return path


def revisions(tmp_path: Path, then: str = "", recreate: str = "always") -> Path:
    """Today's revisions and one more, which moves a table where that is asked for."""
    folder = tmp_path / "migrations"
    shutil.copytree(VERSIONS.parent, folder, dirs_exist_ok=True)
    (folder / "versions" / "9000_moves.py").write_text(MOVES.format(down=SCHEMA_VERSION, then=then, recreate=recreate))
    return folder


def check_golden(path: Path) -> None:
    """Everything that was put into the golden store is in it."""
    for label, value in PLAIN.items():
        assert ag.load.s(label) == value
        assert type(ag.load.s(label)) is type(value)
    assert ag.load.s("blob") == BLOB
    assert GoldenOuter.load.s("outer") == OUTER
    lineage = ag.view_lineage.s("outer", upstream=10)
    assert {node.label for node in lineage.nodes} >= {"outer", "blob", "load", "inside"}
    assert ag.find(tags={"colour": "red"})[0].label == "bytes"
    span = ag.read.s(ag.OrmSpan, ag.NodeFilter(label="load"))[0]
    assert (span.run_params, span.span_source, span.span_status) == ({"n": 1}, "x = 1", "ok")
    assert len(ag.read.s(ag.Link, ag.LinkFilter(kind="user"))) == 1
    assert rows(path, "PRAGMA foreign_key_check") == []


def test_there_is_a_golden_store_of_every_revision() -> None:
    known = {path.name.partition("_")[0] for path in VERSIONS.glob("[0-9]*.py")}
    assert {path.stem.removeprefix("schema-") for path in GOLDEN} == known
    assert max(known) == SCHEMA_VERSION


def test_a_golden_store_is_upgraded_and_whole(golden: Path) -> None:
    reset = ag.set_engine(f"sqlite:///{golden}", create_tables=True)  # for node types of other tests
    ag.upgrade()
    check_golden(golden)
    assert ag.verify.s(data=True).ok, ag.verify.s(data=True)
    ag.save.s("new", "new")
    assert ag.find()[0].label == "new"
    block(current_database().close)
    reset()


def test_an_upgraded_golden_store_has_the_tables_of_a_new_one(golden: Path, tmp_path: Path) -> None:
    reset = ag.set_engine(f"sqlite:///{golden}")
    ag.upgrade()
    reset()
    fresh = tmp_path / "fresh.db"
    subprocess.run([sys.executable, "-c", FRESH, f"sqlite:///{fresh}"], check=True)
    assert definitions(golden) == definitions(fresh)


def test_moving_the_nodes_keeps_links_and_tags(golden: Path, tmp_path: Path, monkeypatch) -> None:
    before = [rows(golden, f"SELECT * FROM artigraph_{name} ORDER BY 1, 2, 3") for name in ("link", "blob_use")]
    monkeypatch.setattr(upgrade_file, "SCHEMA_VERSION", "9000")
    monkeypatch.setattr(run, "HERE", revisions(tmp_path))
    reset = ag.set_engine(f"sqlite:///{golden}")
    copy = ag.upgrade.s()
    reset()
    assert copy is not None
    assert rows(golden, "SELECT version_num FROM artigraph_schema") == [("9000",)]
    assert [rows(golden, f"SELECT * FROM artigraph_{name} ORDER BY 1, 2, 3") for name in ("link", "blob_use")] == before
    assert rows(golden, "SELECT DISTINCT moved FROM artigraph_node") == [(1,)]
    assert rows(golden, "SELECT DISTINCT value_text FROM artigraph_tag") == [("blue",)]
    assert rows(copy, "SELECT DISTINCT value_text FROM artigraph_tag WHERE name = 'colour'") == [("red",)]
    assert rows(golden, "PRAGMA foreign_key_check") == []
    assert rows(golden, "PRAGMA integrity_check") == [("ok",)]


@pytest.mark.parametrize(
    ("then", "error"),
    [
        ("raise RuntimeError('in the middle')", RuntimeError),
        ("op.execute(\"DELETE FROM artigraph_node WHERE node_label = 'blob'\")", DatabaseCorruptError),
        ("op.execute('DROP TABLE nothing')", Exception),
    ],
    ids=["it raises", "rows lead nowhere", "its SQL fails"],
)
def test_an_upgrade_that_fails_leaves_the_old(golden: Path, tmp_path: Path, monkeypatch, then, error) -> None:
    before = rows(golden, "SELECT * FROM artigraph_node ORDER BY id")
    monkeypatch.setattr(upgrade_file, "SCHEMA_VERSION", "9000")
    monkeypatch.setattr(run, "HERE", revisions(tmp_path, then))
    reset = ag.set_engine(f"sqlite:///{golden}", create_tables=True)
    with pytest.raises(error):
        ag.upgrade()
    monkeypatch.undo()
    assert rows(golden, "SELECT * FROM artigraph_node ORDER BY id") == before
    assert rows(golden, "SELECT version_num FROM artigraph_schema") == [(SCHEMA_VERSION,)]
    check_golden(golden)
    reset()


@pytest.mark.parametrize("turn", range(6))
def test_a_killed_upgrade_leaves_the_old_or_the_new(tmp_path: Path, turn: int) -> None:
    path = tmp_path / GOLDEN[-1].name
    shutil.copy(GOLDEN[-1], path)
    shutil.copytree(GOLDEN[-1].with_suffix(".blobs"), path.with_suffix(".blobs"))
    nodes = rows(path, "SELECT count(*) FROM artigraph_node")
    folder = revisions(tmp_path, "time.sleep(0.05)")
    command = [sys.executable, "-c", UPGRADE, f"sqlite:///{path}", str(folder)]
    process = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
    assert process.stdout is not None
    assert process.stdout.readline() == "ready\n", process.communicate()
    source = random.Random(turn)
    marks = [f"{path.name}-wal", f"{path.name}.schema-*.part", f"{path.name}.schema-*"]
    until, mark = time.monotonic() + 20, marks[turn % 3]
    while time.monotonic() < until and process.poll() is None and not list(path.parent.glob(mark)):
        time.sleep(0.001)
    time.sleep(source.uniform(0, 0.2))
    process.send_signal(signal.SIGKILL)
    process.communicate()
    ((stamp,),) = rows(path, "SELECT version_num FROM artigraph_schema")
    columns = {row[1] for row in rows(path, "PRAGMA table_info(artigraph_node)")}
    colours = {row[0] for row in rows(path, "SELECT value_text FROM artigraph_tag WHERE name = 'colour'")}
    old, new = (SCHEMA_VERSION, False, {"red"}), ("9000", True, {"blue"})
    assert (stamp, "moved" in columns, colours) in (old, new)
    assert rows(path, "SELECT count(*) FROM artigraph_node") == nodes
    assert rows(path, "PRAGMA integrity_check") == [("ok",)]
    assert rows(path, "PRAGMA foreign_key_check") == []
    for copy in path.parent.glob(f"{path.name}.schema-*[0-9]"):
        assert rows(copy, "PRAGMA integrity_check") == [("ok",)]
        assert rows(copy, "SELECT count(*) FROM artigraph_node") == nodes


def test_two_processes_that_upgrade_at_once_do_it_once(tmp_path: Path) -> None:
    path = tmp_path / GOLDEN[-1].name
    shutil.copy(GOLDEN[-1], path)
    folder = revisions(tmp_path, "time.sleep(0.2)")
    command = [sys.executable, "-c", UPGRADE, f"sqlite:///{path}", str(folder)]
    both = [subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True) for _ in range(2)]
    assert [process.communicate()[1] for process in both] == ["", ""]
    assert [process.returncode for process in both] == [0, 0]
    assert len(list(tmp_path.glob(f"{path.name}.schema-*"))) == 1
    assert rows(path, "SELECT version_num FROM artigraph_schema") == [("9000",)]


def test_no_copy_is_left_when_it_cannot_be_finished(golden: Path, monkeypatch) -> None:
    def refuse(descriptor: int) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(upgrade_file, "SCHEMA_VERSION", "9000")
    monkeypatch.setattr("artigraph.graph.upgrade.os.fsync", refuse)
    reset = ag.set_engine(f"sqlite:///{golden}")
    with pytest.raises((OSError, ArtigraphError)):
        ag.upgrade()
    reset()
    assert not list(golden.parent.glob("*.schema-*"))
    assert rows(golden, "SELECT version_num FROM artigraph_schema") == [(SCHEMA_VERSION,)]


def test_on_a_server_two_processes_that_upgrade_at_once_do_it_once(server_store: str, tmp_path: Path) -> None:
    ag.save.s([1], "n", tags={"colour": "red"})
    folder = revisions(tmp_path, "time.sleep(0.2)", recreate="never")
    command = [sys.executable, "-c", UPGRADE, server_store, str(folder)]
    both = [subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True) for _ in range(2)]
    assert [process.communicate()[1] for process in both] == ["", ""]
    assert execute(server_store, "SELECT version_num FROM artigraph_schema") == [("9000",)]
    assert execute(server_store, "SELECT value_text FROM artigraph_tag") == [("blue",)]
    assert execute(server_store, "SELECT DISTINCT moved FROM artigraph_node") == [(1,)]
