"""Objects of the user in a bucket: read where they are, under their own names; never written, never removed."""

from __future__ import annotations

import asyncio
import errno
import hashlib
from collections.abc import AsyncIterator
from pathlib import Path
from typing import IO

from artigraph.errors import CannotOpenError, StorageReadOnlyError
from artigraph.storage.aws import PIECE, S3Storage, blob_stat, obstore
from artigraph.storage.base import BlobStat

SCHEME = "s3://"


class BucketReferences(S3Storage):
    """The objects of one bucket, found by their keys; credentials as for ``S3Storage``.

    Args:
        bucket: its name.
    """

    def __init__(self, bucket: str) -> None:
        super().__init__(bucket, name=f"{SCHEME}{bucket}")

    def hashed(self, key: str) -> tuple[bytes, int]:
        """(worker thread) The sha256 and the bytes of an object, read piece by piece.

        Raises:
            BlobMissingError: there is no such object.
            CannotOpenError, ConnectionLostError: the bucket does not answer, or not us.
        """
        digest, size = hashlib.sha256(), 0
        with self._translated(key):
            for piece in obstore.get(self._client(), key).stream(min_chunk_size=PIECE):
                digest.update(piece)
                size += len(piece)
        return digest.digest(), size

    async def read(self, location: str) -> bytes:
        with self._translated(location):
            found = await obstore.get_async(self._client(), location)
            return bytes(await found.bytes_async())

    async def download(self, location: str, file: IO[bytes]) -> None:
        with self._translated(location):
            found = await obstore.get_async(self._client(), location)
            async for piece in found.stream(min_chunk_size=PIECE):
                await asyncio.to_thread(file.write, piece)

    async def stat(self, location: str) -> BlobStat | None:
        with self._translated():
            try:
                return blob_stat(await obstore.head_async(self._client(), location))
            except FileNotFoundError:
                return None

    async def put(self, spool: Path, digest: bytes, size: int, *, durable: bool = True) -> str:
        raise StorageReadOnlyError(errno.EROFS, f"{self} is only read from")

    async def delete(self, location: str) -> bool:
        return False

    async def list(self) -> AsyncIterator[tuple[str, BlobStat]]:
        nothing: tuple[tuple[str, BlobStat], ...] = ()
        for found in nothing:
            yield found

    async def sweep(self, older_than: float, *, dry_run: bool = False) -> int:
        return 0


def reference(url: str) -> tuple[BucketReferences, str]:
    """The bucket of a URL like ``s3://bucket/folder/file.csv``, and the key in it.

    Raises:
        CannotOpenError: another kind of URL, or one without a key.
    """
    bucket, _, key = url.removeprefix(SCHEME).partition("/")
    if not url.startswith(SCHEME) or not key or key.endswith("/"):
        raise CannotOpenError(errno.EINVAL, f"{url[:200]!r} is no object; write s3://bucket/folder/file.csv")
    try:
        return BucketReferences(bucket), key
    except ValueError as error:
        raise CannotOpenError(errno.EINVAL, str(error)) from error
