"""``view_lineage``: the lineage around one node, as a function and as what artifacts, models and spans can do."""

from __future__ import annotations

from operator import index
from typing import Any
from uuid import UUID

from sqlalchemy import Connection
from sqlalchemy.ext.asyncio import AsyncSession

from artigraph.bridge import method
from artigraph.errors import InvalidFilterError
from artigraph.graph.engine import current_database
from artigraph.lineage.abandoned import tell_abandoned
from artigraph.lineage.collect import collect
from artigraph.lineage.lineage import Lineage


async def lineage_around(
    node_id: UUID, upstream: int, downstream: int, *, with_children: bool = True, session: AsyncSession | None = None
) -> Lineage:
    """The lineage around a node; arguments and errors are those of ``artigraph.view_lineage``."""
    up, down = _hops("upstream", upstream), _hops("downstream", downstream) if with_children else 0

    def work(connection: Connection) -> Lineage:
        return tell_abandoned(connection, collect(connection, node_id, up, down))

    return await current_database().read(work, session=session)


class HasLineage:
    """What is a node, or stands for one under its ``graph_id``."""

    __slots__ = ()

    @method
    async def view_lineage(
        self: Any,
        upstream: int = 1,
        downstream: int = 1,
        *,
        with_children: bool = True,
        return_graph: bool = True,
        session: AsyncSession | None = None,
    ) -> Lineage:
        """What it was made from, and what was made from it; as ``artigraph.view_lineage``."""
        return await lineage_around(self.graph_id, upstream, downstream, with_children=with_children, session=session)


def _hops(name: str, given: Any) -> int:
    try:
        return index(given)
    except TypeError:
        raise InvalidFilterError(f"{name} is {given!r}; give a number of hops, 0 for none") from None
