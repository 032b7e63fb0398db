"""FileSystemStorage keeps blobs privately, atomically, and never outside of its folder."""

from __future__ import annotations

import errno
import os
import stat
import subprocess
import sys
from pathlib import Path

import pytest

from artigraph.digest import digest_bytes
from artigraph.errors import (
    BlobMissingError,
    CannotOpenError,
    StorageFullError,
    StorageReadOnlyError,
)
from artigraph.storage.base import Storage
from artigraph.storage.file import FileSystem, FileSystemStorage
from artigraph.testing import StorageKit


@pytest.fixture
def folder(tmp_path) -> Path:
    return tmp_path / "deep" / "store"


class TestFile(StorageKit):
    @pytest.fixture
    def storage(self, folder) -> Storage:
        return FileSystemStorage(folder)

    async def test_folders_are_0700_and_blobs_0400(self, storage, folder):
        location = await self.keep(storage, b"value")
        modes = {path.name: stat.S_IMODE(path.stat().st_mode) for path in (folder, *folder.rglob("*"))}
        assert modes == {"store": 0o700, "tmp": 0o700, location[:2]: 0o700, location[3:]: 0o400}

    async def test_path_is_the_blob_itself_and_missing_when_it_is(self, storage, folder):
        location = await self.keep(storage, b"value")
        assert await storage.path(location) == folder / location
        await storage.delete(location)
        with pytest.raises(BlobMissingError):
            await storage.path(location)

    async def test_a_damaged_blob_of_another_size_is_replaced(self, storage, folder):
        location = await self.keep(storage, b"value")
        (folder / location).chmod(0o600)
        (folder / location).write_bytes(b"val")
        assert await self.keep(storage, b"value") == location
        assert await storage.read(location) == b"value"
        assert stat.S_IMODE((folder / location).stat().st_mode) == 0o400

    async def test_a_hit_renews_the_age_of_the_blob(self, storage, folder):
        location = await self.keep(storage, b"value")
        os.utime(folder / location, (1, 1))
        await self.keep(storage, b"value")
        found = await storage.stat(location)
        assert found.modified.year > 2000

    async def test_an_old_spool_makes_a_new_blob(self, storage):
        spool = storage.spool()
        spool.write_bytes(b"value")
        os.utime(spool, (1, 1))
        location = await storage.put(spool, digest_bytes(b"value"), 5)
        found = await storage.stat(location)
        assert found.modified.year > 2000

    async def test_it_copies_where_links_are_not_possible(self, storage, folder, monkeypatch):
        def refuse(*arguments, **options):
            raise OSError(errno.EPERM, "no links here")

        monkeypatch.setattr(os, "link", refuse)
        location = await self.keep(storage, b"value")
        assert await storage.read(location) == b"value"
        assert stat.S_IMODE((folder / location).stat().st_mode) == 0o400
        assert [path.name for path in (folder / location).parent.iterdir()] == [location[3:]]

    async def test_a_failed_put_leaves_no_trace(self, storage, folder, monkeypatch):
        def fail(*arguments, **options):
            raise OSError(errno.ENOSPC, "full")

        monkeypatch.setattr(os, "link", fail)
        with pytest.raises(StorageFullError):
            await self.keep(storage, b"value")
        monkeypatch.undo()
        assert [path for path in folder.rglob("*") if path.is_file()] == []
        await self.keep(storage, b"value")

    async def test_foreign_files_are_neither_listed_nor_swept(self, storage, folder):
        location = await self.keep(storage, b"value")
        (folder / "notes.txt").write_text("mine")
        (folder / location[:2] / "short").write_text("mine")
        assert [place async for place, _ in storage.list()] == [location]
        await storage.sweep(0)
        assert (folder / "notes.txt").exists()
        assert (folder / location[:2] / "short").exists()

    async def test_a_link_in_place_of_a_blob_is_not_followed(self, storage, folder, tmp_path):
        (tmp_path / "secret").write_bytes(b"secret")
        location = await self.keep(storage, b"value")
        (folder / location).unlink()
        (folder / location).symlink_to(tmp_path / "secret")
        for ask in (storage.read, storage.path):
            with pytest.raises(BlobMissingError):
                await ask(location)
        assert await storage.stat(location) is None
        assert [place async for place in storage.list()] == []
        await self.keep(storage, b"value")
        assert await storage.read(location) == b"value"
        assert (tmp_path / "secret").read_bytes() == b"secret"

    async def test_a_link_in_place_of_a_folder_is_not_followed(self, storage, folder, tmp_path):
        outside = tmp_path / "outside"
        outside.mkdir()
        location = await self.keep(storage, b"value")
        (outside / location[3:]).write_bytes(b"secret")
        (folder / location).unlink()
        (folder / location[:2]).rmdir()
        (folder / location[:2]).symlink_to(outside)
        with pytest.raises(BlobMissingError):
            await storage.read(location)
        assert await storage.delete(location) is False
        assert await storage.sweep(0) == 0
        assert [place async for place in storage.list()] == []
        with pytest.raises(CannotOpenError):
            await self.keep(storage, b"value")
        assert (outside / location[3:]).read_bytes() == b"secret"
        (folder / "tmp").rmdir()
        (folder / "tmp").symlink_to(outside)
        with pytest.raises(CannotOpenError):
            storage.spool()
        assert len(list(outside.iterdir())) == 1


def test_the_default_name_is_the_same_for_every_spelling_of_the_folder(folder, monkeypatch):
    name = FileSystemStorage(folder).name
    monkeypatch.chdir(folder.parent)
    assert FileSystemStorage("store").name == FileSystemStorage(folder / ".." / "store").name == name
    assert FileSystemStorage(folder / "other").name != name
    assert name.startswith("file:")
    assert FileSystem(folder, name="mine").name == "mine"


def test_a_file_in_place_of_the_folder_is_a_typed_error(tmp_path):
    (tmp_path / "store").write_text("a file")
    with pytest.raises(CannotOpenError, match="store"):
        FileSystemStorage(tmp_path / "store")


_UNPRIVILEGED = """
import asyncio, os, sys
from artigraph.digest import digest_bytes
from artigraph.errors import StorageFullError, StorageReadOnlyError
from artigraph.storage.file import FileSystemStorage
import resource, signal

folder, mode = sys.argv[1:]
storage = FileSystemStorage(folder)
if mode == "read-only":
    os.setuid(65534) if os.getuid() == 0 else os.chmod(folder, 0o500)
    try:
        storage.spool()
    except StorageReadOnlyError as error:
        print("refused", folder in str(error))
else:
    spool = storage.spool()
    spool.write_bytes(b"x" * 100_000)
    signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
    resource.setrlimit(resource.RLIMIT_FSIZE, (50_000, 50_000))
    def no_link(*arguments, **options):
        raise OSError(1, "no links here")
    os.link = no_link  # so the bytes have to be copied, and do not fit
    try:
        asyncio.run(storage.put(spool, digest_bytes(b"x" * 100_000), 100_000))
    except StorageFullError as error:
        print("refused", folder in str(error))
    spool.unlink()
    print(sum(len(files) for _, _, files in os.walk(folder)), "files left")
"""


@pytest.mark.parametrize(
    ("mode", "said"), [("read-only", ["refused True"]), ("full", ["refused True", "0 files left"])]
)
def test_a_read_only_or_full_place_is_a_typed_error_that_names_it(tmp_path, mode, said):
    tmp_path.chmod(0o755)
    folder = tmp_path / "store"
    command = [sys.executable, "-c", _UNPRIVILEGED, str(folder), mode]
    done = subprocess.run(command, capture_output=True, text=True, timeout=60, check=False)
    folder.chmod(0o700)
    assert (done.stdout.splitlines(), done.stderr) == (said, "")


def test_an_error_of_permission_is_also_the_builtin_one():
    assert issubclass(StorageReadOnlyError, PermissionError)
