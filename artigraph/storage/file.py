"""Blobs as read-only files in a folder, each under the hash of its bytes.

``ab/cdef...`` holds a blob (mode 0400), ``tmp/`` the spools, ``damaged/`` blobs that were found damaged. A blob appears
by one atomic link of a finished file, and every step below the folder is taken relative to an open folder without
following links, so nothing leads out of it.
"""

from __future__ import annotations

import asyncio
import errno
import os
import re
import shutil
import stat
import time
from collections.abc import AsyncIterator, Hashable, Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from datetime import UTC, datetime
from pathlib import Path
from typing import IO
from uuid import uuid4

from artigraph.digest import digest_bytes
from artigraph.errors import BlobMissingError
from artigraph.storage.base import BlobStat, Storage, check_location, check_name, location_of, translated


class FileSystemStorage(Storage):
    """Keeps blobs in a folder of this machine (or one it has mounted), POSIX only.

    Args:
        directory: the folder; created with mode 0700 when it is missing.
        name: the stored name; by default one made of the resolved path, the same in every process.

    Raises:
        CannotOpenError, StorageFullError, StorageReadOnlyError: the folder cannot be made.
    """

    def __init__(self, directory: str | os.PathLike[str], name: str | None = None) -> None:
        self.directory = Path(directory).expanduser().resolve()
        self.name = check_name(name or f"file:{digest_bytes(os.fsencode(self.directory)).hex()[:16]}")
        with translated(self.directory):
            self.directory.mkdir(mode=0o700, parents=True, exist_ok=True)

    @property
    def place(self) -> Hashable:
        """The folder."""
        return self.directory

    def spool(self) -> Path:
        name = uuid4().hex
        with translated(self.directory), self._folder("tmp", create=True) as folder:
            os.close(os.open(name, os.O_CREAT | os.O_EXCL | os.O_WRONLY | os.O_NOFOLLOW, 0o600, dir_fd=folder))
        return self.directory / "tmp" / name

    async def put(self, spool: Path, digest: bytes, size: int, *, durable: bool = True) -> str:
        location = location_of(digest)
        await asyncio.to_thread(self._put, location, spool, size, durable)
        return location

    async def put_many(self, blobs: Sequence[tuple[Path, bytes, int]], *, durable: bool = True) -> Sequence[str]:
        return await asyncio.to_thread(self._put_many, blobs, durable)

    def confirm(self, location: str, spool: Path) -> None:
        shard, name = check_location(location).split("/")
        with translated(self.directory), self._folder(shard, create=True) as folder:
            if _stat(folder, name) is None:
                self._publish(spool, folder, name)
                os.fsync(folder)

    async def read(self, location: str) -> bytes:
        return await asyncio.to_thread(self._read, location)

    async def path(self, location: str) -> Path | None:
        if await self.stat(location) is None:
            raise BlobMissingError(location, self.name)
        return self.directory / location

    def cache_folder(self) -> Path:
        """A folder inside of ours."""
        return self.directory / "cache"

    def key_of(self, path: Path) -> str | None:
        if not path.is_relative_to(self.directory) or path == self.directory:
            return None
        below = path.relative_to(self.directory)
        return None if _OWN.fullmatch(below.parts[0]) else below.as_posix()

    async def download(self, location: str, file: IO[bytes]) -> None:
        await asyncio.to_thread(self._download, location, file)

    async def delete(self, location: str) -> bool:
        return await asyncio.to_thread(self._delete, location)

    async def stat(self, location: str) -> BlobStat | None:
        return await asyncio.to_thread(self._stat, location)

    async def missing(self, sizes: Mapping[str, int]) -> set[str]:
        return await asyncio.to_thread(self._missing, sizes)

    async def list(self) -> AsyncIterator[tuple[str, BlobStat]]:
        for shard in range(256):
            for found in await asyncio.to_thread(self._scan, f"{shard:02x}"):
                yield found

    async def sweep(self, older_than: float, *, dry_run: bool = False) -> int:
        return await asyncio.to_thread(self._sweep, time.time() - older_than, dry_run)

    async def quarantine(self, location: str) -> str | None:
        return await asyncio.to_thread(self._quarantine, location)

    @contextmanager
    def _folder(self, name: str, *, create: bool = False) -> Iterator[int]:
        """The descriptor of a folder directly inside ours, which is no link; made when missing and asked for."""
        path = self.directory / name
        try:
            descriptor = os.open(path, _FOLDER)
        except FileNotFoundError:
            if not create:
                raise
            with suppress(FileExistsError):
                path.mkdir(mode=0o700)
            _sync_folder(self.directory)
            descriptor = os.open(path, _FOLDER)
        try:
            yield descriptor
        finally:
            os.close(descriptor)

    def _put_many(self, blobs: Sequence[tuple[Path, bytes, int]], durable: bool) -> Sequence[str]:
        locations = [location_of(digest) for _, digest, _ in blobs]
        with translated(self.directory):
            self._make_folders({location[:2] for location in locations})
        for location, (spool, _, size) in zip(locations, blobs, strict=True):
            self._put(location, spool, size, durable, alone=False)
        if durable:
            for shard in {location[:2] for location in locations}:
                with translated(self.directory), self._folder(shard) as folder:
                    os.fsync(folder)
        return locations

    def _make_folders(self, names: set[str]) -> None:
        """Make those of these folders that are missing, and wait once until they survive a power cut."""
        with os.scandir(self.directory) as entries:
            missing = names - {entry.name for entry in entries}
        for name in missing:
            with suppress(FileExistsError):
                (self.directory / name).mkdir(mode=0o700)
        if missing:
            _sync_folder(self.directory)

    def _put(self, location: str, spool: Path, size: int, durable: bool, *, alone: bool = True) -> None:
        shard, name = location.split("/")
        with translated(self.directory), self._folder(shard, create=True) as folder:
            kept = _stat(folder, name)
            if kept is not None and kept.st_size == size:
                os.utime(name, dir_fd=folder, follow_symlinks=False)
            else:
                if durable:
                    with spool.open("rb") as file:
                        os.fsync(file.fileno())
                self._publish(spool, folder, name)
            if durable and alone:
                os.fsync(folder)  # also after a hit: whoever put it may not have waited yet

    def _publish(self, spool: Path, folder: int, name: str) -> None:
        """Make ``name`` in ``folder`` the bytes of ``spool`` in one step, whatever is there."""
        os.utime(spool)  # its age starts now, also in the eyes of a sweep
        spool.chmod(0o400)
        with suppress(OSError):  # there is one already, or no second name for a file: the long way
            os.link(spool, name, dst_dir_fd=folder)
            return
        fresh = f".{uuid4().hex}"
        try:
            try:
                os.link(spool, fresh, dst_dir_fd=folder)
            except OSError as error:
                if error.errno not in _NO_LINKS:
                    raise
                _copy(spool, fresh, folder)
            os.chmod(fresh, 0o400, dir_fd=folder)
            os.rename(fresh, name, src_dir_fd=folder, dst_dir_fd=folder)
        finally:
            with suppress(FileNotFoundError):  # a rename of two names of one file leaves both
                os.unlink(fresh, dir_fd=folder)

    @contextmanager
    def _open(self, location: str) -> Iterator[IO[bytes]]:
        shard, name = check_location(location).split("/")
        try:
            with self._folder(shard) as folder:
                descriptor = os.open(name, os.O_RDONLY | os.O_NOFOLLOW, dir_fd=folder)
        except OSError as error:
            if error.errno in _ABSENT:
                raise BlobMissingError(location, self.name) from error
            raise
        with os.fdopen(descriptor, "rb", buffering=0) as file:
            yield file

    def _read(self, location: str) -> bytes:
        with translated(self.directory), self._open(location) as file:
            return file.read()

    def _download(self, location: str, target: IO[bytes]) -> None:
        with translated(self.directory), self._open(location) as file:
            shutil.copyfileobj(file, target, 1 << 20)

    def _stat(self, location: str) -> BlobStat | None:
        shard, name = check_location(location).split("/")
        with translated(self.directory):
            try:
                with self._folder(shard) as folder:
                    found = _stat(folder, name)
            except OSError as error:
                if error.errno in _ABSENT:
                    return None
                raise
        return _blob_stat(found) if found else None

    def _missing(self, sizes: Mapping[str, int]) -> set[str]:
        found = {location: self._stat(location) for location in sizes}
        return {location for location, stat in found.items() if stat is None or stat.size != sizes[location]}

    def _delete(self, location: str) -> bool:
        shard, name = check_location(location).split("/")
        with translated(self.directory):
            try:
                with self._folder(shard) as folder:
                    os.unlink(name, dir_fd=folder)
            except OSError as error:
                if error.errno in _ABSENT:
                    return False
                raise
        return True

    def _scan(self, shard: str) -> Sequence[tuple[str, BlobStat]]:
        found = []
        with translated(self.directory), suppress(*_NOT_THERE), self._folder(shard) as folder:
            for name in _names(folder):
                result = _stat(folder, name)
                if result is not None and len(name) == 62:
                    found.append((f"{shard}/{name}", _blob_stat(result)))
        return found

    def _quarantine(self, location: str) -> str | None:
        shard, name = check_location(location).split("/")
        with translated(self.directory), self._folder("damaged", create=True) as damaged:
            try:
                with self._folder(shard) as folder:
                    os.rename(name, shard + name, src_dir_fd=folder, dst_dir_fd=damaged)
            except OSError as error:
                if error.errno in _ABSENT:
                    return None
                raise
        return str(self.directory / "damaged" / (shard + name))

    def _sweep(self, before: float, dry_run: bool) -> int:
        found = 0
        shards = (f"{shard:02x}" for shard in range(256))
        for name in ("tmp", *shards):
            with translated(self.directory), suppress(*_NOT_THERE), self._folder(name) as folder:
                for entry in _names(folder):
                    result = _stat(folder, entry)
                    unfinished = name == "tmp" or entry.startswith(".")
                    if unfinished and result is not None and result.st_mtime <= before:
                        if not dry_run:
                            os.unlink(entry, dir_fd=folder)
                        found += 1
        return found


def _stat(folder: int, name: str) -> os.stat_result | None:
    """What is known of a regular file; None when it is missing or something else (a link, a folder)."""
    try:
        result = os.stat(name, dir_fd=folder, follow_symlinks=False)
    except FileNotFoundError:
        return None
    return result if stat.S_ISREG(result.st_mode) else None


def _names(folder: int) -> list[str]:
    with os.scandir(folder) as entries:
        return [entry.name for entry in entries]


def _blob_stat(result: os.stat_result) -> BlobStat:
    return BlobStat(result.st_size, datetime.fromtimestamp(result.st_mtime, UTC))


def _copy(source: Path, name: str, folder: int) -> None:
    target = os.open(name, os.O_CREAT | os.O_EXCL | os.O_WRONLY | os.O_NOFOLLOW, 0o600, dir_fd=folder)
    with source.open("rb") as reader, os.fdopen(target, "wb") as writer:  # buffered: a raw write may stop short
        shutil.copyfileobj(reader, writer, 1 << 20)
        writer.flush()
        os.fsync(writer.fileno())


def _sync_folder(path: Path) -> None:
    descriptor = os.open(path, os.O_RDONLY | os.O_DIRECTORY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


_OWN = re.compile("[0-9a-f]{2}|tmp|damaged|cache")
"""The folders that lie directly inside ours."""

_FOLDER = os.O_RDONLY | os.O_DIRECTORY | os.O_NOFOLLOW
_NOT_THERE = (FileNotFoundError, NotADirectoryError)
_ABSENT = frozenset({errno.ENOENT, errno.ENOTDIR, errno.ELOOP})
_NO_LINKS = frozenset({errno.EPERM, errno.EXDEV, errno.EMLINK, errno.ENOSYS, errno.EOPNOTSUPP})

FileSystem = FileSystemStorage
