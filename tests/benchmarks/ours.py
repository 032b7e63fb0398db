"""Ours: the same work through the public names of artigraph, as a user would write it."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory
from uuid import UUID

import artigraph as ag
from artigraph.artifact.bulk import ArtifactList


@dataclass
class Small(ag.ArtifactModel, version=1):
    """The model of five small fields."""

    index: int
    score: float
    name: str
    ok: bool
    note: str


_reset: Callable[[], None]


async def open(path: Path) -> None:  # noqa: A001 - the harness calls it so
    """Connect to the file at `path`; a new one gets the tables."""
    global _reset  # noqa: PLW0603 - one database per process
    _reset = ag.set_engine(f"sqlite:///{path}", create_tables=True)
    await ag.exists(ag.NodeFilter(label="nothing"))
    assert ag.Artifact.__name__ == "Artifact"  # imported, as a program does at its top


async def close() -> None:
    """Forget the database, and wait until its connections are closed, which happens in the background."""
    _reset()
    await asyncio.sleep(0.2)


async def save_batch(models: list[Small]) -> list[UUID]:
    """All models in one call."""
    await ag.write_many(models)
    return [model.graph_id for model in models]


async def save_each(models: list[Small]) -> list[UUID]:
    """Every model in a call of its own."""
    return [await model.save() for model in models]


async def load_bulk() -> list[Small]:
    """All models by one read."""
    return list(await ag.read(Small))


async def load_each(ids: list[UUID]) -> list[Small]:
    """Every model by a load of its own."""
    return [await Small.load(one) for one in ids]


async def keep(files: list[tuple[str, str]]) -> None:
    """Files under keys, with a tag each, in one call."""
    with TemporaryDirectory() as folder:
        kept = ArtifactList()
        for number, (key, description) in enumerate(files):
            file = Path(folder) / f"{number}.txt"
            file.write_text(key)
            kept.append(ag.Artifact(file, key=key, description=description, tags={"number": str(number)}))
        await kept.save()


async def filter_kept(folder: str) -> list[ag.Artifact]:
    """The kept files below a folder, with their tags."""
    return await ag.Artifact.filter(key__startswith=folder)


async def span_tree_write(below: list[list[int]]) -> UUID:
    """Spans with three artifacts each, written by one call a span. The root's id."""

    async def visit(i: int) -> UUID:
        async with ag.span_context(f"span-{i}") as span:
            for child in below[i]:
                await visit(child)
            await ag.create_span_artifacts("current", {f"a{j}": 3 * i + j for j in range(3)})
        return span.id

    return await visit(0)


async def descendants_read(root: UUID) -> list[int]:
    """The values of all artifacts below a span."""
    found = await ag.read(ag.Artifact, ag.NodeFilter(descendant_of=root))
    return [artifact.value for artifact in found]
