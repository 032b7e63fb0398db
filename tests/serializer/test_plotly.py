"""Plotly figures come back equal, with arrays, dates and missing values as they were."""

from __future__ import annotations

import datetime as dt
import subprocess
import sys

import pytest

import artigraph as ag
from artigraph.errors import UnserializableError
from artigraph.registry import Registry
from artigraph.testing import SerializerKit
from tests.stores import file_store

__all__ = ["file_store"]

go = pytest.importorskip("plotly.graph_objects")
numpy = pytest.importorskip("numpy")
from artigraph.serializer.plotly import figure_serializer  # noqa: E402

OBJECTS = numpy.array([["a", 1], ["b", None]], dtype=object)
DATES = numpy.array(["2024-01-01", "2024-01-02"], dtype="datetime64[us]")
FIGURE = go.Figure(
    [
        go.Scatter(x=numpy.arange(3, dtype="int16"), y=[1.5, float("nan"), None], text=["a", "ü", "\x00"]),
        go.Heatmap(z=numpy.array([[1, 2], [3, numpy.inf]], dtype="float32")),
        go.Scatter(x=DATES, y=numpy.array([True, False]), customdata=OBJECTS, name="t"),
        go.Scatter(x=[dt.datetime(2024, 1, 2, tzinfo=dt.UTC), dt.date(2024, 1, 2)], y=(1, 2)),
    ],
    layout={"title": {"text": "A title"}, "meta": {"k": (1, 2), "arrays": [numpy.float64(0.5)]}, "template": "none"},
)


def same(one, other):
    """Whether two values agree in every type, dtype and element."""
    if type(one) is not type(other):
        return False
    if isinstance(one, dict):
        return one.keys() == other.keys() and all(same(one[key], other[key]) for key in one)
    if isinstance(one, list | tuple):
        return len(one) == len(other) and all(map(same, one, other))
    if isinstance(one, numpy.ndarray):
        return one.dtype == other.dtype and one.shape == other.shape and same(one.tolist(), other.tolist())
    return one == other or (one != one and other != other)  # noqa: PLR0124


class TestFigure(SerializerKit):
    serializer = figure_serializer
    values = (
        *(FIGURE, go.Figure(), go.Figure(layout={"title": {"text": "😀" * 9000}})),
        go.Figure([go.Bar(y=[1])], frames=[go.Frame(data=[go.Bar(y=numpy.array([2]))], name="next")]),
        go.Figure([go.Bar(y=[number]) for number in range(200)]),
    )
    refused = ({"data": []}, go.Scatter(x=[1]), go.Figure([go.Bar(customdata=[object()])]))

    def equal(self, one, other):
        return type(one) is type(other) and same(one.to_dict(), other.to_dict())


def test_a_figure_is_found_by_its_type():
    assert Registry().serializer_for(FIGURE) is figure_serializer


def test_what_cannot_be_kept_is_named():
    with pytest.raises(UnserializableError, match="customdata"):
        figure_serializer.serialize(go.Figure([go.Bar(customdata=[object()])]))


def test_the_preview_names_title_and_traces():
    assert figure_serializer.preview(FIGURE) == {
        "type": "Figure",
        "length": 4,
        "text": "A title (scatter, heatmap)",
        "title": "A title",
        "traces": {"scatter": 3, "heatmap": 1},
    }


def test_what_was_loaded_gives_the_same_bytes_again():
    data = figure_serializer.serialize(FIGURE)
    assert figure_serializer.serialize(figure_serializer.deserialize(data)) == data
    plain = figure_serializer.serialize(go.Figure())
    assert figure_serializer.serialize(figure_serializer.deserialize(plain)) == plain


def test_saving_leaves_the_figure_as_it_is():
    before = FIGURE.to_dict()
    figure_serializer.serialize(FIGURE)
    assert same(FIGURE.to_dict(), before)


async def test_a_figure_is_saved_and_loaded_without_naming_a_serializer(file_store):
    await ag.save(FIGURE, "picture")
    assert same((await ag.load("picture")).to_dict(), FIGURE.to_dict())


def test_nothing_else_imports_plotly():
    program = "import sys, artigraph as ag; ag.Registry().serializer_for({}); print('plotly' in sys.modules)"
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True, timeout=60)
    assert done.stdout == "False\n"
