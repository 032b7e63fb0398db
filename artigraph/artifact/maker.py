"""How artifacts are made: of paths, values, tables, folders, and of what is still to be written."""

from __future__ import annotations

import os
from collections.abc import Mapping
from pathlib import Path
from typing import Any, Self
from uuid import UUID

from artigraph.artifact.anndata import anndata_content
from artigraph.artifact.bulk import ArtifactList, of_folder
from artigraph.artifact.catalogued import Catalogued
from artigraph.artifact.content import Content
from artigraph.artifact.key import check_key
from artigraph.artifact.lazy import LazyArtifact
from artigraph.artifact.options import check_extra, check_kind, check_mapping, check_run, check_text, check_unused
from artigraph.artifact.path import key_in_storage, path_content, url_content
from artigraph.artifact.record import NOTHING, ArtifactRecord
from artigraph.artifact.table import table_content
from artigraph.artifact.wanted import Wanted
from artigraph.errors import InvalidArtifactError
from artigraph.persist.spec import SaveSpec, is_savable
from artigraph.serializer.base import Serializer
from artigraph.storage.base import Storage

_KNOWN = tuple(
    "path value key label description kind features schema revises run storage skip_hash_lookup extra_data otype "
    "serializer tags id".split()
)
"""What the constructor knows."""


class ArtifactMaker(Catalogued):
    """The constructors of ``Artifact``, where their arguments are told."""

    def __init__(
        self,
        path: Any = NOTHING,
        label: str | None = None,
        *,
        value: Any = NOTHING,
        key: str | None = None,
        description: str | None = None,
        kind: str | None = None,
        features: Mapping[Any, Any] | None = None,
        schema: Any = None,
        revises: ArtifactRecord | None = None,
        run: Any = None,
        storage: Storage | str | type | None = None,
        skip_hash_lookup: bool | None = None,
        extra_data: Mapping[str, Any] | None = None,
        otype: str | None = None,
        serializer: Serializer[Any] | str | None = None,
        tags: Mapping[str, str] | None = None,
        id: UUID | None = None,
        **more: Any,
    ) -> None:
        check_unused(more, _KNOWN)
        if (path is NOTHING) == (value is NOTHING):
            raise InvalidArtifactError("give an artifact one thing to keep: Artifact(path), or Artifact(value=...)")
        super().__init__(label, id=value.graph_id if is_savable(value) else id)
        if serializer is not None or storage is not None or tags:
            if storage is not None and not isinstance(storage, Storage | str | type):
                raise InvalidArtifactError(f"storage is {storage!r}; it is a Storage, or the name of one")
            self._spec = SaveSpec(serializer, storage, dict(check_mapping("tags", tags) or {}))
        self.key = check_key(key) if key is not None else None
        if revises is not None and not isinstance(revises, ArtifactRecord):
            raise InvalidArtifactError(f"revises is {revises!r}; it is the artifact that this is the next version of")
        self.kind, self.description, self.revises = check_kind(kind), check_text("description", description), revises
        self.extra_data = check_extra(extra_data)
        self._run, self._always = check_run(run), bool(skip_hash_lookup)
        otype = check_text("otype", otype, 255)
        if features is not None or schema is not None:
            self.wanted = Wanted(check_mapping("features", features), schema)
        if isinstance(path, str) and "://" in path:
            path, self.key = url_content(path, key)
        elif isinstance(path, str | os.PathLike):
            path = path_content(path, key)
        if isinstance(path, Content):
            self._content, self.suffix = path, path.suffix
            self.otype = otype or path.otype
            place = getattr(path, "path", None)
            if place and self.key is None and revises is None:
                self.key = key_in_storage(Path(place), storage)
        else:
            self._value = path if value is NOTHING else value
            self.otype = otype if key is not None else None
            self.type_name = type(self._value).__qualname__

    @classmethod
    def from_dataframe(
        cls,
        df: Any,
        *,
        key: str | None = None,
        parquet_kwargs: Mapping[str, Any] | None = None,
        csv_kwargs: Mapping[str, Any] | None = None,
        **options: Any,
    ) -> Self:
        """An artifact of a table, in the format of the key's suffix: .parquet (without a key), .csv, .tsv, .feather.

        Args:
            df: a DataFrame of pandas or polars, a ``pyarrow.Table``, or the path of a file with a table.
            key: its key.
            parquet_kwargs: for ``DataFrame.to_parquet`` and ``pyarrow.parquet.ParquetWriter``, or what
                writes Parquet in the other libraries.
            csv_kwargs: for ``DataFrame.to_csv``, or what writes CSV in the other libraries; remembered for loading. Of
                a path: those that the file was written with.
            options: what the constructor takes.
        """
        return cls(table_content(df, key, parquet_kwargs, csv_kwargs), key=key, **options)

    @classmethod
    def from_anndata(
        cls,
        adata: Any,
        *,
        key: str | None = None,
        format: str | None = None,
        h5ad_kwargs: Mapping[str, Any] | None = None,
        zarr_kwargs: Mapping[str, Any] | None = None,
        **options: Any,
    ) -> Self:
        """An artifact of an AnnData: one file, or a folder of zarr.

        Args:
            adata: an ``anndata.AnnData``, or the path of one.
            key: its key; the suffix says the format.
            format: "h5ad", "zarr" or "anndata.zarr", where the key does not say it.
            h5ad_kwargs: for ``AnnData.write_h5ad``.
            zarr_kwargs: for ``AnnData.write_zarr``.
            options: what the constructor takes.
        """
        return cls(anndata_content(adata, key, format, h5ad_kwargs, zarr_kwargs), key=key, **options)

    @classmethod
    def from_dir(cls, path: Any, *, key: str | None = None, **options: Any) -> ArtifactList:
        """A list of artifacts, one for every file of a folder, with keys that begin with that of the folder.

        Args:
            path: the folder.
            key: where the keys begin; a relative path as it is given, else the name of the folder, when None.
            options: what the constructor takes.
        """
        return of_folder(cls, path, key, options)

    @classmethod
    def from_lazy(
        cls,
        suffix: str,
        overwrite_versions: bool | None = None,
        key: str | None = None,
        description: str | None = None,
        run: Any = None,
        **options: Any,
    ) -> LazyArtifact:
        """A path to write to, which becomes an artifact with ``save()`` or at the end of a ``with`` block.

        Args:
            suffix: of the file or folder, with its dot.
            overwrite_versions: accepted; no version ever overwrites another.
            key: its key.
            description: what it is, in a sentence.
            run: as for the constructor.
            options: what else the constructor takes.
        """
        known = {name: options.pop(name) for name in set(options) & set(_KNOWN[2:])}
        check_unused(options, _KNOWN[2:])
        return LazyArtifact(cls, suffix, key, {"description": description, "run": run, **known})
