"""Row 17: the clock of the machine is set back, or jumps."""

from __future__ import annotations

import time
from collections.abc import Iterator

import pytest

import artigraph as ag
from artigraph import ids
from artigraph.bridge import block
from artigraph.graph.engine import current_database

HOUR = 3600 * 10**9


@pytest.fixture
def clock(monkeypatch, folder) -> Iterator[list[int]]:
    """An open store, and what is added to the system's time, in nanoseconds."""
    offset = [0]
    true = time.time_ns
    monkeypatch.setattr(ids, "_clock", ids._steady())  # what comes after this test has the time of before
    monkeypatch.setattr(ids, "_next", ids._counter())
    monkeypatch.setattr(time, "time_ns", lambda: true() + offset[0])
    monkeypatch.setattr(time, "time", lambda: (true() + offset[0]) / 1e9)
    reset = ag.set_engine(f"sqlite:///{folder / 'x.db'}", create_tables=True)
    database = current_database()
    yield offset
    reset()
    block(database.close)


@pytest.mark.row(17)
@pytest.mark.parametrize("jump", [-HOUR, -24 * 365 * HOUR, -1000])
def test_the_newest_of_a_label_is_what_was_saved_last_whatever_the_clock_says(clock, jump):
    ag.save("before", "label")
    clock[0] += jump
    ag.save("after", "label")
    assert ag.load("label") == "after"
    assert [found.label for found in ag.find()] == ["label", "label"]
    assert ag.load(ag.find()[0].id) == "after"


@pytest.mark.row(17)
@pytest.mark.parametrize("jump", [-HOUR, HOUR])
def test_a_span_never_takes_a_negative_or_a_false_time(clock, jump):
    with ag.span_context("outer") as outer:
        clock[0] += jump
        with ag.span_context("inner") as inner:
            pass
    read = {span.label: span for span in ag.read(ag.Span)}
    for span in (outer, inner):
        assert 0 <= read[span.label].duration.total_seconds() < 60
        assert read[span.label].closed_at >= read[span.label].opened_at
    assert [span.label for span in ag.read_child_spans(outer)] == ["inner"]


@pytest.mark.row(17)
def test_the_time_zone_of_the_process_changes_nothing(clock, monkeypatch):
    node = ag.save(1, "label")
    before = ag.find()[0].saved_at
    monkeypatch.setenv("TZ", "Pacific/Kiritimati")
    time.tzset()
    try:
        found = ag.find()[0]
        assert (found.id, found.saved_at) == (node, before)
        assert found.saved_at.utcoffset().total_seconds() == 0
    finally:
        monkeypatch.delenv("TZ")
        time.tzset()
