"""Stores of any size, written by raw SQL: chains of spans, folds inside runs, a table that everybody used."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from uuid import UUID

from artigraph.bridge import block
from artigraph.graph.engine import current_database, set_engine

START = 1_700_000_000_000_000
"""Microseconds; when the first node was made."""


def node_id(number: int) -> UUID:
    """The id of the node with this number: a UUIDv7 whose order is that of the numbers."""
    millisecond = START // 1000 + number
    return UUID(int=(millisecond << 80) | (7 << 76) | (2 << 62) | number)


def write_crowd(path: Path, spans: int, outputs: int = 9) -> UUID:
    """Make a store of ``spans * (outputs + 1) + 1`` nodes; returns the id of the last span.

    The first node is the table ``shared``, which every span used. Each span also used the first output of the span
    before it. Every tenth span is a run with the next four inside it; every hundredth ended with an error.
    """
    reset = set_engine(f"sqlite:///{path}", create_tables=True)
    database = current_database()
    block(database.prepare, create=True)
    block(database.close)
    reset()
    connection = sqlite3.connect(path)
    connection.execute("PRAGMA synchronous=OFF")
    connection.execute("PRAGMA cache_size=-262144")
    names = "id, node_type, node_label, node_created_at, node_updated_at, artifact_serializer, artifact_size, "
    names += "artifact_otype, database_artifact_data, span_status, span_opened_at, span_closed_at"
    marks = ",".join("?" * 12)
    with connection:
        connection.executemany(f"INSERT INTO artigraph_node ({names}) VALUES ({marks})", _nodes(spans, outputs))
        connection.executemany(
            "INSERT INTO artigraph_link (id, source_id, target_id, label, kind, role) VALUES (?,?,?,?,?,?)",
            _links(spans, outputs),
        )
    connection.execute("ANALYZE")
    connection.close()
    return node_id(1 + (spans - 1) * (outputs + 1))


def _nodes(spans: int, outputs: int) -> Iterator[tuple[Any, ...]]:
    yield (*_artifact(0, "shared"),)
    for span in range(spans):
        first = 1 + span * (outputs + 1)
        at = START + first * 1000
        status = "error" if span % 100 == 99 else "ok"
        kind = "run" if span % 10 == 0 else "span"
        yield node_id(first).bytes, kind, f"step {span}", at, at, None, None, None, None, status, at, at + 900_000
        for output in range(outputs):
            yield _artifact(first + 1 + output, None)


def _artifact(number: int, label: str | None) -> tuple[Any, ...]:
    at = START + number * 1000
    own = (node_id(number).bytes, "database_artifact", label, at, at, "json.json/1", 2, "int", b"42")
    return (*own, None, None, None)


def _links(spans: int, outputs: int) -> Iterator[tuple[Any, ...]]:
    number = 0
    for span in range(spans):
        first = 1 + span * (outputs + 1)
        ends = [(first, first + 1 + n, f"part {n}", "output", None) for n in range(outputs)]
        ends.append((0, first, None, "input", "shared"))
        if span:
            ends.append((first - outputs, first, None, "input", "before"))
        if 1 <= span % 10 <= 4:
            ends.append((first - (span % 10) * (outputs + 1), first, None, "child", None))
        for source, target, label, kind, role in ends:
            number += 1
            yield node_id(number).bytes, node_id(source).bytes, node_id(target).bytes, label, kind, role
