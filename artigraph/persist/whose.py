"""Whose content a node holds, as an error names it."""

from __future__ import annotations

from uuid import UUID

from sqlalchemy import Connection, select

from artigraph.graph.schema import LINK, NODE
from artigraph.graph.walk import raw

NOT_MODELS = ("node", "span", "run")


def whose(connection: Connection, node_id: bytes) -> str:
    """Whose bytes these are: the labels on the way up to a span, the innermost last."""
    names: list[str] = []
    current: bytes | None = node_id
    top: str | None = None
    for _ in range(8):
        found = connection.execute(
            select(LINK.c.label, raw(LINK.c.source_id), NODE.c.node_label, NODE.c.node_type)
            .join(NODE, NODE.c.id == LINK.c.source_id)
            .where(LINK.c.target_id == UUID(bytes=current), LINK.c.kind.in_(("field", "output")))
            .limit(1)
        ).first()
        if found is None:
            break
        names.append(found.label or "")
        current, top = found[1], found.node_label
        if found.node_type in NOT_MODELS:
            names.append(f"span {found.node_label or UUID(bytes=current)}")
            top = None
            break
    own = connection.execute(select(NODE.c.node_label).where(NODE.c.id == UUID(bytes=node_id))).scalar()
    if not names:
        return f"artifact {own or UUID(bytes=node_id)}"
    names.append(top or "")
    return f"artifact {' / '.join(reversed([name for name in names if name]))} ({UUID(bytes=node_id)})"
