from __future__ import annotations

import gc
import threading
from typing import Any

import pytest

from artigraph.identity import Memories, Memory
from artigraph.ids import new_id


class Thing:
    """Can be weakly referenced, and is equal to every other of its kind."""

    def __eq__(self, other: object) -> bool:
        return True

    __hash__ = None  # type: ignore[assignment]


def test_an_object_is_recalled_and_its_equal_is_not():
    memories, thing, memory = Memories(), Thing(), Memory(new_id(), "store")
    assert memories.recall(thing) is None
    assert memories.remember(thing, memory)
    assert memories.recall(thing) is memory
    assert memories.recall(Thing()) is None


def test_what_was_remembered_last_counts():
    memories, thing = Memories(), Thing()
    memories.remember(thing, Memory(new_id(), "a"))
    second = Memory(new_id(), "b", hash=b"h")
    memories.remember(thing, second)
    assert memories.recall(thing) is second
    assert len(memories) == 1


def test_a_forgotten_object_is_not_recalled():
    memories, thing = Memories(), Thing()
    memories.remember(thing, Memory(new_id(), "a"))
    memories.forget(thing)
    memories.forget(thing)
    assert memories.recall(thing) is None


def test_nothing_is_kept_alive_and_an_address_used_again_is_nobody():
    memories = Memories()
    for _ in range(1_000):
        thing = Thing()
        assert memories.recall(thing) is None
        memories.remember(thing, Memory(new_id(), "a"))
        del thing
    gc.collect()
    assert len(memories) == 0


@pytest.mark.parametrize("value", [1, "text", (1,), None, 1.5], ids=repr)
def test_values_without_weak_references_are_refused(value: Any):
    memories = Memories()
    assert not memories.remember(value, Memory(new_id(), "a"))
    assert memories.recall(value) is None


def test_threads_may_remember_and_forget_at_once():
    memories = Memories()
    kept = [Thing() for _ in range(200)]

    def work() -> None:
        for thing in kept:
            memories.remember(thing, Memory(new_id(), "a"))
            memories.remember(Thing(), Memory(new_id(), "a"))

    threads = [threading.Thread(target=work) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    gc.collect()
    assert len(memories) == 200
    assert all(memories.recall(thing) for thing in kept)
