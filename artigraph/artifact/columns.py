"""The schema that a table turned out to have: its columns as rows of the tag table, and as a ``Schema``."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from itertools import islice
from typing import Any

from artigraph.artifact.dtype import NAMES, Cell, stored_text
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
            cells += [Cell(place, "str", text=stored_text(each)) for place, each in enumerate(_distinct(column))]
        found.setdefault(name, cells)
    return found


def schema_of(columns: Mapping[str, Sequence[Cell]]) -> Schema:
    """The columns that were found, as a schema; those whose dtype features do not have are texts there."""
    features = []
    for name, cells in columns.items():
        dtype = cells[0].text or "str"
        inner = dtype.removeprefix("list[").removesuffix("]")
        if name:
            features.append(Feature(name, dtype if inner in NAMES else "str"))
    return Schema(features)


def _distinct(column: Column) -> list[str]:
    array = column.arrow()
    if array is None:
        return []
    values = list(islice((each for each in array.unique().to_pylist() if each is not None), DISTINCT + 1))
    return values if len(values) <= DISTINCT else []
