"""Everything that is known of an artifact, without its content: as data, and as text."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import ColumnElement, Connection, desc, func, select

from artigraph.artifact.said import cells_of, values_of
from artigraph.artifact.text import aligned, cell_text
from artigraph.graph.schema import KEY, LINK, NODE
from artigraph.persist.family import IS_LATEST
from artigraph.persist.listing import human_bytes

VERSIONS, RUNS, COLUMNS, FEATURES = 10, 10, 30, 50
"""How many of each a description names at most; it says how many more there are."""


@dataclass(frozen=True, slots=True)
class VersionFacts:
    """One version."""

    number: int
    saved_at: datetime
    maker: str | None
    """The label of the span that made it."""
    in_trash: bool
    id: UUID
    is_latest: bool


@dataclass(frozen=True, slots=True)
class Description:
    """An artifact with what is around it; its text is an outline."""

    artifact: Any
    versions: tuple[VersionFacts, ...] = ()
    """The newest, oldest of them first."""
    version_count: int = 0
    made_by: tuple[str, ...] = ()
    """Labels of spans."""
    made_again_by: tuple[str, ...] = ()
    used_by: tuple[str, ...] = ()
    used_count: int = 0
    features: Mapping[str, tuple[str, Any]] | None = None
    """Name -> (dtype, value)."""
    labels: tuple[str, ...] = ()
    columns: Mapping[str, str] | None = None
    """Of a table: name -> dtype."""
    schema: str | None = None
    """The name of the schema that checked it."""
    collections: tuple[str, ...] = ()
    preview: Any = None
    """What its serializer stored to look at."""
    stored_as: str = ""

    def facts(self) -> list[tuple[str, str]]:
        """(name, value) of everything there is to say, in order; long ones are cut and say so."""
        one = self.artifact
        rows = f"{one.n_observations:,} rows" if one.n_observations is not None else ""
        files = f"{one.n_files:,} files" if one.n_files is not None else ""
        what = [one.otype or one.type_name or "", one.suffix, rows, files, human_bytes(one.size), one.kind or ""]
        newest = [_version_text(each) for each in self.versions]
        earlier = self.version_count - len(newest)
        found = [
            ("description", one.description),
            ("what", ", ".join(part for part in what if part)),
            ("uid", one.uid),
            ("hash", one.hash),
            ("stored as", self.stored_as),
            ("made by", ", ".join(self.made_by)),
            ("made again by", ", ".join(self.made_again_by)),
            ("used by", _named(self.used_by, self.used_count)),
            ("versions", ", ".join([*([f"{earlier:,} earlier"] if earlier > 0 else []), *newest])),
            ("collections", ", ".join(self.collections)),
            ("labels", ", ".join(self.labels)),
            ("tags", ", ".join(f"{name} = {value}" for name, value in one.tags.items())),
            ("checked by", self.schema),
            ("in the trash", f"since {one.trashed_at:%Y-%m-%d %H:%M} UTC" if one.trashed_at is not None else None),
        ]
        return [(name, cell_text(value, 200)) for name, value in found if value]

    def to_text(self) -> str:
        """The outline."""
        lines = [f"{self.artifact!r}{' (latest)' if self.artifact.is_latest and self.version_count > 1 else ''}"]
        blocks = [("", [[name, value] for name, value in self.facts()])]
        said, columns = self.features or {}, self.columns or {}
        blocks.append(
            (_head("features", said, FEATURES), [[n, d, cell_text(v, 60)] for n, (d, v) in _first(said, FEATURES)])
        )
        blocks.append((_head("columns", columns, COLUMNS), [[name, dtype] for name, dtype in _first(columns, COLUMNS)]))
        blocks.append(("first rows", _preview_rows(self.preview)))
        for head, rows in blocks:
            if rows:
                lines += [head] if head else []
                cells = [[cell_text(cell, 200) for cell in row] for row in rows]
                lines += [f"  {line}" for line in aligned(cells)]
        return "\n".join(lines)

    def __repr__(self) -> str:
        return self.to_text()


def described(connection: Connection, artifact: Any) -> Description:
    """What is known of an artifact: a constant number of statements, and nothing of its content."""
    own = select(
        NODE.c.artifact_preview, NODE.c.artifact_serializer, NODE.c.remote_artifact_storage, NODE.c.artifact_stem
    ).where(NODE.c.id == artifact.id)
    row = connection.execute(own).first()
    if row is None:
        return Description(artifact)
    node_id = artifact.id.bytes
    features = cells_of(connection, "feature", [node_id])[node_id]
    values = values_of(connection, "feature", [node_id])[node_id]
    columns = cells_of(connection, "column", [node_id])[node_id]
    labels = values_of(connection, "label", [node_id])[node_id]
    output = (LINK.c.target_id == artifact.id, LINK.c.kind == "output")
    used, used_count = _others(connection, LINK.c.target_id, LINK.c.source_id == artifact.id, LINK.c.kind == "input")
    versions, version_count = versions_of(connection, row.artifact_stem)
    schema = _others(connection, LINK.c.target_id, LINK.c.source_id == artifact.id, LINK.c.role == "schema")[0]
    holders = (LINK.c.target_id == artifact.id, LINK.c.kind == "field")
    where = f"{row.artifact_serializer} in {row.remote_artifact_storage or 'the database'}"
    return Description(
        artifact,
        versions=versions,
        version_count=version_count,
        made_by=_others(connection, LINK.c.source_id, *output, LINK.c.role.is_(None))[0],
        made_again_by=_others(connection, LINK.c.source_id, *output, LINK.c.role.is_not(None))[0],
        used_by=used,
        used_count=used_count,
        features={name: (cells[0].dtype, values[name]) for name, cells in features.items()},
        labels=tuple(name for names in labels.values() for name in (names if isinstance(names, list) else [names])),
        columns={name: cells[0].dtype for name, cells in columns.items()},
        schema=schema[0] if schema else None,
        collections=_others(connection, LINK.c.source_id, *holders, kind="collection")[0],
        preview=row.artifact_preview,
        stored_as=where if row.artifact_serializer else "",
    )


def versions_of(
    connection: Connection, stem: str | None, among: UUID | None = None
) -> tuple[tuple[VersionFacts, ...], int]:
    """The newest versions of a family, at most ``VERSIONS``, oldest of them first; and how many there are.

    Args:
        connection: inside one transaction.
        stem: of the family; None: nothing has versions.
        among: the id of a version that is to be among them, however old it is.
    """
    if stem is None:
        return (), 0
    maker = NODE.alias("maker")
    made = (
        select(maker.c.node_label)
        .join(LINK, LINK.c.source_id == maker.c.id)
        .where(LINK.c.target_id == NODE.c.id, LINK.c.kind == "output", LINK.c.role.is_(None))
        .limit(1)
        .scalar_subquery()
    )
    mine = (NODE.c.artifact_stem == stem, NODE.c.artifact_uid.is_not(None))
    count = connection.execute(select(func.count()).select_from(NODE).where(*mine)).scalar() or 0
    columns = (NODE.c.artifact_version, NODE.c.node_created_at, NODE.c.artifact_trashed_at, made.label("maker"))
    order = [desc(NODE.c.artifact_version)] if among is None else [NODE.c.id != among, desc(NODE.c.artifact_version)]
    newest = select(*columns, NODE.c.id, IS_LATEST.label("latest")).where(*mine).order_by(*order).limit(VERSIONS)
    found = [
        VersionFacts(
            number=row.artifact_version,
            saved_at=row.node_created_at,
            maker=row.maker,
            in_trash=row.artifact_trashed_at is not None,
            id=row.id,
            is_latest=bool(row.latest),
        )
        for row in connection.execute(newest)
    ]
    return tuple(sorted(found, key=lambda version: version.number)), count


def _others(
    connection: Connection, end: ColumnElement[Any], *conditions: Any, kind: str | None = None
) -> tuple[tuple[str, ...], int]:
    """How the nodes at the other end of links are called, the newest first, and how many there are."""
    name = func.coalesce(NODE.c.node_label, KEY.c.key, NODE.c.artifact_uid)
    source = LINK.join(NODE, NODE.c.id == end).outerjoin(KEY, KEY.c.stem == NODE.c.artifact_stem)
    is_kind = [NODE.c.node_type == kind] if kind is not None else []
    statement = select(NODE.c.id, name.label("name")).select_from(source).where(*conditions, *is_kind).distinct()
    found = connection.execute(statement.order_by(NODE.c.id.desc())).all()
    return tuple(row.name or f"({str(row.id)[-8:]})" for row in found[:RUNS]), len(found)


def _version_text(version: VersionFacts) -> str:
    return f"v{version.number} {version.saved_at:%Y-%m-%d %H:%M}{' (in the trash)' if version.in_trash else ''}"


def _named(names: Sequence[str], total: int) -> str:
    more = [f"{total - len(names):,} more"] if total > len(names) else []
    return ", ".join([*names, *more])


def _head(name: str, said: Mapping[str, Any], limit: int) -> str:
    return f"{name} (the first {limit} of {len(said):,})" if len(said) > limit else name


def _first(said: Mapping[str, Any], limit: int) -> list[tuple[str, Any]]:
    return list(said.items())[:limit]


def _preview_rows(preview: Any) -> list[list[str]]:
    """The first rows of a table under its columns, where a preview has them."""
    if not isinstance(preview, dict) or not preview.get("rows") or not preview.get("columns"):
        return []
    rows = [[cell_text(cell, 24) for cell in row[:8]] for row in preview["rows"][:5]]
    return [[cell_text(name, 24) for name in preview["columns"][:8]], *rows]
