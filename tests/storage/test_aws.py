"""S3Storage against a real HTTP server, and against a network that fails in every way it does."""

from __future__ import annotations

import asyncio
import io
import os
import subprocess
import sys
import tempfile
import traceback
from datetime import timedelta

import pytest

from artigraph.digest import digest_bytes
from artigraph.errors import (
    CannotOpenError,
    ConnectionLostError,
    StorageFullError,
    StorageReadOnlyError,
    UnknownStorageError,
)
from artigraph.registry import Registry
from artigraph.storage import aws
from artigraph.storage.aws import S3Storage
from artigraph.storage.base import Storage, location_of
from artigraph.storage.upload import UploadDoor
from artigraph.testing import StorageKit
from tests.storage.s3 import KEY, SECRET, TOKEN, begin_upload, bucket, listed, moto_port, proxy, storage, store_object

__all__ = ["bucket", "moto_port", "proxy", "storage"]

BIG = os.urandom(1 << 20) * 20
KEPT = location_of(digest_bytes(b"value"))


async def put(storage: Storage, data: bytes = b"value", *, size: int | None = None) -> str:
    spool = storage.spool()
    try:
        spool.write_bytes(data)
        return await storage.put(spool, digest_bytes(data), len(data) if size is None else size)
    finally:
        spool.unlink()


class TestS3(StorageKit):
    @pytest.fixture
    def storage(self, bucket) -> Storage:
        return S3Storage(bucket)


class TestS3WithPrefix(StorageKit):
    @pytest.fixture
    def storage(self, bucket, proxy) -> Storage:
        store_object(proxy, bucket, KEPT, b"not below the prefix")
        return S3Storage(bucket, prefix="/deep/folder=1/")


async def test_big_bytes_go_up_in_parts_and_come_down_in_pieces(storage, proxy):
    location = await put(storage, BIG)
    assert sorted(proxy.seen) == ["HEAD", "POST uploadId", "POST uploads", *["PUT partNumber"] * 3]
    file = io.BytesIO()
    await storage.download(location, file)
    assert file.getvalue() == BIG


async def test_bytes_that_are_there_are_not_sent_again(storage, proxy):
    await put(storage)
    proxy.seen.clear()
    await put(storage)
    assert proxy.seen == ["HEAD"]


async def test_an_old_blob_is_sent_again_which_renews_its_age(storage, proxy, monkeypatch):
    await put(storage)
    monkeypatch.setattr(aws, "RENEW_AFTER", timedelta(days=-1))
    proxy.seen.clear()
    await put(storage)
    assert proxy.seen == ["HEAD", "PUT"]


async def test_a_damaged_blob_of_another_size_is_replaced(storage, bucket, proxy):
    store_object(proxy, bucket, KEPT, b"val")
    await put(storage)
    assert await storage.read(KEPT) == b"value"


async def test_what_others_keep_in_the_bucket_is_not_listed(storage, bucket, proxy):
    store_object(proxy, bucket, "notes.txt")
    store_object(proxy, bucket, f"deep/{KEPT}")
    await put(storage)
    assert [location async for location, _ in storage.list()] == [KEPT]


async def test_a_sweep_leaves_the_spools_of_other_storages(storage):
    spool = S3Storage("another-bucket").spool()
    assert await storage.sweep(0) == 0
    spool.unlink()


# ---------------------------------------------------------------- a network that fails


@pytest.mark.parametrize("fault", [(503, "SlowDown"), (500, "InternalError"), "drop"])
async def test_a_put_survives_two_failures(storage, proxy, fault):
    proxy.fail("PUT", fault, times=2)
    await put(storage)
    assert proxy.seen == ["HEAD", "PUT", "PUT", "PUT"]
    assert await storage.read(KEPT) == b"value"


async def test_it_gives_up_after_four_attempts_and_says_so(storage, proxy):
    proxy.fail("PUT", (503, "SlowDown"), times=9)
    with pytest.raises(ConnectionLostError, match=r"did not answer in 4 attempts \(503 .*SlowDown\)") as caught:
        await put(storage)
    assert caught.value.retryable
    assert proxy.seen == ["HEAD", *["PUT"] * 4]
    proxy.faults.clear()
    await put(storage)
    assert await storage.read(KEPT) == b"value"


@pytest.mark.parametrize("method", ["HEAD", "PUT", "GET"])
async def test_a_server_that_stalls_is_asked_again_and_then_given_up(bucket, proxy, method):
    storage = S3Storage(bucket, timeout=0.5, attempts=2)
    proxy.fail(method, "stall")
    await put(storage)
    assert await storage.read(KEPT) == b"value"
    await storage.delete(KEPT)
    proxy.fail(method, "stall", times=2)
    with pytest.raises(ConnectionLostError, match="2 attempts"):
        await storage.read(await put(storage))


async def test_nobody_listening_is_a_typed_error(bucket):
    storage = S3Storage(bucket, endpoint="http://127.0.0.1:9", attempts=1)
    for ask in (put(storage), storage.read(KEPT), storage.stat(KEPT), storage.delete(KEPT), listed(storage)):
        with pytest.raises(ConnectionLostError, match=storage.name):
            await ask


async def test_an_endpoint_that_is_given_wins_over_the_variables(bucket, proxy, monkeypatch):
    monkeypatch.setenv("AWS_ENDPOINT_URL_S3", "http://127.0.0.1:9")
    storage = S3Storage(bucket, endpoint=proxy.url, attempts=1)
    assert await storage.read(await put(storage)) == b"value"


async def test_refusing_what_a_lost_answer_had_done_is_success(storage, proxy):
    proxy.fail("PUT", "drop")
    proxy.fail("PUT", (412, "PreconditionFailed"))
    await put(storage)
    assert proxy.seen == ["HEAD", "PUT", "PUT", "HEAD"]
    assert await storage.read(KEPT) == b"value"


async def test_a_finished_upload_whose_answer_was_lost_is_success(storage, proxy):
    proxy.fail("POST", "drop", about="uploadId")
    proxy.fail("POST", (404, "NoSuchUpload"), about="uploadId")
    location = await put(storage, BIG)
    assert await storage.read(location) == BIG


async def test_a_refusal_with_nothing_there_is_a_typed_error(storage, proxy):
    proxy.fail("PUT", (412, "PreconditionFailed"))
    with pytest.raises(CannotOpenError, match="412 Precondition Failed: PreconditionFailed"):
        await put(storage)


async def test_an_upload_that_lost_a_part_leaves_no_blob(bucket, proxy):
    storage = S3Storage(bucket, attempts=1)
    proxy.fail("PUT", (503, "SlowDown"), about="partNumber=2")
    with pytest.raises(ConnectionLostError):
        await put(storage, BIG)
    assert await listed(storage) == []


async def test_a_sweep_removes_the_parts_of_uploads_that_never_ended(bucket, proxy):
    storage = S3Storage(bucket, "folder", timeout=20)
    for key in (f"folder/{KEPT}", "folder/notes.txt", KEPT):
        begin_upload(proxy, bucket, key)
    assert await storage.sweep(40 * 365 * 86400) == 0  # to this server everything began in 2010
    assert await storage.sweep(3600) == 1
    assert await storage.sweep(0) == 0
    assert len(list(UploadDoor(f"{proxy.url}/{bucket}", "", 20).list(""))) == 2


async def test_a_sweep_does_without_uploads_where_it_may_not_see_them(storage, proxy):
    spool = storage.spool()
    proxy.fail("GET", (403, "AccessDenied"), about="uploads")
    assert await storage.sweep(0) == 1
    assert not spool.exists()
    proxy.fail("GET", (500, "InternalError"), about="uploads")
    with pytest.raises(CannotOpenError, match=r"unfinished uploads \(500\)"):
        await storage.sweep(0)


async def test_a_download_that_breaks_off_goes_on_where_it_stopped(storage, proxy):
    location = await put(storage, BIG)
    proxy.fail("GET", "cut")
    file = io.BytesIO()
    await storage.download(location, file)
    assert file.getvalue() == BIG


async def test_a_cancelled_put_leaves_no_blob(storage, proxy):
    proxy.fail("PUT", "stall")
    task = asyncio.create_task(put(storage))
    while "PUT" not in proxy.seen:
        await asyncio.sleep(0.01)
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task
    assert await storage.stat(KEPT) is None


# ---------------------------------------------------------------- a server that refuses


@pytest.mark.parametrize(
    ("answer", "error"),
    [
        ((403, "AccessDenied"), StorageReadOnlyError),
        ((405, "MethodNotAllowed"), StorageReadOnlyError),
        ((403, "InvalidAccessKeyId"), CannotOpenError),
        ((403, "SignatureDoesNotMatch"), CannotOpenError),
        ((400, "ExpiredToken"), CannotOpenError),
        ((401, "Unauthorized"), CannotOpenError),
        ((403, "QuotaExceeded"), StorageFullError),
        ((507, "XMinioStorageFull"), StorageFullError),
        ((400, "EntityTooLarge"), CannotOpenError),
    ],
    ids=lambda value: getattr(value, "__name__", str(value)),
)
async def test_a_refused_put_is_a_typed_error_that_names_place_and_reason_and_no_secret(bucket, proxy, answer, error):
    storage = S3Storage(bucket, attempts=1)
    proxy.fail("PUT", answer)
    with pytest.raises(error, match=f"{storage.name}.*{answer[0]} .*{answer[1]}") as caught:
        await put(storage)
    shown = "".join(traceback.format_exception(caught.value)) + repr(storage) + repr(caught.value)
    assert not [secret for secret in (KEY, SECRET, TOKEN) if secret in shown]


async def test_who_may_write_but_not_look_can_put(storage, proxy):
    proxy.fail("HEAD", (403, ""))
    await put(storage)
    spool = storage.spool()
    proxy.fail("HEAD", (403, ""))
    storage.confirm(KEPT, spool)
    spool.unlink()
    assert await storage.read(KEPT) == b"value"


async def test_who_may_not_read_is_told_so(storage, proxy):
    await put(storage)
    proxy.fail("GET", (403, "AccessDenied"))
    with pytest.raises(CannotOpenError, match="403 Forbidden: AccessDenied"):
        await storage.read(KEPT)


async def test_a_bucket_that_does_not_exist_is_named(proxy):
    storage = S3Storage("no-such-bucket")
    for ask in (put(storage), storage.read(KEPT), listed(storage)):
        with pytest.raises(CannotOpenError, match=r"aws:no-such-bucket.*NoSuchBucket"):
            await ask


async def test_a_spool_that_is_gone_is_a_typed_error(storage, tmp_path):
    with pytest.raises(CannotOpenError, match=storage.name):
        await storage.put(tmp_path / "gone", digest_bytes(b"value"), 5)


async def test_a_full_disk_on_this_side_is_a_typed_error(storage):
    location = await put(storage)
    with open("/dev/full", "wb", buffering=0) as file, pytest.raises(StorageFullError):  # noqa: ASYNC230, PTH123
        await storage.download(location, file)


# ---------------------------------------------------------------- names and processes


@pytest.mark.parametrize("bad", ["", "s3://bucket", "bucket/folder", "a", "../x", "b\n", "user:pass@host"])
def test_what_is_no_bucket_is_refused(bad):
    with pytest.raises(ValueError, match="is no bucket"):
        S3Storage(bad)


@pytest.mark.parametrize("bad", ["..", "a/../b", "a//b", ".", "a\\b", "a b", "a%2e", "a\n", "é", "a?b"])
def test_what_is_no_prefix_is_refused(bad):
    with pytest.raises(ValueError, match="is no prefix"):
        S3Storage("bucket", bad)


@pytest.mark.parametrize("bad", ["127.0.0.1:9000", f"https://{KEY}:{SECRET}@host", "file:///x", ""])
def test_what_is_no_endpoint_is_refused_without_repeating_it(bad):
    with pytest.raises(ValueError, match="plain http") as caught:
        S3Storage("bucket", endpoint=bad)
    assert SECRET not in str(caught.value)


def test_the_default_name_is_stable_and_short_enough():
    assert S3Storage("my-bucket").name == "aws:my-bucket"
    assert S3Storage("my-bucket", "/a/b/").name == S3Storage("my-bucket", "a/b").name == "aws:my-bucket/a/b"
    long = [S3Storage("my-bucket", "x" * 900 + end).name for end in "yz"]
    assert long[0] != long[1]
    assert max(map(len, long)) <= 100
    assert S3Storage("my-bucket", name="mine").name == "mine"


def test_a_name_in_the_database_makes_no_storage():
    with pytest.raises(UnknownStorageError, match="create it with that name"):
        Registry().storage_named("aws:somebody-elses-bucket")


def test_spools_lie_in_the_folder_for_temporary_files(tmp_path, monkeypatch):
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path))
    assert S3Storage("my-bucket").spool().parent == tmp_path


_FORKED = """
import asyncio, os, sys
from artigraph.errors import CannotOpenError
from artigraph.storage.aws import S3Storage

storage = S3Storage("bucket", attempts=1)
try:
    asyncio.run(storage.stat("ab/" + "c" * 62))
except OSError as error:
    print(type(error).__name__, flush=True)
if os.fork() == 0:
    try:
        asyncio.run(storage.stat("ab/" + "c" * 62))
    except CannotOpenError as error:
        print("in the child:", "spawn" in str(error), flush=True)
    os._exit(0)
os.wait()
"""


def test_a_forked_child_gets_an_error_and_does_not_wait_for_ever():
    environment = os.environ | {"AWS_ENDPOINT_URL": "http://127.0.0.1:9", "AWS_ACCESS_KEY_ID": KEY}
    command = [sys.executable, "-W", "ignore", "-c", _FORKED]
    environment |= {"AWS_SECRET_ACCESS_KEY": SECRET}
    done = subprocess.run(command, capture_output=True, text=True, timeout=60, check=False, env=environment)
    assert (done.stdout.splitlines(), done.stderr) == (["ConnectionLostError", "in the child: True"], "")


def test_without_obstore_the_error_says_what_to_install():
    program = "import sys; sys.modules['obstore'] = None; import artigraph.storage.aws"
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, timeout=60, check=False)
    assert "MissingLibraryError: the S3 storage needs obstore: pip install obstore" in done.stderr


_MEASURED = """
import asyncio, os, resource, sys
from artigraph.digest import digest_file
from artigraph.storage.aws import S3Storage

async def main():
    storage = S3Storage(sys.argv[1])
    for size in (1 << 20, 300 << 20):
        spool, back = storage.spool(), storage.spool()
        with spool.open("wb") as file:
            for _ in range(size >> 20):
                file.write(os.urandom(1 << 20))
        digest, _ = digest_file(spool)
        location = await storage.put(spool, digest, size)
        with back.open("wb") as file:
            await storage.download(location, file)
        assert digest_file(back)[0] == digest
        spool.unlink()
        back.unlink()
        print(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss >> 10)

asyncio.run(main())
"""


@pytest.mark.full
def test_memory_does_not_grow_with_the_blob(bucket):
    command = [sys.executable, "-c", _MEASURED, bucket]
    done = subprocess.run(command, capture_output=True, text=True, timeout=110, check=True)
    small, large = map(int, done.stdout.split())
    assert large - small < 120  # MiB, of 300
