"""A fresh store per test, what it does counted, and an oracle that says whether it is whole."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import event

from artigraph.bridge import block
from artigraph.digest import digest_bytes, model_digest
from artigraph.graph.engine import current_database, set_engine
from artigraph.graph.server import ServerDoor
from artigraph.storage.file import FileSystemStorage
from tests.servers.use import MARIADB, POSTGRES, execute, fresh_database


@pytest.fixture(params=["file", "memory", POSTGRES, MARIADB])
def store(request, tmp_path) -> Iterator[Path | str | None]:
    """An empty database as the current one; the path of its file, None in memory, the URL of one on a server."""
    if request.param == "memory":
        yield from opened("sqlite:///:memory:", None)
    elif request.param == "file":
        yield from opened(f"sqlite:///{tmp_path / 'test.db'}", tmp_path / "test.db")
    else:
        with fresh_database(request.param) as url:
            yield from opened(url, url, storage=FileSystemStorage(tmp_path / "blobs"))


@pytest.fixture(params=[POSTGRES, MARIADB])
def server_store(request, tmp_path) -> Iterator[str]:
    """An empty database on a server as the current one; its URL."""
    with fresh_database(request.param) as url:
        yield from opened(url, url, storage=FileSystemStorage(tmp_path / "blobs"))


@pytest.fixture
def file_store(tmp_path) -> Iterator[Path]:
    """An empty database in a file."""
    yield from opened(f"sqlite:///{tmp_path / 'test.db'}", tmp_path / "test.db")


@pytest.fixture(params=[POSTGRES, MARIADB])
def empty_database(request) -> Iterator[str]:
    """The URL of a database on a server, with nothing in it; no current one."""
    with fresh_database(request.param) as url:
        yield url


def opened(url: str, where: Path | str | None, **options: Any) -> Iterator[Any]:
    """Set the engine, hand out ``where``, check what is there afterwards, and set the engine back."""
    reset = set_engine(url, create_tables=True, **options)
    database = current_database()
    try:
        block(database.prepare, create=True)
        yield where
    finally:
        reset()
        block(database.close)
    if isinstance(where, str):
        check_models(execute(where, MODELS), execute(where, PARTS))
    elif where is not None and where.exists():
        check_store(where)


def rows(path: Path, statement: str, *parameters: Any) -> list[tuple[Any, ...]]:
    """What another program reads from the file."""
    connection = sqlite3.connect(path)
    try:
        return connection.execute(statement, parameters).fetchall()
    finally:
        connection.close()


def count(path: Path, table: str = "artigraph_node") -> int:
    return int(rows(path, f"SELECT count(*) FROM {table}")[0][0])


def blobs(path: Path) -> list[Path]:
    """The blobs beside a database file; unfinished ones count, views do not."""
    found = path.with_suffix(".blobs").rglob("*")
    return [each for each in found if each.is_file() and "cache" not in each.parts]


def check_store(path: Path) -> None:
    """Nothing is half there: rows point to rows, blobs exist and are right, digests of models are those of parts."""
    assert rows(path, "PRAGMA integrity_check") == [("ok",)]
    assert rows(path, "PRAGMA foreign_key_check") == []
    for location, digest, storage in rows(
        path,
        "SELECT remote_artifact_location, artifact_hash, remote_artifact_storage FROM artigraph_node"
        " WHERE remote_artifact_location IS NOT NULL",
    ):
        if storage == "blobs":
            assert digest_bytes((path.with_suffix(".blobs") / location).read_bytes()) == digest
    check_models(rows(path, MODELS), rows(path, PARTS))


MODELS = (
    "SELECT id, model_artifact_type_name, model_artifact_version, artifact_hash, database_artifact_data"
    " FROM artigraph_node WHERE model_artifact_type_name IS NOT NULL"
)
PARTS = (
    "SELECT l.source_id, l.label, n.artifact_hash FROM artigraph_link l JOIN artigraph_node n ON n.id = l.target_id"
    " WHERE l.kind = 'field'"
)


def check_models(models: Sequence[Any], parts: Sequence[Any]) -> None:
    """The digest of every model is that of its parts."""
    for node, name, version, digest, keys in models:
        own = [("", digest_bytes(keys))] if keys is not None else []
        held = [(label, part) for holder, label, part in parts if holder == node]
        assert model_digest(name, version, [*held, *own]) == digest


@contextmanager
def few_parameters() -> Iterator[None]:
    """Let SQLite take no more parameters than it does when nobody who built it raised that."""
    door: Any = current_database()._door
    connections = [] if isinstance(door, ServerDoor) else [each for each in (door._writer, *door._idle) if each]
    limit = sqlite3.SQLITE_LIMIT_VARIABLE_NUMBER
    before = [block(each.run, each._raw.setlimit, limit, 32_766) for each in connections]
    yield
    for each, number in zip(connections, before, strict=True):
        block(each.run, each._raw.setlimit, limit, number)


@contextmanager
def statements() -> Iterator[list[str]]:
    """The statements that the database runs meanwhile, on SQLite those of connections that are open already."""
    door: Any = current_database()._door
    seen: list[str] = []
    if isinstance(door, ServerDoor):
        engine = door._engine.sync_engine
        heard = (
            ("before_cursor_execute", lambda *facts: seen.append(facts[2])),
            ("commit", lambda _: seen.append("COMMIT")),
        )
        for name, hear in heard:
            event.listen(engine, name, hear)
        try:
            yield seen
        finally:
            for name, hear in heard:
                event.remove(engine, name, hear)
        return
    connections = [each for each in (door._writer, *door._idle) if each is not None]
    for each in connections:
        block(each.run, each._raw.set_trace_callback, seen.append)
    try:
        yield seen
    finally:
        for each in connections:
            block(each.run, each._raw.set_trace_callback, None)
