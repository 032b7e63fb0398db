"""The floor: the limit's rows and schema through SQLAlchemy's async Core on aiosqlite."""

from __future__ import annotations

import asyncio
from pathlib import Path
from typing import Any

from sqlalchemy import (
    BigInteger,
    Column,
    Integer,
    LargeBinary,
    MetaData,
    String,
    Table,
    bindparam,
    event,
    exists,
    func,
    select,
)
from sqlalchemy.ext.asyncio import AsyncEngine, create_async_engine

from tests.benchmarks import limit

Small = limit.Small
META = MetaData()
NODE = Table(
    "node",
    META,
    Column("id", LargeBinary, primary_key=True),
    Column("type", String),
    Column("created", BigInteger),
    Column("updated", BigInteger),
    Column("serializer", String),
    Column("data", LargeBinary),
    Column("storage", String),
    Column("location", String),
    Column("model", String),
    Column("version", Integer),
)
LINK = Table(
    "link",
    META,
    Column("source", LargeBinary, primary_key=True),
    Column("label", String, primary_key=True),
    Column("target", LargeBinary),
    Column("created", BigInteger),
)
KEPT = Table(
    "kept",
    META,
    Column("id", LargeBinary, primary_key=True),
    Column("created", BigInteger),
    Column("updated", BigInteger),
    Column("hash", LargeBinary),
    Column("size", Integer),
    Column("uid", String),
    Column("version", Integer),
    Column("suffix", String),
    Column("kind", String),
    Column("otype", String),
    Column("key", String),
    Column("description", String),
    Column("trashed", BigInteger),
)
NEWER = KEPT.alias("newer")
TAG = Table(
    "tag",
    META,
    Column("node", LargeBinary, primary_key=True),
    Column("name", String, primary_key=True),
    Column("value", String),
)
NODE_NAMES, LINK_NAMES = NODE.c.keys(), LINK.c.keys()
PART = NODE.alias("part")
SELECT = (
    select(
        *(NODE.c.id, LINK.c.label, PART.c.data, PART.c.id, PART.c.type),
        *(PART.c.created, PART.c.updated, PART.c.serializer, NODE.c.data, NODE.c.version),
    )
    .select_from(NODE)
    .join(LINK, LINK.c.source == NODE.c.id)
    .join(PART, PART.c.id == LINK.c.target)
)
SELECT_ALL = SELECT.where(NODE.c.model == "Small")
SELECT_ONE = SELECT.where(NODE.c.id == bindparam("one"))
_REACHED = select(bindparam("root", type_=LargeBinary).label("id")).cte("reached", recursive=True)
_REACHED = _REACHED.union(select(LINK.c.target).join(_REACHED, LINK.c.source == _REACHED.c.id))
DESCENDANTS = (
    select(NODE.c.id, NODE.c.data, NODE.c.serializer, NODE.c.created)
    .join(_REACHED, NODE.c.id == _REACHED.c.id)
    .where(NODE.c.type == "artifact")
)

_engine: AsyncEngine
_writer: asyncio.Lock


async def open(path: Path) -> None:  # noqa: A001 - the harness calls it so
    """Connect to the file at `path`; a new one gets the limit's schema."""
    global _engine, _writer  # noqa: PLW0603 - one database per process
    limit.open(path)
    limit.close()
    _engine = create_async_engine(f"sqlite+aiosqlite:///{path}", connect_args={"timeout": 60})
    _writer = asyncio.Lock()

    @event.listens_for(_engine.sync_engine, "connect")
    def prepare(connection: Any, _record: object) -> None:
        connection.execute("PRAGMA synchronous=normal")

    async with _engine.connect() as connection:
        await connection.execute(select(NODE.c.id).limit(1))


async def close() -> None:
    """Disconnect."""
    await _engine.dispose()


async def save_batch(models: list[limit.Small]) -> list[bytes]:
    """All models in one transaction."""
    ids, nodes, links = limit.model_rows(models)
    await write(nodes, links)
    return ids


async def save_each(models: list[limit.Small]) -> list[bytes]:
    """Every model in a transaction of its own."""
    return [(await save_batch([model]))[0] for model in models]


async def load_bulk() -> list[limit.Small]:
    """All models by one query."""
    async with _engine.connect() as connection:
        return limit.rebuilt((await connection.execute(SELECT_ALL)).all())


async def load_each(ids: list[bytes]) -> list[limit.Small]:
    """Every model by a query and a connection of its own."""
    loaded = []
    for one in ids:
        async with _engine.connect() as connection:
            loaded += limit.rebuilt((await connection.execute(SELECT_ONE, {"one": one})).all())
    return loaded


async def span_tree_write(below: list[list[int]]) -> bytes:
    """Spans with three artifacts each, two transactions a span. The root's id."""
    root = b""
    for nodes, links in limit.span_rows(below):
        root = root or nodes[0][0]
        await write(nodes, links)
    return root


async def descendants_read(root: bytes) -> list[int]:
    """The values of all artifacts below a span."""
    async with _engine.connect() as connection:
        return limit.values_of((await connection.execute(DESCENDANTS, {"root": root})).all())


async def keep(files: list[tuple[str, str]]) -> None:
    """Rows of kept files, with a tag each."""
    rows, tags = limit.kept_rows(files)
    async with _writer, _engine.begin() as connection:
        await connection.execute(KEPT.insert(), [dict(zip(KEPT.c.keys(), row, strict=True)) for row in rows])
        await connection.execute(TAG.insert(), [dict(zip(TAG.c.keys(), row, strict=True)) for row in tags])


async def filter_kept(folder: str) -> list[limit.Kept]:
    """The kept files below a folder, with their tags: two SELECTs."""
    below = func.substr(KEPT.c.key, 1, len(folder)) == folder
    newest = ~exists().where(NEWER.c.key == KEPT.c.key, NEWER.c.version > KEPT.c.version)
    statement = select(KEPT).where(below, KEPT.c.trashed.is_(None), newest).order_by(KEPT.c.id)
    async with _engine.connect() as connection:
        rows = (await connection.execute(statement)).all()
        tags: dict[bytes, dict[str, str]] = {row[0]: {} for row in rows}
        for node, name, value in await connection.execute(select(TAG).where(TAG.c.node.in_(list(tags)))):
            tags[node][name] = value
    return [limit.found(tuple(row), tags[row[0]]) for row in rows]


async def write(nodes: limit.Rows, links: limit.Rows) -> None:
    """Insert rows in one transaction, one writer at a time."""
    async with _writer, _engine.begin() as connection:
        await connection.execute(NODE.insert(), [dict(zip(NODE_NAMES, row, strict=True)) for row in nodes])
        if links:
            await connection.execute(LINK.insert(), [dict(zip(LINK_NAMES, row, strict=True)) for row in links])
