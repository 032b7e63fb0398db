"""What artifacts can do besides being kept: be found, be annotated, be described."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from operator import attrgetter
from pathlib import Path
from typing import Any, Self
from uuid import UUID

from sqlalchemy import Connection, and_, exists, or_, select
from sqlalchemy.ext.asyncio import AsyncSession

from artigraph.artifact.absent import WithoutAbsent
from artigraph.artifact.annotate import Features, Labels, Tags
from artigraph.artifact.columns import schema_of
from artigraph.artifact.content import FileContent, ValueContent
from artigraph.artifact.describe import Description, described
from artigraph.artifact.fields import ARTIFACT, Among
from artigraph.artifact.get import IS_KEPT, select_artifacts
from artigraph.artifact.label import Project, ULabel
from artigraph.artifact.q import Q
from artigraph.artifact.query import Kind, Query, Shown
from artigraph.artifact.record import ArtifactRecord
from artigraph.artifact.runs import makers_of, remakers_of, runs_of, users_of
from artigraph.artifact.said import cells_of, read_values, values_of
from artigraph.artifact.schema import Schema
from artigraph.artifact.table import OTYPE, table_in
from artigraph.artifact.tabular import is_table
from artigraph.artifact.wanted import SCHEMA
from artigraph.bridge import block, method
from artigraph.graph.engine import current_database
from artigraph.graph.schema import LINK, NODE
from artigraph.graph.value import Filter
from artigraph.lineage.view import HasLineage
from artigraph.persist.listing import human_bytes
from artigraph.persist.place import storage_named
from artigraph.registry import current_registry, load
from artigraph.span.span import Span

_PART = exists().where(LINK.c.target_id == NODE.c.id, LINK.c.kind == "field")
_MADE = exists().where(LINK.c.target_id == NODE.c.id, LINK.c.kind == "output")
_HAS_CONTENT = or_(NODE.c.artifact_serializer.is_not(None), NODE.c.model_artifact_type_name.is_not(None))

STANDS_ALONE = or_(
    IS_KEPT, and_(NODE.c.artifact_stem.is_(None), _HAS_CONTENT, or_(~_PART, _MADE, NODE.c.node_label.is_not(None)))
)
"""A condition on ``artigraph_node``: an artifact that is not merely a part of another, nor a trace."""

COLUMNS = (
    *("uid", "key", "label", "description", "kind", "otype", "suffix", "size", "hash", "n_files", "n_observations"),
    *("version", "is_latest", "created_at", "updated_at"),
)
"""Attributes that are the columns of a data frame of artifacts."""


def _type(artifact: Any) -> str:
    shape = f" {artifact.n_observations:,} rows" if artifact.n_observations is not None else ""
    shape = f" {artifact.n_files:,} files" if artifact.n_files is not None else shape
    return (artifact.otype or artifact.type_name or artifact.suffix or artifact.kind or "") + shape


_SHOWN: tuple[Shown[Any], ...] = (
    ("artifact", lambda artifact: artifact.key or artifact.label or artifact.uid or f"({str(artifact.id)[-8:]})"),
    ("v", lambda artifact: artifact.version),
    ("type", _type),
    ("size", lambda artifact: human_bytes(artifact.size)),
    ("description", lambda artifact: artifact.description),
    ("saved (UTC)", lambda artifact: artifact.created_at),
)


def _features(connection: Connection, found: Sequence[Any]) -> dict[str, list[Any]]:
    """A column for each feature of these artifacts; None where one has it not."""
    said = values_of(connection, "feature", [artifact.id.bytes for artifact in found])
    rows = [said[artifact.id.bytes] for artifact in found]
    return {name: [row.get(name) for row in rows] for name in sorted({name for row in rows for name in row})}


class Catalogued(ArtifactRecord, WithoutAbsent, HasLineage):
    """An artifact as something to find and to annotate."""

    # ------------------------------------------------------------ what is said of it

    @property
    def features(self) -> Features:
        """What is said of it by name: ``features["x"]``, ``features.set_values({...})``."""
        return Features(self)

    @property
    def labels(self) -> Labels:
        """The labels it carries, of every kind."""
        return Labels(self)

    @property
    def ulabels(self) -> Labels:
        """The ULabels it carries."""
        return Labels(self, ULabel)

    @property
    def projects(self) -> Labels:
        """The projects it belongs to."""
        return Labels(self, Project)

    @property
    def tags(self) -> Tags:
        """What was said about it when it was made, or of one that was read, what is stored; and how to change it."""
        return Tags(self, self._spec.tags)

    @property
    def schema(self) -> Schema | None:
        """The schema that checked it, if one did; asks the database, and blocks until it has answered."""
        linked = select(LINK.c.target_id).where(
            LINK.c.source_id == self.id, LINK.c.role == SCHEMA, LINK.c.kind == "user"
        )
        return Schema.filter(Among(linked, f"{SCHEMA} of {self!r}")).first.s()

    @property
    def collections(self) -> Query[Any]:
        """The collections that hold it, each version of them."""
        home = load("artigraph.artifact.collection", "the collections of an artifact")
        holding = select(LINK.c.source_id).where(LINK.c.target_id == self.id, LINK.c.kind == "field")
        found: Query[Any] = home.Collection.filter(Among(holding, f"those that hold {self!r}"), versions="all")
        return found

    @property
    def schemas(self) -> list[Schema]:
        """The schema that it turned out to have, the columns that are in it; asks the database, and blocks."""
        node_id = self.id.bytes
        columns = block(current_database().read, lambda connection: cells_of(connection, "column", [node_id])[node_id])
        return [schema_of(columns)] if columns else []

    def know_tags(self, tags: Mapping[str, str]) -> None:
        """These are its tags now."""
        self._spec = replace(self._spec, tags=dict(tags))

    def has_columns(self) -> bool:
        """Whether what is about to be kept has columns to remember, or is said to; a plain value only when checked."""
        if self.wanted.schema is not None:
            return True
        if isinstance(self._content, FileContent):
            return self.otype == OTYPE
        return (self._content is not None or self.key is not None) and is_table(self._to_keep())

    def table_to_check(self) -> Any:
        """(worker thread) What has the columns: without rows when only these matter; None where there is no table."""
        if isinstance(self._content, FileContent):
            content, whole = self._content, self.wanted.schema is not None
            return table_in(Path(content.path), content.suffix, content.options, whole=whole)
        value = self._to_keep()
        return value if is_table(value) else None

    def _to_keep(self) -> Any:
        return getattr(self._content, "value", self._value)

    def take_checked(self, table: Any) -> None:
        """Keep this table, which was checked and may have been converted."""
        if self._content is None:
            self._value = table
        elif isinstance(self._content, ValueContent):
            self._content.value = table

    def to_write(self, *writes: Callable[[Connection, UUID], None]) -> None:
        """Write these as well when it is saved."""
        self._also = writes

    def write_along(self, connection: Connection) -> None:
        """(in the transaction of its save) Write what was asked for with ``to_write``."""
        for write in self._also:
            write(connection, self.id)

    # ------------------------------------------------------------ where it comes from

    @property
    def versions(self) -> Query[Self]:
        """Every version of it, in the trash or not, the first one first."""
        own = Q(stem=self.stem) if self.stem is not None else Q(id=self.id)
        return self.filter(own, versions="all", trash="any").order_by("version")

    @property
    def run(self) -> Span | None:
        """The span that made it; None when none did. Asks the database, as the next ones do."""
        found = block(makers_of, self.id)
        return found[0] if found else None

    @property
    def recreating_runs(self) -> list[Span]:
        """The spans that made the same content once more."""
        return block(remakers_of, self.id)

    @property
    def input_of_runs(self) -> list[Span]:
        """The spans that used it."""
        return block(users_of, self.id)

    @property
    def runs(self) -> list[Span]:
        """The spans that made it, made it again, or used it."""
        return block(runs_of, self.id)

    @property
    def artifacts(self) -> Query[Self]:
        """The artifacts that annotate it: those that are values of its features, in the trash or not."""
        said = block(read_values, self, "feature", None).values()
        ids = {each for value in said for each in (value if isinstance(value, list) else [value])}
        return self.filter(id__in=[each for each in ids if isinstance(each, UUID)], trash="any")

    @property
    def storage(self) -> Any:
        """The storage that keeps it; None of what is not saved, or lies in the database itself."""
        named = select(NODE.c.remote_artifact_storage).where(NODE.c.id == self.id)
        database = current_database()
        name = block(database.read, lambda connection: connection.execute(named).scalar())
        return storage_named(database, current_registry(), name) if name is not None else None

    @property
    def overwrite_versions(self) -> bool:
        """False: a new version never overwrites another, of folders neither."""
        return False

    @method
    async def describe(self, *, session: AsyncSession | None = None) -> Description:
        """Everything that is known of it, but not its content: printed it is an outline."""
        return await current_database().read(lambda connection: described(connection, self), session=session)

    # ------------------------------------------------------------ finding

    @classmethod
    def filter(
        cls, *filters: Filter, versions: str | None = None, trash: bool | str | None = None, **expressions: Any
    ) -> Query[Self]:
        """The artifacts that match: a lazy sequence, by default of latest versions that are not in the trash.

        Args:
            filters: ``Q(...)``, ``Feature(...) > 5``, any filter, combined with ``&``, ``|``, ``~``.
            versions: "all" for all versions; asking for ``version``, ``uid``, ``id`` or ``is_latest`` means these too.
            trash: True: what is in the trash, instead of what is not; "any": both.
            expressions: ``name=value`` or ``name__operator=value``. Names are those of fields, or of features;
                ``features__x``, ``tags__x``, ``labels__x`` say which is meant. Operators are ``ne gt gte lt lte in
                startswith istartswith contains icontains isnull``.

        Raises:
            InvalidFilterError: an unknown name or operator; those that exist are listed.
        """
        return Query(cls._kind()).filter(*filters, versions=versions, trash=trash, **expressions)

    @classmethod
    def search(cls, text: str) -> Query[Self]:
        """Those with this text in key, label, description or the value of a tag, label or feature; newest first.

        The case of ASCII letters does not matter.
        """
        return Query(cls._kind()).search(text)

    @classmethod
    def _kind(cls) -> Kind[Self]:
        return Kind(
            name="artifact",
            fields=ARTIFACT,
            select=select_artifacts,
            make=cls.of_statement,
            population=STANDS_ALONE,
            columns=[(name, attrgetter(name)) for name in COLUMNS],
            shown=_SHOWN,
            extend=_features,
        )
