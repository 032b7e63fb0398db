"""What a page can have done to a thing: its bytes checked, its value loaded into a variable."""

from __future__ import annotations

from collections.abc import Mapping
from contextlib import closing
from typing import Any
from uuid import UUID

from anyio import to_thread
from IPython.core.getipython import get_ipython

from artigraph.bridge import ask
from artigraph.digest import digest_bytes
from artigraph.errors import BlobCorruptError, BlobMissingError
from artigraph.graph.engine import Database, current_database
from artigraph.persist.fetch import NodeRow, fetch
from artigraph.persist.place import storage_named
from artigraph.persist.source import Source
from artigraph.registry import current_registry
from artigraph.verbs import load
from artigraph_jupyter.views.quantity import count_text
from artigraph_jupyter.widget.words import asked_id, badge, is_variable


async def check(database: Database, given: Mapping[str, Any]) -> dict[str, Any]:
    """Read the bytes of a node and of all inside it, and compare them with their hashes."""
    return await ask(_check, database, asked_id(given.get("id")))


async def load_into(database: Database, given: Mapping[str, Any]) -> dict[str, Any]:
    """Load a value into the kernel's namespace.

    Returns:
        ``said``, what was done; or ``taken``: the name is bound, and ``replace`` was not given.

    Raises:
        ValueError: the name cannot be that of a variable, or another database is in use by now.
        ArtigraphError: it cannot be loaded.
    """
    node_id, name = asked_id(given.get("id")), str(given.get("name", "")).strip()
    shell: Any = get_ipython()
    if shell is None:
        raise ValueError("there is no notebook to load it into")
    if not is_variable(name):
        raise ValueError(f"{name!r} cannot be the name of a variable")
    if current_database() is not database:
        raise ValueError(f"this shows {database.where}, and another database is in use by now; connect to it again")
    if name in shell.user_ns and not given.get("replace"):
        kind = type(shell.user_ns[name]).__name__
        return {"taken": f"{name} is bound already, to a {kind}."}
    value = await load.a(node_id)
    shell.user_ns[name] = value
    return {"said": f"loaded as {name} ({type(value).__name__})", "name": name}


async def _check(database: Database, node_id: UUID) -> dict[str, Any]:
    """(library thread) Intact, damaged or missing, and what is wrong."""
    got = await database.read(lambda connection: fetch(connection, [node_id.bytes]))
    kept = [row for row in got.nodes.values() if row.hash is not None and row.serializer is not None]
    wrong: list[tuple[str, str]] = []
    for row in kept:
        try:
            await _read(database, row)
        except BlobMissingError as error:
            wrong.append(("missing", str(error)))
        except BlobCorruptError as error:
            wrong.append(("damaged", str(error)))
    word = "missing" if any(state == "missing" for state, _ in wrong) else "damaged" if wrong else "intact"
    if not kept:
        return {"badge": None, "said": "It has no bytes of its own to check."}
    if not wrong:
        return {"badge": badge("intact, checked now"), "said": f"{count_text(len(kept), 'value')} read, all intact."}
    return {"badge": badge(word), "said": f"{len(wrong):,} of {len(kept):,} values: {wrong[0][1]}"}


async def _read(database: Database, row: NodeRow) -> None:
    """Read the bytes of one row, whatever their size. Raises BlobMissingError, BlobCorruptError."""
    if row.data is not None:
        if row.hash is not None and await to_thread.run_sync(digest_bytes, row.data) != row.hash:
            raise BlobCorruptError(f"row {UUID(bytes=row.id)}", "the hash it was saved with", "another")
        return
    if row.storage is not None:
        storage = storage_named(database, current_registry(), row.storage)
        with closing(await Source(storage, row.location or "", row.hash, row.size, "always").open()):
            pass
