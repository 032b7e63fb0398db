"""Files and folders opened to be read piece by piece: Arrow datasets, lazy frames of polars, HDF5 and zarr."""

from __future__ import annotations

from collections.abc import Sequence
from functools import cache
from pathlib import Path
from typing import Any, Self

from artigraph.artifact.dialect import Dialect
from artigraph.artifact.key import suffix_of
from artigraph.errors import InvalidArtifactError
from artigraph.registry import load

FORMATS = {
    **dict.fromkeys((".parquet", ".pq"), "parquet"),
    **dict.fromkeys((".feather", ".ipc", ".arrow"), "ipc"),
    **dict.fromkeys((".csv", ".tsv"), "csv"),
    **dict.fromkeys((".json", ".jsonl"), "json"),
}
SCANNERS = {"parquet": "scan_parquet", "ipc": "scan_ipc", "csv": "scan_csv", "json": "scan_ndjson"}


class _Closable:
    """For ``with``: what has a file is closed, the others hold nothing open."""

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        file = getattr(self, "file", None)
        if file is not None:
            file.close()

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(self, *_: object) -> None:
        self.__exit__()


def check_opening(mode: str, engine: str) -> None:
    """Raises InvalidArtifactError for a mode or engine that there is not."""
    if mode != "r":
        raise InvalidArtifactError(f"mode is {mode!r}; what is kept never changes, so it is opened with 'r' alone")
    if engine not in ("pyarrow", "polars"):
        raise InvalidArtifactError(f"engine is {engine!r}; it can be 'pyarrow' or 'polars'")


def opened(
    path: Path,
    suffix: str,
    names: Sequence[str],
    *,
    engine: str,
    kept: dict[str, Any],
    options: dict[str, Any],
) -> Any:
    """(worker thread) What a file or folder is opened as.

    Args:
        path: a local view of it.
        suffix: its suffix.
        names: of a folder, the files in it.
        engine: "pyarrow" or "polars", for tables.
        kept: how it was written: options of ``pandas.read_csv``.
        options: for the function of the library that opens it.

    Raises:
        InvalidArtifactError: nothing opens such files.
        MissingLibraryError: the library that does is not installed.
    """
    if suffix.endswith(".zarr"):
        return load("zarr", "opening zarr").open(str(path), mode="r", **options)
    if suffix == ".h5ad":
        backed = load("anndata", "opening .h5ad").read_h5ad(path, backed="r", **options)
        backed.__class__ = _opened(type(backed))
        return backed
    if suffix in (".h5", ".hdf5"):
        return load("h5py", "opening HDF5").File(path, "r", **options)
    suffix = _one_suffix(names) if names else suffix
    kind = FORMATS.get(suffix.lower())
    if kind is None:
        known = ", ".join([*FORMATS, ".zarr", ".h5ad", ".h5"])
        raise InvalidArtifactError(
            f"{suffix or 'this'} is not opened piece by piece ({known} are); load() or cache() it"
        )
    dialect = Dialect.of(kept, suffix) if kind == "csv" else None
    if engine == "polars":
        return _scanned(path / "**" / f"*{suffix}" if path.is_dir() else path, kind, dialect, options)
    return _dataset(path, kind, dialect, options)


def _dataset(path: Path, kind: str, dialect: Dialect | None, options: dict[str, Any]) -> Any:
    dataset = load("pyarrow.dataset", "opening tables")
    given: Any = dialect.arrow_format() if dialect is not None else kind
    try:
        found = dataset.dataset(str(path), **{"format": given, **options})
    except (OSError, TypeError, ValueError) as error:
        raise InvalidArtifactError(f"Arrow cannot open this as {kind}: {str(error)[:300]}") from error
    plain = dataset.FileSystemDataset
    if type(found) is not plain:
        return found
    return _opened(plain)(
        list(found.get_fragments()), found.schema, found.format, found.filesystem, found.partition_expression
    )


def _scanned(path: Path, kind: str, dialect: Dialect | None, options: dict[str, Any]) -> Any:
    polars = load("polars", "opening tables with engine='polars'")
    more = dialect.polars_options() if dialect is not None else {}
    try:
        frame = getattr(polars, SCANNERS[kind])(path, **{**more, **options})
        frame.collect_schema()  # which says at once that this is no such file
    except (OSError, TypeError, ValueError, polars.exceptions.PolarsError) as error:
        raise InvalidArtifactError(f"polars cannot open this as {kind}: {str(error)[:300]}") from error
    return _opened(polars.LazyFrame)._from_pyldf(frame._ldf)


def _opened(kind: Any) -> Any:
    """The same class, usable in a ``with`` statement."""
    return _closable(kind)


@cache
def _closable(kind: Any) -> Any:
    return type(f"Opened{kind.__name__}", (_Closable, kind), {"__module__": __name__})


def _one_suffix(names: Sequence[str]) -> str:
    """The suffix that all files of a folder have."""
    found = {suffix_of(name) for name in names if not name.rpartition("/")[2].startswith(("_", "."))}
    if len(found) != 1:
        listed = ", ".join(sorted(found)) or "none"
        raise InvalidArtifactError(f"a folder is opened when its files are of one format; here are {listed}")
    return found.pop()
