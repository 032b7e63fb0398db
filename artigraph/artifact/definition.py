"""The saved features that names mean, and values as rows of them."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from sqlalchemy import Connection

from artigraph.artifact.dtype import Cell
from artigraph.artifact.feature import Feature
from artigraph.artifact.term import select_terms
from artigraph.errors import SchemaMismatchError
from artigraph.graph.schema import NODE
from artigraph.persist.conflict import CHUNK
from artigraph.persist.spec import check_label


def name_of(named: Any) -> str:
    """The name of a feature, given by itself or as a Feature.

    Raises:
        SchemaMismatchError, InvalidLabelError: it cannot be one.
    """
    name = named.name if isinstance(named, Feature) else named
    if not isinstance(name, str):
        raise SchemaMismatchError(f"{named!r} is no feature; give its name, or a Feature")
    return check_label(name) or ""


def definitions(connection: Connection, names: Iterable[Any]) -> dict[str, Feature]:
    """Name -> the saved feature, of those that were saved; a Feature that was given and not saved stands for itself."""
    given = {name_of(each): each for each in names}
    found = {name: each for name, each in given.items() if isinstance(each, Feature) and each.dtype is not None}
    listed = list(given)
    for start in range(0, len(listed), CHUNK):
        asked = select_terms("feature").where(NODE.c.node_label.in_(listed[start : start + CHUNK]))
        found |= {row.node_label: Feature.from_row(row) for row in connection.execute(asked)}
    return found


def encoded(values: Mapping[Any, Any], known: Mapping[str, Feature]) -> dict[str, list[Cell]]:
    """The rows that say these values.

    Args:
        values: name or Feature -> value.
        known: the features that are declared, by their names.

    Raises:
        SchemaMismatchError: a value is not of the dtype of its feature.
    """
    made = {}
    for key, value in values.items():
        name = name_of(key)
        made[name] = known.get(name, Feature(name)).cells(value)
    return made
