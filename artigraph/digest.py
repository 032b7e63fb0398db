"""Content hashes: sha256 of bytes, of files while they are written, and of models out of their parts.

A digest is 32 raw bytes everywhere inside; people see ``sha256:<64 hex characters>``.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable
from pathlib import Path
from typing import IO

DIGEST_SIZE = 32
"""Bytes of every digest."""

_SHOWN = "sha256:"


def digest_bytes(data: bytes) -> bytes:
    """The sha256 of ``data``, 32 raw bytes."""
    return hashlib.sha256(data).digest()


def digest_file(path: Path) -> tuple[bytes, int]:
    """The sha256 (32 raw bytes) and the size (bytes) of a file, read piece by piece.

    Raises:
        OSError: the file cannot be read.
    """
    with path.open("rb", buffering=0) as file:
        digest = hashlib.file_digest(file, "sha256").digest()
        return digest, file.tell()


def model_digest(type_name: str, version: int, parts: Iterable[tuple[str, bytes]]) -> bytes:
    """The digest of a whole out of the labels and digests of its parts, in any order.

    Every piece is preceded by its length, so no two different models frame to the same bytes.

    Args:
        type_name: the stored name of the model.
        version: its version, 0 or more.
        parts: (label, 32 raw bytes) per field.

    Returns:
        32 raw bytes.

    >>> a, b = digest_bytes(b"1"), digest_bytes(b"2")
    >>> model_digest("M", 1, [("x", a), ("y", b)]) == model_digest("M", 1, [("y", b), ("x", a)])
    True
    """
    whole = hashlib.sha256()
    pieces = [type_name.encode("utf-8"), str(version).encode("ascii")]
    for label, digest in sorted(parts):
        pieces += (label.encode("utf-8"), digest)
    for piece in pieces:
        whole.update(len(piece).to_bytes(8, "big"))
        whole.update(piece)
    return whole.digest()


def format_digest(raw: bytes) -> str:
    """How a digest is shown.

    >>> format_digest(bytes(32))[:12]
    'sha256:00000'
    """
    return _SHOWN + raw.hex()


def parse_digest(text: str) -> bytes:
    """The 32 raw bytes behind ``sha256:<64 hex characters>``.

    Raises:
        ValueError: the text has another shape.

    >>> parse_digest(format_digest(digest_bytes(b"x"))) == digest_bytes(b"x")
    True
    """
    digits = text.removeprefix(_SHOWN)
    if digits == text or len(digits) != 2 * DIGEST_SIZE or not digits.isalnum():
        raise ValueError(f"{text[:80]!r} is not a digest: expected sha256: and 64 hex characters")
    return bytes.fromhex(digits)


class HashingFile:
    """A binary file to write to that hashes and counts what goes through it.

    It is a sink for anything that only writes forward: ``json``, ``numpy``, ``pyarrow``.

    Attributes:
        size: bytes written so far.

    >>> import io
    >>> file = HashingFile(io.BytesIO())
    >>> file.write(b"abc")
    3
    >>> (file.digest == digest_bytes(b"abc"), file.size)
    (True, 3)
    """

    def __init__(self, file: IO[bytes]) -> None:
        self.size = 0
        self._file = file
        self._hash = hashlib.sha256()

    @property
    def digest(self) -> bytes:
        """The sha256 of everything written so far, 32 raw bytes."""
        return self._hash.digest()

    @property
    def closed(self) -> bool:
        """Whether the file below is closed."""
        return self._file.closed

    def write(self, data: bytes | bytearray | memoryview, /) -> int:
        """Write all of ``data`` (any contiguous buffer) and return its size in bytes."""
        view = memoryview(data)
        if view.nbytes:
            flat = view.cast("B")
            self._hash.update(flat)
            self.size += view.nbytes
            while flat:  # an unbuffered file may take less than all
                flat = flat[self._file.write(flat) :]
        return view.nbytes

    def tell(self) -> int:
        """The bytes written so far: the place of the next one."""
        return self.size

    def flush(self) -> None:
        """Hand what is buffered to the system."""
        self._file.flush()

    def close(self) -> None:
        """Nothing: whoever opened the file below closes it."""

    def readable(self) -> bool:
        """False: this is a sink."""
        return False

    def seekable(self) -> bool:
        """False: what is hashed cannot be taken back."""
        return False

    def writable(self) -> bool:
        """True."""
        return True
