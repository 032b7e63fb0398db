"""The tables: rows of nodes (one table for all kinds), links, tags, keys, blob uses, owners.

A user's node type subclasses one of the ``Orm*`` classes. Its columns live in the same table, so they are always
nullable; its ``__table_args__`` are moved onto that table; ``polymorphic_identity = "name"`` alone names it.
"""

from __future__ import annotations

import inspect
import warnings
from collections.abc import Collection
from datetime import datetime
from typing import Any, ClassVar, cast
from uuid import UUID

from sqlalchemy import BigInteger, Column, Float, ForeignKey, Index, Integer, SmallInteger, Table, text
from sqlalchemy.exc import SAWarning
from sqlalchemy.orm import DeclarativeBase, Mapped, MappedColumn, mapped_column
from sqlalchemy.schema import Constraint

from artigraph.errors import InvalidFieldError
from artigraph.graph.types import Bytes, Digest, Id, Json, LongText, Text, Time, as_ours
from artigraph.ids import as_datetime, new_id, now

SCHEMA_VERSION = "0001"
"""The newest revision in ``migrations/versions``; a database carries the one it was made or upgraded with."""

LINK_KINDS = ("field", "child", "output", "input", "user")


def utc_now() -> datetime:
    """The present, aware, in UTC."""
    return as_datetime(now())


class Base(DeclarativeBase):
    """The declarative base of every table of artigraph."""


_WHOLE_ROWS = {"with_polymorphic": "*"}
"""Reading a base class reads the columns of its subclasses too, so that rows can be used after their transaction."""


def _name_identity(cls: Any) -> None:
    """Let ``polymorphic_identity`` or ``__mapper_args__`` name the type, alone or both alike."""
    own = dict(cls.__dict__.get("__mapper_args__", {}))
    by_args, by_name = own.get("polymorphic_identity"), cls.__dict__.get("polymorphic_identity")
    if by_args is not None and by_name is not None and by_args != by_name:
        raise InvalidFieldError(f"{cls.__name__} is named {by_name!r} and {by_args!r}; keep one polymorphic_identity")
    identity = by_name or by_args
    if identity is None:
        raise InvalidFieldError(f"{cls.__name__} needs a polymorphic_identity: the node_type of its rows")
    cls.polymorphic_identity = identity
    cls.__mapper_args__ = {**_WHOLE_ROWS, **own, "polymorphic_identity": identity}


def _runs_again(cls: Any) -> bool:
    """Whether the statement that defines this class ran before: the cell of a notebook, for example.

    Raises:
        InvalidFieldError: another class has its name for rows.
    """
    known = OrmNode.__mapper__.polymorphic_map.get(cls.polymorphic_identity)
    if known is None:
        return False
    other = known.class_
    if (other.__module__, other.__qualname__) != (cls.__module__, cls.__qualname__):
        raise InvalidFieldError(
            f"the node type {cls.polymorphic_identity!r} is {other.__module__}.{other.__qualname__} already; choose "
            "another polymorphic_identity"
        )
    return True


def _keep_columns(cls: Any, there: Collection[str]) -> None:
    """Let a class that is defined again use the columns it has; those that are new to it are added."""
    given = {name: value.column.name or name for name, value in vars(cls).items() if isinstance(value, MappedColumn)}
    for name, column in {**{name: name for name in inspect.get_annotations(cls)}, **given}.items():
        if column in there:
            setattr(cls, name, mapped_column(column, use_existing_column=True))


class OrmNode(Base):
    """A row of ``artigraph_node``: a vertex of the graph."""

    __tablename__ = "artigraph_node"
    polymorphic_identity: ClassVar[str] = "node"
    """The ``node_type`` of this class's rows; a subclass sets its own."""
    __mapper_args__: Any = {  # noqa: RUF012 - what SQLAlchemy looks for
        **_WHOLE_ROWS,
        "polymorphic_on": "node_type",
        "polymorphic_identity": "node",
    }

    id: Mapped[UUID] = mapped_column(Id, primary_key=True, default=new_id)
    node_type: Mapped[str] = mapped_column(Text(64), nullable=False)
    node_label: Mapped[str | None] = mapped_column(Text(255))
    node_created_at: Mapped[datetime] = mapped_column(Time, default=utc_now)
    node_updated_at: Mapped[datetime] = mapped_column(Time, default=utc_now, onupdate=utc_now)

    def __init_subclass__(cls, **kwargs: Any) -> None:
        """Map a subclass onto the one table: name it, free its columns of NOT NULL, move its table arguments."""
        table_args = cls.__dict__.get("__table_args__", ())
        if "__table_args__" in cls.__dict__:
            del cls.__table_args__
        _name_identity(cls)
        table = cast("Table", OrmNode.__table__)
        before, optional = set(table.columns.keys()), {column.name for column in table.columns if column.nullable}
        with warnings.catch_warnings():
            if _runs_again(cls):
                _keep_columns(cls, before)
                table_args = ()
                warnings.simplefilter("ignore", SAWarning)  # that there is such a class already
            super().__init_subclass__(**kwargs)
        for column in table.columns:
            if column.name not in before:
                column.type = as_ours(column.type)
            if column.name not in before or column.name in optional:  # also where the class said it again
                column.nullable = True
        for argument in table_args if isinstance(table_args, tuple) else (table_args,):
            if isinstance(argument, Index):
                argument._set_parent(table)
            elif isinstance(argument, Constraint):
                table.append_constraint(argument)

    def __repr__(self) -> str:
        return f"<{type(self).__name__} {self.id}{f' {self.node_label!r}' if self.node_label else ''}>"


class _Known(dict[Any, Any]):
    """Node type -> mapper; a type whose class is not defined in this process is read as a plain node."""

    def __missing__(self, node_type: Any) -> Any:
        return OrmNode.__mapper__


OrmNode.__mapper__.polymorphic_map = _Known(OrmNode.__mapper__.polymorphic_map)


class OrmArtifact(OrmNode):
    """A node with content."""

    polymorphic_identity = "artifact"

    artifact_serializer: Mapped[str | None] = mapped_column(Text(128))
    artifact_hash: Mapped[bytes | None] = mapped_column(Digest())
    artifact_size: Mapped[int | None] = mapped_column(BigInteger)
    artifact_content_type: Mapped[str | None] = mapped_column(Text(128))
    artifact_uid: Mapped[str | None] = mapped_column(Text(20))
    artifact_stem: Mapped[str | None] = mapped_column(Text(16))
    artifact_version: Mapped[int | None] = mapped_column(Integer)
    artifact_suffix: Mapped[str | None] = mapped_column(Text(64))
    artifact_kind: Mapped[str | None] = mapped_column(Text(64))
    artifact_otype: Mapped[str | None] = mapped_column(Text(255))
    artifact_description: Mapped[str | None] = mapped_column(LongText())
    artifact_trashed_at: Mapped[datetime | None] = mapped_column(Time)
    artifact_extra: Mapped[Any | None] = mapped_column(Json())
    artifact_preview: Mapped[Any | None] = mapped_column(Json())


class OrmRemoteArtifact(OrmArtifact):
    """An artifact whose bytes lie in a storage; the row points to them."""

    polymorphic_identity = "remote_artifact"

    remote_artifact_storage: Mapped[str | None] = mapped_column(Text(255))
    remote_artifact_location: Mapped[str | None] = mapped_column(Text(1024))


class OrmSpan(OrmNode):
    """Something that ran, or runs."""

    polymorphic_identity = "span"

    span_status: Mapped[str | None] = mapped_column(Text(16))
    span_opened_at: Mapped[datetime | None] = mapped_column(Time)
    span_closed_at: Mapped[datetime | None] = mapped_column(Time)
    span_error: Mapped[Any | None] = mapped_column(Json())
    span_untracked: Mapped[Any | None] = mapped_column(Json())
    span_owner_id: Mapped[UUID | None] = mapped_column(Id)
    span_source: Mapped[str | None] = mapped_column(LongText())
    span_info: Mapped[Any | None] = mapped_column(Json())
    run_environment_id: Mapped[UUID | None] = mapped_column(Id)


class OrmRun(OrmSpan):
    """A span that also records how it ran."""

    polymorphic_identity = "run"

    run_params: Mapped[Any | None] = mapped_column(Json())


# The bytes come last in the row, so that reading the other columns never touches a big value's overflow pages.
for _column in (Column("model_artifact_type_name", Text(255)), Column("model_artifact_version", Integer)):
    cast("Table", OrmNode.__table__).append_column(_column)


class OrmDatabaseArtifact(OrmArtifact):
    """An artifact whose bytes lie in the row itself."""

    polymorphic_identity = "database_artifact"

    database_artifact_data: Mapped[bytes | None] = mapped_column(Bytes())


class OrmModelArtifact(OrmDatabaseArtifact):
    """The root node of a model (or of a container with models inside); its parts hang on ``field`` links."""

    polymorphic_identity = "model_artifact"

    model_artifact_type_name: Mapped[str | None] = mapped_column(Text(255), use_existing_column=True)
    model_artifact_version: Mapped[int | None] = mapped_column(Integer, use_existing_column=True)


class OrmCollection(OrmNode):
    """Artifacts in an order, as one; they hang on ``field`` links with their places as labels."""

    polymorphic_identity = "collection"


class OrmTerm(OrmNode):
    """A word that annotates artifacts: a feature, a schema, a label."""

    polymorphic_identity = "term"


class OrmLink(Base):
    """A row of ``artigraph_link``: an arrow from source to target."""

    __tablename__ = "artigraph_link"

    id: Mapped[UUID] = mapped_column(Id, primary_key=True, default=new_id)
    source_id: Mapped[UUID] = mapped_column(ForeignKey("artigraph_node.id", ondelete="CASCADE"), type_=Id)
    target_id: Mapped[UUID] = mapped_column(ForeignKey("artigraph_node.id", ondelete="CASCADE"), type_=Id)
    label: Mapped[str | None] = mapped_column(Text(255))
    kind: Mapped[str] = mapped_column(Text(8), default="user")
    role: Mapped[str | None] = mapped_column(Text(255))
    changed: Mapped[bool | None] = mapped_column(SmallInteger)

    def __repr__(self) -> str:
        return f"<OrmLink {self.source_id} -{self.kind}{f' {self.label!r}' if self.label else ''}-> {self.target_id}>"


class OrmTag(Base):
    """A row of ``artigraph_tag``: something said about a node."""

    __tablename__ = "artigraph_tag"

    node_id: Mapped[UUID] = mapped_column(
        ForeignKey("artigraph_node.id", ondelete="CASCADE"), type_=Id, primary_key=True
    )
    space: Mapped[str] = mapped_column(Text(8), primary_key=True)
    name: Mapped[str] = mapped_column(Text(255), primary_key=True)
    position: Mapped[int] = mapped_column(Integer, primary_key=True, default=-1, autoincrement=False)
    dtype: Mapped[str | None] = mapped_column(Text(64))
    value_text: Mapped[str | None] = mapped_column(Text(255))
    value_number: Mapped[float | None] = mapped_column(Float(53))
    value_json: Mapped[Any | None] = mapped_column(Json())


class OrmKey(Base):
    """A row of ``artigraph_key``: the name of a family of versions."""

    __tablename__ = "artigraph_key"

    key_digest: Mapped[bytes] = mapped_column(Digest(), primary_key=True)
    key: Mapped[str] = mapped_column(Text(1024))
    stem: Mapped[str] = mapped_column(Text(16))


class OrmBlobUse(Base):
    """A row of ``artigraph_blob_use``: this node needs that blob."""

    __tablename__ = "artigraph_blob_use"

    node_id: Mapped[UUID] = mapped_column(
        ForeignKey("artigraph_node.id", ondelete="CASCADE"), type_=Id, primary_key=True
    )
    storage: Mapped[str] = mapped_column(Text(255), primary_key=True)
    hash: Mapped[bytes] = mapped_column(Digest(), primary_key=True)


class OrmOwner(Base):
    """A row of ``artigraph_owner``: a process that opens spans."""

    __tablename__ = "artigraph_owner"

    id: Mapped[UUID] = mapped_column(Id, primary_key=True, default=new_id)
    host: Mapped[str] = mapped_column(Text(255))
    boot_id: Mapped[str | None] = mapped_column(Text(64))
    pid: Mapped[int] = mapped_column(BigInteger)
    started: Mapped[str | None] = mapped_column(Text(64))
    seen_at: Mapped[datetime] = mapped_column(Time, default=utc_now)


class OrmSchema(Base):
    """The one row of ``artigraph_schema``: the revision this database was made with (Alembic's version table)."""

    __tablename__ = "artigraph_schema"

    version_num: Mapped[str] = mapped_column(Text(32), primary_key=True)


NODE, LINK, TAG, KEY, BLOB_USE, OWNER, SCHEMA = (
    cast("Table", row.__table__) for row in (OrmNode, OrmLink, OrmTag, OrmKey, OrmBlobUse, OrmOwner, OrmSchema)
)

OUR_COLUMNS = frozenset(NODE.columns.keys())
"""The node columns that the stamped schema speaks of; a user's own are not among them."""

for _table in (NODE, LINK, TAG, KEY, BLOB_USE):
    _table.dialect_options["sqlite"]["with_rowid"] = False


def _index(name: str, *columns: Any, where: str | None = None, unique: bool = False) -> None:
    partial: dict[str, Any] = dict.fromkeys(("sqlite_where", "postgresql_where"), text(where)) if where else {}
    Index(name, *columns, unique=unique, **partial)


_index("artigraph_link_label", LINK.c.source_id, LINK.c.label, unique=True)
_index("artigraph_link_target", LINK.c.target_id, LINK.c.source_id)
_index("artigraph_node_kind", NODE.c.node_type, NODE.c.node_created_at, where="node_type <> 'database_artifact'")
_index("artigraph_node_label", NODE.c.node_label, where="node_label IS NOT NULL")
_index(
    "artigraph_node_model",
    NODE.c.model_artifact_type_name,
    NODE.c.model_artifact_version,
    where="model_artifact_type_name IS NOT NULL",
)
_index("artigraph_node_hash", NODE.c.artifact_hash, where="artifact_stem IS NOT NULL")
_index(
    "artigraph_node_stem", NODE.c.artifact_stem, NODE.c.artifact_version, where="artifact_stem IS NOT NULL", unique=True
)
_index("artigraph_key_stem", KEY.c.stem, unique=True)
_index("artigraph_tag_text", TAG.c.space, TAG.c.name, TAG.c.value_text)
_index("artigraph_tag_number", TAG.c.space, TAG.c.name, TAG.c.value_number)
_index("artigraph_blob_use_hash", BLOB_USE.c.hash, BLOB_USE.c.storage)
