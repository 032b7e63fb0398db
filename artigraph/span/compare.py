"""Two values beside each other: what differs between numbers, frames and arrays, in words and bounded tables."""

from __future__ import annotations

import reprlib
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

ROWS = 20
"""Differing rows that are named; the rest is counted."""

SHOWN = 120
"""Characters of one value."""

_SHORT = reprlib.Repr()
_SHORT.maxstring = _SHORT.maxother = SHOWN
_FRAMES = {"DataFrame", "Series", "Table", "LazyFrame"}


@dataclass(frozen=True, slots=True)
class RowDifference:
    """One row that is not the same."""

    row: str
    """Its index label, or its position."""
    state: str
    """changed, added or removed"""
    cells: tuple[tuple[str, str, str], ...] = ()
    """Of a changed row: (column, before, after)."""


@dataclass(frozen=True, slots=True)
class FrameDifference:
    """How two tables differ."""

    rows: tuple[int, int]
    """How many, before and after."""
    added: tuple[str, ...] = ()
    """Columns that are new."""
    removed: tuple[str, ...] = ()
    dtypes: tuple[tuple[str, str, str], ...] = ()
    """(column, before, after)"""
    changed: tuple[tuple[str, int], ...] = ()
    """(column, rows in which it differs), of columns and rows that both have."""
    differing: tuple[RowDifference, ...] = ()
    """The first 20 rows that differ."""
    hidden: int = 0
    """How many more rows differ."""
    matched_by: str = "position"
    """index or position: how rows were brought together."""
    notes: tuple[str, ...] = ()
    """What else differs, in words: the index, the order of rows and columns."""

    def summary(self) -> str:
        """The difference in one line."""
        rows = f"{self.rows[0]:,} → {self.rows[1]:,} rows" if self.rows[0] != self.rows[1] else f"{self.rows[1]:,} rows"
        parts = [rows]
        parts += [f"new columns {_listed(self.added)}"] if self.added else []
        parts += [f"no more columns {_listed(self.removed)}"] if self.removed else []
        parts += [_listed([f"{name} is {after}, was {before}" for name, before, after in self.dtypes])]
        parts += [_listed([f"{name} differs in {count:,}" for name, count in self.changed]), *self.notes]
        return ", ".join(part for part in parts if part)


def _listed(words: Sequence[str]) -> str:
    """The first eight, and how many more there are."""
    more = f" and {len(words) - 8:,} more" if len(words) > 8 else ""
    return ", ".join(words[:8]) + more


def short(value: object) -> str:
    """A value in at most about 120 characters; one whose repr fails is named by its type."""
    try:
        shown = repr(value[:SHOWN]) if isinstance(value, str | bytes) else _SHORT.repr(value)
    except Exception as error:  # noqa: BLE001 - a value of the user may do anything when it is looked at
        return f"<{type(value).__name__}: {type(error).__name__} while it was shown>"
    return shown if len(shown) <= SHOWN else f"{shown[:SHOWN]}…"


def is_frame(value: object) -> bool:
    """Whether it is a table: a frame or series of pandas or polars, a table of pyarrow."""
    kind = type(value)
    return kind.__module__.partition(".")[0] in ("pandas", "polars", "pyarrow") and kind.__name__ in _FRAMES


def numeric_note(before: object, after: object) -> str:
    """By how much a number changed, with its sign; empty for what is no number.

    >>> numeric_note(0.7, 0.75), numeric_note(2, 1), numeric_note("a", 1)
    ('+0.05', '-1', '')
    """
    if isinstance(before, bool) or isinstance(after, bool):
        return ""
    if isinstance(before, int | float) and isinstance(after, int | float):
        return f"{after - before:+.4g}"
    return ""


def array_note(before: Any, after: Any) -> str:
    """How two arrays differ, in one line; empty for what is no pair of arrays."""
    if not all(type(each).__module__ == "numpy" and hasattr(each, "dtype") for each in (before, after)):
        return ""
    if before.dtype != after.dtype or before.shape != after.shape:
        return f"{before.dtype} {list(before.shape)} → {after.dtype} {list(after.shape)}"
    differ = (before != after) & ~((before != before) & (after != after))  # noqa: PLR0124 - nan is not itself
    count = int(differ.sum())
    most = (
        f", by at most {abs(after[differ] - before[differ]).max():.4g}" if count and before.dtype.kind in "iuf" else ""
    )
    return f"{count:,} of {before.size:,} elements differ{most}"


def compare_frames(before: Any, after: Any) -> FrameDifference:
    """How two tables differ: columns, types, and rows brought together by index, else by position.

    Args:
        before: a table; those of polars and pyarrow are compared as pandas sees them.
        after: another.
    """
    old, new = _as_pandas(before), _as_pandas(after)
    names = [name for name in old.columns if name in new.columns]
    by_index = _match(old.index, new.index)
    if by_index:
        kept = old.index[old.index.isin(new.index)]
        gone, come = old.index[~old.index.isin(kept)], new.index[~new.index.isin(kept)]
        left, right = old.loc[kept, names], new.loc[kept, names]
    else:
        both = min(len(old), len(new))
        kept, gone, come = range(both), range(both, len(old)), range(both, len(new))
        left, right = old[names].iloc[:both], new[names].iloc[:both]
    masks = [_differs(left.iloc[:, place], right.iloc[:, place]) for place in range(len(names))]
    places = sum(masks[1:], masks[0]).nonzero()[0] if masks else []
    columns = list(zip(names, masks, left.items(), right.items(), strict=True)) if masks else []
    rows = [RowDifference(str(kept[place]), "changed", _cells(place, columns)) for place in places[:ROWS]]
    rows += [RowDifference(str(label), "removed") for label in gone[: ROWS - len(rows)]]
    rows += [RowDifference(str(label), "added") for label in come[: ROWS - len(rows)]]
    pairs = [(str(name), str(old[name].dtype), str(new[name].dtype)) for name in names]
    return FrameDifference(
        rows=(len(old), len(new)),
        added=tuple(str(name) for name in new.columns if name not in old.columns),
        removed=tuple(str(name) for name in old.columns if name not in new.columns),
        dtypes=tuple(pair for pair in pairs if pair[1] != pair[2]),
        changed=tuple((str(name), int(mask.sum())) for name, mask in zip(names, masks, strict=True) if mask.any()),
        differing=tuple(rows),
        hidden=len(places) + len(gone) + len(come) - len(rows),
        matched_by="index" if by_index else "position",
        notes=tuple(_notes(old, new, by_index)),
    )


def _as_pandas(value: Any) -> Any:
    """The table as a pandas frame with unique column names."""
    frame = value.collect() if type(value).__name__ == "LazyFrame" else value
    if type(frame).__module__.partition(".")[0] != "pandas":
        frame = frame.to_pandas()
    frame = frame.to_frame(name=frame.name if frame.name is not None else "values") if frame.ndim == 1 else frame
    return frame.loc[:, ~frame.columns.duplicated()]


def _match(old: Any, new: Any) -> bool:
    """Whether two indexes say which row is which.

    They are unique, and no mere counts; one that is, is the index of a table that the other was taken out of, or was
    put in order, when it has its name and some of its labels.
    """
    if not (old.is_unique and new.is_unique):
        return False
    counted = [_is_count(index) for index in (old, new)]
    return not any(counted) or (not all(counted) and old.names == new.names and bool(old.isin(new).any()))


def _is_count(index: Any) -> bool:
    """Whether it only counts rows, as every index does that nobody gave."""
    if type(index).__name__ != "RangeIndex":
        return False
    return bool(index.start == 0 and index.step == 1 and index.name is None)


def _notes(old: Any, new: Any, by_index: bool) -> list[str]:
    """What differs between tables besides cells: names, type and labels of the index, and orders."""
    notes = []
    if list(old.index.names) != list(new.index.names):
        notes.append(f"index is {_named(new.index)}, was {_named(old.index)}")
    if old.index.dtype != new.index.dtype:
        notes.append(f"index is {new.index.dtype}, was {old.index.dtype}")
    if by_index:
        left, right = old.index[old.index.isin(new.index)], new.index[new.index.isin(old.index)]
        notes += ["other order of rows"] if not left.equals(right) else []
    else:
        both = min(len(old), len(new))
        left, right = (frame.index[:both].to_frame(index=False).astype(object) for frame in (old, new))
        if left.shape == right.shape:
            count = sum(_differs(left.iloc[:, n], right.iloc[:, n]) for n in range(left.shape[1])).astype(bool).sum()
            notes += [f"index differs in {count:,}"] if count else []
    columns = [[name for name in frame.columns if name in other.columns] for frame, other in ((old, new), (new, old))]
    return [*notes, *(["other order of columns"] if columns[0] != columns[1] else [])]


def _named(index: Any) -> str:
    return short(", ".join("unnamed" if name is None else str(name) for name in index.names)).strip("'")


def _differs(left: Any, right: Any) -> Any:
    """Whether two columns differ, for each place; missing values are alike."""
    old, new = (column.reset_index(drop=True) for column in (left, right))
    old, new = (column.astype(object) if str(column.dtype) == "category" else column for column in (old, new))
    try:
        unlike = old.ne(new).to_numpy(dtype=bool, na_value=True)
    except (TypeError, ValueError):  # arrays in cells, or types that cannot be compared
        pairs = zip(old, new, strict=True)
        unlike = old.isna().to_numpy() | [not _same(before, after) for before, after in pairs]
    return unlike & ~(old.isna() & new.isna()).to_numpy()


def _same(before: Any, after: Any) -> bool:
    try:
        equal = before == after
        return bool(equal.all() if hasattr(equal, "all") else equal)
    except (TypeError, ValueError):
        return repr(before) == repr(after)


def _cells(place: int, columns: Sequence[Any]) -> tuple[tuple[str, str, str], ...]:
    """(column, before, after) of the cells of a row that differ; columns are (name, mask, (name, old), (name, new))."""
    return tuple(
        (str(name), short(_plain(old.iat[place])), short(_plain(new.iat[place])))
        for name, mask, (_, old), (_, new) in columns
        if mask[place]
    )


def _plain(value: Any) -> Any:
    """A numpy scalar as a Python one, so that it is shown as a number."""
    return value.item() if type(value).__module__ == "numpy" and hasattr(value, "item") else value
