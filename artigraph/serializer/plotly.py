"""Plotly figures as JSON with their arrays beside it.

Plotly's own JSON makes text of dates, null of NaN and lists of tuples; here all come back as they were, and numeric
arrays with their dtype.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from typing import Any

from artigraph.errors import SerializeError, UnserializableError
from artigraph.registry import load
from artigraph.serializer.base import Serializer
from artigraph.serializer.json import json_serializer
from artigraph.serializer.numpy import array_serializer, numpy, scalar_serializer

graph_objects = load("plotly.graph_objects", "the plotly serializer")


class FigureSerializer(Serializer[Any]):
    """``plotly.graph_objects.Figure`` with traces, layout, template and frames."""

    name = "plotly.figure/1"
    types = (graph_objects.Figure,)
    otypes = ("Figure",)
    content_type = "application/json"

    def serialize(self, value: Any, /) -> bytes:
        if type(value) is not graph_objects.Figure:
            raise UnserializableError("value", type(value).__qualname__, "convert it: go.Figure(value)")
        figure = value.to_dict()
        if template := figure["layout"].get("template"):
            figure["layout"]["template"] = _ordered(template)
        arrays = [_taken(*place) for place in list(_arrays(figure, ()))]
        return json_serializer.serialize({"figure": figure, "arrays": arrays})

    def deserialize(self, data: bytes, /) -> Any:
        try:
            stored = json_serializer.deserialize(data)
            for array in stored["arrays"]:
                _put_back(stored["figure"], *array)
            return graph_objects.Figure(stored["figure"])
        except Exception as error:  # whatever hostile bytes provoke
            raise SerializeError(f"not a figure in {self.name}: {str(error)[:300]}") from error

    def preview(self, value: Any, /) -> dict[str, Any] | None:
        """The title, and how many traces there are of each type, of at most 20 types."""
        kinds = Counter(trace.type for trace in value.data)
        title = str(value.layout.title.text or "")[:200]
        said = ", ".join(kinds)
        text = f"{title} ({said})" if title else said
        return {
            "type": "Figure",
            "length": len(value.data),
            "text": text,
            "title": title,
            "traces": dict(kinds.most_common(20)),
        }


def _ordered(value: Any) -> Any:
    """The same with sorted keys: Plotly shuffles those of a template whenever it makes a figure."""
    if isinstance(value, dict):
        return {key: _ordered(value[key]) for key in sorted(value, key=str)}
    return [_ordered(each) for each in value] if isinstance(value, list) else value


def _arrays(holder: Any, path: tuple[Any, ...]) -> Iterator[tuple[Any, Any, tuple[Any, ...]]]:
    """(what holds it, its key there, its path) of every array and NumPy scalar."""
    for key, value in holder.items() if isinstance(holder, dict) else enumerate(holder):
        if isinstance(value, dict | list):
            yield from _arrays(value, (*path, key))
        elif isinstance(value, numpy.ndarray | numpy.generic):
            yield holder, key, (*path, key)


def _taken(holder: Any, key: Any, path: tuple[Any, ...]) -> tuple[Any, ...]:
    """(path, kind, content, shape) of an array, which is taken out of its holder."""
    value, holder[key] = holder[key], None
    if isinstance(value, numpy.generic):
        return (path, "scalar", scalar_serializer.serialize(value), ())
    if value.dtype == object:
        return (path, "objects", value.ravel().tolist(), value.shape)
    return (path, "array", array_serializer.serialize(value), value.shape)


def _put_back(figure: Any, path: tuple[Any, ...], kind: str, content: Any, shape: tuple[int, ...]) -> None:
    *way, key = path
    for step in way:
        figure = figure[step]
    if kind == "scalar":
        figure[key] = scalar_serializer.deserialize(content)
    elif kind == "objects":
        array = numpy.empty(len(content), dtype=object)
        array[:] = content
        figure[key] = array.reshape(shape)
    else:
        figure[key] = array_serializer.deserialize(content)


figure_serializer = FigureSerializer().register()
plotly_serializer = figure_serializer
