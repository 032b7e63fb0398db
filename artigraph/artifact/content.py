"""What an artifact is made of, before it is saved: a file, a folder, or a value that a serializer writes."""

from __future__ import annotations

from abc import ABC, abstractmethod
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, ClassVar

from artigraph.digest import HashingFile, digest_bytes
from artigraph.persist.piece import Piece, hashed, size_of, taken
from artigraph.serializer.file import file_serializer
from artigraph.storage.base import Storage, translated

ONE_PASS = 8 << 20
"""Bytes from which a file is copied while it is hashed, unless it is likely to be there already."""


@dataclass(slots=True)
class Content(ABC):
    """Content with what is known of it; ``prepare`` fills in the second half."""

    suffix: str = ""
    otype: str | None = None
    serializer: str = file_serializer.name
    """The stored name; of what is read as its suffix says, ``file/1``."""
    reader: str | None = None
    """The serializer that reads it, when its suffix does not say that."""
    content_type: str | None = None
    n_observations: int | None = None
    options: dict[str, Any] = field(default_factory=dict)
    """For whoever reads it: what is needed to read it as it was written."""

    hash: bytes = b""
    size: int = 0
    n_files: int | None = None
    preview: dict[str, Any] | None = None
    same_as: str | None = None
    """Hex that is equal for equal content, whatever the bytes; None: the hash is that."""
    manifest: bytes | None = None
    """Of a folder: the bytes that its hash is of."""
    pieces: list[Piece] = field(default_factory=list)
    place: tuple[str, str] | None = None
    """Storage and location of what stays where it is."""

    name: ClassVar[str] = "content"

    @abstractmethod
    def prepare(self, storage: Storage, likely: int | None) -> None:
        """(worker thread) Hash the content.

        Args:
            storage: where it is going to be kept.
            likely: the size of what it is likely to be equal to.
        """

    def size_on_disk(self) -> int | None:
        """Bytes of a file of the user."""
        return None

    def is_big(self) -> bool:
        """Whether it is a file that is worth a look at what is there, before it is copied."""
        return (self.size_on_disk() or 0) >= ONE_PASS

    def drop(self) -> None:
        """Remove what lies in spools."""
        for piece in self.pieces:
            piece.drop()


@dataclass(slots=True)
class FileContent(Content):
    """A file of the user."""

    path: Path | str = ""

    def size_on_disk(self) -> int | None:
        self.size = size_of(self.path)
        return self.size

    def prepare(self, storage: Storage, likely: int | None) -> None:
        size = self.size or size_of(self.path)
        piece = hashed(self.path) if size < ONE_PASS or size == likely else taken(self.path, storage)
        self.pieces = [piece]
        self.hash, self.size = piece.digest, piece.size


@dataclass(slots=True)
class ValueContent(Content):
    """A value, written by a serializer."""

    value: Any = None
    writer: Any = None
    """The serializer."""
    write_options: dict[str, Any] = field(default_factory=dict)

    def prepare(self, storage: Storage, likely: int | None) -> None:
        spool = storage.spool()
        piece = Piece(b"", 0, spool=spool)
        try:
            with translated(storage), spool.open("wb", buffering=1 << 20) as file:
                hashing = HashingFile(file)
                self.writer.write(self.value, hashing, **self.write_options)
            same = self.writer.content_digest(self.value)
            self.preview = self.writer.preview(self.value)
        except BaseException:
            piece.drop()
            raise
        piece.digest, piece.size = hashing.digest, hashing.size
        self.pieces = [piece]
        self.hash, self.size = piece.digest, piece.size
        if same is not None:  # in the same form
            form = f"{self.writer.name} {sorted(self.write_options.items(), key=repr)}".encode("utf-8", "replace")
            self.same_as = digest_bytes(same + form).hex()
