"""Previews: frames as a small table, arrays as range and sketch, images as a picture, anything else as its text."""

from __future__ import annotations

import math
from typing import Any

from artigraph.lineage.escape import plain
from artigraph_jupyter.html import Html, is_picture, tag, text
from artigraph_jupyter.views.data import Preview
from artigraph_jupyter.views.quantity import count_text, shape_text

FRAME_ROWS, FRAME_COLUMNS = 5, 8
"""What a card shows of the rows and columns that a preview holds."""


def is_frame(preview: Preview) -> bool:
    """Whether this is a preview of rows and columns."""
    return isinstance(preview.get("columns"), list)


def preview_text(preview: Preview, limit: int = 200) -> str:
    """A value in one line: what it is, and what is known of its content.

    >>> preview_text({"shape": [3], "dtype": "int8", "min": 0, "max": 9, "mean": 4.5})
    'int8 [3] from 0 to 9, mean 4.5'
    >>> preview_text({"columns": ["a"], "dtypes": ["int64"], "rows": [["1"]], "shape": [10, 1]})
    '10 × 1: a'
    """
    if is_frame(preview):
        names = ", ".join(plain(name, 40) for name in preview["columns"])
        return text(f"{shape_text(preview.get('shape'))}: {names}", limit)
    if "dtype" in preview:
        return f"{_array_text(preview)}{_range_text(preview)}"
    length = preview.get("length")
    of = f"{plain(preview.get('type', ''), 60)}" + (f" of {length:,}" if isinstance(length, int) else "")
    return ": ".join(part for part in (of, text(preview.get("text", ""), limit)) if part)


def preview_line(preview: Preview, limit: int, pictures: bool = True) -> list[object]:
    """The same as HTML children, an array with its sketch, an image with its picture unless that is left out."""
    if pictures and is_picture(preview.get("image")):
        return [tag("img", src=preview["image"], alt="", class_="ag-picture"), preview_text(preview, limit)]
    if is_frame(preview) or "dtype" not in preview:
        return [preview_text(preview, limit)]
    said = [_array_text(preview), tag("span", _range_text(preview), class_="ag-2")]
    return [sketch(_bars(preview)), *said]


def sketch(values: list[float]) -> Html | None:
    """A histogram of 76 x 18 pixels; None when there is nothing to draw."""
    top = max(values, default=0)
    if top <= 0:
        return None
    step = 76 / len(values)
    bars = []
    for number, value in enumerate(values):
        tall = round(max(1.0, 17 * value / top), 1) if value > 0 else 0.5
        wide = max(step - 1, 0.5 * step)
        bars.append(tag("rect", x=f"{number * step:.4g}", y=f"{18 - tall:.4g}", width=f"{wide:.3g}", height=tall))
    return tag("svg", bars, class_="spark", width="76", height="18", viewBox="0 0 76 18", aria_hidden="true")


def frame_table(preview: Preview) -> Html:
    """The first rows and columns of a frame, with dtypes, numbers to the right, missing values in words."""
    columns = [plain(name, 40) for name in preview["columns"][:FRAME_COLUMNS]]
    dtypes = [plain(name, 40) for name in _list(preview, "dtypes")[: len(columns)]]
    dtypes += [""] * (len(columns) - len(dtypes))
    classes = ["num" if dtype.startswith(_NUMBERS) else None for dtype in dtypes]
    rows = _list(preview, "rows")[:FRAME_ROWS]
    index = [plain(label, 40) for label in _list(preview, "index")]
    labelled = index != [str(number) for number in range(len(index))] and len(index) >= len(rows)
    corner = tag("th") if labelled else None
    titles = [tag("th", name, scope="col", class_=kind) for name, kind in zip(columns, classes, strict=True)]
    kinds = [tag("th", name, class_=kind) for name, kind in zip(dtypes, classes, strict=True)]
    body = [
        tag("tr", tag("th", index[number], scope="row") if labelled else None, _cells(row, classes))
        for number, row in enumerate(rows)
        if isinstance(row, list)
    ]
    top = tag("thead", tag("tr", corner, titles), tag("tr", corner, kinds, class_="dt"))
    whole = tag("table", top, tag("tbody", body), class_="ag-t ag-df")
    return tag("div", whole, class_="ag-scroll", tabindex="0", role="region", aria_label="First rows")


def frame_count(preview: Preview, shown: bool) -> str:
    """How much of the frame is shown.

    >>> frame_count({"columns": ["a"], "rows": [["1"]], "shape": [10, 1]}, shown=True)
    'First 1 of 10 rows.'
    """
    shape = preview.get("shape")
    axes = [axis for axis in shape if isinstance(axis, int)] if isinstance(shape, list | tuple) else []
    rows = axes[0] if axes else len(_list(preview, "rows"))
    columns = axes[1] if len(axes) > 1 else len(preview["columns"])
    if not shown:
        return f"{count_text(rows, 'row')} × {count_text(columns, 'column')}, not shown here."
    seen_rows = min(FRAME_ROWS, len(_list(preview, "rows")))
    seen_columns = min(FRAME_COLUMNS, len(preview["columns"]))
    said = f"First {seen_rows:,} of {rows:,} rows" if seen_rows < rows else f"All {count_text(rows, 'row')}"
    return said + (f", {seen_columns:,} of {columns:,} columns." if seen_columns < columns else ".")


_NUMBERS = ("int", "uint", "float", "complex", "decimal", "Int", "UInt", "Float", "Decimal", "double")
_MISSING = {"", "nan", "NaN", "None", "<NA>", "NaT", "null"}


def _list(preview: Preview, name: str) -> list[Any]:
    value = preview.get(name)
    return value if isinstance(value, list) else []


def _cells(row: list[Any], classes: list[str | None]) -> list[Html]:
    cells = []
    for value, kind in zip(row, classes, strict=False):
        missing = value is None or str(value) in _MISSING
        both = " ".join(word for word in (kind, "na" if missing else None) if word)
        cells.append(tag("td", "NA" if missing else plain(value, 60), class_=both or None))
    return cells


def _array_text(preview: Preview) -> str:
    return f"{plain(preview['dtype'], 60)} [{shape_text(preview.get('shape')).replace(' × ', ', ')}]"


def _range_text(preview: Preview) -> str:
    if "min" not in preview or "max" not in preview:
        return ""
    mean = f", mean {_number(preview['mean'])}" if "mean" in preview else ""
    return f" from {_number(preview['min'])} to {_number(preview['max'])}{mean}"


def _number(value: object) -> str:
    return f"{value:.4g}" if isinstance(value, float) else plain(value, 40)


def _bars(preview: Preview) -> list[float]:
    values = _list(preview, "histogram") or _list(preview, "sketch")
    numbers = [float(value) for value in values[:40] if isinstance(value, int | float) and math.isfinite(value)]
    low = min(numbers, default=0.0)
    return [number - low for number in numbers] if low < 0 else numbers
