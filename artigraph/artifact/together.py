"""Several loaded or opened things as one."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from artigraph.artifact.tabular import is_table
from artigraph.errors import InvalidArtifactError
from artigraph.registry import load


def joined(values: Sequence[Any]) -> Any:
    """Tables of one library below each other, with the columns of all of them; anything else as a list."""
    libraries = {type(each).__module__.partition(".")[0] if is_table(each) else "" for each in values}
    if libraries == {"pandas"}:
        return load("pandas", "joining tables").concat(values, ignore_index=True)
    if libraries == {"polars"}:
        return load("polars", "joining tables").concat(values, how="diagonal_relaxed")
    if libraries == {"pyarrow"}:
        return load("pyarrow", "joining tables").concat_tables(values, promote_options="permissive")
    return list(values)


def opened_together(sets: Sequence[Any], engine: str) -> Any:
    """Data sets of pyarrow, or lazy frames of polars, below each other, with the columns of all of them.

    Raises:
        InvalidArtifactError: there is something else among them, or their columns contradict each other.
    """
    if engine == "polars":
        return load("polars", "opening a collection").concat(list(sets), how="diagonal_relaxed")
    pyarrow, dataset = load("pyarrow", "opening a collection"), load("pyarrow.dataset", "opening a collection")
    if not all(isinstance(each, dataset.Dataset) for each in sets):
        raise InvalidArtifactError("only tables are opened together; load() or cache() the collection")
    try:
        schema = pyarrow.unify_schemas([each.schema for each in sets], promote_options="permissive")
        return dataset.dataset([each.replace_schema(schema) for each in sets], schema=schema)
    except (pyarrow.ArrowException, TypeError) as error:
        raise InvalidArtifactError(f"these tables do not go together: {str(error)[:300]}") from error
