"""A span whose process is gone reads as abandoned, never as running."""

from __future__ import annotations

import os
import subprocess
from collections.abc import Callable
from typing import Any

import pytest
from sqlalchemy import Connection, update

import artigraph as ag
from artigraph.bridge import block
from artigraph.graph import owner as owner_file
from artigraph.graph.engine import current_database
from artigraph.graph.owner import GONE_AFTER, owner_of
from artigraph.graph.schema import OWNER
from artigraph.ids import now

Spans = Callable[[], dict[str, Any]]


def test_after_a_kill_it_is_abandoned_and_what_it_saved_is_kept(
    start: Callable[[str], subprocess.Popen[str]], spans: Spans
) -> None:
    body = "ag.save(5, 'five'); print('go', flush=True); time.sleep(60)"
    code = f"import time\nwith ag.span_context('cut'):\n    {body}\n"
    process = start(code)
    assert process.stdout is not None
    process.stdout.readline()
    assert spans()["cut"].status == "open"
    process.kill()
    os.waitid(os.P_PID, process.pid, os.WEXITED | os.WNOWAIT)  # it has ended, and nobody has taken note of it yet
    assert spans()["cut"].status == "abandoned"
    process.wait()
    assert spans()["cut"].status == "abandoned"
    assert ag.read_span.s(spans()["cut"]).closed_at is None
    assert ag.read_span_artifact.s(spans()["cut"], "five") == 5


@pytest.mark.parametrize(
    ("facts", "status"),
    [
        ({}, "open"),
        ({"started": "1"}, "abandoned"),
        ({"boot_id": "another"}, "abandoned"),
        ({"host": "elsewhere"}, "open"),
        ({"host": "elsewhere", "seen": GONE_AFTER + 1}, "abandoned"),
    ],
)
def test_alive_is_known_by_process_start_boot_and_signs_of_life(url: str, facts: dict[str, Any], status: str) -> None:
    with ag.span_context("here") as span:
        values = {name: value for name, value in facts.items() if name != "seen"}
        values["seen_at"] = now() - facts.get("seen", 0)

        def work(connection: Connection) -> None:
            connection.execute(update(OWNER).values(values))

        block(current_database().write, work)
        assert ag.read_span.s(span).status == status
    assert ag.read_span.s(span).status == "ok"


def test_signs_of_life_are_given_while_a_span_is_open(url: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(owner_file, "SEEN_EVERY", 0.01)
    reset = ag.set_engine(url, create_tables=True)
    owner = owner_of(current_database())

    def seen(connection: Connection) -> Any:
        return connection.execute(OWNER.select().where(OWNER.c.id == owner.id)).one().seen_at

    for _ in range(2):  # also after a time with no open span
        with ag.span_context("long"):
            first = block(current_database().read, seen)
            while block(current_database().read, seen) <= first:
                pass
    reset()
