"""How a pandas frame is cut for writing: pieces of which little is copied at once."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from artigraph.registry import load

pandas = load("pandas", "the pandas serializer")

SLICE_ROWS = 1 << 20
"""Rows that are written at once (a row group), at most."""
SLICE_BYTES = 1 << 23
"""Bytes that are copied at once on the way to Arrow, about."""


def slices(frame: Any, group: int | None = None) -> Iterator[Any]:
    """The frame in pieces whose conversion copies about ``SLICE_BYTES``; one empty piece when it has no rows.

    With ``group`` each has a multiple of so many rows.
    """
    rows = max(1, min(SLICE_ROWS, SLICE_BYTES // max(1, _copied_bytes(frame))))
    if group is not None:
        rows = max(1, rows // group) * group
    for start in range(0, max(1, len(frame)), rows):
        yield frame.iloc[start : start + rows]


def sample(frame: Any) -> Any:
    """About 1,000 evenly spaced rows."""
    return frame.iloc[:: max(1, len(frame) // 1000)]


def repeating(rows: Any) -> list[Any]:
    """The columns whose values come again in these rows: only there does a dictionary pay (measured: half the time)."""
    return [name for name in rows.columns if 2 * rows[name].nunique() < len(rows)]


def flat(part: Any, names: list[str]) -> Any:
    """A part of a frame with unique text labels, and its index, unless it is a range, as the last columns."""
    plain = part.copy(deep=False)
    plain.attrs = {}
    plain.columns = names[: part.shape[1]]
    plain.index = pandas.RangeIndex(len(part))
    for level, name in enumerate(names[part.shape[1] :]):
        plain[name] = part.index.get_level_values(level).array
    return plain


def _copied_bytes(frame: Any) -> int:
    """Bytes per row that Arrow cannot share with pandas, about: objects, index levels, values with gaps between."""
    copied = 0.0 if isinstance(frame.index, pandas.RangeIndex) else 32 * frame.index.nlevels
    for place in range(frame.shape[1]):
        column = frame.iloc[:, place]
        if column.dtype == object:
            head = column.iloc[:1000]
            copied += 8 + int(head.memory_usage(index=False, deep=True)) // max(1, len(head))
        elif isinstance(column.dtype, pandas.api.extensions.ExtensionDtype):
            copied += 0 if hasattr(column.array, "__arrow_array__") else 8
        elif not column.to_numpy().flags.c_contiguous:
            copied += column.dtype.itemsize
        else:
            copied += 1 / 8  # the bits that say what is missing
    return int(copied)
