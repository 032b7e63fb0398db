"""Outputs and inputs of spans: linked without bookkeeping."""

from __future__ import annotations

import asyncio
import random
from typing import Any

import numpy as np
import pandas as pd
import pytest

import artigraph as ag
from artigraph.errors import LabelTakenError, NodeNotFoundError, NoOpenSpanError, UnserializableError
from artigraph.graph.current import Use, open_span
from tests.stores import statements


@ag.dataclass
class Report(ag.ArtifactModel, version=1):
    frame: Any = None
    note: str = ""


def test_what_is_created_is_read_back_by_label(url: str) -> None:
    with ag.span_context() as span:
        one = ag.create_span_artifact.s("current", label="one", data=[1])
        many = ag.create_span_artifacts.s("current", {"two": {"a": 2}, "report": Report(note="x")})
    assert ag.read_span_artifact.s(span.node_id, label="one") == [1]
    assert ag.read_span_artifacts.s(span) == {"one": [1], "two": {"a": 2}, "report": Report(note="x")}
    assert ag.load.s(one) == [1]
    assert set(many) == {"two", "report"}


def test_a_closed_span_takes_more_outputs(url: str) -> None:
    with ag.span_context() as span:
        pass
    ag.create_span_artifact.s(span, label="late", artifact=1)
    assert ag.read_span_artifacts.s(span) == {"late": 1}


def test_a_label_used_twice_is_a_typed_error_and_nothing_is_written(url: str) -> None:
    with ag.span_context() as span:
        ag.create_span_artifact.s("current", label="a", data=1)
        with pytest.raises(LabelTakenError):
            ag.create_span_artifacts.s("current", {"b": 2, "a": 3})
    assert ag.read_span_artifacts.s(span) == {"a": 1}


def test_saved_twice_under_one_label_the_newest_carries_it(url: str) -> None:
    with ag.span_context() as span:
        first = ag.save.s([1], "x")
        second = ag.save.s([2], "x")
    assert ag.read_span_artifacts.s(span) == {"x": [2]}
    outputs = {link.target_id: link.label for link in ag.read.s(ag.Link, ag.LinkFilter(source=span.id, kind="output"))}
    assert outputs == {first: None, second: "x"}
    assert ag.load.s("x") == [2]


def test_what_is_missing_is_a_typed_error(url: str) -> None:
    with ag.span_context() as span:
        ag.create_span_artifact.s("current", label="a", data=1)
        with pytest.raises(UnserializableError):
            ag.create_span_artifact.s("current", label="none")
        with pytest.raises(UnserializableError, match="odd"):
            ag.create_span_artifact.s("current", label="odd", data=object())
    with pytest.raises(NodeNotFoundError, match="'a'"):
        ag.read_span_artifact.s(span, "b")
    with pytest.raises(NoOpenSpanError):
        ag.create_span_artifact.s("current", label="x", data=1)
    with pytest.raises(NodeNotFoundError):
        ag.create_span_artifact.s(ag.Span(), label="x", data=1)


def test_what_a_span_loads_is_its_input_under_the_name_it_asked_for(url: str, used: Any) -> None:
    node = ag.save.s([1, 2, 3], "numbers")
    with ag.span_context() as span:
        ag.load.s("numbers")
    assert used(span) == [(node, "numbers")]


def test_ten_thousand_uses_are_one_link(url: str, used: Any) -> None:
    ag.save.s([1], "x")
    frame = pd.DataFrame({"a": [1]})
    frame_id = ag.save.s(frame, "frame")
    with ag.span_context() as span:
        current = open_span()
        assert current is not None
        for _ in range(10_000):
            current.use(Use(frame_id, "frame"))
        for _ in range(20):
            ag.load.s("x")
            ag.save.s(Report(frame=frame))
    assert sorted(str(role) for _, role in used(span)) == ["frame", "x"]


def test_a_remembered_value_nested_in_something_saved_is_an_input(url: str, used: Any) -> None:
    frame = pd.DataFrame({"a": [1, 2]})
    node = ag.save.s(frame, "frame")
    with ag.span_context() as span:
        ag.save.s(Report(frame=frame), "report")
    assert used(span) == [(node, "frame")]


def test_what_a_span_made_is_not_its_input(url: str, used: Any) -> None:
    frame = pd.DataFrame({"a": [1, 2]})
    with ag.span_context() as span:
        ag.save.s(frame, "frame")
        ag.load.s("frame")
        ag.save.s(Report(frame=frame), "report")
    assert used(span) == []


def test_what_an_inner_span_made_is_no_input_of_the_outer(url: str, used: Any) -> None:
    with ag.span_context() as outer:
        with ag.span_context() as middle, ag.span_context():
            ag.save.s([1], "made inside")
        ag.load.s("made inside")
        with ag.span_context() as sibling:
            ag.load.s("made inside")
    assert used(outer) == []
    assert used(middle) == []
    assert [role for _, role in used(sibling)] == ["made inside"]


def test_tracking_can_be_switched_off(url: str, used: Any) -> None:
    ag.save.s([1], "x")
    with ag.span_context() as first:
        ag.load.s("x", track=False)
    with ag.span_context(track=False) as second:
        ag.load.s("x")
    assert (used(first), used(second)) == ([], [])


def test_an_input_deleted_before_the_end_does_not_break_it(url: str, used: Any) -> None:
    gone = ag.save.s([1], "gone")
    kept = ag.save.s([2], "kept")
    with ag.span_context() as span:
        ag.load.s("gone")
        ag.load.s("kept")
        ag.delete_one.s(gone)
    assert (used(span), ag.read_span.s(span).status) == ([(kept, "kept")], "ok")


def test_inputs_are_there_with_the_next_write_not_only_at_the_end(url: str, used: Any) -> None:
    node = ag.save.s([1], "x")
    with ag.span_context() as span:
        ag.load.s("x")
        ag.save.s([2], "y")
        assert used(span) == [(node, "x")]


def test_many_kinds_of_values_are_remembered_when_they_are_saved(url: str, used: Any) -> None:
    values = [pd.DataFrame({"a": [1]}), pd.Series([1, 2]), np.arange(3)]
    ids = [ag.save.s(value) for value in values]
    with ag.span_context() as span:
        ag.save.s(values, "all")
    assert sorted(node for node, _ in used(span)) == sorted(ids)


async def test_concurrent_spans_keep_their_inputs_apart(url: str, used: Any) -> None:
    names = [f"n{n}" for n in range(8)]
    for name in names:
        await ag.save([name], name)
    chance = random.Random(1)

    async def work(name: str) -> ag.Span:
        async with ag.span_context(name) as span:
            await asyncio.sleep(chance.uniform(0, 0.005))
            await ag.load(name)
        return span

    for span in await asyncio.gather(*map(work, names)):
        assert [role for _, role in used(span)] == [span.label]


def test_a_saved_model_inside_a_model_saved_later_is_an_input(url: str) -> None:
    with ag.span_context("first"):
        part = Report(note="part")
        part_id = part.save.s("part")
    with ag.span_context("second") as second:
        ag.save.s([part], "whole")
    inputs = ag.read.s(ag.Link, ag.LinkFilter(target=second, kind="input"))
    assert [link.source_id for link in inputs] == [part_id]


def test_the_outputs_of_all_spans_inside_one_take_as_many_statements_as_of_one(url: str) -> None:
    counts = []
    for number in (1, 20):
        with ag.RunManager() as outer:
            for n in range(number):
                with ag.RunManager() as inner:
                    inner.save_artifacts.s({"n": n, "report": Report(note=str(n))})
        outer.load_descendant_artifacts.s()  # opens what reads need
        with statements() as seen:
            found = outer.load_descendant_artifacts.s()
        assert list(found.values()) == [{"n": n, "report": Report(note=str(n))} for n in range(number)]
        counts.append(len(seen))
    assert counts[0] == counts[1]


def test_a_span_inside_that_made_nothing_is_told_too(url: str) -> None:
    with ag.RunManager() as outer, ag.span_context("empty") as empty:
        pass
    assert outer.load_descendant_artifacts.s() == {empty.id: {}}


def test_what_was_changed_in_place_before_it_is_saved_inside_something_says_so(url: str) -> None:
    ag.save.s(np.arange(5), "kept")
    ag.save.s(Report(note="n"), "model")
    same, other, model = ag.load.s("kept"), ag.load.s("kept"), ag.load.s("model")
    other[0] = 7
    with ag.span_context() as span:
        ag.save.s({"same": same, "other": other, "model": model}, "out")
    links = ag.read.s(ag.Link, ag.LinkFilter(target=span.id, kind="input"))
    found = {link.role: link.changed for link in links}
    assert found == {"out['same']": False, "out['other']": True, "out['model']": False}


def test_artifacts_that_are_no_dict_are_told(url: str) -> None:
    with ag.span_context() as span, pytest.raises(UnserializableError, match="label -> value"):
        ag.create_span_artifacts.s(span, [1])  # type: ignore[arg-type]


def test_outside_of_spans_no_value_is_looked_at(url: str, monkeypatch: pytest.MonkeyPatch) -> None:
    ag.save.s(np.arange(5), "kept")
    kept = ag.load.s("kept")
    monkeypatch.setattr("artigraph.persist.output.has_changed", None)
    ag.save.s({"x": kept})
