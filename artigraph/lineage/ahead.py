"""Links read ahead of a walk: everything around a node in a few statements, so that a long way asks nothing on it.

What was not read ahead is asked for when the walk gets there; only the number of statements differs.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Sequence
from functools import cache
from typing import Any

from sqlalchemy import Connection, Select, and_, case, literal_column, or_, select
from sqlalchemy.sql.expression import bindparam

from artigraph.graph.schema import LINK, NODE
from artigraph.graph.select import rows_for
from artigraph.graph.types import RawId
from artigraph.graph.walk import raw, raw_ids

DEEP = 8
"""Hops from which reading ahead is worth it."""

REACH = 2_000
"""Nodes that are read ahead, at most."""

AheadLink = Sequence[Any]
"""source, target, kind, label, role, changed"""

_COLUMNS = (raw(LINK.c.source_id), raw(LINK.c.target_id), LINK.c.kind, LINK.c.label, LINK.c.role, LINK.c.changed)
_NAMED = select(raw(NODE.c.id)).where(raw(NODE.c.id).in_(raw_ids()), NODE.c.node_label.is_not(None))


class Ahead:
    """The links around a node.

    Args:
        connection: inside one transaction.
        start: a raw id.
        up: against the data, or with it.

    Attributes:
        near: the ids of the nodes whose links are known.
    """

    def __init__(self, connection: Connection, start: bytes, *, up: bool) -> None:
        rows = connection.execute(_near(up), {"start": start, "reach": REACH})
        near = {start, *(row[0] for row in rows)}
        self.near, self._up = near, up
        self._into: dict[bytes, list[AheadLink]] = defaultdict(list)
        self._from: dict[bytes, list[AheadLink]] = defaultdict(list)
        listed = list(near)
        for row in rows_for(connection, _links("target_id", ()), listed):
            self._into[row[1]].append(row)
        for row in rows_for(connection, _links("source_id", ("field", "child") if up else ()), listed):
            self._from[row[0]].append(row)
        self._named = {row[0] for row in rows_for(connection, _NAMED, listed)}

    def links(self, end: str, nodes: Sequence[bytes], kinds: Sequence[str]) -> tuple[list[AheadLink], list[bytes]]:
        """The links with this end among the nodes, and those of the nodes that nothing is known of."""
        known = end == "target_id" or not self._up or set(kinds) <= {"field", "child"}
        table = self._into if end == "target_id" else self._from
        found: list[AheadLink] = []
        unknown: list[bytes] = []
        for node in nodes:
            if known and node in self.near:
                found += [link for link in table.get(node, ()) if link[2] in kinds]
            else:
                unknown.append(node)
        return found, unknown

    def named(self, nodes: Iterable[bytes]) -> tuple[set[bytes], list[bytes]]:
        """Those that have a label of their own, and those that nothing is known of."""
        listed = list(nodes)
        return {n for n in listed if n in self._named}, [n for n in listed if n not in self.near]


@cache
def _near(up: bool) -> Select[Any]:
    """The ids of what is reached along data and parts, nearest first as far as the database walks so."""
    here, there = (LINK.c.target_id, LINK.c.source_id) if up else (LINK.c.source_id, LINK.c.target_id)
    first = select(raw(NODE.c.id).label("id")).where(raw(NODE.c.id) == bindparam("start", type_=RawId()))
    near = first.cte("near", recursive=True)
    data = and_(raw(here) == near.c.id, LINK.c.kind.in_([literal_column(f"'{k}'") for k in ("input", "output")]))
    parts = and_(or_(raw(here) == near.c.id, raw(there) == near.c.id), LINK.c.kind == literal_column("'field'"))
    step = case((raw(here) == near.c.id, raw(there)), else_=raw(here))
    reached = near.union(select(step).select_from(near).join(LINK, or_(data, parts)))
    return select(reached.c.id).limit(bindparam("reach"))


@cache
def _links(end: str, kinds: tuple[str, ...]) -> Select[Any]:
    statement = select(*_COLUMNS).where(raw(LINK.c[end]).in_(raw_ids())).order_by(LINK.c.id)
    wanted = kinds or ("input", "output", "field", "child")
    return statement.where(LINK.c.kind.in_([literal_column(f"'{kind}'") for kind in wanted]))
