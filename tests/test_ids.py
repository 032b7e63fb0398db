from __future__ import annotations

import os
import random
import signal
import sys
import threading
import time
from datetime import UTC, datetime
from uuid import UUID, uuid4

import pytest

from artigraph.ids import as_datetime, as_id, new_id, new_raw_id, now


def test_ids_are_uuids_of_version_7_that_increase():
    made = [new_id() for _ in range(5_000)]
    assert {(each.version, each.variant) for each in made} == {(7, "specified in RFC 4122")}
    assert made == sorted(set(made))
    assert [each.bytes for each in made] == sorted(each.bytes for each in made)


def test_ids_tell_when_they_were_made():
    before = time.time_ns() // 1_000_000
    made = new_id().int >> 80
    assert before - 1_000 <= made <= before + 60_000


def test_ids_increase_when_the_clock_steps_back(monkeypatch):
    first = new_id()
    monkeypatch.setattr(time, "time_ns", lambda: 10**18)
    later = [new_id() for _ in range(100)]
    assert [first, *later] == sorted({first, *later})


def test_times_increase_when_the_clock_steps_back(monkeypatch):
    first = now()
    monkeypatch.setattr(time, "time_ns", lambda: 10**18)
    later = [now() for _ in range(100)]
    assert [first, *later] == sorted({first, *later})
    assert now(at_least=later[-1] + 1_000) == later[-1] + 1_000


def test_threads_never_get_the_same_id():
    made: list[list[bytes]] = [[] for _ in range(4)]

    def work(into: list[bytes]) -> None:
        into.extend(new_raw_id() for _ in range(5_000))

    threads = [threading.Thread(target=work, args=(into,)) for into in made]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len({each for into in made for each in into}) == 20_000
    assert all(into == sorted(into) for into in made)


def test_a_seeded_program_still_gets_ids_of_its_own():
    random.seed(1)
    first = new_id()
    random.seed(1)
    assert new_id() != first


@pytest.mark.skipif(not hasattr(os, "fork"), reason="needs fork")
def test_a_forked_child_makes_other_ids():
    reader, writer = os.pipe()
    child = os.fork()
    if child == 0:
        try:
            os.write(writer, b"".join(new_raw_id() for _ in range(100)))
        finally:
            os._exit(0)
    os.close(writer)
    mine = {new_raw_id() for _ in range(100)}
    with os.fdopen(reader, "rb") as pipe:
        data = pipe.read()
    os.waitpid(child, 0)
    theirs = {data[n : n + 16] for n in range(0, 1600, 16)}
    assert len(theirs) == 100
    assert not mine & theirs


@pytest.mark.parametrize("form", [lambda each: each, str, lambda each: each.hex, lambda each: each.bytes])
def test_every_form_of_an_id_is_that_id(form):
    one = uuid4()
    assert as_id(form(one)) == one


@pytest.mark.parametrize("other", [None, "", "label", "x" * 36, "x" * 32, b"", b"x" * 15, 5, 1.5, object()])
def test_anything_else_is_no_id(other):
    assert as_id(other) is None


def test_times_are_microseconds_in_utc():
    moment = as_datetime(now())
    assert abs((datetime.now(UTC) - moment).total_seconds()) < 60
    assert as_datetime(1_700_000_000_123_456).isoformat() == "2023-11-14T22:13:20.123456+00:00"
    assert as_datetime(-1).isoformat() == "1969-12-31T23:59:59.999999+00:00"
    assert UUID(bytes=new_raw_id()).version == 7


@pytest.mark.skipif(not hasattr(os, "fork"), reason="needs fork")
@pytest.mark.filterwarnings("ignore::DeprecationWarning")
def test_a_child_forked_while_another_thread_makes_ids_can_make_its_own():
    over = threading.Event()

    def work() -> None:
        while not over.is_set():
            new_id(), now()

    interval = sys.getswitchinterval()
    sys.setswitchinterval(1e-6)
    thread = threading.Thread(target=work)
    thread.start()
    try:
        for _ in range(60):
            child = os.fork()
            if child == 0:
                signal.signal(signal.SIGALRM, signal.SIG_DFL)
                signal.alarm(5)
                new_id(), now()
                os._exit(0)
            assert os.waitpid(child, 0)[1] == 0
    finally:
        over.set()
        thread.join()
        sys.setswitchinterval(interval)
