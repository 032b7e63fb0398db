"""Figures in words: title and traces, in the card; never a script, and no bytes are read."""

from __future__ import annotations

from pathlib import Path

import plotly.graph_objects as go

import artigraph as ag
from artigraph_jupyter.show import RENDERERS
from artigraph_jupyter.views.figure import KINDS
from artigraph_jupyter.views.look import Stored, look_at
from tests.stores import file_store

__all__ = ["file_store"]


def said(preview: dict) -> str:
    stored = Stored("application/json", preview)
    return look_at(stored).make(stored, None)["text"]


def test_a_figure_is_told_by_its_title_and_its_traces(file_store: Path) -> None:
    figure = go.Figure([go.Scatter(y=[1, 2]), go.Bar(y=[1]), go.Scatter(y=[2])])
    figure.update_layout(title="Delays <script>hit()</script>")
    artifact = ag.Artifact(value=figure, label="delays").save()
    html, text = RENDERERS[ag.Artifact](artifact)
    assert "3 traces: 2 scatter, 1 bar" in html
    assert "<script" not in html
    assert "Figure: “Delays <script>hit()</script>”, 3 traces: 2 scatter, 1 bar" in text


def test_a_figure_without_title_or_traces_is_told_too() -> None:
    assert said({"type": "Figure", "title": "", "traces": {}}) == "0 traces"
    assert said({"type": "Figure", "traces": {"pie": 1}}) == "1 trace: 1 pie"


def test_types_that_are_not_named_are_counted() -> None:
    text = said({"type": "Figure", "traces": {f"kind{number}": 1 for number in range(KINDS + 3)}})
    assert text.endswith("1 kind11, 3 types more")


def test_a_preview_of_another_time_is_shown_as_it_is() -> None:
    assert look_at(Stored("application/json", {"type": "Figure", "length": 2, "text": "A title (scatter)"})) is None
    assert look_at(Stored("application/json", {"type": "Figure", "traces": "wrong"})) is None
