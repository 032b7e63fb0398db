"""What type checkers should say of dual calls; each `reveal_type` is followed by the answer both must give."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Iterator
from contextlib import AbstractAsyncContextManager, AbstractContextManager, asynccontextmanager, contextmanager
from typing import TypeVar, reveal_type

from artigraph.bridge import ask, block, class_method, dual, loader, method, self_method


class Node:
    @method
    async def save(self, label: str | None = None) -> int:
        return len(label or "")

    @self_method
    async def keep(self, *, again: bool = False) -> None:
        return None

    @loader
    async def load(cls, number: int) -> object:
        return cls

    @class_method
    async def count(cls) -> int:
        return 0


class Model(Node):
    x: int = 0


N = TypeVar("N", bound=Node)


@dual
async def read(cls: type[N], where: str) -> list[N]:
    return []


@dual
async def name(number: int, *, upper: bool = False) -> str:
    return str(number)


@dual
async def opened(path: str) -> AbstractContextManager[Model]:
    @contextmanager
    def inner() -> Iterator[Model]:
        yield Model()

    return inner()


@dual
async def opened_async(path: str) -> AbstractAsyncContextManager[Model]:
    @asynccontextmanager
    async def inner() -> AsyncIterator[Model]:
        yield Model()

    return inner()


async def plain(a: int, b: str = "") -> bytes:
    return b""


async def main() -> None:
    model = Model()
    reveal_type(model.save("x"))  # Pending[int]
    reveal_type(await model.save("x"))  # int
    reveal_type(model.save.s("x"))  # int
    reveal_type(await model.save.a("x"))  # int
    reveal_type(model.save().s())  # int
    reveal_type(model.keep(again=True))  # Pending[Model]
    reveal_type(await model.keep())  # Model
    reveal_type(model.keep.s())  # Model
    reveal_type(await Model.load(1))  # Model
    reveal_type(Model.load.s(1))  # Model
    reveal_type(await model.load(1))  # Model
    reveal_type(Model.count.s())  # int
    reveal_type(await name(1, upper=True))  # str
    reveal_type(name.s(1))  # str
    reveal_type(await read(Model, "x"))  # list[Model]
    reveal_type(read.s(Model, "x"))  # list[Model]
    reveal_type(await read.a(Model, "x"))  # list[Model]
    with opened("x") as value:
        reveal_type(value)  # Model
    async with opened_async("x") as value:
        reveal_type(value)  # Model
    with opened.s("x") as value:
        reveal_type(value)  # Model
    reveal_type(await asyncio.create_task(name(1)))  # str
    reveal_type(await asyncio.wait_for(model.save(), 1))  # int
    reveal_type(await asyncio.gather(name(1), model.save()))  # tuple[str, int]
    reveal_type(await ask(plain, 1, b="x"))  # bytes
    reveal_type(block(plain, 1))  # bytes

    model.save(3)  # error
    model.save.s(labl="x")  # error
    name("x")  # error
    name(1).upper()  # error
    len(name(1))  # error
    name(1)[0]  # error
    for _ in name(1):  # error
        pass
    with name(1):  # error
        pass
    with opened_async("x"):  # error
        pass
    block(plain, "x")  # error
