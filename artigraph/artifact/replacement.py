"""What an artifact is given in place of its content: a file, a folder, a table or a value."""

from __future__ import annotations

import os
from typing import Any

from artigraph.artifact.anndata import OTYPE as ANNDATA
from artigraph.artifact.anndata import anndata_content
from artigraph.artifact.content import Content
from artigraph.artifact.key import common_suffix
from artigraph.artifact.path import path_content
from artigraph.artifact.table import is_kept_table, table_content
from artigraph.artifact.value import value_content
from artigraph.errors import InvalidArtifactError
from artigraph.persist.file import FILES
from artigraph.registry import current_registry


def replacement(artifact: Any, data: Any, format: str | None) -> Content:
    """The content that ``data`` is for an artifact that is kept.

    Raises:
        InvalidArtifactError: nothing is at the path, its suffix is another, or one of the two has parts of its own.
        UnserializableError: no serializer knows the value.
    """
    if artifact._serializer is None:
        raise _whole(artifact)
    asked = f".{format.removeprefix('.')}" if format else artifact.suffix
    if isinstance(data, str | os.PathLike):
        return _of_path(artifact, data, artifact.key or f"content{asked}")
    name = f"content{common_suffix(artifact.key, asked)}"
    if type(data).__module__.partition(".")[0] == "anndata":
        return anndata_content(data, name, None, None, None)
    content = value_content(data, name, artifact._spec.serializer, current_registry())
    if content is None:
        raise _whole(data)
    if is_kept_table(artifact) and content.n_observations is not None:
        content.otype = artifact.otype
    return content


def _of_path(artifact: Any, path: str | os.PathLike[str], name: str) -> Content:
    """A table stays one, and so does an AnnData; these and other files keep their otype."""
    if artifact.otype == ANNDATA:
        return anndata_content(path, name, None, None, None)
    is_table = is_kept_table(artifact)
    content = table_content(path, name, None, None) if is_table else path_content(path, name)
    if is_table or artifact._serializer in FILES:
        content.otype = artifact.otype
    return content


def _whole(what: Any) -> InvalidArtifactError:
    return InvalidArtifactError(
        f"{what!r:.200} has parts of its own and is not replaced in place; save it as the next version: "
        "Artifact(value=..., key=...)"
    )
