"""Two spans beside each other."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd
import pytest

import artigraph as ag
from artigraph.errors import NodeNotFoundError
from artigraph.span import diff


@ag.dataclass
class Fit(ag.ArtifactModel, version=1):
    auc: float
    scores: Any = None


@ag.dataclass
class Fits(ag.ArtifactModel, version=1):
    best: Fit
    note: str = ""


def train(depth: int, auc: float, rows: int, **extra: Any) -> ag.Span:
    environment = {"python": "3.12", "libraries": {"pandas": f"2.{depth}", "numpy": "2"}}
    run = ag.Run("train", params={"depth": depth, "seed": 1}, environment=environment, source=f"a = 1\nfit({depth})")
    with ag.span_context(run):
        ag.load.s("table")
        frame = pd.DataFrame({"x": range(rows)})
        ag.create_span_artifacts.s("current", {"fits": Fits(Fit(auc, np.arange(rows))), "frame": frame, **extra})
    return run


@pytest.fixture
def runs(url: str) -> tuple[ag.Span, ag.Span]:
    ag.save.s([1], "table")
    first = train(2, 0.5, 3, only_first="old")
    ag.save.s([1, 2], "table")
    return first, train(3, 0.75, 4)


def test_every_group_says_what_differs_and_counts_what_does_not(runs: tuple[ag.Span, ag.Span]) -> None:
    found = ag.diff_spans.s(*runs)
    assert found
    said = {each.name: (each.group, each.before, each.after) for each in found.differences}
    assert said["depth"] == ("Parameter", "2", "3")
    assert said["pandas"] == ("Environment", "2.2", "2.3")
    assert said["fits.best.auc"] == ("Value", "0.5", "0.75")
    assert said["only_first"] == ("Value", "'old'", None)
    assert said["frame"] == ("Value", "3 rows", "4 rows")
    assert said["table"][0] == "Input"
    assert said["table"][1] != said["table"][2]
    assert set(said) == {"depth", "pandas", "fits.best.auc", "fits.best.scores", "only_first", "frame", "table"}
    assert dict(found.alike) == {"Value": 1, "Parameter": 1, "Environment": 2}
    notes = {each.name: each.note for each in found.of("Value")}
    assert notes["fits.best.auc"] == "+0.25"
    assert notes["fits.best.scores"] == "int64 [3] → int64 [4]"
    assert notes["frame"] == "3 → 4 rows"


def test_the_code_is_shown_as_lines_before_and_after(runs: tuple[ag.Span, ag.Span]) -> None:
    source = ag.diff_spans.s(*runs).source
    assert source[1:] == (" a = 1", "-fit(2)", "+fit(3)")


def test_a_span_beside_itself_does_not_differ(runs: tuple[ag.Span, ag.Span]) -> None:
    found = ag.diff_spans.s(runs[0], runs[0])
    assert not found
    assert (found.source, found.differences) == ((), ())
    assert "same code, 0 differences" in repr(found)


def test_comparing_is_not_using(runs: tuple[ag.Span, ag.Span]) -> None:
    with ag.span_context("look") as look:
        ag.diff_spans.s(*runs)
    assert ag.read.s(ag.Link, ag.LinkFilter(target=look, kind="input")) == []


def test_a_label_means_its_newest_span_and_earlier_ones_are_counted_back(runs: tuple[ag.Span, ag.Span]) -> None:
    found = ag.diff_spans.s("train~1", "train")
    assert (found.before.id, found.after.id) == (runs[0].id, runs[1].id)
    assert ag.find_span.s(str(runs[0].id)).id == runs[0].id
    for asked in ("train~2", "nowhere", "table"):
        with pytest.raises(NodeNotFoundError, match="is a span labelled"):
            ag.find_span.s(asked)
    with ag.span_context("train~1") as odd:
        pass
    assert ag.find_span.s("train~1").id == odd.id


async def test_it_can_be_awaited(runs: tuple[ag.Span, ag.Span]) -> None:
    assert len((await ag.diff_spans(*runs)).differences) == 7


def test_what_is_too_big_or_damaged_is_said_and_the_rest_is_compared(
    runs: tuple[ag.Span, ag.Span], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(diff, "LOADED_UP_TO", 100)
    said = {each.name: each.before for each in ag.diff_spans.s(*runs).of("Value")}
    assert said["fits.best.auc"] == "0.5"
    assert "too big to be compared" in (said["frame"] or "")
