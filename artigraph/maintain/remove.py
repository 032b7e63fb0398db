"""``rm_store``: a whole store removed: its SQLite file and the blobs beside it, and nothing that is not of them."""

from __future__ import annotations

import re
import shutil
import sqlite3
from collections.abc import Iterator
from contextlib import closing, suppress
from dataclasses import dataclass
from os import PathLike
from pathlib import Path

from anyio import to_thread

from artigraph.bridge import dual
from artigraph.errors import NoEngineError, StoreBusyError, WrongStoreError
from artigraph.graph.engine import current_database
from artigraph.graph.faults import translated
from artigraph.graph.schema import NODE, SCHEMA
from artigraph.maintain.report import Report, counted
from artigraph.persist.listing import human_bytes
from artigraph.persist.place import BESIDE

PATIENCE = 2.0
"""Seconds for a process that is just closing the store, and folds its log into it."""


@dataclass(frozen=True, slots=True)
class RemovalReport(Report):
    """What belongs to a store, and whether it was removed."""

    where: str
    removed: bool
    files: int
    bytes: int
    left: tuple[str, ...]
    """What lies beside it or inside its folder and stays: copies that upgrades made, files of others."""

    def to_text(self) -> str:
        """What is or was removed, and what stays."""
        verb = "removed" if self.removed else "would remove"
        lines = [f"{verb} {self.where}: {counted(self.files, 'file')}, {human_bytes(self.bytes)}"]
        return "\n".join([*lines, *(f"  left: {each}" for each in self.left)])


@dual
async def rm_store(path: str | PathLike[str], *, yes: bool = False) -> RemovalReport:
    """Remove a store: an SQLite file, its log, and the blobs in the folder beside it.

    Copies that upgrades made stay, and so do blobs in storages elsewhere and files that are not ours.

    Args:
        path: the SQLite file of the store.
        yes: really remove it; without, only say what would be removed.

    Returns:
        The report.

    Raises:
        WrongStoreError: the file is no store of artigraph.
        StoreBusyError: a process is writing to it.
    """
    file = _absolute(path)
    with suppress(NoEngineError):
        if yes and current_database().file == file:
            await current_database().close()
    return await to_thread.run_sync(_remove, file, yes)


def _absolute(path: str | PathLike[str]) -> Path:
    return Path(path).expanduser().absolute()


def _remove(file: Path, yes: bool) -> RemovalReport:
    check_store(file)
    log = [file.with_name(f"{file.name}{suffix}") for suffix in ("-wal", "-shm", "-journal")]
    folder = file.with_suffix(f".{BESIDE}")
    cache = folder / "cache"  # read-only views of what is kept
    views = [each for each in _inside(cache) if not each.is_dir()] if not folder.is_symlink() else []
    ours = [*_blobs(folder), *views, *(each for each in log if each.exists()), file]
    total = sum(each.stat(follow_symlinks=False).st_size for each in ours)
    if yes:
        if views:
            shutil.rmtree(cache)
        for each in ours:
            each.unlink(missing_ok=each in views)
        for place in [*_places(folder), cache, folder]:
            with suppress(OSError):  # what is not empty stays, and is told
                place.rmdir()
    kept = [each for each in _inside(folder) if each not in ours and (yes or each.is_file())]
    copies = sorted(file.parent.glob(f"{file.name}.schema-*"))
    return RemovalReport(str(file), yes, len(ours), total, tuple(str(each) for each in [*copies, *kept]))


def check_store(file: Path) -> None:
    """That a file is a store of artigraph and nobody writes to it.

    Raises:
        WrongStoreError: it is something else, or a link to one.
        StoreBusyError: a process is writing to it.
    """
    if file.is_symlink() or not file.is_file():
        raise WrongStoreError(f"{file} is no store: there is no such file; name the SQLite file itself")
    try:
        with closing(sqlite3.connect(file, timeout=PATIENCE, isolation_level=None)) as connection:
            found = connection.execute("SELECT name FROM sqlite_master WHERE type = 'table'").fetchall()
            if not {(SCHEMA.name,), (NODE.name,)} <= set(found):
                raise WrongStoreError(f"{file} is no store of artigraph: it has no table {SCHEMA.name}")
            with translated(str(file)):
                connection.execute("BEGIN EXCLUSIVE")
                connection.execute("ROLLBACK")
    except sqlite3.DatabaseError as error:
        if getattr(error, "sqlite_errorcode", 0) & 0xFF == sqlite3.SQLITE_BUSY:
            raise StoreBusyError(f"{file} is in use by another process; try again when that has ended") from error
        raise WrongStoreError(f"{file} is no store: it is no SQLite database ({error})") from error


def _places(folder: Path) -> Iterator[Path]:
    """The folders of a file storage."""
    if folder.is_dir() and not folder.is_symlink():
        yield from (each for each in folder.iterdir() if _PLACE.fullmatch(each.name) and each.is_dir())


def _blobs(folder: Path) -> Iterator[Path]:
    """What a file storage made in its folder."""
    for place in _places(folder):
        if not place.is_symlink():
            yield from (each for each in place.iterdir() if _MADE.fullmatch(each.name) and not each.is_dir())


def _inside(folder: Path) -> list[Path]:
    return sorted(folder.rglob("*")) if folder.is_dir() and not folder.is_symlink() else []


_PLACE = re.compile(r"[0-9a-f]{2}|tmp|damaged")
_MADE = re.compile(r"\.?[0-9a-f]{32}|[0-9a-f]{62}|[0-9a-f]{64}")
