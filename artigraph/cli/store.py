"""Which store a command is about: the options that every command has, and the database behind them."""

from __future__ import annotations

import re
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Annotated, Any, cast

import typer
from sqlalchemy import URL

from artigraph.bridge import block
from artigraph.errors import CannotOpenError
from artigraph.graph.engine import Database, current_database, set_engine
from artigraph.registry import load
from artigraph.storage.base import Storage
from artigraph.storage.file import FileSystemStorage

EMBEDDED = "artigraph.db"
"""What ``%artigraph connect`` uses in a notebook, too."""

Db = Annotated[
    str | None,
    typer.Option("--db", metavar="URL|FILE", show_default=False, help="The store; also before the command."),
]
Storages = Annotated[
    list[str] | None,
    typer.Option(
        "--storage",
        metavar="[NAME=]FOLDER|s3://BUCKET/PREFIX",
        show_default=False,
        help="Where blobs lie that are not beside the file; give it once per storage.",
    ),
]
AsJson = Annotated[bool, typer.Option("--json", help="Print JSON.")]


@contextmanager
def opened(db: str | None, storages: list[str] | None = None, *, create: bool = False) -> Iterator[Database]:
    """The store as the current database, closed at the end.

    Args:
        db: a URL or a path; None: the embedded file of this folder.
        storages: as in the option.
        create: make it when it is missing.

    Raises:
        CannotOpenError: no store was named, or a storage that is not there.
    """
    found = [_storage(text) for text in storages or ()]
    for storage in found:
        storage.register(replace=True)
    url = url_of(db, create=create)
    beside = url.startswith("sqlite") if isinstance(url, str) else True
    reset = set_engine(url, create_tables=create, storage=None if beside or not found else found[0])
    database = current_database()
    try:
        yield database
    finally:
        block(database.close)
        reset()


def url_of(db: str | None, *, create: bool = False) -> URL | str:
    """The URL that ``--db`` means.

    Raises:
        CannotOpenError: nothing was named, and this folder has no store.
    """
    if db is not None and "://" in db:
        return db
    if db is None and not create and not Path(EMBEDDED).exists():
        raise CannotOpenError(f"no store was named: pass --db, set ARTIGRAPH_URL, or go where {EMBEDDED} is")
    return URL.create("sqlite", database=str(Path(db or EMBEDDED).expanduser().absolute()))


def _storage(text: str) -> Storage:
    name, place = _NAMED.fullmatch(text).groups()  # type: ignore[union-attr]
    if place.startswith("s3://"):
        bucket, _, prefix = place.removeprefix("s3://").partition("/")
        kind: Any = load("artigraph.storage.aws", "a storage in a bucket").S3Storage
        return cast("Storage", kind(bucket, prefix, name=name))
    if not Path(place).expanduser().is_dir():
        raise CannotOpenError(f"there is no folder {place} for --storage")
    return FileSystemStorage(place, name=name)


_NAMED = re.compile(r"(?:([^=/]+)=)?(.*)", re.DOTALL)
