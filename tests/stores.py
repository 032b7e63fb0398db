"""A fresh store per test, what it does counted, and an oracle that says whether it is whole."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest

from artigraph.bridge import block
from artigraph.digest import digest_bytes, model_digest
from artigraph.graph.engine import current_database, set_engine


@pytest.fixture(params=["file", "memory"])
def store(request, tmp_path) -> Iterator[Path | None]:
    """An empty database as the current one; the path of its file, None in memory."""
    path = tmp_path / "test.db" if request.param == "file" else None
    yield from opened(f"sqlite:///{path}" if path else "sqlite:///:memory:", path)


@pytest.fixture
def file_store(tmp_path) -> Iterator[Path]:
    """An empty database in a file."""
    yield from opened(f"sqlite:///{tmp_path / 'test.db'}", tmp_path / "test.db")


def opened(url: str, path: Path | None, **options: Any) -> Iterator[Any]:
    """Set the engine, hand out ``path``, check the file afterwards, and set the engine back."""
    reset = set_engine(url, create_tables=True, **options)
    database = current_database()
    block(database.prepare, create=True)
    yield path
    reset()
    block(database.close)
    if path is not None and path.exists():
        check_store(path)


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
    """The blobs beside a database file; unfinished ones count."""
    return [each for each in path.with_suffix(".blobs").rglob("*") if each.is_file()]


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
    models = rows(
        path,
        "SELECT id, model_artifact_type_name, model_artifact_version, artifact_hash, database_artifact_data"
        " FROM artigraph_node WHERE model_artifact_type_name IS NOT NULL",
    )
    for node, name, version, digest, keys in models:
        parts = rows(
            path,
            "SELECT l.label, n.artifact_hash FROM artigraph_link l JOIN artigraph_node n ON n.id = l.target_id"
            " WHERE l.source_id = ? AND l.kind = 'field'",
            node,
        )
        own = [("", digest_bytes(keys))] if keys is not None else []
        assert model_digest(name, version, [*parts, *own]) == digest


@contextmanager
def statements() -> Iterator[list[str]]:
    """The statements that SQLite runs meanwhile, on the connections that are open already."""
    door = current_database()._door
    seen: list[str] = []
    connections = [each for each in (door._writer, *door._idle) if each is not None]
    for each in connections:
        block(each.run, each._raw.set_trace_callback, seen.append)
    try:
        yield seen
    finally:
        for each in connections:
            block(each.run, each._raw.set_trace_callback, None)
