"""From the database to what the views show: rows and links become frozen records."""

from __future__ import annotations

import reprlib
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field, replace
from typing import Any
from uuid import UUID

from sqlalchemy import Connection, desc, func, select

from artigraph.artifact.artifact import Artifact
from artigraph.bridge import block
from artigraph.errors import ArtigraphError
from artigraph.graph.engine import Database, current_database
from artigraph.graph.schema import LINK, NODE
from artigraph.graph.walk import raw, raw_ids
from artigraph.identity import memories
from artigraph.lineage.describe import COLUMNS, described
from artigraph.persist.listing import Found, Listing
from artigraph.persist.place import default_storage
from artigraph.registry import current_registry
from artigraph.span.span import Span
from artigraph_jupyter.content import shown_content
from artigraph_jupyter.views import data

SPANS = 60
"""Root spans that a tree shows, the newest."""

INSIDE = 400
"""Spans inside of these that a tree shows at most."""

ROWS = 50
"""Rows that a table shows."""

FIELDS, INNER_FIELDS, DEPTH = 200, 8, 4
"""Fields that the card of a model names, those of a model inside it, and how deep models inside models are shown."""

THINGS = 50
"""Inputs, and outputs, that a card names."""


def span_tree(limit: int = SPANS) -> data.SpanTree:
    """The newest spans that are inside of no other, in the order they ran, with those inside them."""

    def work(connection: Connection) -> data.SpanTree:
        inside = select(LINK.c.target_id).where(LINK.c.kind == "child")
        roots = select(NODE.c.id).where(NODE.c.span_status.is_not(None), NODE.c.id.not_in(inside))
        total = connection.execute(select(func.count()).select_from(roots.subquery())).scalar() or 0
        ids = [row[0] for row in connection.execute(roots.order_by(desc(NODE.c.id)).limit(limit))]
        return data.SpanTree(_span_rows(connection, sorted(ids)), max(0, total - len(ids)))

    return block(current_database().read, work)


def span_card(span: Span) -> data.SpanCard:
    """A span with what it used, made, ran and ended with."""

    def work(connection: Connection) -> data.SpanCard:
        rows = _span_rows(connection, [span.id], THINGS)
        if not rows:
            return data.SpanCard(data.SpanRow(span.label or "span", span.status, node_id=str(span.id)))
        used = _things(connection, [span.id], "input", THINGS).get(span.id, _Things())
        stored = Span.with_ids(connection, [span.id])[0]
        return data.SpanCard(
            span=rows[0],
            inputs=tuple(used.shown),
            inputs_hidden=used.hidden,
            source=stored.source or "",
            error_text=(stored.error or {}).get("message", ""),
            untracked=tuple((each["name"], each["type"]) for each in stored.untracked or ()),
            facts=_span_facts(stored),
        )

    return block(current_database().read, work)


def _span_facts(span: Span) -> tuple[tuple[str, str], ...]:
    """Parameters and tags by name, then where and in what it ran."""
    info, ran_in = span.info or {}, span.environment or {}
    facts = {name: str(value) for name, value in (getattr(span, "params", None) or {}).items()}
    facts |= {name: value for name, value in span.tags.items() if name not in facts}
    if "notebook" in info:
        facts["Notebook"] = info["notebook"]
    if "python" in ran_in:
        facts["Environment"] = f"Python {ran_in['python']}, {len(ran_in.get('libraries', ()))} libraries"
    if "commit" in ran_in:
        facts["Commit"] = ran_in["commit"][:12] + (" with changes" if info.get("dirty") else "")
    return tuple(facts.items())


def model_card(model: Any, depth: int = 0) -> data.ModelCard:
    """A model in memory: its values are at hand, so nothing is loaded; who made it is looked up when it was saved.

    Args:
        model: an ArtifactModel.
        depth: how many models it is inside of; what is inside names few fields, and is not looked up.
    """
    cls, node_id = type(model), model.graph_id if model.graph_known else None
    saved = _saved(node_id) if node_id is not None and not depth else _Saved()
    values = list(model.graph_model_data().items())
    named = values[: FIELDS if depth == 0 else INNER_FIELDS if depth < DEPTH else 0]
    return data.ModelCard(
        label=saved.label or cls.graph_model_name,
        type_name=cls.graph_model_name,
        version=cls.graph_model_version,
        fields=tuple(_field(name, value, depth, saved.sizes.get(name)) for name, (value, _) in named),
        hidden=len(values) - len(named),
        node_id=str(node_id or ""),
        maker=saved.maker,
        created_at=saved.at,
        load_code=f"{cls.__name__}.load.s({str(node_id)!r})" if saved.at is not None else "",
    )


def artifact_card(artifact: Artifact) -> data.ArtifactCard:
    """A stored artifact: facts and a preview; its value is not loaded."""

    def work(connection: Connection) -> data.ArtifactCard:
        row = connection.execute(
            select(NODE.c.artifact_preview, NODE.c.artifact_serializer, NODE.c.remote_artifact_storage).where(
                NODE.c.id == artifact.id
            )
        ).first()
        users = _things(connection, [artifact.id], "used by", 8).get(artifact.id, _Things())
        more = [f"{users.hidden:,} more"] if users.hidden else []
        facts = [("Used by", ", ".join([*(user.label for user in users.shown), *more]))] if users.shown else []
        if row is not None and row.artifact_serializer:
            facts.append(("Stored as", f"{row.artifact_serializer} in {row.remote_artifact_storage or 'the database'}"))
        facts.append(("Hash", artifact.hash or "not saved yet"))
        return data.ArtifactCard(
            artifact=data.ArtifactRow(
                label=artifact.label or artifact.type_name or "artifact",
                kind="trace" if artifact.kind == "trace" else "artifact",
                type_name=artifact.type_name or "",
                size=artifact.size,
                maker=_makers(connection, [artifact.id]).get(artifact.id, ""),
                saved_at=artifact.created_at,
                node_id=str(artifact.id),
            ),
            tags=tuple(f"{name} = {value}" for name, value in artifact.tags.items()),
            facts=tuple(facts),
            preview=row.artifact_preview if row is not None else None,
            load_code=f"artigraph.load.s({str(artifact.id)!r})" if row is not None else "",
        )

    database = current_database()
    card = block(database.read, work)
    return replace(card, preview=block(shown_content, database, artifact.id, card.preview))


def artifact_table(found: Listing, query: str = "newest first") -> data.ArtifactTable:
    """The first rows of a listing."""
    rows = found.rows(ROWS)
    return data.ArtifactTable(tuple(_table_row(row) for row in rows), len(found), query)


def summary(database: Database, notes: Iterable[str] = ()) -> data.Summary:
    """Where the database is and what it holds."""

    def work(connection: Connection) -> tuple[tuple[str, int], ...]:
        spans = select(func.count()).where(NODE.c.span_status.is_not(None)).select_from(NODE)
        nodes = select(func.count()).select_from(NODE)
        links = select(func.count()).select_from(LINK)
        return tuple(
            (word, int(connection.execute(statement).scalar() or 0))
            for word, statement in (("spans", spans), ("nodes", nodes), ("links", links))
        )

    counts = block(database.read, work)
    storage = default_storage(database, current_registry())
    directory = getattr(storage, "directory", None)
    size = database.file.stat().st_size if database.file is not None and database.file.exists() else None
    where = str(database.file) if database.file is not None else database.where
    return data.Summary(where, str(directory or storage or "in the database"), counts, size, tuple(notes))


def _span_rows(connection: Connection, roots: Sequence[UUID], limit: int = 2) -> tuple[data.SpanRow, ...]:
    """Spans with their outputs and the spans inside them, in the order they ran."""
    children: dict[UUID, list[UUID]] = {}
    level, every = list(roots), list(roots)
    while level and len(every) < INSIDE:
        rows = connection.execute(
            select(LINK.c.source_id, LINK.c.target_id)
            .where(LINK.c.source_id.in_(level), LINK.c.kind == "child")
            .order_by(LINK.c.target_id)
        ).all()
        level = []
        for source, target in rows:
            children.setdefault(source, []).append(target)
            level.append(target)
        every += level
    spans = {span.id: span for span in Span.with_ids(connection, every)}
    outputs = _things(connection, every, "output", limit)

    def row(span_id: UUID) -> data.SpanRow:
        span = spans[span_id]
        made = outputs.get(span_id, _Things())
        return data.SpanRow(
            label=span.label or "span",
            status=span.status,
            kind="run" if span.node_type == "run" else "span",
            cell=(span.info or {}).get("execution_count"),
            error=(span.error or {}).get("type", ""),
            started=span.opened_at,
            duration=span.duration.total_seconds() if span.duration is not None else None,
            outputs=tuple(made.shown),
            outputs_hidden=made.hidden,
            children=tuple(row(child) for child in children.get(span_id, ()) if child in spans),
            node_id=str(span_id),
        )

    return tuple(row(root) for root in roots if root in spans)


@dataclass(slots=True)
class _Things:
    """The first of what hangs on a node, and how many more there are."""

    shown: list[data.Thing] = field(default_factory=list)
    hidden: int = 0


def _things(connection: Connection, ids: Sequence[UUID], way: str, limit: int) -> dict[UUID, _Things]:
    """What hangs on these nodes: outputs or inputs of spans, or the spans that used artifacts; ``limit`` each."""
    here, there = (LINK.c.target_id, LINK.c.source_id) if way == "input" else (LINK.c.source_id, LINK.c.target_id)
    place = func.row_number().over(partition_by=here, order_by=(LINK.c.role, LINK.c.id))
    count = func.count().over(partition_by=here)
    links = (
        select(here.label("here"), there.label("there"), LINK.c.label, LINK.c.role, place.label("place"))
        .add_columns(count.label("total"), LINK.c.id)
        .where(here.in_(list(ids)), LINK.c.kind == ("output" if way == "output" else "input"))
        .subquery()
    )
    first = connection.execute(select(links).where(links.c.place <= limit).order_by(links.c.role, links.c.id)).all()
    others = list({link.there.bytes for link in first})
    asked = select(*COLUMNS).where(raw(NODE.c.id).in_(raw_ids()))
    nodes = {UUID(bytes=row[0]): row for row in connection.execute(asked, {"ids": others})} if others else {}
    found: dict[UUID, _Things] = {}
    for link in first:
        node = described(nodes[link.there], link.label or link.role)
        what = ", ".join(word for word in (node.type_name, node.detail) if word)
        things = found.setdefault(link.here, _Things())
        things.shown.append(data.Thing(node.label, node.kind, node.version, what, role=link.role or ""))
        things.hidden = link.total - len(things.shown)
    return found


def _makers(connection: Connection, ids: Sequence[UUID]) -> dict[UUID, str]:
    """Who made these, in words: label and cell number of the span."""
    rows = connection.execute(
        select(LINK.c.target_id, NODE.c.node_label, NODE.c.span_info)
        .join(NODE, NODE.c.id == LINK.c.source_id)
        .where(LINK.c.target_id.in_(list(ids)), LINK.c.kind == "output")
    ).all()
    return {row[0]: _maker(row[1], row[2]) for row in rows}


def _maker(label: str | None, info: Any) -> str:
    count = info.get("execution_count") if isinstance(info, dict) else None
    return f"{label or 'a span'} [{count}]" if count is not None else label or "a span"


@dataclass(frozen=True, slots=True)
class _Saved:
    """What the database knows of a model."""

    label: str = ""
    maker: str = ""
    at: Any = None
    sizes: dict[str, int] = field(default_factory=dict)
    """field -> bytes"""


def _saved(node_id: UUID) -> _Saved:
    """What is known of a saved model; nothing when there is no database, or no such node in it."""

    def work(connection: Connection) -> _Saved:
        row = connection.execute(select(NODE.c.node_label, NODE.c.node_created_at).where(NODE.c.id == node_id)).first()
        if row is None:
            return _Saved()
        fields = (
            select(LINK.c.label, NODE.c.artifact_size)
            .join(NODE, NODE.c.id == LINK.c.target_id)
            .where(LINK.c.source_id == node_id, LINK.c.kind == "field", NODE.c.artifact_size.is_not(None))
            .limit(FIELDS)
        )
        sizes = {each.label: each.artifact_size for each in connection.execute(fields)}
        return _Saved(row[0] or "", _makers(connection, [node_id]).get(node_id, ""), row[1], sizes)

    try:
        return block(current_database().read, work)
    except ArtigraphError:
        return _Saved()


def _field(name: str, value: Any, depth: int, size: int | None) -> data.FieldRow:
    kind = type(value)
    if hasattr(kind, "graph_model_data"):
        return data.FieldRow(name, model_card(value, depth + 1), size=size, type_name=kind.graph_model_name)
    if value is None or issubclass(kind, str | int | float):
        shown = value if isinstance(value, str) else repr(value)
        return data.FieldRow(name, shown, "json/1", size, kind.__qualname__)
    serializer: Any = current_registry().serializer_for(value)
    stored_as = getattr(serializer, "name", "")
    return data.FieldRow(name, _preview(serializer, value), stored_as, size, kind.__qualname__)


def _preview(serializer: Any, value: Any) -> Any:
    """What its serializer shows of a value, else the start of its text."""
    try:
        shown = serializer.preview(value) if serializer is not None else None
        return shown if shown is not None else _short(value)
    except Exception as error:  # noqa: BLE001 - whatever a value of the user provokes, the other fields are shown
        return f"<{type(value).__qualname__}: {type(error).__name__} while it was shown>"


def _short(value: Any) -> str:
    """The start of a repr, without making the rest of it."""
    return repr(value[:200]) if isinstance(value, bytes | bytearray) else _SHORT.repr(value)


_SHORT = reprlib.Repr()
_SHORT.maxstring = _SHORT.maxother = 200


def _table_row(row: Found) -> data.ArtifactRow:
    shape = f" {' × '.join(f'{length:,}' for length in row.shape)}" if row.shape else ""
    return data.ArtifactRow(
        label=row.label or f"({str(row.id)[-8:]})",
        kind="model" if row.kind == "model" else "artifact",
        version=row.version,
        type_name=(row.type_name or "") + shape,
        size=row.size,
        maker=row.maker or "",
        saved_at=row.saved_at,
        node_id=str(row.id),
    )


def known_node(value: object) -> UUID | None:
    """The node that a live value was saved as or loaded from, in this database."""
    memory = memories.recall(value)
    return memory.node_id if memory is not None and memory.store == current_database().identity else None
