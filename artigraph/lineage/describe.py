"""One row in the words of a picture: kind, label, type, and a few facts more."""

from __future__ import annotations

import json
from collections import namedtuple
from collections.abc import Sequence
from typing import Any

from sqlalchemy import JSON, select

from artigraph.graph.schema import KEY, NODE
from artigraph.graph.types import Time
from artigraph.graph.walk import raw
from artigraph.ids import as_datetime, id_text
from artigraph.lineage.picture import LineageNode

COLUMNS = (
    raw(NODE.c.id),
    NODE.c.node_type,
    NODE.c.node_label,
    NODE.c.node_created_at,
    NODE.c.artifact_kind,
    NODE.c.artifact_otype,
    NODE.c.artifact_size,
    NODE.c.artifact_preview,
    NODE.c.artifact_stem,
    NODE.c.artifact_version,
    NODE.c.model_artifact_type_name,
    NODE.c.model_artifact_version,
    NODE.c.span_status,
    NODE.c.span_opened_at,
    NODE.c.span_closed_at,
    NODE.c.span_info,
    NODE.c.span_untracked,
    select(KEY.c.key).where(KEY.c.stem == NODE.c.artifact_stem).scalar_subquery().label("key"),
)
"""What ``described`` reads of a row."""


_PlainRow: Any = namedtuple("_PlainRow", ["id", *(str(column.key) for column in COLUMNS[1:])])  # type: ignore[misc]
_FORMS = [
    (place, as_datetime if isinstance(column.type, Time) else json.loads)
    for place, column in enumerate(COLUMNS)
    if isinstance(column.type, Time | JSON)
]
"""Places of a row whose values SQLite keeps in another form, and what makes them of it."""


def plain_row(row: Sequence[Any]) -> Any:
    """A row of ``COLUMNS`` from SQLite's driver: SQLAlchemy's part in it takes as long as all the rest of a lineage."""
    values = list(row)
    for place, form in _FORMS:
        if values[place] is not None:
            values[place] = form(values[place])
    return _PlainRow._make(values)


def described(
    row: Any, name: str | None = None, *, parent: str | None = None, upstream: int = 0, downstream: int = 0
) -> LineageNode:
    """The picture's node for a row of ``COLUMNS``.

    Args:
        row: of ``COLUMNS``.
        name: stands in for a missing label.
        parent: id of the span that contains it.
        upstream: how many neighbours upstream are not in the picture.
        downstream: the same downstream.
    """
    node_id = id_text(row[0])
    kind = _kind(row)
    label = row.key or row.node_label or name or row.model_artifact_type_name or row.artifact_otype or node_id[-8:]
    return LineageNode(
        id=node_id,
        label=label,
        kind=kind,
        status=row.span_status,
        type_name=row.model_artifact_type_name or row.artifact_otype or "",
        detail=_detail(row, kind),
        version=row.model_artifact_version if kind == "model" else row.artifact_version,
        parent=parent,
        more_upstream=upstream,
        more_downstream=downstream,
        created_at=row.node_created_at,
    )


def human_size(size: float | None) -> str:
    """A number of bytes in three digits and a unit.

    >>> human_size(1536), human_size(7)
    ('1.54 KB', '7 B')
    """
    if size is None:
        return ""
    for unit in ("B", "KB", "MB", "GB"):
        if size < 1000:
            return f"{size:.3g} {unit}"
        size /= 1000
    return f"{size:.3g} TB"


def human_time(seconds: float) -> str:
    """A duration in two or three digits.

    >>> human_time(0.0123), human_time(75)
    ('12 ms', '1 min 15 s')
    """
    if seconds < 0.1:
        return f"{max(round(seconds * 1000), int(seconds > 0))} ms"
    if seconds < 60:
        return f"{seconds:.3g} s"
    minutes, rest = divmod(round(seconds), 60)
    return f"{minutes} min {rest} s" if minutes < 60 else f"{minutes // 60} h {minutes % 60} min"


def shape_of(preview: Any) -> str:
    """Rows x columns, where a preview tells.

    >>> shape_of({"shape": [336776, 19]})
    '336,776 × 19'
    """
    shape = preview.get("shape") if isinstance(preview, dict) else None
    return " × ".join(f"{length:,}" for length in shape) if shape else ""


def _kind(row: Any) -> str:
    if row.span_status is not None:
        return "run" if row.node_type == "run" else "span"
    if row.artifact_kind == "trace":
        return "trace"
    if row.artifact_stem is not None:
        return "keyed"
    return "model" if row.model_artifact_type_name is not None else "artifact"


def _detail(row: Any, kind: str) -> str:
    if kind in ("span", "run"):
        info = row.span_info if isinstance(row.span_info, dict) else {}
        count = info.get("execution_count")
        facts = [f"[{count}]"] if count is not None else []
        if row.span_opened_at is not None and row.span_closed_at is not None:
            facts.append(human_time((row.span_closed_at - row.span_opened_at).total_seconds()))
        return " · ".join(facts)
    if kind == "trace":
        return ""
    return shape_of(row.artifact_preview) or human_size(row.artifact_size)
