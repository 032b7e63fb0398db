"""Blobs in a bucket of Amazon S3, or of any service that speaks its language (MinIO, Ceph, R2), through obstore.

A blob is one object under the hash of its bytes, so sending it twice, or again after an answer got lost, changes
nothing. Big spools go up in parts, and blobs come down in pieces: memory does not grow with them.
"""

from __future__ import annotations

import asyncio
import errno
import os
import re
import tempfile
import time
from collections.abc import AsyncIterator, Hashable, Iterator
from contextlib import contextmanager, suppress
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import IO, Any
from urllib.error import HTTPError

from artigraph.digest import digest_bytes
from artigraph.errors import (
    ArtigraphError,
    BlobMissingError,
    CannotOpenError,
    ConnectionLostError,
    StorageFullError,
    StorageReadOnlyError,
)
from artigraph.registry import load
from artigraph.storage.base import BlobStat, Storage, check_location, check_name, location_of, translated
from artigraph.storage.upload import UploadDoor

obstore = load("obstore", "the S3 storage")
exceptions = load("obstore.exceptions", "the S3 storage")
stores = load("obstore.store", "the S3 storage")

PIECE = 8 << 20
"""Bytes of one request, up or down; bigger where a blob would have more than ``MOST_PARTS`` of them."""
AT_ONCE = 4
"""Parts on their way at the same time."""
MOST_PARTS = 9_000
"""S3 takes 10,000 parts."""
RENEW_AFTER = timedelta(hours=12)
"""A blob that is put again is sent again when it is older: half of the age that ``gc`` spares unused blobs for."""


class S3Storage(Storage):
    """Keeps blobs in a bucket that exists.

    Credentials come from the usual variables (``AWS_ACCESS_KEY_ID``, ``AWS_SECRET_ACCESS_KEY``,
    ``AWS_SESSION_TOKEN``, web identity, container, instance), read when the storage is first used. Spools lie in the
    folder for temporary files (``TMPDIR``). ``sweep`` also removes what uploads that never ended left, if the
    credentials are in the variables; else let a rule of the bucket do that (``AbortIncompleteMultipartUpload``).

    Args:
        bucket: its name.
        prefix: the folder inside the bucket, ``"a/b"``.
        endpoint: the URL of a service that is not Amazon's; None: ``AWS_ENDPOINT_URL``, else Amazon's.
        name: the stored name; None: ``aws:bucket/prefix``. Two endpoints in one process need two names.
        region: None: ``AWS_REGION``, else ``us-east-1``.
        timeout: seconds to wait for the answer to one request.
        attempts: how often a request is sent, with growing pauses between: four take about 4.7 seconds.

    Raises:
        ValueError: a bucket, prefix or endpoint that cannot be one.
    """

    def __init__(
        self,
        bucket: str,
        prefix: str = "",
        endpoint: str | None = None,
        name: str | None = None,
        *,
        region: str | None = None,
        timeout: float = 30,
        attempts: int = 4,
    ) -> None:
        prefix = prefix.strip("/")
        if not _BUCKET.fullmatch(bucket):
            raise ValueError(f"{bucket[:100]!r} is no bucket: give its bare name, and the folder inside it as prefix=")
        if not _PREFIX.fullmatch(prefix):
            raise ValueError(f"{prefix[:100]!r} is no prefix: letters, digits and ._=@+- between slashes")
        if endpoint is not None and ("@" in endpoint or not endpoint.startswith(("http://", "https://"))):
            raise ValueError("the endpoint has to be a plain http(s) URL; credentials go to the AWS variables")
        self.bucket, self.prefix, self.endpoint, self.region = bucket, prefix, endpoint, region
        self.timeout, self.attempts = timeout, attempts
        place = f"{bucket}/{prefix}".rstrip("/")
        short = place if len(place) <= 90 else f"{bucket}/{digest_bytes(place.encode()).hex()[:16]}"
        self.name = check_name(name or f"aws:{short}")
        self._spools = f"artigraph-{digest_bytes(self.name.encode()).hex()[:16]}-"
        self._clients: dict[bool, Any] = {}

    @property
    def place(self) -> Hashable:
        """Where the bucket is; settings of the connection do not count."""
        return self.bucket, self.prefix, self.endpoint, self.region

    def spool(self) -> Path:
        with translated(tempfile.gettempdir()):
            descriptor, name = tempfile.mkstemp(prefix=self._spools)
        os.close(descriptor)
        return Path(name)

    async def put(self, spool: Path, digest: bytes, size: int, *, durable: bool = True) -> str:
        location = location_of(digest)
        kept = None
        with suppress(StorageReadOnlyError):  # who may write, but not list, is told this of what is missing
            kept = await self._head(location, writing=True)
        if kept is None or kept.size != size or datetime.now(UTC) - kept.modified > RENEW_AFTER:
            await self._upload(location, spool, size)
        return location

    def confirm(self, location: str, spool: Path) -> None:
        check_location(location)
        with self._translated(writing=True):
            try:
                obstore.head(self._client(quick=True), location)  # a transaction waits for it
            except exceptions.PermissionDeniedError:
                pass  # see put
            except FileNotFoundError:
                obstore.put(self._client(), location, spool, **_parts(spool.stat().st_size))

    async def read(self, location: str) -> bytes:
        with self._translated(location):
            found = await obstore.get_async(self._client(), check_location(location))
            return bytes(await found.bytes_async())

    async def download(self, location: str, file: IO[bytes]) -> None:
        with self._translated(location):
            found = await obstore.get_async(self._client(), check_location(location))
            async for piece in found.stream(min_chunk_size=PIECE):
                await asyncio.to_thread(file.write, piece)

    async def delete(self, location: str) -> bool:
        if await self._head(location, writing=True) is None:
            return False
        with self._translated(writing=True):
            await obstore.delete_async(self._client(), location)
        return True

    async def stat(self, location: str) -> BlobStat | None:
        return await self._head(location)

    async def list(self) -> AsyncIterator[tuple[str, BlobStat]]:
        with self._translated():
            async for page in obstore.list(self._client()):
                for found in page:
                    if _OURS.fullmatch(found["path"]):
                        yield found["path"], blob_stat(found)

    async def quarantine(self, location: str) -> str | None:
        if await self._head(location, writing=True) is None:
            return None
        away = f"damaged/{location.replace('/', '')}"
        with self._translated(writing=True):
            await obstore.rename_async(self._client(), location, away)
        return f"s3://{self.bucket}/{self.prefix}/{away}".replace("//damaged", "/damaged")

    async def sweep(self, older_than: float, *, dry_run: bool = False) -> int:
        before = time.time() - older_than
        spools = await asyncio.to_thread(self._sweep_spools, before, dry_run)
        return spools + await asyncio.to_thread(self._sweep_parts, before, dry_run)

    def _client(self, *, quick: bool = False) -> Any:
        """The door to the bucket, made when it is first needed; a quick one gives up after two short attempts.

        Raises:
            CannotOpenError: this process is a forked child of one that used S3: obstore would wait for ever.
        """
        global _process  # noqa: PLW0603 - obstore has one runtime per process
        _process = _process or os.getpid()
        if _process != os.getpid():
            raise CannotOpenError(errno.ENOTSUP, f"{self} does not work in a forked process; start it with 'spawn'")
        if quick not in self._clients:
            attempts, timeout = (2, min(5, self.timeout)) if quick else (self.attempts, self.timeout)
            named = {"aws_endpoint_url_s3": self.endpoint, "region": self.region}
            self._clients[quick] = stores.S3Store(
                self.bucket,
                prefix=self.prefix or None,
                config={key: value for key, value in named.items() if value} | {"disable_bulk_delete": True},
                client_options={
                    "allow_http": self._endpoint().startswith("http://"),
                    "connect_timeout": timedelta(seconds=min(5, timeout)),
                    "read_timeout": timedelta(seconds=timeout),
                    "timeout": timedelta(days=1),  # for a whole blob
                },
                retry_config={
                    "max_retries": attempts - 1,
                    "retry_timeout": timedelta(seconds=timeout * attempts + 60),
                    "backoff": {"init_backoff": timedelta(seconds=1), "max_backoff": timedelta(seconds=3), "base": 2},
                },
            )
        return self._clients[quick]

    async def _head(self, location: str, *, writing: bool = False) -> BlobStat | None:
        check_location(location)
        with self._translated(writing=writing):
            try:
                return blob_stat(await obstore.head_async(self._client(), location))
            except FileNotFoundError:
                return None

    async def _upload(self, location: str, spool: Path, size: int) -> None:
        with self._translated(writing=True):
            try:
                await obstore.put_async(self._client(), location, spool, **_parts(size))
            except (exceptions.AlreadyExistsError, exceptions.PreconditionError, FileNotFoundError):
                # a request whose answer got lost was sent again: it may have been done the first time
                kept = await self._head(location)
                if kept is None or kept.size != size:
                    raise

    @contextmanager
    def _translated(self, location: str | None = None, *, writing: bool = False) -> Iterator[None]:
        """Raise what obstore says as errors of this library.

        The texts of a server repeat access keys and tokens, so only its code of the error is passed on.
        """
        try:
            yield
        except exceptions.BaseError as error:
            raise self._typed(error, writing) from None
        except OSError as error:
            if isinstance(error, ArtigraphError):
                raise
            if error.errno is not None:  # of a local file, not of obstore
                with translated(self):
                    raise
            if location is not None and "NoSuchBucket" not in str(error):
                raise BlobMissingError(location, self.name) from None
            raise self._typed(error, writing) from None

    def _typed(self, error: Exception, writing: bool) -> ArtigraphError:
        reason = _reason(error)
        if _FULL.search(reason):
            return StorageFullError(errno.ENOSPC, f"no space is left for {self} ({reason})")
        if isinstance(error, FileNotFoundError):
            return CannotOpenError(errno.ENOENT, f"{self} has no bucket ({reason}); create it first")
        if writing and _DENIED.search(reason) and not _STRANGER.search(reason):
            return StorageReadOnlyError(errno.EACCES, f"{self} cannot be written ({reason})")
        if _AWAY.search(reason):
            return ConnectionLostError(f"{self} did not answer in {self.attempts} attempts ({reason})")
        return CannotOpenError(errno.EIO, f"{self} cannot be used ({reason})")

    def _sweep_spools(self, before: float, dry_run: bool) -> int:
        stale = 0
        for spool in Path(tempfile.gettempdir()).glob(f"{self._spools}*"):
            with translated(self), suppress(FileNotFoundError):
                found = spool.lstat()
                if found.st_uid == os.getuid() and found.st_mtime <= before:
                    if not dry_run:
                        spool.unlink()
                    stale += 1
        return stale

    def _sweep_parts(self, before: float, dry_run: bool) -> int:
        region = self.region or os.environ.get("AWS_REGION") or os.environ.get("AWS_DEFAULT_REGION") or "us-east-1"
        base = (self._endpoint() or f"https://s3.{region}.amazonaws.com").rstrip("/")
        door = UploadDoor(f"{base}/{self.bucket}", region, self.timeout)
        folder = f"{self.prefix}/" if self.prefix else ""
        try:
            stale = [upload for upload in door.list(folder) if upload.begun.timestamp() <= before]
            ours = [upload for upload in stale if _OURS.fullmatch(upload.key.removeprefix(folder))]
            return len(ours) if dry_run else sum(door.end(upload) for upload in ours)
        except OSError as error:
            reason = error.code if isinstance(error, HTTPError) else type(error).__name__
            if reason in _NOT_ALLOWED:
                return 0
            raise CannotOpenError(errno.EIO, f"{self} does not tell its unfinished uploads ({reason})") from None

    def _endpoint(self) -> str:
        return self.endpoint or next((os.environ[key] for key in _ENDPOINTS if os.environ.get(key)), "")


def _parts(size: int) -> dict[str, int]:
    return {"chunk_size": max(PIECE, -(-size // MOST_PARTS)), "max_concurrency": AT_ONCE}


def blob_stat(found: Any) -> BlobStat:
    """What a storage tells of an object, from what obstore tells."""
    return BlobStat(found["size"], found["last_modified"].astimezone(UTC))


def _reason(error: Exception) -> str:
    """What went wrong: status and code of the answer, else the first line of the text, without addresses."""
    text = str(error)
    status, code = _STATUS.search(text), _CODE.search(text)
    if status is None:
        return re.sub(r"\S*(://|@)\S*", "...", text.partition("\n")[0])[:200]
    return f"{status[1].strip()}: {code[1]}" if code else status[1].strip()


_process: int | None = None
"""The process that uses obstore."""

_BUCKET = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{1,254}")
_PREFIX = re.compile(r"|(?!\.\.?(/|$))[\w.=@+-]+(/(?!\.\.?(/|$))[\w.=@+-]+)*", re.ASCII)
_OURS = re.compile(r"[0-9a-f]{2}/[0-9a-f]{62}")
_ENDPOINTS = ("AWS_ENDPOINT_URL_S3", "AWS_ENDPOINT_URL", "AWS_ENDPOINT")
_STATUS = re.compile(r"status code: (\d{3}[A-Za-z ]*)")
_CODE = re.compile(r"<Code>(\w{1,60})</Code>")
_NOT_ALLOWED = frozenset({401, 403, 405, 501})
_FULL = re.compile(r"^507|QuotaExceeded|StorageFull|InsufficientStorage|NoSpace")
_DENIED = re.compile(r"^40[135]")
_STRANGER = re.compile(r"InvalidAccessKeyId|SignatureDoesNotMatch|Token|TimeTooSkewed|^401")
_AWAY = re.compile(r"^5|^429|SlowDown|HTTP error")
