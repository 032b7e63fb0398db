"""The limit: raw sqlite3 on a lean schema, rows built from objects inside the timed call."""

from __future__ import annotations

import json
import sqlite3
import time
import uuid
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import UTC, datetime
from hashlib import sha256
from pathlib import Path
from typing import Any

SCHEMA = """
CREATE TABLE node(
    id BLOB PRIMARY KEY, type TEXT NOT NULL, created INTEGER NOT NULL, updated INTEGER NOT NULL,
    serializer TEXT, data BLOB, storage TEXT, location TEXT, model TEXT, version INTEGER
) WITHOUT ROWID;
CREATE TABLE link(
    source BLOB NOT NULL, label TEXT NOT NULL, target BLOB NOT NULL, created INTEGER NOT NULL,
    PRIMARY KEY(source, label)
) WITHOUT ROWID;
CREATE INDEX link_target ON link(target);
CREATE TABLE kept(
    id BLOB PRIMARY KEY, created INTEGER NOT NULL, updated INTEGER NOT NULL, hash BLOB, size INTEGER, uid TEXT,
    version INTEGER, suffix TEXT, kind TEXT, otype TEXT, key TEXT, description TEXT, trashed INTEGER
) WITHOUT ROWID;
CREATE TABLE tag(node BLOB NOT NULL, name TEXT NOT NULL, value TEXT, PRIMARY KEY(node, name)) WITHOUT ROWID;
CREATE UNIQUE INDEX kept_key ON kept(key, version);
CREATE INDEX node_model ON node(model) WHERE model IS NOT NULL;
"""
INSERT_NODE = "INSERT INTO node VALUES (?,?,?,?,?,?,?,?,?,?)"
INSERT_LINK = "INSERT INTO link VALUES (?,?,?,?)"
SELECT = """
SELECT n.id, l.label, f.data, f.id, f.type, f.created, f.updated, f.serializer, n.data, n.version
FROM node n JOIN link l ON l.source = n.id JOIN node f ON f.id = l.target
"""
DESCENDANTS = """
WITH RECURSIVE d(id) AS (SELECT ? UNION SELECT l.target FROM d JOIN link l ON l.source = d.id)
SELECT n.id, n.data, n.serializer, n.created FROM d JOIN node n ON n.id = d.id WHERE n.type = 'artifact'
"""

SELECT_KEPT = "SELECT * FROM kept"
NEWEST = """AND trashed IS NULL
AND NOT EXISTS (SELECT 1 FROM kept newer WHERE newer.key = kept.key AND newer.version > kept.version) ORDER BY id"""

Rows = list[tuple[Any, ...]]


@dataclass
class Small:
    """The model of five small fields."""

    index: int
    score: float
    name: str
    ok: bool
    note: str


@dataclass
class Kept:
    """A kept file as it is found."""

    id: uuid.UUID
    created: datetime
    updated: datetime
    hash: str
    size: int
    uid: str
    version: int
    suffix: str
    kind: str | None
    otype: str | None
    key: str
    description: str
    trashed: int | None
    tags: dict[str, str]


FIELDS = tuple(Small.__annotations__)
encode = json.JSONEncoder(separators=(",", ":")).encode
_connection: sqlite3.Connection


def open(path: Path) -> None:  # noqa: A001 - the harness calls it so
    """Connect to the file at `path`; a new one gets the schema."""
    global _connection  # noqa: PLW0603 - one database per process
    new = not path.exists()
    _connection = sqlite3.connect(path, isolation_level=None, timeout=60)
    _connection.execute("PRAGMA journal_mode=wal")
    _connection.execute("PRAGMA synchronous=normal")
    if new:
        _connection.executescript(SCHEMA)


def close() -> None:
    """Disconnect."""
    _connection.close()


def save_batch(models: list[Small]) -> list[bytes]:
    """All models in one transaction."""
    ids, nodes, links = model_rows(models)
    write(nodes, links)
    return ids


def save_each(models: list[Small]) -> list[bytes]:
    """Every model in a transaction of its own."""
    return [save_batch([model])[0] for model in models]


def load_bulk() -> list[Small]:
    """All models by one query."""
    return rebuilt(_connection.execute(f"{SELECT} WHERE n.model = 'Small'").fetchall())


def load_each(ids: list[bytes]) -> list[Small]:
    """Every model by a query of its own."""
    return [rebuilt(_connection.execute(f"{SELECT} WHERE n.id = ?", (i,)).fetchall())[0] for i in ids]


def span_tree_write(below: list[list[int]]) -> bytes:
    """Spans with three artifacts each, two transactions a span: it opens; its outputs, and it closes. The root's id."""
    root = b""
    for nodes, links in span_rows(below):
        root = root or nodes[0][0]
        write(nodes, links)
    return root


def descendants_read(root: bytes) -> list[int]:
    """The values of all artifacts below a span."""
    return values_of(_connection.execute(DESCENDANTS, (root,)).fetchall())


def keep(files: list[tuple[str, str]]) -> None:
    """Rows of kept files, with a tag each."""
    rows, tags = kept_rows(files)
    _connection.execute("BEGIN IMMEDIATE")
    _connection.executemany(f"INSERT INTO kept VALUES ({','.join('?' * 13)})", rows)
    _connection.executemany("INSERT INTO tag VALUES (?,?,?)", tags)
    _connection.execute("COMMIT")


def filter_kept(folder: str) -> list[Kept]:
    """The kept files below a folder, with their tags: two SELECTs."""
    rows = _connection.execute(f"{SELECT_KEPT} WHERE substr(key, 1, ?) = ? {NEWEST}", (len(folder), folder)).fetchall()
    tags: dict[bytes, dict[str, str]] = {row[0]: {} for row in rows}
    listed = ",".join("?" * len(tags))
    for node, name, value in _connection.execute(f"SELECT * FROM tag WHERE node IN ({listed})", list(tags)):
        tags[node][name] = value
    return [found(row, tags[row[0]]) for row in rows]


def write(nodes: Rows, links: Rows) -> None:
    """Insert rows in one transaction."""
    _connection.execute("BEGIN IMMEDIATE")
    _connection.executemany(INSERT_NODE, nodes)
    if links:
        _connection.executemany(INSERT_LINK, links)
    _connection.execute("COMMIT")


def model_rows(models: list[Small]) -> tuple[list[bytes], Rows, Rows]:
    """Ids, node rows and link rows of models: six nodes and five links each."""
    ids: list[bytes] = []
    nodes: Rows = []
    links: Rows = []
    now = time.time_ns() // 1000
    for model in models:
        whole = uuid.uuid4().bytes
        ids.append(whole)
        nodes.append((whole, "model", now, now, "json", b'{"v":"1"}', None, None, "Small", 1))
        for name in FIELDS:
            part = uuid.uuid4().bytes
            data = encode(getattr(model, name)).encode()
            nodes.append((part, "artifact", now, now, "json", data, None, None, None, None))
            links.append((whole, name, part, now))
    return ids, nodes, links


def kept_rows(files: list[tuple[str, str]]) -> tuple[Rows, Rows]:
    """Rows of kept files, and of their tags."""
    rows: Rows = []
    tags: Rows = []
    now = time.time_ns() // 1000
    for number, (key, description) in enumerate(files):
        node, digest = uuid.UUID(int=number + 1).bytes, sha256(key.encode()).digest()
        facts = (digest, len(key), f"{number:020}", 1, ".txt", None, None, key, description, None)
        rows.append((node, now, now, *facts))
        tags.append((node, "number", str(number)))
    return rows, tags


def found(row: tuple[Any, ...], tags: dict[str, str]) -> Kept:
    """A kept file from its row."""
    node, created, updated, digest, *facts = row
    times = (datetime.fromtimestamp(created / 1e6, UTC), datetime.fromtimestamp(updated / 1e6, UTC))
    return Kept(uuid.UUID(bytes=node), *times, f"sha256:{digest.hex()}", *facts, tags)


def rebuilt(rows: Iterable[Any]) -> list[Small]:
    """Models from the rows of `SELECT`."""
    found: dict[bytes, dict[str, Any]] = {}
    for row in rows:
        found.setdefault(row[0], {})[row[1]] = json.loads(row[2])
    return [Small(**values) for values in found.values()]


def values_of(rows: Iterable[Any]) -> list[int]:
    """What is in the rows of ``DESCENDANTS``."""
    return list({row[0]: json.loads(row[1]) for row in rows}.values())


def span_rows(below: list[list[int]]) -> Iterable[tuple[Rows, Rows]]:
    """Node and link rows of each transaction that writes a tree of spans, in order."""

    def visit(i: int, parent: bytes | None) -> Iterable[tuple[Rows, Rows]]:
        now, span = time.time_ns() // 1000, uuid.uuid4().bytes
        row = (span, "span", now, now, None, None, None, None, None, None)
        yield [row], [(parent, f"span-{i}", span, now)] if parent else []
        for child in below[i]:
            yield from visit(child, span)
        yield output_rows(i, span)

    return visit(0, None)


def output_rows(i: int, span: bytes) -> tuple[Rows, Rows]:
    """Node and link rows of the three artifacts of span number `i`."""
    nodes: Rows = []
    links: Rows = []
    now = time.time_ns() // 1000
    for j in range(3):
        part = uuid.uuid4().bytes
        nodes.append((part, "artifact", now, now, "json", encode(3 * i + j).encode(), None, None, None, None))
        links.append((span, f"a{j}", part, now))
    return nodes, links
