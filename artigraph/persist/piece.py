"""Pieces of content on their way into a storage: files of the user, hashed, and copied only when they are needed."""

from __future__ import annotations

import hashlib
import os
from dataclasses import dataclass
from io import FileIO
from pathlib import Path

from artigraph.digest import HashingFile
from artigraph.errors import CannotOpenError, InvalidArtifactError
from artigraph.storage.base import Storage, translated

SMALL = 64 * 1024
"""Bytes of a file that stay in memory from its hashing to its writing."""

CHUNK = 1 << 20


@dataclass(slots=True, eq=False)
class Piece:
    """Bytes with their hash, and where they can be had until they are in a storage."""

    digest: bytes
    """sha256, 32 raw bytes."""
    size: int
    path: Path | None = None
    """The user's file."""
    data: bytes | None = None
    spool: Path | None = None
    location: str | None = None
    """Where they were put by now."""

    def fill(self, storage: Storage) -> Path:
        """(worker thread) A spool of the storage with these bytes.

        Raises:
            InvalidArtifactError: the user's file has changed since it was hashed.
            StorageFullError, StorageReadOnlyError: as named.
        """
        if self.spool is None:
            self.spool = storage.spool()
            with translated(storage):
                if self.data is not None:
                    self.spool.write_bytes(self.data)
                elif self.path is not None and _copied(self.path, self.spool) != (self.digest, self.size):
                    raise InvalidArtifactError(f"{self.path} changed while it was saved; save it again")
        return self.spool

    def drop(self) -> None:
        """Remove the spool."""
        if self.spool is not None:
            self.spool.unlink(missing_ok=True)
            self.spool = None


def size_of(path: Path) -> int:
    """The bytes of a file. Raises CannotOpenError when it is not there any more."""
    try:
        return path.stat().st_size
    except OSError as error:
        raise CannotOpenError(error.errno, f"{path} cannot be read ({error.strerror})") from error


def hashed(path: Path) -> Piece:
    """(worker thread) The hash and size of a file; the bytes too, when they are few.

    Raises:
        CannotOpenError: it cannot be read.
    """
    with _reading(path) as file:
        if os.fstat(file.fileno()).st_size <= SMALL:
            data = file.read()
            return Piece(hashlib.sha256(data).digest(), len(data), path, data)
        digest = hashlib.file_digest(file, "sha256").digest()
        return Piece(digest, file.tell(), path)


def taken(path: Path, storage: Storage) -> Piece:
    """(worker thread) A file hashed while it is copied to a spool. Raises as ``hashed`` and ``Piece.fill``."""
    spool = storage.spool()
    try:
        with translated(storage):
            digest, size = _copied(path, spool)
    except BaseException:
        spool.unlink(missing_ok=True)
        raise
    return Piece(digest, size, path, spool=spool)


def _copied(source: Path, target: Path) -> tuple[bytes, int]:
    buffer = memoryview(bytearray(CHUNK))
    with _reading(source) as reader, target.open("wb", buffering=0) as writer:
        hashing = HashingFile(writer)
        while count := reader.readinto(buffer):
            hashing.write(buffer[:count])
        return hashing.digest, hashing.size


def _reading(path: Path) -> FileIO:
    try:
        return path.open("rb", buffering=0)
    except OSError as error:
        raise CannotOpenError(error.errno, f"{path} cannot be read ({error.strerror})") from error
