"""The rows of the tag table: what was said of nodes, read and replaced."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from sqlalchemy import Connection, bindparam, delete, select
from sqlalchemy.ext.asyncio import AsyncSession

from artigraph.artifact.dtype import Cell, value_of
from artigraph.errors import NodeNotFoundError
from artigraph.graph.engine import current_database
from artigraph.graph.insert import Batch, insert_batches
from artigraph.graph.schema import NODE, TAG
from artigraph.graph.walk import raw, raw_ids
from artigraph.persist.conflict import rows_of

_COLUMNS = ("node_id", "space", "name", "position", "dtype", "value_text", "value_number", "value_json")
_SAID = (
    select(raw(TAG.c.node_id), *(TAG.c[name] for name in _COLUMNS[2:]))
    .where(raw(TAG.c.node_id).in_(raw_ids()), TAG.c.space == bindparam("space"))
    .order_by(TAG.c.name, TAG.c.position)
)

Cells = Mapping[str, Sequence[Cell]]
"""Name -> the rows that say its value."""


def cells_of(connection: Connection, space: str, ids: Iterable[bytes]) -> dict[bytes, dict[str, list[Cell]]]:
    """Raw id -> name -> rows, of every one of these nodes."""
    found: dict[bytes, dict[str, list[Cell]]] = {node_id: {} for node_id in ids}
    for node_id, name, *said in rows_of(connection, _SAID.params(space=space), found):
        found[node_id].setdefault(name, []).append(Cell(*said))
    return found


def values_of(connection: Connection, space: str, ids: Iterable[bytes]) -> dict[bytes, dict[str, Any]]:
    """Raw id -> name -> value, of every one of these nodes."""
    found = cells_of(connection, space, ids)
    return {node_id: {name: value_of(cells) for name, cells in said.items()} for node_id, said in found.items()}


def write_cells(connection: Connection, space: str, node_id: bytes, cells: Cells, *, whole: bool = False) -> None:
    """Say these of a node, instead of what was said under their names; with ``whole``, instead of everything."""
    gone = delete(TAG).where(raw(TAG.c.node_id) == node_id, TAG.c.space == space)
    connection.execute(gone if whole else gone.where(TAG.c.name.in_(list(cells))))
    rows = [
        (node_id, space, name, cell.position, cell.dtype, cell.text, cell.number, cell.json)
        for name, said in cells.items()
        for cell in said
    ]
    insert_batches(connection, [Batch(TAG, _COLUMNS, rows)])


async def read_values(artifact: Any, space: str, session: AsyncSession | None) -> dict[str, Any]:
    """What is said of an artifact: name -> value."""

    def work(connection: Connection) -> dict[str, Any]:
        return values_of(connection, space, [artifact.id.bytes])[artifact.id.bytes]

    return await current_database().read(work, session=session)


async def change(artifact: Any, space: str, renew: Any, session: AsyncSession | None) -> Any:
    """Say something else of an artifact, in one transaction that nobody else changes it in.

    Args:
        artifact: saved.
        space: of the tag table.
        renew: (connection, what is said: name -> rows) -> what shall be said.
        session: a caller's session.

    Raises:
        NodeNotFoundError: it was not saved, or was deleted.
    """

    def work(connection: Connection) -> None:
        own = select(NODE.c.id).where(NODE.c.id == artifact.id).with_for_update()
        if connection.execute(own).first() is None:
            raise NodeNotFoundError(artifact.id, "save the artifact before you annotate it")
        before = cells_of(connection, space, [artifact.id.bytes])[artifact.id.bytes]
        write_cells(connection, space, artifact.id.bytes, renew(connection, before), whole=True)

    await current_database().write(work, session=session)
