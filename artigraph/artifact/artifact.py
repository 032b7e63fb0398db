"""``Artifact``: a value, file, folder or table that is kept, and the handle of its row."""

from __future__ import annotations

import dataclasses
from pathlib import Path
from typing import Any

from sqlalchemy.ext.asyncio import AsyncSession

from artigraph.artifact.amend import amend
from artigraph.artifact.found import of_path
from artigraph.artifact.get import find_one
from artigraph.artifact.maker import ArtifactMaker
from artigraph.artifact.options import check_run, check_unused
from artigraph.artifact.record import NOTHING
from artigraph.artifact.replacement import replacement
from artigraph.artifact.saving import maker_of, save_kept
from artigraph.artifact.trash import restore
from artigraph.artifact.use import cache_kept, load_kept, note_use, open_kept
from artigraph.artifact.wanted import prepare
from artigraph.bridge import block, loader, method, self_method
from artigraph.digest import parse_digest
from artigraph.errors import InvalidArtifactError, NodeNotFoundError
from artigraph.graph.current import open_span
from artigraph.graph.engine import current_database
from artigraph.persist.delete import delete_nodes
from artigraph.persist.save import SaveOptions, SaveRequest, save_many
from artigraph.persist.spec import OnConflict, check_on_conflict
from artigraph.registry import Registry


class Artifact(ArtifactMaker):
    """A value, file or folder with a node of its own; with a key, or made of a path, one of the versions of a thing.

    Args:
        path: a file or folder to keep (text or a ``Path``), or the URL of an object that stays in its bucket
            ("s3://bucket/file.csv"); anything else is a value.
        label: a name to find it by.
        value: what is kept: anything a serializer knows, or a model.
        key: the name of a family of versions: relative, like "project/data.parquet".
        description: what it is, in a sentence.
        kind: "dataset", "model", or a word of yours.
        features: name or Feature -> value, said of it when it is saved.
        schema: of a table: a Schema, "valid_features", {column: dtype}, a pyarrow.Schema, a pydantic model of a row, or
            a pandera schema; checked before anything is stored.
        revises: the latest version of what this is the next version of, when that is not said by the key.
        run: the span that makes it; None: the one that is open; False: none.
        storage: an instance, or a registered name; where the database keeps files when None.
        skip_hash_lookup: make a new version even when the content is there already.
        extra_data: more about it, JSON-able.
        otype: what it is when it is loaded, in a word of yours.
        serializer: of a value: an instance, or a registered name; inferred when None.
        tags: tag name -> value.
        id: its id; a fresh one when None; that of the model, when the value is one.

    Attributes:
        uid: 20 characters: those of the family and those of the version; None of a plain value.
        version: 1, 2, ...; None of a plain value.
        is_latest: it is the newest version that is not in the trash.
        hash: ``sha256:`` and 64 hex characters; None before it was saved. Of a folder that of the list of its files.
        size: bytes; None before it was saved.
        suffix: with its dot; "" when there is none.
        type_name: of the value.
        n_files: of a folder.
        n_observations: rows of a table.
        trashed_at: when it was put into the trash, UTC; None: it is not there.

    Raises:
        UnsafeKeyError: the key could lead out of its place.
        InvalidArtifactError: nothing is at the path, or what is said contradicts itself.

    >>> Artifact(value=[1, 2], label="pair").value
    [1, 2]
    """

    @self_method
    async def save(
        self,
        /,
        *,
        on_conflict: OnConflict = "raise",
        session: AsyncSession | None = None,
        registry: Registry | None = None,
        **more: Any,
    ) -> Any:
        """Save it, or what was changed about one that is saved; in an open span it becomes its output.

        Args:
            on_conflict: of a plain value: "raise" or "ignore" when it was saved with other content before.
            session: a session of yours, which you commit.
            registry: where to look for serializers and storages.
            more: words of other generations, of no effect.

        Returns:
            This artifact; of content that was there already, the artifact that it is.

        Raises:
            UnserializableError, InvalidLabelError, InvalidArtifactError, VersionConflictError: nothing was written.
            ImmutableError: replaced content that may not be replaced.
            NameTakenError: a new key that belongs to another artifact.
        """
        check_unused(more, ("on_conflict", "session", "registry"))
        check_on_conflict(on_conflict)
        if self._content is not None or (self.key is not None and self.uid is None):
            await save_kept([self], session, registry)
        elif self.uid is not None:
            await amend(self, session)
            await self._reread(session)
        else:
            await prepare([self], session)
            also = self.write_along if self._also else None
            options = SaveOptions(on_conflict=on_conflict, session=session, registry=registry, also=also)
            record = (await save_many([self.graph_save_request()], options))[0]
            self.id, self._hash, self.size = record.id, parse_digest(record.hash), record.size

    def replace(self, data: Any, run: Any = None, format: str | None = None) -> None:
        """Give it other content, without a new version; ``save()`` does it.

        Args:
            data: a path, a table, or a value.
            run: as for the constructor.
            format: of a table, its suffix without the dot; the one that it has when None.

        Raises:
            InvalidArtifactError: it was not saved, the content does not fit its suffix, or one of the two is a model.
            UnserializableError: no serializer knows the value.
        """
        if self.stem is None:
            raise InvalidArtifactError("this was not saved, so there is nothing to replace")
        self._content = replacement(self, data, format)
        self._value, self.otype = getattr(self._content, "value", NOTHING), self._content.otype
        self._replaces, self._run = True, check_run(run)

    # ------------------------------------------------------------ using

    @property
    def value(self) -> Any:
        """The value; of an artifact that was read from the database, loaded when first asked for."""
        if self._value is NOTHING:
            self._value = self.load.s() if self._small is None else self._small.used(self.id, self.label)
        return self._value

    @property
    def path(self) -> Path:
        """A local path with this content, to be read only; before it was saved, where it comes from."""
        if self._content is not None:
            return Path(getattr(self._content, "path", ""))
        return block(cache_kept, self, track=False, session=None, registry=None)

    @method
    async def load(
        self,
        /,
        *,
        is_run_input: bool | None = None,
        track: bool = True,
        mute: bool = False,
        session: AsyncSession | None = None,
        registry: Registry | None = None,
        **options: Any,
    ) -> Any:
        """The stored value, read as it was written or as its suffix says; in an open span it becomes an input.

        Args:
            is_run_input: False keeps it out of the span's inputs.
            track: the same.
            mute: accepted.
            session: a session of yours.
            registry: where to look for serializers and storages.
            options: for the reader, such as ``columns=`` of ``pandas.read_parquet``.

        Returns:
            The value; of a file that nothing here reads, and of a folder, a local path.

        Raises:
            NodeNotFoundError: it was not saved, or was deleted.
            BlobMissingError, BlobCorruptError: its bytes are gone or changed.
            SerializeError: it is no such file, or the reader has no such options.
        """
        tracked = track and is_run_input is not False
        return await load_kept(self, options, track=tracked, session=session, registry=registry)

    @method
    async def cache(
        self,
        *,
        is_run_input: bool | None = None,
        mute: bool = False,
        session: AsyncSession | None = None,
        registry: Registry | None = None,
    ) -> Path:
        """A local path with this content, to be read only; fetched once, and checked. Otherwise as ``load``."""
        return await cache_kept(self, track=is_run_input is not False, session=session, registry=registry)

    @method
    async def open(
        self,
        /,
        mode: str = "r",
        engine: str = "pyarrow",
        *,
        is_run_input: bool | None = None,
        session: AsyncSession | None = None,
        registry: Registry | None = None,
        **options: Any,
    ) -> Any:
        """Open it to read it piece by piece; to be used as it is, or in a ``with`` statement.

        Args:
            mode: "r".
            engine: for tables: "pyarrow" or "polars".
            is_run_input: False keeps it out of the span's inputs.
            session: a session of yours.
            registry: where to look for serializers and storages.
            options: for ``pyarrow.dataset.dataset``, ``polars.scan_...``, ``h5py.File`` or ``zarr.open``.

        Returns:
            A ``pyarrow.dataset.Dataset``, a ``polars.LazyFrame``, or what h5py, zarr or anndata open.

        Raises:
            InvalidArtifactError: another mode, or nothing opens such files.
        """
        tracked = is_run_input is not False
        return await open_kept(self, mode, engine, options, track=tracked, session=session, registry=registry)

    @method
    async def delete(
        self, /, permanent: bool | None = None, *, session: AsyncSession | None = None, **more: Any
    ) -> None:
        """Put it into the trash; what is in the trash already is deleted for good.

        Args:
            permanent: True deletes it for good at once, False never.
            session: a session of yours, which you commit.
            more: words of other generations, of no effect.

        Raises:
            NodeNotFoundError: it is not there.
            ImmutableError: it would be gone for good, and a model or a collection that stays holds it.
        """
        check_unused({name: each for name, each in more.items() if name != "storage"}, ("permanent", "session"))
        if permanent is False and self.trashed_at is not None:
            return
        if not await delete_nodes([self.id.bytes], for_good=bool(permanent), session=session):
            raise NodeNotFoundError(self.id)
        await self._reread(session)

    @self_method
    async def restore(self, *, session: AsyncSession | None = None) -> Any:
        """Take it out of the trash. Returns this artifact."""
        await restore(self.id.bytes, session)
        await self._reread(session)

    # ------------------------------------------------------------ finding

    @loader
    async def get(
        cls: Any,  # noqa: N805 - a class method, in the clothes of a Dual
        idlike: Any = None,
        /,
        *,
        key: str | None = None,
        path: Any = None,
        is_run_input: bool | None = False,
        session: AsyncSession | None = None,
        **expressions: Any,
    ) -> Any:
        """The one artifact that this means; looking at it makes it no input, unless that is asked for.

        Args:
            idlike: an id, a uid, a stem (its latest version), or the beginning of a uid that no other begins with.
            key: its key; the latest version.
            path: a local file or folder: the newest artifact with this content.
            is_run_input: True makes it an input of the open span.
            session: a session of yours.
            expressions: as for ``filter``.

        Raises:
            NodeNotFoundError: there is none.
            MultipleNodesError: there are several.
            InvalidFilterError: an unknown name or operator; those that exist are listed.
        """
        if path is not None:
            found = await of_path(cls, path, session)
        elif not expressions:
            found = await find_one(cls, idlike, key=key, session=session)
        else:
            named = {"key": key} if key is not None else {}
            if idlike is not None:
                named["id"] = (await find_one(cls, idlike, key=None, session=session)).id
            found = await cls.filter(**named, **expressions).one.a(session=session)
        note_use(found, track=bool(is_run_input))
        return found

    # ------------------------------------------------------------ rows

    @property
    def graph_saves_itself(self) -> bool:
        """Whether it has a key, versions or a maker, so that its own ``save`` has to write it."""
        return self._content is not None or self.key is not None or self.uid is not None or bool(self._run)

    def graph_save_request(self) -> SaveRequest:
        """What a save of it has to do."""
        request = SaveRequest(self.value, self.label, self._spec, self.id)
        if self._run is None:
            return request
        database = current_database()
        span = maker_of(self._run, open_span(database.identity), database)
        return dataclasses.replace(request, span=False if span is None else span)
