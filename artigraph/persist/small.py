"""Small values that come with their rows, so that reading many handles and their values is one statement."""

from __future__ import annotations

from collections.abc import Iterable
from contextlib import suppress
from typing import Any, NamedTuple
from uuid import UUID

from sqlalchemy import ColumnElement, case

from artigraph.digest import digest_bytes
from artigraph.errors import SerializeError
from artigraph.graph.current import Use, open_span, tracking
from artigraph.graph.engine import Database
from artigraph.graph.schema import NODE
from artigraph.identity import Memory, memories
from artigraph.persist.fingerprint import fingerprint
from artigraph.persist.load import SMALL
from artigraph.persist.plan import JSON_NAME, PLAIN_TYPES
from artigraph.serializer.json import json_serializer

SMALL_DATA: ColumnElement[bytes | None] = case(
    ((NODE.c.artifact_serializer == JSON_NAME) & (NODE.c.artifact_size <= SMALL), NODE.c.database_artifact_data)
).label("small_data")
"""The bytes of a small JSON value; NULL of anything else."""


class SmallValue(NamedTuple):
    """A value as it was when its row was read."""

    value: Any
    hash: bytes
    database: Database

    def used(self, node_id: UUID, label: str | None) -> Any:
        """The value of this node; in an open span it becomes an input."""
        value, store = self.value, self.database.identity
        if type(value) not in PLAIN_TYPES:
            memories.remember(value, Memory(node_id, store, fingerprint(value), self.hash))
        elif memories.holding:
            memories.remember(value, Memory(node_id, store, None, self.hash))
        span = open_span(store)
        if span is not None and tracking():
            span.use(Use(node_id, label))
        return value


def small_values(
    rows: Iterable[tuple[bytes, bytes | None, bytes | None]], database: Database
) -> dict[bytes, SmallValue]:
    """Raw id -> value, of rows (raw id, ``SMALL_DATA``, hash) that have one; damaged ones are left to a load."""
    trusted = database.verify == "never"
    whole = [
        (node_id, data, digest)
        for node_id, data, digest in rows
        if isinstance(data, bytes) and digest is not None and (trusted or digest_bytes(data) == digest)
    ]
    with suppress(SerializeError):
        values = json_serializer.deserialize_many([data for _, data, _ in whole])
        return {each[0]: SmallValue(value, each[2], database) for each, value in zip(whole, values, strict=True)}
    return {}
