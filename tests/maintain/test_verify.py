"""``verify`` finds what was damaged by hand, says where, and finds nothing else."""

from __future__ import annotations

import sqlite3
from collections.abc import Callable
from contextlib import closing
from pathlib import Path

import pytest

import artigraph as ag
from artigraph.bridge import block
from artigraph.errors import BlobCorruptError, DatabaseCorruptError
from artigraph.graph.engine import current_database
from artigraph.registry import Registry, use_registry
from artigraph.storage.file import FileSystemStorage
from artigraph.storage.memory import MemoryStorage
from tests.maintain.conftest import fill, rewrite
from tests.stores import blobs

Damage = Callable[..., None]


def kinds(**options: object) -> list[str]:
    return [problem.kind for problem in ag.verify.s(**options).problems]  # type: ignore[arg-type]


def test_nothing_is_wrong_with_a_store_that_was_only_used(store) -> None:
    fill()
    report = ag.verify.s(data=True)
    assert report.ok, report
    assert (report.nodes, report.blobs, report.hashed) == (7, 1, 4) if store is not None else report.nodes == 7
    assert "nothing is wrong" in str(report)


def test_a_missing_blob_is_named_with_whose_it_is(filled: Path) -> None:
    (blob,) = blobs(filled)
    blob.unlink()
    (problem,) = ag.verify.s().problems
    assert problem.kind == "missing"
    assert problem.node_id == ag.find("big")[0].id
    assert problem.location == f"{blob.parent.name}/{blob.name}"
    assert "span make / big" in problem.what
    blob.parent.rmdir()
    (filled.with_suffix(".blobs") / "tmp").rmdir()
    filled.with_suffix(".blobs").rmdir()
    assert kinds() == ["missing"]
    assert not filled.with_suffix(".blobs").exists()
    ag.delete_one.s(problem.node_id)


@pytest.mark.parametrize(
    ("damaged", "seen_by_size"),
    [(lambda b: b[:-1], True), (lambda b: b"", True), (lambda b: b + b"x", True), (lambda b: b"?" + b[1:], False)],
    ids=["truncated", "empty", "longer", "one byte"],
)
def test_a_damaged_blob_is_found_by_its_size_or_its_hash(
    filled: Path, damaged: Callable[[bytes], bytes], seen_by_size: bool
) -> None:
    (blob,) = blobs(filled)
    whole = blob.read_bytes()
    rewrite(blob, damaged(whole))
    assert kinds() == (["damaged"] if seen_by_size else [])
    assert kinds(sample=0.0) == kinds()
    assert kinds(sample=1.0) == kinds(data=True) == ["damaged"]
    rewrite(blob, whole)


def test_a_blob_that_is_a_link_or_a_folder_is_missing(filled: Path) -> None:
    (blob,) = blobs(filled)
    away = filled.with_name("away")
    blob.rename(away)
    blob.symlink_to(away)
    assert kinds(data=True) == ["missing"]
    blob.unlink()
    blob.mkdir()
    assert kinds() == ["missing"]
    blob.rmdir()
    away.rename(blob)


def test_bytes_in_a_row_are_checked_by_size_and_by_hash(filled: Path, damage: Damage) -> None:
    damage("UPDATE artigraph_node SET database_artifact_data = '[1,2]' WHERE artifact_preview IS NOT NULL")
    damage("UPDATE artigraph_node SET database_artifact_data = X'FF' WHERE artifact_size = 1")
    found = ag.verify.s(data=True).problems
    assert {problem.kind for problem in found} == {"content"}
    assert any("left" in problem.what for problem in found), found
    damage("UPDATE artigraph_node SET database_artifact_data = NULL WHERE artifact_size = 1")
    assert "content" in kinds()


def test_text_where_bytes_were_is_told_by_every_reader(file_store: Path) -> None:
    node_id = ag.save([1, 2], "row")
    with closing(sqlite3.connect(file_store)) as connection, connection:
        connection.execute("UPDATE artigraph_node SET database_artifact_data = CAST(database_artifact_data AS TEXT)")
    for read in (lambda: ag.load(node_id), lambda: ag.read(ag.Artifact)[0].value):
        with pytest.raises(BlobCorruptError, match="got str"):
            read()
    [problem] = ag.verify(data=True).problems
    assert (problem.kind, problem.node_id) == ("content", node_id)
    assert "expected bytes, got text" in problem.what


def test_a_model_that_lost_a_field_is_incomplete(filled: Path, damage: Damage) -> None:
    damage("DELETE FROM artigraph_link WHERE label = 'left'")
    (problem,) = ag.verify.s().problems
    assert problem.kind == "incomplete"
    assert "KeptPair" in problem.what
    assert "it has right" in problem.what
    ag.delete_one.s(problem.node_id)


@pytest.mark.parametrize(
    ("statement", "what"),
    [
        ("DELETE FROM artigraph_node WHERE node_label = 'use'", "link"),
        ("UPDATE artigraph_tag SET node_id = X'00000000000000000000000000000001'", "tag"),
        ("UPDATE artigraph_blob_use SET node_id = X'00000000000000000000000000000001'", "blob use"),
    ],
    ids=["link", "tag", "blob use"],
)
def test_rows_of_nodes_that_do_not_exist_are_found(filled: Path, damage: Damage, statement: str, what: str) -> None:
    damage(statement)
    found = [problem for problem in ag.verify.s().problems if problem.kind == "dangling"]
    assert len(found) == 1
    assert what in found[0].what
    assert ag.repair.s().ok


def test_a_need_that_is_not_written_down_is_found(filled: Path, damage: Damage) -> None:
    damage("DELETE FROM artigraph_blob_use")
    assert kinds() == ["unlisted"]


def test_a_span_of_a_killed_process_is_abandoned_and_one_that_runs_is_not(killed_span: None) -> None:
    with ag.span_context("running"):
        (problem,) = ag.verify.s().problems
    assert problem.kind == "abandoned"
    assert "cut" in problem.what


def test_a_storage_this_process_does_not_know_is_a_problem_of_its_own(file_store: Path) -> None:
    storage = MemoryStorage("elsewhere")
    ag.save.s([1], "far", storage=storage)
    assert kinds(data=True) == []
    node = ag.find("far")[0].id
    reset = ag.set_engine(f"sqlite:///{file_store}")
    with use_registry(Registry(storages=[MemoryStorage("other")])):
        (problem,) = ag.verify.s().problems
    reset()
    assert (problem.kind, problem.storage) == ("storage", "elsewhere")
    ag.delete_one.s(node)


@pytest.mark.parametrize("stamp", ["0000", "9999"])
def test_another_schema_is_a_problem_and_nothing_else_is_looked_at(filled: Path, damage: Damage, stamp: str) -> None:
    damage(f"UPDATE artigraph_schema SET version_num = '{stamp}'")
    reset = ag.set_engine(f"sqlite:///{filled}")
    report = ag.verify.s(data=True)
    reset()
    assert [problem.kind for problem in report.problems] == ["schema"]
    assert report.nodes == 0
    damage("UPDATE artigraph_schema SET version_num = '0001'")


def test_a_file_with_overwritten_pages_is_a_damaged_database(tmp_path: Path) -> None:
    path = tmp_path / "torn.db"
    reset = ag.set_engine(f"sqlite:///{path}", create_tables=True)
    for number in range(200):
        ag.save.s([number] * 50, f"n{number}")
    block(current_database().close)
    reset()
    with path.open("r+b") as file:
        for page in range(5, path.stat().st_size // 4096, 3):
            file.seek(page * 4096)
            file.write(b"\xff" * 4096)
    reset = ag.set_engine(f"sqlite:///{path}")
    report = ag.verify.s()
    assert {problem.kind for problem in report.problems} >= {"database"}
    reset()


def test_what_is_no_database_is_a_damaged_one(tmp_path: Path) -> None:
    path = tmp_path / "text.db"
    path.write_bytes(b"this is no database" * 500)
    reset = ag.set_engine(f"sqlite:///{path}")
    with pytest.raises(DatabaseCorruptError):
        ag.load.s("x")
    assert kinds() == ["database"]
    reset()


def test_nothing_is_written(filled: Path) -> None:
    def state() -> dict[str, bytes]:
        return {str(each): each.read_bytes() for each in [filled, *blobs(filled)]}

    before = state()
    ag.verify.s(data=True)
    ag.gc.s()
    ag.stats.s()
    assert state() == before


def test_a_sample_hashes_about_its_share(file_store: Path) -> None:
    for number in range(60):
        ag.save.s(number, f"n{number}")
    hashed = [ag.verify.s(sample=0.5).hashed for _ in range(5)]
    assert all(0 < each < 60 for each in hashed)
    assert [ag.verify.s(sample=share).hashed for share in (0, 1)] == [0, 60]
    for share in (-0.1, 1.1):
        with pytest.raises(ValueError, match="between 0 and 1"):
            ag.verify.s(sample=share)


def test_progress_ends_with_everything(filled: Path) -> None:
    told: list[tuple[str, int, int | None]] = []
    ag.verify.s(data=True, progress=lambda *facts: told.append(facts))
    last = {what: (done, total) for what, done, total in told}
    assert set(last) == {"looking at rows", "looking at blobs"}
    assert all(done == total for done, total in last.values())


async def test_a_report_is_awaited_and_has_a_json_form(filled: Path) -> None:
    blobs(filled)[0].unlink()
    data = (await ag.verify()).to_json()
    (problem,) = data["problems"]
    assert (data["nodes"], problem["kind"], problem["storage"]) == (7, "missing", "blobs")
    assert len(problem["node_id"]) == 36
    await ag.delete_one(problem["node_id"])


def test_on_a_server_a_storage_may_be_called_blobs(server_store: str, tmp_path: Path) -> None:
    place = tmp_path / "named"
    with use_registry(Registry(storages=[FileSystemStorage(place, name="blobs")])):
        other = place / "ab" / ("cd" * 31)
        other.parent.mkdir(parents=True)
        other.write_bytes(b"of another database")
        assert ag.gc.s(grace=0).orphans == 0  # no row of this one speaks of that storage
        node_id = ag.save.s(b"one", "one", storage="blobs")
        assert kinds(data=True) == []
        [blob] = [each for each in place.rglob("*") if each.is_file() and each != other]
        blob.unlink()
        assert kinds() == ["missing"]
        ag.delete_one.s(node_id)
