"""Rows 3 and 14: each of the main calls, failing at every single step that it takes."""

from __future__ import annotations

import asyncio
import errno
import time
from collections.abc import Callable, Coroutine, Iterator
from dataclasses import dataclass
from typing import Any

import pytest

import artigraph as ag
from artigraph.bridge import block
from artigraph.errors import ArtigraphError
from artigraph.graph.engine import current_database
from artigraph.storage.file import FileSystemStorage
from tests.faults.operations import Fault, Operations, database_error, disk_full, file_error
from tests.faults.oracle import look, reading


@dataclass
class FaultPart(ag.ArtifactModel):
    blob: bytes = ag.artifact_field(storage="blobs")


@dataclass
class FaultWhole(ag.ArtifactModel):
    number: int
    names: list
    part: FaultPart
    blob: bytes = ag.artifact_field(storage="blobs")


class Store:
    """A store whose steps are counted, with one thing in it that is never touched."""

    def __init__(self, folder):
        self.path = folder / "test.db"
        self.operations = Operations(folder)
        self.attempt = 0
        self.kept = whole(0)

    def open(self) -> Callable[[], None]:
        engine = self.operations.engine(f"sqlite:///{self.path}")
        reset = ag.set_engine(engine, create_tables=True)
        FileSystemStorage(self.path.with_suffix(".blobs"), name="blobs").register(replace=True)
        block(current_database().prepare, create=True)
        ag.save(self.kept, "kept")
        return reset

    def nodes(self, label: str) -> int:
        """How many nodes there are below and with those that have this label."""
        statement = """
            WITH RECURSIVE mine(id) AS (
                SELECT id FROM artigraph_node WHERE node_label GLOB ? UNION
                SELECT l.target_id FROM artigraph_link l JOIN mine ON mine.id = l.source_id)
            SELECT count(*) FROM mine
        """
        with reading(self.path) as database:
            return int(database.execute(statement, (f"{label}*",)).fetchone()[0])


def whole(number: int) -> FaultWhole:
    data = f"{number:08}".encode()
    return FaultWhole(number, [number, "a"], FaultPart(data * 3), data * 5)


@dataclass
class Call:
    """One of the main calls, for values of its own at every attempt."""

    run: Callable[[int], Coroutine[Any, Any, Any]]
    sizes: set[int]
    """The numbers of nodes that may be there after a failure: nothing of it, or all of a transaction."""
    done: int
    """How many there are when it worked."""
    prepare: Callable[[int], Coroutine[Any, Any, Any]] | None = None


async def save(n):
    await ag.save(whole(n), f"{n}:one")


async def write_many(n):
    node = ag.Node(f"{n}:node")
    one, other = ag.Artifact(value=whole(n), label=f"{n}:one"), ag.Artifact(value=[n], label=f"{n}:other")
    await ag.write_many([one, other, node, ag.Link(source_id=node.id, target_id=one.id, label="uses")])


async def span(n):
    async with ag.span_context(f"{n}:span") as opened:
        await ag.create_span_artifacts(opened, {"a": whole(n), "b": [1], "c": 2})
        await ag.load("kept")


async def load(_):
    loaded = await ag.load("kept")
    assert loaded == whole(0)


async def delete(n):
    await ag.delete_many(await ag.read(FaultWhole, ag.NodeFilter(label=f"{n}:one")))


CALLS = {
    "save": Call(save, {0, 6}, 6),
    "write_many": Call(write_many, {0, 8}, 8),
    "span": Call(span, {0, 1, 9}, 9),
    "load": Call(load, {0}, 0),
    "delete": Call(delete, {0, 6}, 0, save),
}


@pytest.fixture
def counted(folder) -> Iterator[Store]:
    store = Store(folder)
    reset = store.open()
    database = current_database()
    yield store
    store.operations.rest()
    reset()
    block(database.close)


KINDS: dict[str, Callable[[asyncio.Task[Any]], Fault]] = {
    "database error": lambda task: database_error(),
    "disk full": lambda task: disk_full(),
    "cancellation": lambda task: cancellation(task),
    "no permission": lambda task: file_error(errno.EACCES),
    "broken disk": lambda task: file_error(errno.EIO),
}


def cancellation(task: asyncio.Task[Any]) -> Fault:
    """The task is cancelled, and the news reaches the library before the step goes on."""
    loop = task.get_loop()

    def happen(_: str) -> None:
        loop.call_soon_threadsafe(task.cancel)
        time.sleep(0.005)

    return Fault(lambda step: True, happen)


@pytest.mark.row(3, 14)
@pytest.mark.parametrize(
    "kind", [pytest.param(kind, marks=pytest.mark.row(*(3, 14) if kind == "cancellation" else (3,))) for kind in KINDS]
)
@pytest.mark.parametrize("name", CALLS)
def test_failing_at_any_step_leaves_nothing_half_done_and_the_next_try_works(name, kind, counted, record_property):
    points = 0
    while try_at(counted, name, kind, points):
        points += 1
    assert points
    record_property("cases", points)
    print(f"{name}: {kind} at {points} steps")


def try_at(store: Store, name: str, kind: str, at: int) -> bool:
    """Let the call fail at a step and check everything; False when the call ended before."""
    call = CALLS[name]
    store.attempt += 1
    number = store.attempt
    if call.prepare is not None:
        asyncio.run(call.prepare(number))
    failure = asyncio.run(failing(store, call.run(number), kind, at))
    said = f"{name}: {kind} at step {at}, {store.operations.hit}, of {store.operations.seen}: {failure!r}"
    assert failure is None or isinstance(failure, ArtigraphError | asyncio.CancelledError), said
    there = store.nodes(f"{number}:")
    assert there in call.sizes, f"{there} nodes; {said}"
    if failure is None:
        assert there == call.done, said
    elif isinstance(failure, ArtigraphError) and name in ("save", "write_many"):
        assert there == 0, said
    state = look(store.path)
    assert state.is_whole, f"{state}; {said}"
    if name != "delete":
        store.attempt = number = number + 1
    asyncio.run(call.run(number))
    assert store.nodes(f"{number}:") == call.done, said
    return store.operations.hit is not None


async def failing(store: Store, call: Coroutine[Any, Any, Any], kind: str, at: int) -> BaseException | None:
    """Run the call with something going wrong at a step; what came out."""
    task = asyncio.ensure_future(call)
    store.operations.watch(at, KINDS[kind](task))
    try:
        await asyncio.wait({task})
    finally:
        store.operations.rest()
    return asyncio.CancelledError() if task.cancelled() else task.exception()
