"""The bytes of an artifact in a storage, as a file to read: local ones where they are, remote ones brought here."""

from __future__ import annotations

import io
import tempfile
from dataclasses import dataclass
from pathlib import Path
from typing import IO, Any, NoReturn, cast

from anyio import to_thread

from artigraph.digest import HashingFile, digest_bytes, digest_file, format_digest
from artigraph.errors import BlobCorruptError, BlobMissingError
from artigraph.persist.finish import finished
from artigraph.storage.base import Storage, translated

CHECKED_UP_TO = 64 * 1024 * 1024
"""Blobs up to this size have their hash checked on load, bigger ones their size only (see ``verify``)."""

IN_MEMORY = 1024 * 1024
"""Bytes up to which a remote blob is brought into memory; bigger ones go to a temporary file."""


@dataclass(frozen=True, slots=True)
class Source:
    """Where the bytes are, and what they should be."""

    storage: Storage
    location: str
    hash: bytes | None
    size: int | None
    verify: str | None
    """``set_engine(verify=)``: "always", "size", "never" or None."""

    async def check(self) -> None:
        """(library thread) See that the blob is there, with its size.

        Raises:
            BlobMissingError, BlobCorruptError: it is not.
        """
        found = await self.storage.stat(self.location)
        if found is None:
            raise BlobMissingError(self.location, self.storage.name)
        self._check_size(found.size)

    async def open(self) -> IO[bytes]:
        """(library thread) A file at its start, checked as ``verify`` says; the caller closes it.

        Raises:
            BlobMissingError, BlobCorruptError: the bytes are gone or changed.
        """
        path = await self.storage.path(self.location)
        return await self.fetch() if path is None else await to_thread.run_sync(self.open_local, path)

    def open_local(self, path: Path) -> IO[bytes]:
        """(worker thread) The file ``path`` of the storage. Raises as ``open``."""
        with translated(f"the blob {self.location}"):
            try:
                size = path.stat().st_size
                self._check_size(size)
                if self._hash_counts(size):
                    self._compare(digest_file(path)[0])
                return path.open("rb")
            except FileNotFoundError as error:
                raise BlobMissingError(self.location, self.storage.name) from error

    async def fetch(self) -> IO[bytes]:
        """(library thread) A copy of what is not on this machine, in memory when it is small. Raises as ``open``."""
        if self.size is not None and self.size <= IN_MEMORY:
            data = await self.storage.read(self.location)
            self._check_size(len(data))
            if self._hash_counts(len(data)):
                self._compare(await to_thread.run_sync(digest_bytes, data))
            return io.BytesIO(data)
        with translated(tempfile.gettempdir()):
            file = cast("IO[bytes]", tempfile.NamedTemporaryFile(prefix="artigraph-load-"))  # noqa: SIM115 - see below
        try:
            hashing = HashingFile(file)
            counts = self._hash_counts(self.size or 0)
            target: Any = hashing if counts else file
            with translated(tempfile.gettempdir()):
                await finished(self.storage.download(self.location, target))
                file.flush()
                size = file.tell()
            self._check_size(size)
            if counts:
                self._compare(hashing.digest)
            file.seek(0)
        except BaseException:
            file.close()
            raise
        return file

    @property
    def is_checked(self) -> bool:
        """Whether the hash is looked at when it is loaded."""
        return self._hash_counts(self.size or 0)

    def _hash_counts(self, size: int) -> bool:
        return self.verify == "always" or (self.verify is None and size <= CHECKED_UP_TO)

    def _check_size(self, size: int) -> None:
        if self.verify != "never" and size != self.size:
            self._damaged(f"{self.size} bytes", f"{size} bytes")

    def _compare(self, got: bytes) -> None:
        if self.hash is not None and bytes(self.hash) != got:
            self._damaged(format_digest(self.hash), format_digest(got))

    def _damaged(self, expected: str, got: str) -> NoReturn:
        raise BlobCorruptError(self.location, expected, got, storage=self.storage.name)
