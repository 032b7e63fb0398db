"""Every command does what it says, in a process of its own, with the exit codes that scripts rely on."""

from __future__ import annotations

import os
import pty
import signal
import sqlite3
import subprocess
import sys
from pathlib import Path

import pandas as pd
import pytest

import artigraph as ag
from artigraph.storage.file import FileSystemStorage
from tests.cli.conftest import Run, keep
from tests.maintain.conftest import BIG, rewrite
from tests.servers.use import POSTGRES, fresh_database
from tests.stores import blobs


def change(path: Path, statement: str) -> None:
    connection = sqlite3.connect(path)
    connection.execute(statement)
    connection.commit()
    connection.close()


def test_a_store_is_made_once_and_privately(run: Run, tmp_path: Path) -> None:
    assert run("init").out == f"{tmp_path}/artigraph.db is made, schema 0001\n"
    assert (tmp_path / "artigraph.db").stat().st_mode & 0o777 == 0o600
    assert run("init", "--json").data == {"where": f"{tmp_path}/artigraph.db", "schema": "0001", "existed": True}
    assert run("init", "other.db").code == 0
    assert run("stats", "--db", "other.db", "--json").data["nodes"] == {}


def test_values_are_listed_newest_first(call: Run, kept: Path) -> None:
    said = call("ls")
    assert said.code == 0
    lines = said.out.splitlines()
    assert [line.split()[0] for line in lines] == ["label", "pair", "big", "small"]
    assert "KeptPair v1" in lines[1]
    found = call("ls", "--json", "--limit", "1").data
    assert (found["count"], [row["label"] for row in found["rows"]]) == (3, ["pair"])
    assert [row["label"] for row in call("ls", "BI", "--json").data["rows"]] == ["big"]
    assert [row["label"] for row in call("ls", "--tag", "colour=red", "--json").data["rows"]] == ["small"]
    assert call("ls", "--limit", "1").out.endswith("2 more of 3; see --limit\n")


def test_a_keyed_artifact_is_shown_with_its_key_and_what_was_said_of_it(call: Run, tmp_path: Path) -> None:
    def fill() -> None:
        frame = pd.DataFrame({"dose": [1, 2]})
        said = {"temperature": 21.5, "who": ["A", "B"]}
        saved = ag.Artifact.from_dataframe(frame, key="d/t.parquet", features=said, tags={"unit": "mg"}).save.s()
        saved.ulabels.add.s("raw")

    keep(tmp_path / "artigraph.db", fill)
    shown = call("show", "d/t.parquet").out
    for line in ("key: d/t.parquet", "tags: {'unit': 'mg'}", "features: {'temperature': 21.5, 'who': ['A', 'B']}"):
        assert line in shown.splitlines(), line
    found = call("show", "d/t.parquet", "--json").data
    assert (found["key"], found["columns"], found["labels"]) == ("d/t.parquet", {"dose": "int"}, {"ulabel": ["raw"]})
    assert [row["label"] for row in call("ls", "D/t", "--json").data["rows"]] == ["d/t.parquet"]


def test_the_store_is_also_named_before_the_command(
    call: Run, kept: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    kept.rename(tmp_path / "x.db")
    assert call("--db", "x.db", "ls", "--json").data["count"] == 3
    monkeypatch.setenv("ARTIGRAPH_URL", "nowhere.db")
    assert call("ls").code == 2
    assert call("--db", "x.db", "ls", "--json").data["count"] == 3
    assert call("--db", "nowhere.db", "ls", "--db", "x.db", "--json").data["count"] == 3
    monkeypatch.setenv("ARTIGRAPH_URL", "x.db")
    assert call("ls", "--json").data["count"] == 3
    assert call("--db", "nowhere.db", "ls").code == 2


def test_a_node_is_shown_with_its_links(call: Run, kept: Path) -> None:
    said = call("show", "big")
    assert "hash: sha256:" in said.out
    assert "-> input big span use" in said.out
    assert "<- output big span make" in said.out
    found = call("show", "pair", "--json").data
    assert found["model_artifact_type_name"] == "KeptPair"
    assert {link["label"] for link in found["links_to"]} == {"left", "right"}
    assert call("show", "make", "--json").data["span_status"] == "ok"


def test_spans_are_shown_as_a_tree(call: Run, kept: Path) -> None:
    out = call("tree").out
    assert out.index("use [ok]") < out.index("make [ok]") < out.index("made small")
    (branch,) = call("tree", "make", "--json").data
    assert (branch["label"], branch["made"]) == ("make", ["small", "big", "pair"])


def test_a_lineage_is_written_in_every_form(call: Run, kept: Path, tmp_path: Path) -> None:
    assert "made by" in call("lineage", "big").out
    assert call("lineage", "big", "--as", "mermaid").out.startswith("flowchart")
    assert call("lineage", "big", "--as", "dot").out.startswith("digraph")
    call("lineage", "big", "--as", "svg", "--to", "x.svg")
    assert (tmp_path / "x.svg").read_text().startswith("<svg")
    assert {node["label"] for node in call("lineage", "big", "--json").data["nodes"]} == {"make", "big", "use"}


def test_stored_bytes_are_written_to_a_file_and_checked(call: Run, kept: Path, tmp_path: Path) -> None:
    (blob,) = blobs(kept)
    assert call("load", "big", "--to", "big.json").code == 0
    assert (tmp_path / "big.json").read_bytes() == blob.read_bytes()
    assert call("load", "small", "--to", "-").out == "[1,2,3]"
    assert call("load", "pair", "--field", "right", "--to", "-").out == '"two"'
    refused = call("load", "pair", "--to", "pair")
    assert (refused.code, "left, right" in refused.err) == (2, True)
    assert call("load", "small", "--to", "big.json").code == 2
    assert call("load", "small", "--to", "big.json", "--force", "--json").data["bytes"] == 7
    assert (tmp_path / "big.json").read_bytes() == b"[1,2,3]"
    rewrite(blob, b"?" + blob.read_bytes()[1:])
    assert call("load", "big", "--to", "bad").code == 2
    assert {each.name for each in tmp_path.iterdir()} == {"artigraph.db", "artigraph.blobs", "big.json"}


def test_a_kept_folder_is_written_to_a_new_folder(call: Run, tmp_path: Path) -> None:
    folder = tmp_path / "in"
    (folder / "deep").mkdir(parents=True)
    (folder / "deep" / "a.txt").write_text("a")
    keep(tmp_path / "artigraph.db", lambda: ag.Artifact(folder, key="data/in").save.s())
    assert call("load", "data/in", "--to", "out").code == 0
    assert (tmp_path / "out" / "deep" / "a.txt").read_text() == "a"
    assert call("load", "data/in", "--to", "out").code == 2
    assert call("ls", "--json").data["rows"][0]["label"] == "data/in"


def test_damage_is_exit_code_1_and_repair_says_what_is_left(run: Run, call: Run, kept: Path) -> None:
    assert call("verify").code == 0
    (blob,) = blobs(kept)
    whole = blob.read_bytes()
    rewrite(blob, b"?" + whole[1:])
    assert call("verify").code == 0
    assert call("verify", "--data").code == 1
    assert call("verify", "--sample", "100%").code == 1
    found = run("verify", "--data", "--json")
    assert found.code == 1
    assert (found.data["ok"], [each["kind"] for each in found.data["problems"]]) == (False, ["damaged"])
    mended = run("repair", "--data")
    assert mended.code == 1
    assert "moved 1 damaged blob" in mended.out
    assert "left, damaged" in mended.out
    blob.write_bytes(whole)
    assert call("repair", "--data").code == 0
    assert call("verify", "--data").code == 0


def test_left_over_blobs_go_only_when_asked_and_old_enough(call: Run, kept: Path) -> None:
    (blob,) = blobs(kept)
    change(kept, "DELETE FROM artigraph_blob_use")
    change(kept, "DELETE FROM artigraph_node WHERE node_type = 'remote_artifact'")
    assert call("gc", "--delete").code == 0
    assert blob.exists()
    os.utime(blob, (1, 1))
    assert "would remove 1 blob" in call("gc").out
    assert blob.exists()
    assert call("gc", "--delete", "--json").data["dry_run"] is False
    assert not blob.exists()


def test_a_killed_span_is_found_and_closed(call: Run, kept: Path, tmp_path: Path) -> None:
    script = "import os, artigraph as ag\nag.set_engine('sqlite:///artigraph.db')\n"
    script += "with ag.span_context('cut'):\n    ag.save.s(1, 'one')\n    os.kill(os.getpid(), 9)"
    done = subprocess.run([sys.executable, "-c", script], cwd=tmp_path, check=False)
    assert done.returncode == -signal.SIGKILL
    assert call("verify").code == 1
    assert "cut [abandoned]" in call("tree").out
    assert len(call("repair", "--json").data["closed"]) == 1
    assert call("verify").code == 0


def test_old_versions_go_only_when_asked(call: Run, kept: Path) -> None:
    keep(kept, lambda: [ag.save.s(number, "n") for number in range(3)])
    assert "n: 2 old versions" in call("prune", "--keep-last", 1).out
    assert len(call("ls", "n", "--json").data["rows"]) == 3
    assert len(call("prune", "--keep-last", 1, "--delete", "--json").data["removed"]) == 2
    assert [row["label"] for row in call("ls", "--json").data["rows"]] == ["n", "pair", "big", "small"]


def test_an_older_store_is_told_and_upgraded(call: Run, kept: Path, tmp_path: Path) -> None:
    assert call("upgrade", "--json").data == {"where": str(kept), "schema": "0001", "copy": None}
    change(kept, "UPDATE artigraph_schema SET version_num = '0000'")
    said = call("ls")
    assert (said.code, "artigraph upgrade" in said.err) == (2, True)
    assert call("verify").code == 1
    keep(tmp_path / "empty.db", lambda: None)
    sqlite3.connect(tmp_path / "older.db").close()
    said = call("upgrade", "--db", "older.db")
    assert (said.code, "the copy of before" in said.out) == (0, True)
    assert call("verify", "--db", "older.db").code == 0


def test_a_store_is_removed_after_a_yes(call: Run, kept: Path, tmp_path: Path) -> None:
    for answer in ("", "no\n", "y\n"):
        said = call("rm-store", kept, stdin=answer)
        assert (said.code, kept.exists()) == (2, True)
        assert "would remove" in said.err
    (tmp_path / "mine.txt").write_text("mine")
    assert call("rm-store", "mine.txt", "--yes").code == 2
    assert call("rm-store", kept, "--json", stdin="yes\n").data["removed"] is True
    assert {each.name for each in tmp_path.iterdir()} == {"mine.txt"}


def test_storages_elsewhere_are_named(run: Run, tmp_path: Path) -> None:
    storage = FileSystemStorage(tmp_path / "far", name="far")
    keep(tmp_path / "artigraph.db", lambda: ag.save.s(BIG, "big", storage=storage))
    assert run("verify").code == 1
    assert run("verify", "--data", "--storage", "far=far").code == 0
    assert run("verify", "--storage", "far=nowhere").code == 2
    assert run("load", "big", "--to", "x", "--storage", "far=far").code == 0


@pytest.mark.needs_program("initdb")
def test_a_store_on_a_server_is_named_by_its_url(call: Run, tmp_path: Path, monkeypatch) -> None:
    (tmp_path / "values").mkdir()
    with fresh_database(POSTGRES) as url:
        assert call("init", "--db", url).code == 0
        monkeypatch.setenv("ARTIGRAPH_URL", url)
        assert call("stats", "--json").data["schema"] == "0001"
        assert call("verify", "--data", "--storage", "values").code == 0


@pytest.mark.parametrize(
    "arguments",
    [
        ["nonsense"],
        ["verify", "--sample", "200%"],
        ["verify", "--sample", "much"],
        ["gc", "--grace", "soon"],
        ["prune"],
        ["prune", "--keep-last", "0"],
        ["show"],
        ["show", "nothing"],
        ["load", "big"],
        ["ls", "--db", "missing.db"],
        ["ls", "--db", "oracle://somewhere"],
        ["load", "big", "--to", "no/such/folder/x"],
    ],
    ids=" ".join,
)
def test_wrong_usage_is_exit_code_2_without_a_traceback(call: Run, kept: Path, arguments: list[str]) -> None:
    said = call(*arguments)
    assert said.code == 2
    assert said.out == ""
    assert said.err
    assert "Traceback" not in said.err


def test_without_a_store_it_says_how_to_name_one(call: Run, tmp_path: Path) -> None:
    said = call("ls")
    assert (said.code, "--db" in said.err, "ARTIGRAPH_URL" in said.err) == (2, True, True)
    assert list(tmp_path.iterdir()) == []


def test_long_work_shows_a_bar_where_somebody_looks(kept: Path, tmp_path: Path) -> None:
    ours, theirs = pty.openpty()
    command = [sys.executable, "-m", "artigraph.cli", "verify", "--data"]
    done = subprocess.run(command, cwd=tmp_path, stdout=subprocess.PIPE, stderr=theirs, check=True)
    os.close(theirs)
    shown = os.read(ours, 100_000).decode()
    os.close(ours)
    assert "looking at blobs" in shown
    assert "1/1" in shown
    assert done.stdout.startswith(str(kept).encode())
