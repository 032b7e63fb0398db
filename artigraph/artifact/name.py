"""The key of a family of versions: one row, whatever their number."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from sqlalchemy import Connection, Select, delete, select

from artigraph.errors import NameTakenError
from artigraph.graph.insert import Batch, insert_batches
from artigraph.graph.schema import KEY

Digest = Callable[[str], bytes]
"""A key -> what it is found by; keys of collections and those of artifacts do not meet."""


def check_key_is_free(connection: Connection, stem: str, key: str, digest: Digest) -> None:
    """See that a family can have a key.

    Args:
        connection: inside a transaction.
        stem: that of the family.
        key: the key.
        digest: of keys of its kind.

    Raises:
        NameTakenError: it belongs to another family.
    """
    _refuse_others(connection.execute(_holder(digest(key))).scalar(), stem, key)


def rename_family(connection: Connection, stem: str, key: str | None, digest: Digest) -> None:
    """Give a family another key, or none. Raises as ``check_key_is_free``, also when two take one at the same time."""
    connection.execute(delete(KEY).where(KEY.c.stem == stem))
    if key is not None:
        row = (digest(key), key, stem)
        insert_batches(connection, [Batch(KEY, ("key_digest", "key", "stem"), [row], ignore=True)])
        _refuse_others(connection.execute(_holder(digest(key)).with_for_update()).scalar(), stem, key)


def _holder(digest: bytes) -> Select[Any]:
    return select(KEY.c.stem).where(KEY.c.key_digest == digest)


def _refuse_others(holder: str | None, stem: str, key: str) -> None:
    if holder not in (None, stem):
        raise NameTakenError(key, f"the family {holder}", f"the family {stem}", "choose another key")
