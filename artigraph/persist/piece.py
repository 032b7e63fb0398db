"""Pieces of content on their way into a storage: files of the user, hashed, and copied only when they are needed."""

from __future__ import annotations

import hashlib
import os
from collections.abc import Iterable
from dataclasses import dataclass
from io import FileIO
from pathlib import Path
from threading import local

from artigraph.digest import HashingFile
from artigraph.errors import CannotOpenError, InvalidArtifactError
from artigraph.persist.progress import Meter
from artigraph.storage.base import Storage, translated

SMALL = 16 * 1024
"""Bytes up to which a file is read at once, and stays in memory from its hashing to its writing ..."""
HELD = 8 << 20
"""... as long as all such files together have no more than so many."""

CHUNK = 1 << 20


@dataclass(slots=True, eq=False)
class Piece:
    """Bytes with their hash, and where they can be had until they are in a storage."""

    digest: bytes
    """sha256, 32 raw bytes."""
    size: int
    path: Path | str | None = None
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


def size_of(path: Path | str) -> int:
    """The bytes of a file. Raises CannotOpenError when it is not there any more."""
    try:
        return os.stat(path).st_size  # noqa: PTH116 - text, where there are many
    except OSError as error:
        raise CannotOpenError(error.errno, f"{path} cannot be read ({error.strerror})") from error


def hashed(path: Path | str) -> Piece:
    """(worker thread) The hash and size of a file; the bytes too, when they are few.

    Raises:
        CannotOpenError: it cannot be read.
    """
    with _reading(path) as file:
        size = os.fstat(file.fileno()).st_size
        if size <= SMALL:
            data = file.read()
            return Piece(hashlib.sha256(data).digest(), len(data), path, data)
        digest, buffer = hashlib.sha256(), _buffer()
        with Meter("hashing", size, "B") as meter:
            while count := file.readinto(buffer):
                digest.update(buffer[:count])
                meter.update(count)
        return Piece(digest.digest(), file.tell(), path)


def held(pieces: Iterable[Piece], before: int = 0) -> int:
    """Forget the bytes of those pieces that are too many to stay in memory; returns how many bytes stay."""
    for piece in pieces:
        if piece.data is not None:
            before += piece.size
            if before > HELD:
                before -= piece.size
                piece.data = None
    return before


def taken(path: Path | str, storage: Storage) -> Piece:
    """(worker thread) A file hashed while it is copied to a spool. Raises as ``hashed`` and ``Piece.fill``."""
    spool = storage.spool()
    try:
        with translated(storage):
            digest, size = _copied(path, spool)
    except BaseException:
        spool.unlink(missing_ok=True)
        raise
    return Piece(digest, size, path, spool=spool)


def _copied(source: Path | str, target: Path) -> tuple[bytes, int]:
    buffer = _buffer()
    with _reading(source) as reader, target.open("wb", buffering=0) as writer:
        hashing = HashingFile(writer)
        with Meter("copying", os.fstat(reader.fileno()).st_size, "B") as meter:
            while count := reader.readinto(buffer):
                hashing.write(buffer[:count])
                meter.update(count)
        return hashing.digest, hashing.size


def _buffer() -> memoryview:
    """Memory to read into, one for each thread: getting it for each of many files takes as long as hashing them."""
    if not hasattr(_thread, "buffer"):
        _thread.buffer = memoryview(bytearray(CHUNK))
    found: memoryview = _thread.buffer
    return found


_thread = local()


def _reading(path: Path | str) -> FileIO:
    try:
        return FileIO(path)
    except OSError as error:
        raise CannotOpenError(error.errno, f"{path} cannot be read ({error.strerror})") from error
