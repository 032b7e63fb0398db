"""Dual functions, `ask` and `block`: the same call from scripts, async programs, threads and notebook cells."""

import asyncio
import contextvars
import copy
import inspect
import pickle
import pydoc
import threading
import traceback
from concurrent.futures import ThreadPoolExecutor

import pytest

from artigraph import bridge
from artigraph.errors import WouldDeadlockError

place = contextvars.ContextVar("place", default="nowhere")


@bridge.dual
async def where(*, session=None):
    """Name the thread that runs this."""
    await asyncio.sleep(0)
    return threading.current_thread().name


@bridge.dual
async def double(x: int, *, wait: float = 0.0) -> int:
    await asyncio.sleep(wait)
    return 2 * x


@bridge.dual
async def fail():
    raise KeyError("mine")


class Base:
    __slots__ = ("x",)

    def __init__(self, x=0):
        self.x = x

    @bridge.method
    async def save(self, label: str | None = None) -> str:
        """Save it."""
        return f"{self.x}:{label}"

    @bridge.self_method
    async def keep(self, *, x: int) -> None:
        """Keep it."""
        self.x = x

    @bridge.loader
    async def load(cls, x: int):
        return cls(x)

    @bridge.class_method
    async def count(cls) -> str:
        return cls.__name__

    def __eq__(self, other):
        return isinstance(other, Base) and self.x == other.x


class Child(Base):
    __slots__ = ()

    @bridge.method
    async def save(self, label: str | None = None) -> str:
        return "child " + await super().save.a(label)


def test_in_a_script_a_call_blocks_and_returns():
    assert double(4) == double.s(4) == asyncio.run(double.a(4)) == 8
    assert where() == "artigraph"


async def test_in_a_running_loop_a_call_is_awaited():
    assert await double(4) == await double.a(4) == 8
    assert await where() == "artigraph"


async def test_in_a_running_loop_s_blocks_as_in_a_notebook_cell():
    assert double.s(4) == double(4).s() == 8


def test_methods_of_all_kinds_work_on_instances_and_subclasses():
    thing = Child(3)
    assert thing.save("a") == "child 3:a"
    assert thing.keep(x=5) is thing
    assert thing.x == 5
    assert type(Child.load(7)) is Child
    assert type(thing.load(7)) is Child
    assert Child.count() == "Child"
    assert Base.save(thing, "b") == "5:b"


async def test_awaited_methods_give_what_blocking_ones_give():
    thing = Child(3)
    assert await thing.save("a") == "child 3:a"
    assert await thing.keep(x=5) is thing
    assert (await Child.load(7)).x == 7


def test_dual_functions_can_be_read_by_people_and_tools():
    assert where.__name__ == "where"
    assert where.__wrapped__.__name__ == "where"
    assert str(inspect.signature(double)) == "(x: int, *, wait: float = 0.0) -> int"
    assert str(inspect.signature(Base().save)) == "(label: str | None = None) -> str"
    assert list(inspect.signature(Base.save).parameters) == ["self", "label"]
    assert inspect.getdoc(Base().keep) == "Keep it."
    assert "Name the thread" in pydoc.render_doc(where)
    assert "Save it." in pydoc.render_doc(Base)
    assert "Base.save" in repr(Base().save)


def test_dual_functions_are_copied_and_pickled_by_reference():
    assert copy.deepcopy(double) is double
    assert copy.copy(double) is double
    (name,) = double.__reduce__()[1]
    assert name.endswith(":double")
    assert pickle.loads(pickle.dumps(bridge.dual(asyncio.sleep))).__name__ == "sleep"
    assert copy.copy(Base(4).save)("x") == "4:x"


def test_an_exception_comes_out_unchanged_with_its_place():
    with pytest.raises(KeyError) as caught:
        fail()
    assert caught.value.args == ("mine",)
    assert 'raise KeyError("mine")' in "".join(traceback.format_exception(caught.value))
    assert caught.value.__context__ is None


def test_even_an_exit_leaves_the_library_thread_alive():
    async def leave():
        raise SystemExit(3)

    with pytest.raises(SystemExit):
        bridge.block(leave)
    assert double(1) == 2


def test_context_variables_go_in_and_stay_in():
    async def move():
        seen = place.get()
        place.set("elsewhere")
        return seen

    token = place.set("here")
    try:
        assert bridge.block(move) == "here"
        assert asyncio.run(bridge.ask(move)) == "here"
        assert place.get() == "here"
    finally:
        place.reset(token)


async def test_a_hundred_calls_at_once():
    assert await asyncio.gather(*(double(n, wait=0.001) for n in range(100))) == [2 * n for n in range(100)]


def test_eight_threads_at_once_with_and_without_loops():
    def work(n):
        if n % 2:
            return [double(i) for i in range(50)]
        return asyncio.run(gathered())

    async def gathered():
        return await asyncio.gather(*(double(i) for i in range(50)))

    with ThreadPoolExecutor(8) as pool:
        assert list(pool.map(work, range(8))) == [[2 * i for i in range(50)]] * 8


async def test_a_sync_call_finishes_while_a_task_of_the_same_loop_waits_for_the_library():
    release = asyncio.Event()  # lives on the library's loop

    async def until_released():
        await release.wait()
        return "released"

    async def do_release():
        release.set()

    task = asyncio.create_task(bridge.ask(until_released))
    await asyncio.sleep(0)
    bridge.block(do_release)
    assert await task == "released"


async def test_a_nested_loop_in_a_thread_works_beside_a_blocked_loop():
    assert await asyncio.to_thread(lambda: asyncio.run(double.a(3))) == 6
    assert await asyncio.to_thread(double, 3) == 6


def test_inside_the_library_thread_calls_are_awaited_directly():
    async def outer():
        assert bridge.in_library_thread()
        assert asyncio.get_running_loop() is bridge.library_loop()
        return await double(1), await double.a(2), await bridge.ask(where.a)

    assert bridge.block(outer) == (2, 4, "artigraph")
    assert not bridge.in_library_thread()


@pytest.mark.parametrize("nested", [lambda: double.s(1), lambda: double(1).s(), lambda: bridge.block(double.a, 1)])
def test_blocking_inside_the_library_thread_is_refused_at_once(nested):
    async def outer():
        return nested()

    with pytest.raises(WouldDeadlockError, match="own thread"):
        bridge.block(outer)


async def test_a_session_keeps_the_work_on_the_callers_loop():
    here = threading.current_thread().name
    assert await where(session=object()) == here
    assert await where.a(session=object()) == here
    assert await where(session=None) == "artigraph"
    with pytest.raises(WouldDeadlockError, match="session"):
        where.s(session=object())
    with pytest.raises(WouldDeadlockError, match="session"):
        where(session=object()).s()


def test_a_session_cannot_be_used_without_a_loop():
    with pytest.raises(WouldDeadlockError, match="session"):
        where(session=object())


async def test_forbidding_sync_keeps_the_work_here_and_refuses_to_block():
    before = bridge.forbid_sync("your session is open")
    assert before is None
    assert await where() == threading.current_thread().name
    with pytest.raises(WouldDeadlockError, match="your session is open"):
        bridge.block(where.a)
    with pytest.raises(WouldDeadlockError, match="your session is open"):
        where.s()
    bridge.forbid_sync(before)
    assert where.s() == "artigraph"


def test_a_mistake_in_the_arguments_is_a_type_error():
    with pytest.raises(TypeError, match="nonsense"):
        double(1, nonsense=2)
