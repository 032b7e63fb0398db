"""What can be wrong with rows: they lead nowhere, bytes changed, models are not whole, spans were left open."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from hashlib import sha256
from typing import Any
from uuid import UUID

from sqlalchemy import Column, Connection, and_, exists, func, literal_column, or_, select

from artigraph.digest import digest_bytes, format_digest, model_digest
from artigraph.graph.owner import gone_owners
from artigraph.graph.schema import BLOB_USE, LINK, NODE, TAG
from artigraph.graph.select import rows_for
from artigraph.graph.walk import raw, raw_ids
from artigraph.maintain.needs import unlisted
from artigraph.maintain.report import Problem, Progress
from artigraph.persist.whose import whose
from artigraph.serializer.folder import folder_serializer

CHUNK = 5_000

POINTERS: tuple[tuple[str, Column[Any]], ...] = (
    ("link", LINK.c.source_id),
    ("link", LINK.c.target_id),
    ("tag", TAG.c.node_id),
    ("blob use", BLOB_USE.c.node_id),
)
"""Columns that say which node a row belongs to, and what such a row is called."""


@dataclass(slots=True)
class Checked:
    """What a look at the rows found."""

    nodes: int = 0
    links: int = 0
    hashed: int = 0
    """Values in rows whose bytes were hashed."""
    problems: list[Problem] = field(default_factory=list)


def check_rows(connection: Connection, hashed: Callable[[], bool], progress: Progress) -> Checked:
    """Look at every row.

    Args:
        connection: inside one transaction.
        hashed: asked per value that lies in a row, whether its bytes are to be hashed.
        progress: told which look is taken.
    """
    found = Checked()
    found.nodes, found.links = (
        int(connection.execute(select(func.count()).select_from(table)).scalar() or 0) for table in (NODE, LINK)
    )
    looks = (_integrity, _dangling, _unlisted, _sizes, _models, _abandoned)
    for done, look in enumerate(looks):
        progress("looking at rows", done, len(looks) + 1)
        found.problems += look(connection)
    progress("looking at rows", len(looks), len(looks) + 1)
    for problem in _contents(connection, hashed, found):
        found.problems.append(problem)
    progress("looking at rows", len(looks) + 1, len(looks) + 1)
    return found


def dangling(column: Column[Any]) -> Any:
    """The condition that the node a row belongs to does not exist."""
    return ~exists().where(NODE.c.id == column)


def open_spans(connection: Connection) -> list[Any]:
    """(id, node_label, span_owner_id) of the spans that are open in the database, and whose process is gone."""
    rows = connection.execute(
        select(NODE.c.id, NODE.c.node_label, NODE.c.span_owner_id, NODE.c.span_opened_at).where(
            NODE.c.span_status == "open", NODE.c.span_owner_id.is_not(None)
        )
    ).all()
    gone = gone_owners(connection, {row.span_owner_id for row in rows})
    return [row for row in rows if row.span_owner_id in gone]


def _integrity(connection: Connection) -> Iterator[Problem]:
    if connection.dialect.name != "sqlite":
        return
    for (said,) in connection.exec_driver_sql("PRAGMA integrity_check(20)"):
        if said != "ok":
            yield Problem("database", f"SQLite finds its file damaged: {said}", "restore the newest backup")


def _dangling(connection: Connection) -> Iterator[Problem]:
    for what, column in POINTERS:
        lost = int(
            connection.execute(select(func.count()).select_from(column.table).where(dangling(column))).scalar() or 0
        )
        if lost:
            many = f"{lost:,} {what}{'s belong' if lost > 1 else ' belongs'}"
            yield Problem("dangling", f"{many} to nodes that do not exist ({column})", "repair() removes them")


def _unlisted(connection: Connection) -> Iterator[Problem]:
    for need in unlisted(connection):
        what = f"that {whose(connection, need.node_id.bytes)} needs its blob is not written down"
        cure = "repair() writes it down; gc() leaves the blob alone until then"
        yield Problem("unlisted", what, cure, need.node_id, need.storage, need.location)


def _sizes(connection: Connection) -> Iterator[Problem]:
    data, size = NODE.c.database_artifact_data, NODE.c.artifact_size
    empty = and_(NODE.c.node_type == "database_artifact", data.is_(None))
    plain = and_(NODE.c.model_artifact_type_name.is_(None), data.is_not(None), ~_FOLDER)
    wrong = and_(plain, func.length(data) != size)
    lost = and_(NODE.c.node_type == "remote_artifact", NODE.c.remote_artifact_location.is_(None), data.is_(None))
    statement = select(NODE.c.id, size, func.length(data).label("there")).where(or_(empty, wrong, lost))
    for row in connection.execute(statement).all():
        yield _changed(connection, row.id, f"{row.artifact_size} bytes", f"{row.there or 0} bytes")


def _contents(connection: Connection, hashed: Callable[[], bool], found: Checked) -> Iterator[Problem]:
    """Values in rows, whose bytes are hashed where that is asked for; the manifests of folders always are."""
    right = or_(func.length(NODE.c.database_artifact_data) == NODE.c.artifact_size, _FOLDER)
    plain = and_(NODE.c.database_artifact_data.is_not(None), NODE.c.model_artifact_type_name.is_(None), right)
    rows = connection.execute(select(raw(NODE.c.id), NODE.c.artifact_serializer).where(plain))
    chosen = [row[0] for row in rows if row[1] == folder_serializer.name or hashed()]
    found.hashed = len(chosen)
    for row in rows_for(connection, _DATA, chosen):
        node_id, expected, data = UUID(bytes=row[0]), _raw(row[1]), row[2]
        if isinstance(data, str):  # SQLite keeps in any column whatever another program puts there
            yield _changed(connection, node_id, "bytes", "text")
        elif expected != (got := sha256(data).digest()):
            yield _changed(connection, node_id, format_digest(expected), format_digest(got))


def _models(connection: Connection) -> Iterator[Problem]:
    """Models whose parts are not those that were saved with them."""
    rows = connection.execute(_MODELS)
    while chunk := rows.fetchmany(CHUNK):
        parts: dict[bytes, list[tuple[str, bytes]]] = {}
        for whole, label, digest in rows_for(connection, _PARTS, [row[0] for row in chunk]):
            parts.setdefault(whole, []).append((label or "", _raw(digest)))
        for node_id, name, version, digest, keys in chunk:
            held = parts.get(node_id, [])
            own = [("", digest_bytes(_raw(keys)))] if keys is not None else []
            if model_digest(name, version or 1, [*held, *own]) != _raw(digest):
                labels = ", ".join(sorted(label for label, _ in held)) or "none"
                what = f"the parts of {name} {UUID(bytes=node_id)} are not those that were saved (it has {labels})"
                yield Problem(
                    "incomplete", what[:500], "restore the newest backup, or save it again", UUID(bytes=node_id)
                )


def _abandoned(connection: Connection) -> Iterator[Problem]:
    for row in open_spans(connection):
        what = f"span {row.node_label or row.id} is open, and the process that opened it is gone"
        yield Problem("abandoned", what, "repair() closes it", row.id)


def _raw(found: Any) -> bytes:
    """Bytes of a row; text that stands in their place is never equal to them."""
    return b"" if found is None or isinstance(found, str) else bytes(found)


def _changed(connection: Connection, node_id: UUID, expected: str, got: str) -> Problem:
    what = f"the bytes of {whose(connection, node_id.bytes)} in its row have changed: expected {expected}, got {got}"
    return Problem("content", what, "restore the newest backup, or save the value again", node_id)


_FOLDER = func.coalesce(NODE.c.artifact_serializer, "") == folder_serializer.name
_DATA = select(raw(NODE.c.id), NODE.c.artifact_hash, NODE.c.database_artifact_data).where(raw(NODE.c.id).in_(raw_ids()))
_MODELS = select(
    *(raw(NODE.c.id), NODE.c.model_artifact_type_name, NODE.c.model_artifact_version),
    *(NODE.c.artifact_hash, NODE.c.database_artifact_data),
).where(NODE.c.model_artifact_type_name.is_not(None))
_PARTS = (
    select(raw(LINK.c.source_id), LINK.c.label, NODE.c.artifact_hash)
    .select_from(LINK.join(NODE, NODE.c.id == LINK.c.target_id))
    .where(raw(LINK.c.source_id).in_(raw_ids()), LINK.c.kind == literal_column("'field'"))
)
