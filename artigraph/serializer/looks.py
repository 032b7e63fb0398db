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
_USUAL_LABELS = frozenset({"int64", "object", "str"})
"""Dtypes of labels, and of categories, that a digest does not name: which of them it is, the hashed values say."""
_USUAL_OBJECTS = frozenset({"string", "empty"})
"""What pandas finds in objects that are texts or missing."""


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


def content_digest(frame: Any) -> bytes | None:
    """32 bytes over labels, dtypes and values, column by column; None where pandas cannot hash a value, as of lists.

    What is unusual (see ``_unusual``) enters only where there is some, so that frames without keep their digests.
    """
    try:
        return _digest(frame)
    except TypeError:
        return None


def _digest(frame: Any) -> bytes:
    whole = hashlib.sha256(repr((frame.shape, list(frame.columns.names), list(frame.index.names))).encode())
    whole.update(pandas.util.hash_pandas_object(frame.index, index=False).to_numpy().data)
    labels = [index.get_level_values(n) for index in (frame.index, frame.columns) for n in range(index.nlevels)]
    told = [(_label_dtype(each), _unusual(each)) for each in labels]
    for place in range(frame.shape[1]):
        column = frame.iloc[:, place]
        told.append(("", _unusual(column)))
        whole.update(repr((frame.columns[place], str(column.dtype))).encode())
        whole.update(pandas.util.hash_pandas_object(column, index=False).to_numpy().data)
    if any(dtype or more for dtype, more in told):
        whole.update(repr(told).encode())
    return whole.digest()


def _label_dtype(values: Any) -> str:
    """The dtype of a level of an index, or of categories, unless it is a usual one."""
    name = str(values.dtype)
    return "" if name in _USUAL_LABELS else name


def _unusual(values: Any) -> Any:
    """What neither dtype nor hash say of a column or a level: which objects there are, and all about categories.

    None for texts, and for categories in order of which each occurs, as ``astype("category")`` makes them.
    """
    if values.dtype == object:
        kind = pandas.api.types.infer_dtype(values, skipna=True)
        return kind if kind not in _USUAL_OBJECTS else None
    if not isinstance(values.dtype, pandas.CategoricalDtype):
        return None
    categories, codes = values.dtype.categories, values.array.codes
    told = _label_dtype(categories), _unusual(categories), values.dtype.ordered
    sorted_all = categories.is_monotonic_increasing
    if told == ("", None, False) and sorted_all and numpy.bincount(codes[codes >= 0], minlength=len(categories)).all():
        return None
    return *told, hashlib.sha256(pandas.util.hash_pandas_object(categories, index=False).to_numpy().data).hexdigest()


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
