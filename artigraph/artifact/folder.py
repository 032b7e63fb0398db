"""Folders as content: every file below, by its relative path; nothing that leads out, and nothing that is no file."""

from __future__ import annotations

import os
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from artigraph.artifact.content import Content
from artigraph.digest import digest_bytes
from artigraph.errors import CannotOpenError, InvalidArtifactError
from artigraph.persist.piece import Piece, hashed, held
from artigraph.persist.progress import progress
from artigraph.serializer.folder import Entry, folder_serializer
from artigraph.storage.base import Storage


@dataclass(slots=True)
class FolderContent(Content):
    """A folder of the user."""

    path: Path = Path()

    def prepare(self, storage: Storage, likely: int | None) -> None:
        entries: list[Entry] = []
        self.pieces, total = [], 0
        for name, path in progress(list(walked(self.path)), "hashing"):
            if path is None:
                entries.append(Entry(name))
                continue
            piece = hashed(path)
            total = held([piece], total)
            self.pieces.append(piece)
            entries.append(Entry(name, piece.size, piece.digest))
        self.serializer, self.content_type = folder_serializer.name, folder_serializer.content_type
        self.manifest = folder_serializer.serialize(entries)
        self.hash = digest_bytes(self.manifest)
        self.size, self.n_files = sum(entry.size for entry in entries), len(self.pieces)


def walked(root: Path) -> Iterator[tuple[str, str | None]]:
    """Every file below a folder as (relative path, path), in order; of a folder without any, (relative path/, None).

    Paths are text: making a ``Path`` of each takes longer than reading the folder.

    Raises:
        InvalidArtifactError: a link that leads out or into itself, a pipe, a socket or a device.
        CannotOpenError: a folder that cannot be read.
    """
    yield from _walked(str(root), "", root.resolve())


def _walked(folder: str, before: str, top: Path) -> Iterator[tuple[str, str | None]]:
    try:
        with os.scandir(folder) as found:
            entries = sorted(found, key=lambda each: each.name)
    except OSError as error:
        raise CannotOpenError(error.errno, f"{folder} cannot be read ({error.strerror})") from error
    if not entries and before:
        yield before, None
    for entry in entries:
        path = entry.path
        if entry.is_symlink():
            _check_link(Path(path), top)
        if entry.is_dir():
            yield from _walked(path, f"{before}{entry.name}/", top)
        elif entry.is_file():
            yield before + entry.name, path
        else:
            raise InvalidArtifactError(f"{path} is no file or folder but a pipe, a socket or a device")


def _check_link(path: Path, top: Path) -> None:
    try:
        target = path.resolve(strict=True)
    except (OSError, RuntimeError) as error:
        raise InvalidArtifactError(f"{path} is a link to nothing") from error
    if not target.is_relative_to(top):
        raise InvalidArtifactError(f"{path} is a link that leads out of {top}, to {target}")
    if path.parent.resolve().is_relative_to(target):
        raise InvalidArtifactError(f"{path} is a link to a folder that it is in")


def manifest_piece(manifest: bytes) -> Piece:
    """A manifest that is too big for its row, as a piece like the files."""
    return Piece(digest_bytes(manifest), len(manifest), data=manifest)
