"""Several loaded or cached things as one."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from artigraph.artifact.tabular import is_table
from artigraph.errors import InvalidArtifactError
from artigraph.registry import load

FORMATS = {
    ".parquet": "parquet",
    ".csv": "csv",
    ".tsv": "csv",
    ".json": "json",
    ".jsonl": "json",
    ".feather": "ipc",
    ".ipc": "ipc",
    ".arrow": "ipc",
}
"""Suffix -> what pyarrow and polars call the format."""


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


def opened(whole: Any, held: Sequence[Any], paths: Sequence[Any], engine: str, options: Mapping[str, Any]) -> Any:
    """Files of one format as a ``pyarrow.dataset.Dataset`` or a ``polars.LazyFrame``.

    Raises:
        InvalidArtifactError: they are not of one format, or there is no such engine.
    """
    suffixes = {each.suffix for each in held}
    formats = {FORMATS.get(suffix.lower()) for suffix in suffixes}
    if len(formats) != 1 or None in formats:
        listed = ", ".join(sorted(suffix or "no suffix" for suffix in suffixes))
        raise InvalidArtifactError(
            f"{whole!r} is not opened as one: it holds {listed}; load() gives a list of anything"
        )
    kind = str(formats.pop())
    if engine == "polars":
        polars = load("polars", "opening a collection")
        scans = {
            "parquet": polars.scan_parquet,
            "csv": polars.scan_csv,
            "json": polars.scan_ndjson,
            "ipc": polars.scan_ipc,
        }
        return polars.concat([scans[kind](path, **options) for path in paths], how="diagonal_relaxed")
    if engine != "pyarrow":
        raise InvalidArtifactError(f"there is no engine {engine!r}, there are 'pyarrow' and 'polars'")
    dataset = load("pyarrow.dataset", "opening a collection")
    return dataset.dataset([str(path) for path in paths], format=kind, **options)
