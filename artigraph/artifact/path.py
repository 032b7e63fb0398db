"""Paths of the user as content."""

from __future__ import annotations

from pathlib import Path

from artigraph.artifact.content import Content, FileContent
from artigraph.artifact.folder import FolderContent
from artigraph.artifact.key import common_suffix, suffix_of
from artigraph.errors import InvalidArtifactError


def path_content(path: Path, key: str | None) -> Content:
    """The content of a file or folder.

    Raises:
        InvalidArtifactError: nothing is there, it is neither, or its suffix contradicts the key's.
    """
    absolute = checked_path(path)
    suffix = common_suffix(key, suffix_of(absolute.name))
    if absolute.is_dir():
        return FolderContent(path=absolute, suffix=suffix)
    if not absolute.is_file():
        raise InvalidArtifactError(f"{absolute} is no file or folder but a pipe, a socket or a device")
    return FileContent(path=absolute, suffix=suffix)


def checked_path(path: Path) -> Path:
    """The same path, absolute.

    Raises:
        InvalidArtifactError: nothing is there.
    """
    absolute = path.expanduser().absolute()
    if not absolute.exists():
        raise InvalidArtifactError(f"{str(path)!r} does not exist (looked for {absolute})")
    return absolute
