"""Paths of the user as content."""

from __future__ import annotations

import os
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from artigraph.artifact.content import Content, FileContent
from artigraph.artifact.folder import FolderContent
from artigraph.artifact.key import check_key, common_suffix, suffix_of
from artigraph.errors import InvalidArtifactError, UnsafeKeyError
from artigraph.registry import current_registry, load
from artigraph.storage.base import Storage


@dataclass(slots=True)
class ReferenceContent(Content):
    """An object in a bucket, which stays there."""

    url: str = ""

    def prepare(self, storage: Storage, likely: int | None) -> None:
        bucket, name = _reference(self.url)
        self.hash, self.size = bucket.hashed(name)
        self.place = bucket.name, name


def url_content(url: str, key: str | None) -> tuple[Content, str]:
    """The content of an object in a bucket, and its key: its name in the bucket, unless it is given another.

    Raises:
        CannotOpenError: it is no URL like s3://bucket/folder/file.csv.
        MissingLibraryError: obstore is not installed.
    """
    name: str = _reference(url)[1]
    return ReferenceContent(url=url, suffix=common_suffix(key, suffix_of(name))), key or check_key(name)


def _reference(url: str) -> Any:
    return load("artigraph.storage.reference", "reading from a bucket").reference(url)


def path_content(path: str | os.PathLike[str], key: str | None) -> Content:
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


def key_in_storage(path: Path, storage: Any) -> str | None:
    """The key of a file or folder that lies in a storage: its path below the root.

    Args:
        path: of a file or folder.
        storage: the storage that was named for it, besides those that are registered.

    Returns:
        None where it lies in none of them, or its path below would be no key.
    """
    known = [each for each in (storage, *current_registry().storages.values()) if isinstance(each, Storage)]
    place = path.resolve()
    found = (each.key_of(place) for each in known)
    key = next((each for each in found if each is not None), None)
    with suppress(UnsafeKeyError):
        return check_key(key) if key is not None else None
    return None


def checked_path(path: str | os.PathLike[str]) -> Path:
    """The same path, absolute.

    Raises:
        InvalidArtifactError: nothing is there, or it is an empty text, which would be the current folder.
    """
    if not os.fspath(path):
        raise InvalidArtifactError("an empty text is no path; '.' is the current folder, Artifact(value='') the text")
    absolute = Path(path).expanduser().absolute()
    if not absolute.exists():
        raise InvalidArtifactError(f"{str(path)!r} does not exist (looked for {absolute})")
    return absolute
