"""The schema that a table turned out to have: its columns as rows of the tag table, and as a ``Schema``."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from itertools import islice
from typing import Any

from artigraph.artifact.dtype import NAMES, Cell, stored_text
from artigraph.artifact.dtype import cells as cells_of
from artigraph.artifact.feature import Feature
from artigraph.artifact.schema import Schema
from artigraph.artifact.tabular import Column, columns_of

DISTINCT = 100
"""Values of a checked text column that are remembered; a column with more of them is not looked into."""


def found_columns(table: Any, checked: Collection[str]) -> dict[str, list[Cell]]:
    """Name of a column -> its dtype and, of a checked one with few texts in it, these.

    Args:
        table: a frame of pandas or polars, or a pyarrow.Table.
        checked: names of the columns whose values are to be remembered.
    """
    found: dict[str, list[Cell]] = {}
    for column in columns_of(table):
        name = stored_text(column.name)
        cells = [Cell(-1, column.native[:64], text=column.family()[:64])]
        if column.name in checked and cells[0].text == "str":
            cells += cells_of(column.name, texts, "str") if (texts := _distinct(column)) else []
        found.setdefault(name, cells)
    return found


def schema_of(columns: Mapping[str, Sequence[Cell]]) -> Schema:
    """The columns that were found, as a schema; a feature has no dtype where the column has none that features have."""
    features = []
    for name, cells in columns.items():
        dtype = cells[0].text or ""
        is_ours = dtype.removeprefix("list[").removesuffix("]") in NAMES
        features += [Feature(name, dtype if is_ours else None)] if name else []
    return Schema(features, name="columns")


def _distinct(column: Column) -> list[str]:
    array = column.arrow()
    if array is None:
        return []
    values = list(islice((each for each in array.unique().to_pylist() if each is not None), DISTINCT + 1))
    return values if len(values) <= DISTINCT else []
