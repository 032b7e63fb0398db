"""``Collection``: artifacts in an order, kept as one thing that never changes; a change is a new version."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from datetime import datetime
from operator import attrgetter
from typing import Any, ClassVar, Self

from sqlalchemy import Connection, select
from sqlalchemy.ext.asyncio import AsyncSession

from artigraph.artifact.artifact import Artifact
from artigraph.artifact.fields import COLLECTION
from artigraph.artifact.get import select_artifacts
from artigraph.artifact.key import check_key
from artigraph.artifact.member import rename_collection, select_collections, write_collection
from artigraph.artifact.options import check_makers, check_run, check_text
from artigraph.artifact.query import Kind, Query, Shown
from artigraph.artifact.together import joined, opened_together
from artigraph.artifact.trash import restore
from artigraph.bridge import loader, method, self_method
from artigraph.digest import format_digest
from artigraph.errors import InvalidArtifactError, NodeNotFoundError
from artigraph.graph.current import Use, open_span, tracking
from artigraph.graph.engine import current_database
from artigraph.graph.node import Node
from artigraph.graph.schema import LINK, NODE, OrmCollection, OrmNode, utc_now
from artigraph.graph.undo import undone
from artigraph.graph.value import Filter
from artigraph.ids import as_id
from artigraph.lineage.view import HasLineage
from artigraph.persist.delete import delete_nodes
from artigraph.persist.listing import human_bytes
from artigraph.persist.spec import check_label


class Collection(Node, HasLineage):
    """Artifacts in an order, as one.

    Args:
        artifacts: saved ones, or what a query found.
        key: the name of a family of versions: other artifacts under the same key are its next version.
        label: a name to find it by.
        description: what it is, in a sentence.
        run: the span that makes it; None: the one that is open; False: none.

    Attributes:
        uid: 20 characters: those of the family and those of the version; None before it was saved.
        version: 1, 2, ...
        hash: ``sha256:`` and 64 hex characters, over those of its artifacts in their order.
        size: bytes, of all of them.

    Raises:
        InvalidArtifactError: nothing is given, or something that is no artifact.
        UnsafeKeyError: the key could lead out of its place.
    """

    row_class: ClassVar[type[OrmNode]] = OrmCollection
    row_columns = None
    _artifacts: tuple[Artifact, ...] | None
    _run: Any
    _count: int

    def __init__(
        self,
        artifacts: Iterable[Artifact] | Artifact,
        label: str | None = None,
        *,
        key: str | None = None,
        description: str | None = None,
        run: Any = None,
    ) -> None:
        super().__init__(label)
        self._blank(key=check_key(key) if key is not None else None, description=description)
        self._run = check_run(run)
        check_text("description", description)
        if not isinstance(artifacts, Iterable | Artifact):
            raise InvalidArtifactError(f"a collection holds artifacts, and {artifacts!r} is none")
        given = [artifacts] if isinstance(artifacts, Artifact) else list(artifacts)
        for each in given:
            if not isinstance(each, Artifact):
                raise InvalidArtifactError(f"a collection holds artifacts, and {each!r} is none")
        if not given:
            raise InvalidArtifactError("a collection holds at least one artifact, and none is given")
        self._artifacts = tuple(given)

    def _blank(self, *, key: str | None, description: str | None) -> None:
        self._run, self._artifacts = None, None
        self.key, self.description = key, description
        self.uid: str | None = None
        self.stem: str | None = None
        self.version: int | None = None
        self.is_latest = False
        self.hash: str | None = None
        self.size: int | None = None
        self.trashed_at: datetime | None = None

    @property
    def artifacts(self) -> tuple[Artifact, ...]:
        """What it holds, in order; of one that was read, asks the database when first needed, and blocks."""
        if self._artifacts is None:
            self._artifacts = self._read_artifacts.s()
        return self._artifacts

    @property
    def versions(self) -> Query[Self]:
        """Every version of it, the first one first."""
        return type(self).filter(stem=self.stem, versions="all")

    @self_method
    async def save(self, *, session: AsyncSession | None = None) -> Any:
        """Keep it, with what it holds; in an open span it becomes its output. Of one that is kept: another key, label
        or description; the key is that of all its versions.

        The same artifacts under the same key (or without one) are the collection that is there already.

        Returns:
            This collection.

        Raises:
            NodeNotFoundError: an artifact in it was not saved, or was deleted; nothing was written.
            NameTakenError: a new key that belongs to another collection.
            UnsafeKeyError, InvalidLabelError: a new key or label that cannot be one.
        """
        check_label(self.label)
        check_text("description", self.description)
        if self.uid is not None:
            if self._said() != self._before:
                await self._rename(session)
            return
        if self._artifacts is None:
            return
        database, span, held = current_database(), open_span(current_database().identity), self._artifacts
        maker = (
            None if self._run is False else getattr(self._run, "id", None) or (span.id if span is not None else None)
        )

        def work(connection: Connection) -> Any:
            if maker is not None and (span is None or maker != span.id):
                check_makers(connection, [maker])
            node_id = write_collection(connection, self, [each.id for each in held], maker)
            return connection.execute(select_collections(NODE.c.id == node_id)).one()

        row = await database.write(work, session=session)
        with undone([self], session):
            self._take(row)
            self._artifacts = held
        if span is not None:
            span.made.add(self.id)

    @method
    async def load(
        self, /, *, is_run_input: bool | None = None, session: AsyncSession | None = None, **options: Any
    ) -> Any:
        """What it holds, as one: tables of one library below each other, anything else as a list.

        In an open span the collection becomes an input.

        Args:
            is_run_input: False keeps it out of the span's inputs.
            session: a session of yours.
            options: for the reader of each artifact.
        """
        held = await self._held(session)
        values = [await each.load.a(is_run_input=False, session=session, **options) for each in held]
        self._use(is_run_input)
        return joined(values)

    @method
    async def open(self, /, engine: str = "pyarrow", *, is_run_input: bool | None = None, **options: Any) -> Any:
        """What it holds, as one data set to read piece by piece.

        Args:
            engine: "pyarrow" for a ``pyarrow.dataset.Dataset``, "polars" for a ``polars.LazyFrame``.
            is_run_input: False keeps it out of the span's inputs.
            options: for what opens each of them.

        Raises:
            InvalidArtifactError: they are no tables, or their columns contradict each other.
        """
        held = await self._held(None)
        sets = [await each.open.a(engine=engine, is_run_input=False, **options) for each in held]
        self._use(is_run_input)
        return opened_together(sets, engine)

    @method
    async def cache(self, *, is_run_input: bool | None = None) -> list[Any]:
        """The local paths of what it holds, in order."""
        paths = [await each.cache.a(is_run_input=False) for each in await self._held(None)]
        self._use(is_run_input)
        return paths

    @method
    async def delete(self, permanent: bool | None = None, *, session: AsyncSession | None = None) -> None:
        """Put it into the trash; what is there already, or with ``permanent``, is deleted for good.

        The artifacts in it stay.
        """
        if not await delete_nodes([self.id.bytes], for_good=bool(permanent), session=session):
            raise NodeNotFoundError(self.id)
        with undone([self], session):
            self.trashed_at = None if permanent or self.trashed_at is not None else utc_now()

    @self_method
    async def restore(self, *, session: AsyncSession | None = None) -> Any:
        """Take it out of the trash."""
        await restore(self.id.bytes, session)
        with undone([self], session):
            self.trashed_at = None

    @loader
    async def get(
        cls: Any,  # noqa: N805 - a class method, in the clothes of a Dual
        idlike: Any = None,
        /,
        *,
        session: AsyncSession | None = None,
        **expressions: Any,
    ) -> Any:
        """The one collection of an id, a uid or a stem (its latest version), or that matches.

        Raises:
            NodeNotFoundError: there is none.
            MultipleNodesError: there are several.
        """
        if idlike is not None:
            found = as_id(idlike) or as_id(getattr(idlike, "id", None))
            name = "id" if found is not None else "stem" if len(str(idlike)) == 16 else "uid"
            expressions[name] = found or str(idlike)
        return await cls.filter(**expressions).one.a(session=session)

    @classmethod
    def filter(
        cls, *filters: Filter, versions: str | None = None, trash: bool | str | None = None, **expressions: Any
    ) -> Query[Self]:
        """The collections that match: a lazy sequence; see ``Artifact.filter``.

        Raises:
            InvalidFilterError: an unknown name or operator; those that exist are listed.
        """
        return Query(cls._kind()).filter(*filters, versions=versions, trash=trash, **expressions)

    @classmethod
    def _kind(cls) -> Kind[Self]:
        return Kind(
            name="collection",
            fields=COLLECTION,
            select=select_collections,
            make=lambda connection, statement: [cls.from_row(row) for row in connection.execute(statement)],
            population=(NODE.c.node_type == "collection") & NODE.c.artifact_uid.is_not(None),
            columns=[(name, attrgetter(name)) for name in _COLUMNS],
            shown=_SHOWN,
            annotated=False,
        )

    @classmethod
    def from_rows(cls, connection: Connection, rows: Sequence[Any]) -> Sequence[Any]:
        """The handles of rows: rows of a query of collections, or row objects."""
        if rows and not hasattr(rows[0], "artifact_key"):
            found = {
                row.id: row for row in connection.execute(select_collections(NODE.c.id.in_([row.id for row in rows])))
            }
            rows = [found[row.id] for row in rows]
        return [cls.from_row(row) for row in rows]

    @method
    async def _read_artifacts(self, *, session: AsyncSession | None = None) -> tuple[Artifact, ...]:
        def work(connection: Connection) -> tuple[Artifact, ...]:
            places = select(LINK.c.target_id, LINK.c.label).where(LINK.c.source_id == self.id, LINK.c.kind == "field")
            links = sorted(connection.execute(places).all(), key=lambda link: int(link.label))
            held = select_artifacts(NODE.c.id.in_({link.target_id for link in links}))
            handles = {each.id: each for each in Artifact.of_statement(connection, held)}
            if len(links) < self._count:
                there = {int(link.label) for link in links}
                gone = ", ".join(str(place) for place in range(self._count) if place not in there)
                raise NodeNotFoundError(f"holds place {gone} of {self!r} any more", "it was deleted for good")
            return tuple(handles[link.target_id] for link in links)

        return await current_database().read(work, session=session)

    async def _rename(self, session: AsyncSession | None) -> None:
        if self.key is not None:
            check_key(self.key)

        def work(connection: Connection) -> Any:
            rename_collection(connection, self)
            return connection.execute(select_collections(NODE.c.id == self.id)).one()

        row, held = await current_database().write(work, session=session), self._artifacts
        with undone([self], session):
            self._take(row)
            self._artifacts = held

    def _said(self) -> tuple[str | None, str | None, str | None]:
        return self.key, self.label, self.description

    async def _held(self, session: AsyncSession | None) -> tuple[Artifact, ...]:
        if self._artifacts is None:
            self._artifacts = await self._read_artifacts.a(session=session)
        return self._artifacts

    def _use(self, is_run_input: bool | None) -> None:
        span = open_span(current_database().identity)
        if span is not None and is_run_input is not False and (tracking() or is_run_input):
            span.use(Use(self.id, (self.key or self.label or "")[:255] or None))

    def _take(self, row: Any) -> None:
        super()._take(row)
        self._blank(key=row.artifact_key, description=row.artifact_description)
        self.uid, self.stem, self.version = row.artifact_uid, row.artifact_stem, row.artifact_version
        self.hash = format_digest(row.artifact_hash) if row.artifact_hash is not None else None
        self.size, self.is_latest = row.artifact_size, bool(row.artifact_is_latest)
        self.trashed_at = row.artifact_trashed_at
        self._before = self._said()
        self._count = (row.artifact_extra or {}).get("n_artifacts", 0)

    def __iter__(self) -> Iterator[Artifact]:
        return iter(self.artifacts)

    def __len__(self) -> int:
        return len(self.artifacts)

    def __repr__(self) -> str:
        version = f" v{self.version}" if self.version is not None else ""
        trashed = ", in the trash" if self.trashed_at is not None else ""
        return f"<Collection {self.key or self.label or self.uid or self.id}{version}{trashed}>"


_COLUMNS = (
    *("uid", "key", "label", "description", "size", "hash", "version", "is_latest", "created_at", "updated_at"),
)
_SHOWN: tuple[Shown[Any], ...] = (
    ("collection", lambda each: each.key or each.label or each.uid),
    ("v", lambda each: each.version),
    ("size", lambda each: human_bytes(each.size)),
    ("description", lambda each: each.description),
    ("saved (UTC)", lambda each: each.created_at),
)
