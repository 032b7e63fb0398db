"""Whatever the umask: folders are 0700, blobs 0400, all other files 0600, the log of the database included."""

from __future__ import annotations

import stat
import subprocess
import sys
from pathlib import Path

SCRIPT = """
import os, sqlite3, sys
os.umask(0)
import artigraph as ag
connection = sqlite3.connect("older.db")
connection.close()
os.chmod("older.db", 0o600)
ag.set_engine("sqlite:///older.db")
ag.upgrade()
ag.set_engine("sqlite:///x.db", create_tables=True)
with ag.span_context("make"):
    ag.save.s(b"big" * 100_000, "big")
    ag.save.s([1], "small")
    ag.load.s("big")
(blob,) = [name for name in os.listdir("x.blobs") if len(name) == 2]
(name,) = os.listdir(f"x.blobs/{blob}")
os.chmod(f"x.blobs/{blob}/{name}", 0o600)
open(f"x.blobs/{blob}/{name}", "wb").write(b"damaged")
ag.repair.s()
ag.save.s(b"big" * 100_000, "again")
os._exit(0)  # with the log still there
"""


def test_nothing_is_readable_by_others(tmp_path: Path) -> None:
    command = [sys.executable, "-c", SCRIPT]
    done = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True, check=False)
    assert done.stderr == ""
    names = {str(path.relative_to(tmp_path)).partition(".schema-")[0] for path in tmp_path.rglob("*")}
    assert names >= {"x.db", "x.db-wal", "x.db-shm", "x.blobs", "x.blobs/tmp", "x.blobs/damaged", "older.db"}
    assert len(list(tmp_path.glob("older.db.schema-*"))) == 1
    for path in tmp_path.rglob("*"):
        mode = stat.S_IMODE(path.stat().st_mode)
        in_shard = path.is_file() and len(path.parent.name) == 2
        expected = 0o700 if path.is_dir() else 0o400 if in_shard else 0o600
        assert mode == expected, f"{oct(mode)} {path}"
