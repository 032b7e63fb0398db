"""Blobs in the memory of this process: for tests, and for what need not outlive it."""

from __future__ import annotations

import asyncio
import os
import shutil
import tempfile
import time
import weakref
from collections.abc import AsyncIterator
from datetime import UTC, datetime
from pathlib import Path
from typing import IO
from uuid import uuid4

from artigraph.errors import BlobMissingError
from artigraph.storage.base import BlobStat, Storage, check_location, check_name, location_of, translated


class MemoryStorage(Storage):
    """Keeps blobs in a dict.

    Args:
        name: the stored name; by default one that no other instance has.
    """

    def __init__(self, name: str | None = None) -> None:
        self.name = check_name(name or f"memory:{uuid4().hex}")
        self._blobs: dict[str, tuple[bytes, datetime]] = {}
        self._damaged: dict[str, bytes] = {}
        self._spools: set[Path] = set()
        self._cache: Path | None = None

    def spool(self) -> Path:
        with translated(tempfile.gettempdir()):
            descriptor, name = tempfile.mkstemp(prefix="artigraph-")
        os.close(descriptor)
        self._spools.add(Path(name))
        return Path(name)

    async def put(self, spool: Path, digest: bytes, size: int, *, durable: bool = True) -> str:
        location = location_of(digest)
        kept = self._blobs.get(location)
        data = kept[0] if kept and len(kept[0]) == size else await asyncio.to_thread(spool.read_bytes)
        self._blobs[location] = (data, datetime.now(UTC))
        return location

    def confirm(self, location: str, spool: Path) -> None:
        if check_location(location) not in self._blobs:
            self._blobs[location] = (spool.read_bytes(), datetime.now(UTC))

    async def read(self, location: str) -> bytes:
        try:
            return self._blobs[check_location(location)][0]
        except KeyError:
            raise BlobMissingError(location, self.name) from None

    def cache_folder(self) -> Path:
        """A temporary folder that goes with this object."""
        if self._cache is None:
            self._cache = Path(tempfile.mkdtemp(prefix="artigraph-cache-"))
            weakref.finalize(self, shutil.rmtree, self._cache, ignore_errors=True)
        return self._cache

    async def download(self, location: str, file: IO[bytes]) -> None:
        file.write(await self.read(location))

    async def delete(self, location: str) -> bool:
        return self._blobs.pop(check_location(location), None) is not None

    async def stat(self, location: str) -> BlobStat | None:
        kept = self._blobs.get(check_location(location))
        return BlobStat(len(kept[0]), kept[1]) if kept else None

    async def list(self) -> AsyncIterator[tuple[str, BlobStat]]:
        for location, (data, modified) in tuple(self._blobs.items()):
            yield location, BlobStat(len(data), modified)

    async def quarantine(self, location: str) -> str | None:
        if check_location(location) not in self._blobs:
            return None
        self._damaged[location] = self._blobs.pop(location)[0]
        return f"the memory of process {os.getpid()}"

    async def sweep(self, older_than: float, *, dry_run: bool = False) -> int:
        found = 0
        for spool in tuple(self._spools):
            try:
                stale = spool.stat().st_mtime <= time.time() - older_than
            except FileNotFoundError:
                self._spools.discard(spool)
                continue
            if stale:
                if not dry_run:
                    spool.unlink(missing_ok=True)
                    self._spools.discard(spool)
                found += 1
        return found
