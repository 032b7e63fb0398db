"""What every storage must do, as tests: subclass ``StorageKit`` and give it a fixture ``storage``."""

from __future__ import annotations

import asyncio
import io
import stat
from datetime import UTC
from pathlib import Path

import pytest

from artigraph.contract import StorageLike
from artigraph.digest import digest_bytes
from artigraph.errors import BlobMissingError, UnsafeKeyError
from artigraph.storage.base import Storage

HOSTILE_LOCATIONS = (
    *("", ".", "..", "/", "~", "-", "*", "\x00", "\n", "C:", "con", "file://x", "s3://x/y", "a" * 5000),
    *("../../etc/passwd", "/etc/passwd", "..\\..\\x", "%2e%2e/%2e%2e/x", "a/../../b", "?..", "#..", "a/b/c"),
    *("ab/" + "c" * 61, "ab/" + "c" * 63, "ab/" + "C" * 62, "ab/" + "g" * 62, "abc/" + "d" * 61, "ab\\" + "c" * 62),
    *("ab/" + "c" * 62 + "\n", " ab/" + "c" * 62, "../" + "c" * 62, "./" + "c" * 62, "ab/../" + "c" * 59),
    *(
        "ab/" + "c" * 61 + "\x00",
        "ab/" + "c" * 61 + "\ud800",
        "tmp/" + "c" * 61,
        "ab/" + "\u0661" * 62,
        "ab//" + "c" * 61,
    ),
)
"""Texts that must never be taken for a location."""


class StorageKit:
    """Tests of one storage; a subclass overrides the fixture ``storage`` with an empty one."""

    @pytest.fixture
    def storage(self) -> Storage:
        """The storage to test."""
        raise NotImplementedError("override the fixture storage with an empty storage")

    async def keep(self, storage: Storage, data: bytes) -> str:
        """Put some bytes the way a saver does; the location."""
        spool = _spool(storage, data)
        try:
            return await storage.put(spool, digest_bytes(data), len(data))
        finally:
            spool.unlink()

    def test_it_fulfils_the_registry_and_has_a_name(self, storage: Storage) -> None:
        assert isinstance(storage, StorageLike)
        assert 0 < len(storage.name) <= 100
        assert storage.name in repr(storage)

    def test_a_spool_is_new_empty_and_private(self, storage: Storage) -> None:
        one, other = storage.spool(), storage.spool()
        try:
            assert one != other
            assert one.read_bytes() == b""
            assert stat.S_IMODE(one.stat().st_mode) == 0o600
        finally:
            one.unlink()
            other.unlink()

    @pytest.mark.asyncio
    @pytest.mark.parametrize("data", [b"", b"x", bytes(range(256)) * 9000], ids=["empty", "small", "big"])
    async def test_what_is_put_can_be_read_in_every_way(self, storage: Storage, data: bytes) -> None:
        location = await self.keep(storage, data)
        file = io.BytesIO()
        await storage.download(location, file)
        assert await storage.read(location) == file.getvalue() == data
        found = await storage.stat(location)
        assert found is not None
        assert (found.size, found.modified.tzinfo) == (len(data), UTC)
        assert [(place, about.size) async for place, about in storage.list()] == [(location, len(data))]
        path = await storage.path(location)
        assert path is None or (path.read_bytes() == data and not path.stat().st_mode & 0o222)

    @pytest.mark.asyncio
    async def test_a_location_is_made_of_the_hash_only(self, storage: Storage) -> None:
        location = await self.keep(storage, b"value")
        assert location.replace("/", "") == digest_bytes(b"value").hex()

    @pytest.mark.asyncio
    async def test_putting_again_keeps_one_blob_and_renews_its_time(self, storage: Storage) -> None:
        first = await self.keep(storage, b"value")
        before = await storage.stat(first)
        assert await self.keep(storage, b"value") == first
        after = await storage.stat(first)
        assert before is not None
        assert after is not None
        assert after.modified >= before.modified
        assert len([place async for place in storage.list()]) == 1

    @pytest.mark.asyncio
    async def test_put_leaves_the_spool_in_place(self, storage: Storage) -> None:
        spool = _spool(storage, b"value")
        await storage.put(spool, digest_bytes(b"value"), 5, durable=False)
        assert spool.read_bytes() == b"value"
        spool.unlink()

    @pytest.mark.asyncio
    async def test_many_puts_of_the_same_bytes_at_once_make_one_blob(self, storage: Storage) -> None:
        locations = await asyncio.gather(*(self.keep(storage, b"value") for _ in range(8)))
        assert len(set(locations)) == 1
        assert await storage.read(locations[0]) == b"value"
        assert len([place async for place in storage.list()]) == 1

    @pytest.mark.asyncio
    async def test_confirm_puts_back_what_was_removed_meanwhile(self, storage: Storage) -> None:
        spool = _spool(storage, b"value")
        location = await storage.put(spool, digest_bytes(b"value"), 5)
        storage.confirm(location, spool)
        if type(storage).confirm is not Storage.confirm:
            await storage.delete(location)
            storage.confirm(location, spool)
        spool.unlink()
        assert await storage.read(location) == b"value"

    @pytest.mark.asyncio
    async def test_what_was_deleted_is_missing(self, storage: Storage) -> None:
        location = await self.keep(storage, b"value")
        assert await storage.delete(location) is True
        assert await storage.delete(location) is False
        assert await storage.stat(location) is None
        assert [place async for place in storage.list()] == []
        with pytest.raises(BlobMissingError):
            await storage.read(location)
        with pytest.raises(BlobMissingError):
            await storage.download(location, io.BytesIO())

    @pytest.mark.asyncio
    async def test_damaged_bytes_are_moved_away_and_can_be_put_again(self, storage: Storage) -> None:
        location = await self.keep(storage, b"value")
        if type(storage).quarantine is Storage.quarantine:
            assert await storage.quarantine(location) is None
            return
        assert await storage.quarantine(location)
        assert await storage.quarantine(location) is None
        assert await storage.stat(location) is None
        assert [place async for place in storage.list()] == []
        assert await storage.sweep(0) == 0
        assert await self.keep(storage, b"value") == location
        assert await storage.read(location) == b"value"

    @pytest.mark.asyncio
    @pytest.mark.parametrize("location", HOSTILE_LOCATIONS, ids=range(len(HOSTILE_LOCATIONS)))
    async def test_what_is_no_location_is_refused(self, storage: Storage, location: str) -> None:
        for ask in (storage.read, storage.delete, storage.stat):
            with pytest.raises(UnsafeKeyError):
                await ask(location)
        with pytest.raises(UnsafeKeyError):
            await storage.download(location, io.BytesIO())

    @pytest.mark.asyncio
    async def test_a_sweep_removes_old_spools_and_no_blobs(self, storage: Storage) -> None:
        location = await self.keep(storage, b"value")
        spool = _spool(storage, b"left behind")
        assert await storage.sweep(3600) == 0
        assert await storage.sweep(0, dry_run=True) == 1
        assert spool.exists()
        assert await storage.sweep(0) == 1
        assert not spool.exists()
        assert await storage.read(location) == b"value"


def _spool(storage: Storage, data: bytes) -> Path:
    spool = storage.spool()
    spool.write_bytes(data)
    return spool
