"""Read-only views of kept files and folders under names of their own, in a folder that may be emptied at any time.

A view lies at ``ab/cdef.../NAME`` under the hash of what it shows, so it never shows anything else; it is checked
before it is handed out again, and made anew when somebody changed it.
"""

from __future__ import annotations

import asyncio
import os
import shutil
import stat
from collections.abc import Iterable, Mapping
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import IO
from uuid import uuid4

from anyio import to_thread

from artigraph.digest import digest_file
from artigraph.persist.finish import finished
from artigraph.persist.source import Source
from artigraph.serializer.folder import Manifest
from artigraph.storage.base import Storage, translated

AT_ONCE = 8

LIMIT = 20_000_000_000
"""Bytes of views in one folder; the ones that were not asked for the longest go first."""


@dataclass(frozen=True, slots=True)
class View:
    """What is to be shown."""

    name: str
    hash: bytes
    files: Mapping[str, Source]
    """Path below the view -> its bytes; of a file that is a view itself, "" alone."""
    manifest: Manifest | None = None
    """Of a folder."""


async def view_of(view: View, storage: Storage) -> Path:
    """A local path with this content, made where it is missing.

    Raises:
        BlobMissingError, BlobCorruptError: the bytes are gone or changed.
        StorageFullError, StorageReadOnlyError: the view cannot be made.
    """
    root = storage.cache_folder()
    digits = view.hash.hex()
    place = root / digits[:2] / digits[2:]
    target = place / view.name
    if await to_thread.run_sync(_is_right, target, view):
        return target
    draft = root / "tmp" / uuid4().hex
    try:
        with translated(root):
            draft.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
            await _make(draft, view)
            await finished(to_thread.run_sync(_publish, draft, target))
    finally:
        await finished(to_thread.run_sync(_remove, draft))
    await finished(to_thread.run_sync(_shrink, root, place))
    return target


def forget_views(storage: Storage, hashes: Iterable[bytes]) -> None:
    """(worker thread) Remove the views of what has these hashes; one that is wanted again is made again."""
    root = storage.cache_folder()
    for digits in (digest.hex() for digest in hashes):
        _remove(root / digits[:2] / digits[2:])


async def _make(draft: Path, view: View) -> None:
    if view.manifest is None:
        await _copy(view.files[""], draft)
        return
    await to_thread.run_sync(_folders, draft, view.manifest)
    places = asyncio.Semaphore(AT_ONCE)

    async def one(path: str, source: Source) -> None:
        async with places:
            await _copy(source, draft / path)

    await asyncio.gather(*(one(path, source) for path, source in view.files.items()))


async def _copy(source: Source, target: Path) -> None:
    with await source.open() as file:
        await finished(to_thread.run_sync(_write, file, target))


def _write(file: IO[bytes], target: Path) -> None:
    with target.open("xb") as writer:
        shutil.copyfileobj(file, writer, 1 << 20)
        os.fchmod(writer.fileno(), 0o400)


def _folders(draft: Path, manifest: Manifest) -> None:
    for folder in {"", *(entry.path.rpartition("/")[0] for entry in manifest)}:
        (draft / folder).mkdir(mode=0o700, parents=True, exist_ok=True)


def _is_right(target: Path, view: View) -> bool:
    """Whether a view is there and shows what it should; it counts as asked for now."""
    try:
        if view.manifest is None:
            right = _same(target, view.files[""])
        else:
            wanted = {entry.path for entry in view.manifest}
            right = _listed(target) == wanted and all(_same(target / path, each) for path, each in view.files.items())
        if right:
            os.utime(target.parent)
    except OSError:
        return False
    return right


def _same(path: Path, source: Source) -> bool:
    found = path.lstat()
    if not stat.S_ISREG(found.st_mode) or found.st_size != source.size:
        return False
    return not source.is_checked or digest_file(path)[0] == source.hash


def _listed(root: Path) -> set[str]:
    """The files below a folder, and its empty folders."""
    found: set[str] = set()
    for folder, inner, names in os.walk(root):
        below = Path(folder).relative_to(root).as_posix()
        before = "" if below == "." else f"{below}/"
        found.update(before + name for name in names)
        if not inner and not names and before:
            found.add(before)
    return found


def _publish(draft: Path, target: Path) -> None:
    target.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    _remove(target)  # it is wrong, or not there
    with suppress(FileExistsError, OSError):  # somebody else made the same one meanwhile
        draft.rename(target)
    if not target.exists():
        draft.rename(target)


def _remove(path: Path) -> None:
    if path.is_dir() and not path.is_symlink():
        shutil.rmtree(path, ignore_errors=True)
    else:
        path.unlink(missing_ok=True)


def _shrink(root: Path, keep: Path) -> None:
    """Remove the views that were not asked for the longest until the rest is small enough."""
    views = [each for shard in root.glob("??") for each in shard.iterdir()]
    sizes = {each: sum(file.lstat().st_size for file in each.rglob("*") if file.is_file()) for each in views}
    total = sum(sizes.values())
    for view in sorted(sizes, key=lambda each: each.stat().st_mtime):
        if total <= LIMIT:
            return
        if view != keep:
            total -= sizes[view]
            _remove(view)
