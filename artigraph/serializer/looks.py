"""How pandas frames look: what a repr shows of one, and digests that say whether two are the same."""

from __future__ import annotations

import hashlib
from typing import Any

from artigraph.registry import load
from artigraph.serializer.base import clipped_preview
from artigraph.serializer.numpy import SUMMED_BYTES, buffer_digest

pandas = load("pandas", "the pandas serializer")
numpy = load("numpy", "the pandas serializer")

PLAIN_DTYPES = frozenset(
    "bool int8 int16 int32 int64 uint8 uint16 uint32 uint64 float32 float64 datetime64[ns]".split()
)
"""Dtypes that need no trial."""
_PREVIEW_ROWS, _PREVIEW_COLUMNS = 10, 20


def escaped(label: Any) -> str:
    """A label as text that has an encoding."""
    return str(label).encode("utf-8", "backslashreplace").decode()


def preview(frame: Any) -> dict[str, Any]:
    """Shape, dtypes and the first 10 rows x 20 columns, all as text."""
    head = frame.iloc[:_PREVIEW_ROWS, :_PREVIEW_COLUMNS]
    cells = [[_cell(value) for value in head.iloc[:, place]] for place in range(head.shape[1])]
    return clipped_preview(
        {
            "shape": list(frame.shape),
            "columns": [_cell(label) for label in head.columns],
            "dtypes": [str(dtype) for dtype in head.dtypes],
            "index": [_cell(label) for label in head.index],
            "rows": [list(row) for row in zip(*cells, strict=True)],
        }
    )


def _cell(value: Any) -> str:
    return escaped(f"{value:.6g}" if isinstance(value, float) else str(value)[:100])


def content_digest(frame: Any) -> bytes:
    """32 bytes over labels, dtypes and values, column by column."""
    whole = hashlib.sha256(repr((frame.shape, list(frame.columns.names), list(frame.index.names))).encode())
    whole.update(pandas.util.hash_pandas_object(frame.index, index=False).to_numpy().data)
    for place in range(frame.shape[1]):
        column = frame.iloc[:, place]
        whole.update(repr((frame.columns[place], str(column.dtype))).encode())
        whole.update(pandas.util.hash_pandas_object(column, index=False).to_numpy().data)
    return whole.digest()


def fingerprint(frame: Any) -> bytes:
    """16 bytes over shape, labels, dtypes, 1,000 rows, and all numbers up to 64 MiB."""
    facts = repr((frame.shape, [*frame.columns], [*map(str, frame.dtypes)])).encode("utf-8", "replace")
    whole = hashlib.blake2b(facts, digest_size=16)
    arrays = [frame.index.array, *(frame.iloc[:, place].array for place in range(frame.shape[1]))]
    numbers = [array.to_numpy() for array in arrays if str(array.dtype) in PLAIN_DTYPES]
    step, fits = max(1, len(frame) // 1000), sum(array.nbytes for array in numbers) <= SUMMED_BYTES
    for array in numbers:
        whole.update(buffer_digest(array if fits else array[::step]))
    for array in (array for array in arrays if str(array.dtype) not in PLAIN_DTYPES):  # Arrow is slow across chunks
        for chunk in getattr(getattr(array, "_pa_array", None), "chunks", [array]):
            whole.update(repr(chunk.take(numpy.arange(0, len(chunk), step)).tolist()).encode("utf-8", "replace"))
    return whole.digest()
