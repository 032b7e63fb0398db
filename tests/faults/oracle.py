"""What must hold of a store after anything that went wrong."""

from __future__ import annotations

import sqlite3
from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from artigraph.digest import digest_bytes, model_digest

_BLOBS = """
SELECT n.id, n.remote_artifact_storage, n.remote_artifact_location, n.artifact_hash, n.artifact_size, u.hash
FROM artigraph_node n LEFT JOIN artigraph_blob_use u
    ON u.node_id = n.id AND u.storage = n.remote_artifact_storage AND u.hash = n.artifact_hash
WHERE n.remote_artifact_location IS NOT NULL
"""
_PARTS = """
SELECT l.source_id, l.label, n.artifact_hash FROM artigraph_link l
JOIN artigraph_node n ON n.id = l.target_id WHERE l.kind = 'field'
"""
_MODELS = """
SELECT id, model_artifact_type_name, model_artifact_version, artifact_hash, database_artifact_data
FROM artigraph_node WHERE model_artifact_type_name IS NOT NULL
"""
_LONE_PARTS = """
SELECT n.id FROM artigraph_node n WHERE n.node_label IS NULL AND n.node_type NOT IN ('span', 'run')
AND n.artifact_stem IS NULL AND NOT EXISTS (SELECT 1 FROM artigraph_link l WHERE l.target_id = n.id)
"""
_INLINE = """
SELECT id, artifact_hash, database_artifact_data FROM artigraph_node
WHERE database_artifact_data IS NOT NULL AND model_artifact_type_name IS NULL
"""


Query = Callable[[str], Iterable[Any]]
"""The rows that a statement finds."""


@dataclass(slots=True)
class State:
    """What another program finds in the files of a store."""

    corrupt: list[str]
    """What the database itself says is wrong with it, and bytes whose hash is another than their row says."""
    dangling: list[str]
    """Rows that point to rows or blobs that are not there."""
    half: list[str]
    """Models with other parts than they were saved with, and parts whose whole is gone."""
    orphans: list[str]
    """Blobs and unfinished files that no row needs: space, no harm."""

    @property
    def is_whole(self) -> bool:
        """Whether nothing is wrong."""
        return not (self.corrupt or self.dangling or self.half)


def look(path: Path, *, all_named: bool = True) -> State:
    """The state of the store in a database file and the folder ``.blobs`` beside it.

    Where everything that was saved by itself has a name (``all_named``), a node without one is a part of something.
    """
    state = State([], [], [], [])
    with reading(path) as database:
        state.corrupt += [str(row) for row in database.execute("PRAGMA integrity_check") if row != ("ok",)]
        state.dangling += [str(row) for row in database.execute("PRAGMA foreign_key_check")]
        if not database.execute("SELECT 1 FROM sqlite_master WHERE name = 'artigraph_node'").fetchone():
            return state
        look_at(database.execute, path.with_suffix(".blobs"), state)
        if all_named:
            state.half += [f"part {row[0].hex()} is alone" for row in database.execute(_LONE_PARTS)]
    return state


def look_at(query: Query, blobs: Path, state: State) -> None:
    """Add what is wrong in the rows of any database and the folder of its blobs."""
    _look_at_blobs(query, blobs, state)
    _look_at_models(query, state)


@contextmanager
def reading(path: Path) -> Iterator[sqlite3.Connection]:
    """A connection of another program."""
    connection = sqlite3.connect(path)
    try:
        yield connection
    finally:
        connection.close()


def _look_at_blobs(query: Query, folder: Path, state: State) -> None:
    needed = set()
    for node, storage, location, digest, size, used in query(_BLOBS):
        name = f"{node!r} -> {storage}:{location}"
        blob = folder / location
        needed.add(str(blob.relative_to(folder)))
        if used is None:
            state.dangling.append(f"{name} has no use")
        if not blob.exists():
            state.dangling.append(name)
        elif blob.stat().st_size != size or digest_bytes(blob.read_bytes()) != digest:
            state.corrupt.append(name)
    found = {str(each.relative_to(folder)) for each in folder.rglob("*") if each.is_file()}
    state.orphans += sorted(found - needed)


def _look_at_models(query: Query, state: State) -> None:
    parts = defaultdict(list)
    for whole, label, digest in query(_PARTS):
        parts[whole].append((label, digest))
    for node, name, version, digest, keys in query(_MODELS):
        own = [("", digest_bytes(keys))] if keys is not None else []
        if model_digest(name, version, [*parts[node], *own]) != digest:
            state.half.append(f"{name} {node!r} has {len(parts[node])} parts")
    for node, digest, data in query(_INLINE):
        if digest_bytes(data) != digest:
            state.corrupt.append(repr(node))
