"""AnnData as content: one file, or a folder of zarr."""

from __future__ import annotations

import os
import shutil
import tempfile
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from artigraph.artifact.content import Content, ValueContent
from artigraph.artifact.folder import FolderContent
from artigraph.artifact.key import check_key, suffix_of
from artigraph.artifact.path import path_content
from artigraph.errors import InvalidArtifactError
from artigraph.registry import current_registry
from artigraph.storage.base import Storage

OTYPE = "AnnData"
FORMATS = {"h5ad": ".h5ad", "zarr": ".zarr", "anndata.zarr": ".anndata.zarr"}


@dataclass(slots=True)
class WrittenFolderContent(FolderContent):
    """A folder that a serializer writes first, to a place of ours."""

    value: Any = None
    writer: Any = None
    """A serializer with ``write_path``."""
    write_options: dict[str, Any] = field(default_factory=dict)
    _place: str | None = None

    def prepare(self, storage: Storage, likely: int | None) -> None:
        self._place = tempfile.mkdtemp(prefix="artigraph-")
        self.path = Path(self._place, "content")
        self.writer.write_path(self.value, self.path, **self.write_options)
        FolderContent.prepare(self, storage, likely)

    def drop(self) -> None:
        FolderContent.drop(self)
        if self._place is not None:
            shutil.rmtree(self._place, ignore_errors=True)


def anndata_content(
    data: Any,
    key: str | None,
    format: str | None,
    h5ad_kwargs: Mapping[str, Any] | None,
    zarr_kwargs: Mapping[str, Any] | None,
) -> Content:
    """The content of ``from_anndata``.

    Raises:
        InvalidArtifactError: an unknown format, one that contradicts the key, or options for another one.
        MissingLibraryError: anndata is not installed.
    """
    if isinstance(data, str | os.PathLike):
        content = path_content(data, key)
        content.otype = OTYPE
        content.reader = "anndata.zarr/1" if content.suffix.endswith(".zarr") else "anndata.h5ad/1"
        return content
    suffix = suffix_of(check_key(key)) if key is not None else ""
    if format is not None and format not in FORMATS:
        raise InvalidArtifactError(f"format is {format!r}; it can be {', '.join(map(repr, FORMATS))}")
    wanted = FORMATS[format] if format is not None else suffix or ".h5ad"
    if wanted not in FORMATS.values() or (suffix and suffix != wanted):
        raise InvalidArtifactError(f"AnnData is kept as {', '.join(FORMATS.values())}, and {key!r} says {suffix}")
    as_zarr = wanted.endswith(".zarr")
    if (h5ad_kwargs and as_zarr) or (zarr_kwargs and not as_zarr):
        raise InvalidArtifactError(f"options are given for another format than {wanted}")
    writer: Any = current_registry().serializer_named("anndata.zarr/1" if as_zarr else "anndata.h5ad/1")
    facts: dict[str, Any] = {"suffix": wanted, "otype": OTYPE, "n_observations": int(data.n_obs)}
    if as_zarr:
        options = dict(zarr_kwargs or {})
        return WrittenFolderContent(value=data, writer=writer, write_options=options, reader=writer.name, **facts)
    options = dict(h5ad_kwargs or {})
    kind = writer.content_type
    return ValueContent(
        value=data, writer=writer, serializer=writer.name, content_type=kind, write_options=options, **facts
    )
