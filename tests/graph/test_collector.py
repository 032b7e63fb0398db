"""The garbage collector rests while many objects are made, and runs as before afterwards."""

from __future__ import annotations

import gc
import os
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from threading import Event, Thread

import pytest

import artigraph as ag
from artigraph.graph.collector import resting_collector


@dataclass
class Pebble(ag.ArtifactModel, version=1):
    size: int
    colour: str


@pytest.fixture(autouse=True)
def running() -> Iterator[None]:
    assert gc.isenabled()
    yield
    gc.enable()


def test_a_load_of_many_models_has_few_collections(file_store: object) -> None:
    ag.write_many.s([Pebble(number, "grey") for number in range(2_000)])
    began = 0

    def note(phase: str, info: dict[str, int]) -> None:
        nonlocal began
        began += phase == "start"

    usual = gc.get_threshold()
    gc.set_threshold(500)
    gc.callbacks.append(note)
    try:
        loaded = ag.read.s(Pebble)
    finally:
        gc.callbacks.remove(note)
        gc.set_threshold(*usual)
    assert len(loaded) == 2_000
    assert began < 2_000 / 500 * 4  # there are far more than four objects to a model
    assert gc.isenabled()


def test_a_collector_that_is_off_stays_off(file_store: object) -> None:
    gc.disable()
    saved = Pebble(1, "grey").save.s()
    assert Pebble.load.s(saved) == Pebble(1, "grey")
    assert not gc.isenabled()


def test_the_collector_runs_again_after_what_failed() -> None:
    with pytest.raises(ZeroDivisionError), resting_collector:
        1 / gc.isenabled()
    assert gc.isenabled()


def test_the_last_of_several_threads_lets_it_run_again() -> None:
    inside, leave = Event(), Event()

    def other() -> None:
        with resting_collector:
            inside.set()
            leave.wait(30)

    thread = Thread(target=other)
    with resting_collector:
        thread.start()
        assert inside.wait(30)
    assert not gc.isenabled()
    leave.set()
    thread.join(30)
    assert gc.isenabled()


FORKED = """
import gc, os
from artigraph.graph.collector import resting_collector
with resting_collector:
    child = os.fork()
    if child == 0:
        os._exit(0 if gc.isenabled() else 1)
assert os.waitpid(child, 0)[1] == 0
"""


@pytest.mark.skipif(not hasattr(os, "fork"), reason="this system has no fork")
def test_it_runs_in_a_forked_process() -> None:
    subprocess.run([sys.executable, "-c", FORKED], check=True)
