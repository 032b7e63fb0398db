"""The contract of a storage: bytes to a location made of their hash, and back.

Bytes are written to a *spool* (a private temporary file) first, hashed while they are written, and put from there. The
caller keeps the spool until its transaction is committed, so that ``confirm`` can restore what a racing removal took.
"""

from __future__ import annotations

import asyncio
import errno
import os
import re
from abc import ABCMeta, abstractmethod
from collections.abc import AsyncIterator, Hashable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import IO, Any, Self

from artigraph.bridge import self_method
from artigraph.errors import ArtigraphError, CannotOpenError, StorageFullError, StorageReadOnlyError, UnsafeKeyError
from artigraph.registry import default_registry, load


@dataclass(frozen=True, slots=True)
class BlobStat:
    """What a storage knows of a blob without reading it."""

    size: int
    """Bytes."""
    modified: datetime
    """When it was last put, UTC."""


class _StorageType(ABCMeta):
    """Lets ``Storage(root=...)`` be the storage of a place: nothing is a storage and no more than that."""

    def __call__(cls, *args: Any, **kwargs: Any) -> Any:
        if cls is Storage and kwargs.keys() == {"root"} and not args:
            return _storage_of(**kwargs)
        return super().__call__(*args, **kwargs)


class Storage(metaclass=_StorageType):
    """A place for immutable blobs, each at a location that is a function of its sha256 only.

    ``Storage(root="folder")`` and ``Storage(root="s3://bucket/prefix")`` make the storage of that place, and
    ``Storage.get(root=...)`` gives that of a place which is there.

    Attributes:
        name: the stored name, 1 to 100 characters; whoever loads needs a storage of the same name.
    """

    name: str

    def __repr__(self) -> str:
        return f"<{type(self).__name__} {self.name}>"

    @property
    def place(self) -> Hashable:
        """What makes two storages of one class and name the same; by default nothing but being one object."""
        return id(self)

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Storage) and self._identity() == other._identity()

    def __hash__(self) -> int:
        return hash(self._identity())

    def _identity(self) -> Hashable:
        cls = type(self)
        return cls.__module__, cls.__qualname__, self.name, self.place  # a cell that defines the class may run again

    @abstractmethod
    def spool(self) -> Path:
        """A new, empty, private file (mode 0600) to write bytes to before ``put``; the caller removes it."""

    @abstractmethod
    async def put(self, spool: Path, digest: bytes, size: int, *, durable: bool = True) -> str:
        """Keep the bytes of ``spool``, which stays in place.

        Putting again is quick: bytes of the same size that are there are kept, and their ``modified`` is renewed;
        bytes of another size are damaged and are replaced.

        Args:
            spool: a file from ``spool()``.
            digest: the sha256 of its bytes, 32 raw bytes.
            size: its bytes.
            durable: wait until the bytes survive a power cut.

        Returns:
            The location.

        Raises:
            StorageFullError: no space is left.
            StorageReadOnlyError: the place may not be written.
        """

    async def put_many(self, blobs: Sequence[tuple[Path, bytes, int]], *, durable: bool = True) -> Sequence[str]:
        """``put`` for several: (spool, digest, size) each. Returns their locations; on a failure some may be there."""
        places = asyncio.Semaphore(_AT_ONCE)

        async def one(spool: Path, digest: bytes, size: int) -> str:
            async with places:
                return await self.put(spool, digest, size, durable=durable)

        ended = await asyncio.gather(*(one(*blob) for blob in blobs), return_exceptions=True)
        for outcome in ended:
            if isinstance(outcome, BaseException):
                raise outcome
        return [outcome for outcome in ended if isinstance(outcome, str)]

    def confirm(self, location: str, spool: Path) -> None:
        """Just before the commit: if a racing removal took the blob, put it back from ``spool``; never waits long."""

    @abstractmethod
    async def read(self, location: str) -> bytes:
        """All bytes at a location.

        Raises:
            BlobMissingError: nothing is there.
            UnsafeKeyError: the location is not one of ours.
        """

    async def path(self, location: str) -> Path | None:
        """A local file with these bytes, to read only; None when there is none. Raises as ``read`` does."""
        return None

    def cache_folder(self) -> Path:
        """Where read-only views of what is kept here may lie: the user's cache folder."""
        cache = os.environ.get("XDG_CACHE_HOME") or "~/.cache"
        return Path(cache).expanduser() / "artigraph"

    @abstractmethod
    async def download(self, location: str, file: IO[bytes]) -> None:
        """Write all bytes at a location to ``file``, piece by piece. Raises as ``read`` does."""

    @abstractmethod
    async def delete(self, location: str) -> bool:
        """Remove a blob; False when nothing was there.

        Raises:
            UnsafeKeyError: the location is not one of ours.
            StorageReadOnlyError: the place may not be written.
        """

    @abstractmethod
    async def stat(self, location: str) -> BlobStat | None:
        """Size and time of a blob; None when nothing is there.

        Raises:
            UnsafeKeyError: the location is not one of ours.
        """

    async def missing(self, sizes: Mapping[str, int]) -> set[str]:
        """Of these locations (each with the bytes it should have), those where nothing of this size is."""
        found = await asyncio.gather(*map(self.stat, sizes))
        return {
            location
            for (location, size), stat in zip(sizes.items(), found, strict=True)
            if stat is None or stat.size != size
        }

    @abstractmethod
    def list(self) -> AsyncIterator[tuple[str, BlobStat]]:
        """Every blob, in no order."""

    @abstractmethod
    async def sweep(self, older_than: float, *, dry_run: bool = False) -> int:
        """Remove spools that nobody wrote to for ``older_than`` seconds (``dry_run``: only count them); how many."""

    async def quarantine(self, location: str) -> str | None:
        """Move damaged bytes out of the way, so that the right ones can be put again.

        Returns:
            Where they are now, for people to read; None when nothing was there, or this storage cannot move blobs.

        Raises:
            UnsafeKeyError: the location is not one of ours.
            StorageReadOnlyError: the place may not be written.
        """
        return None

    def key_of(self, path: Path) -> str | None:
        """What a file or folder of the user (its resolved path) is called below the root of this storage.

        Returns:
            The relative path with ``/`` between its parts; None when it lies elsewhere, or is one of our own.
        """
        return None

    @classmethod
    def get(cls, root: str) -> Storage:
        """The storage of a folder that is there, or of a bucket (``s3://bucket/prefix``), made known to the process.

        Raises:
            MissingLibraryError: what speaks to buckets is not installed.
            CannotOpenError: there is no such folder; ``Storage(root=...)`` makes it.
        """
        if not root.startswith(_BUCKET) and not Path(root).expanduser().is_dir():
            raise CannotOpenError(errno.ENOENT, f"there is no folder {root!r}; Storage(root={root!r}).save() makes it")
        return _storage_of(root)

    @self_method
    async def save(self) -> Any:
        """Make this known to the whole process under its name, as ``register`` does. Returns this storage."""
        self.register()

    def register(self, *, replace: bool = False) -> Self:
        """Make this known to the whole process under its name, and return it; again for the same place is fine.

        Raises:
            NameTakenError: another storage has this name and ``replace`` is False.
        """
        default_registry().add_storage(self, replace=replace)
        return self


def _storage_of(root: str) -> Storage:
    """The storage of a folder, which is made when it is missing, or of a bucket; known to the process."""
    made: Storage
    if root.startswith(_BUCKET):
        bucket, _, prefix = root.removeprefix(_BUCKET).partition("/")
        made = load("artigraph.storage.aws", "a storage in a bucket").S3Storage(bucket, prefix)
    else:
        made = load("artigraph.storage.file", "a storage in a folder").FileSystemStorage(root)
    return made.register()


def location_of(digest: bytes) -> str:
    """Where bytes with this sha256 go: its hex, split after two characters.

    >>> location_of(bytes(32))[:8]
    '00/00000'
    """
    digits = digest.hex()
    return f"{digits[:2]}/{digits[2:]}"


def check_location(location: str) -> str:
    """The same location.

    Raises:
        UnsafeKeyError: it is anything else than what ``location_of`` makes.
    """
    if not _LOCATION.fullmatch(location):
        raise UnsafeKeyError(location, "a blob's location is two hex digits, a slash, and 62 more")
    return location


def check_name(name: str) -> str:
    """The same storage name.

    Raises:
        ValueError: it is empty, longer than 100 characters, or has control characters.
    """
    if not 0 < len(name) <= 100 or not name.isprintable():
        raise ValueError(f"{name[:120]!r} cannot name a storage: 1 to 100 printable characters")
    return name


@contextmanager
def translated(place: object) -> Iterator[None]:
    """Raise what the system says about ``place`` as errors of this library; those that are already pass.

    Raises:
        CannotOpenError: anything but the two below.
        StorageFullError: no space, quota or file size left.
        StorageReadOnlyError: writing is not allowed.
    """
    try:
        yield
    except ArtigraphError:
        raise
    except OSError as error:
        if error.errno in _FULL:
            raise StorageFullError(error.errno, f"no space is left for {place} ({error.strerror})") from error
        if error.errno in _READ_ONLY:
            raise StorageReadOnlyError(error.errno, f"{place} cannot be written ({error.strerror})") from error
        raise CannotOpenError(error.errno, f"{place} cannot be used ({error.strerror})") from error


_AT_ONCE = 8
_BUCKET = "s3://"
_LOCATION = re.compile(r"[0-9a-f]{2}/[0-9a-f]{62}")
_FULL = frozenset({errno.ENOSPC, errno.EDQUOT, errno.EFBIG})
_READ_ONLY = frozenset({errno.EROFS, errno.EACCES, errno.EPERM})
