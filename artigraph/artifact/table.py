"""Tables as content: frames of pandas or polars, or Arrow tables, in the format that the key's suffix says."""

from __future__ import annotations

import os
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from artigraph.artifact.content import Content, FileContent, ValueContent
from artigraph.artifact.key import check_key, common_suffix, suffix_of
from artigraph.artifact.path import checked_path
from artigraph.errors import ArtigraphError, InvalidArtifactError, SerializeError
from artigraph.registry import current_registry, load
from artigraph.storage.base import Storage

OTYPE = "DataFrame"

FORMATS = {
    **dict.fromkeys((".parquet", ".pq"), "parquet"),
    **dict.fromkeys((".feather", ".ipc", ".arrow"), "feather"),
    ".csv": "csv",
    ".tsv": "tsv",
}
DELIMITED = frozenset({"text/csv", "text/tab-separated-values"})
LIBRARIES = frozenset({"pandas", "polars", "pyarrow"})


@dataclass(slots=True)
class TableFileContent(FileContent):
    """A file that is a table."""

    def prepare(self, storage: Storage, likely: int | None) -> None:
        FileContent.prepare(self, storage, likely)
        self.n_observations = _rows(Path(self.path), self.suffix, self.options)


def table_content(
    data: Any, key: str | None, parquet_kwargs: Mapping[str, Any] | None, csv_kwargs: Mapping[str, Any] | None
) -> Content:
    """The content of ``from_dataframe``.

    Raises:
        InvalidArtifactError: it is no table, or in a format that is not written, or options are for another format.
    """
    if isinstance(data, str | os.PathLike):
        path = checked_path(data)
        if path.is_dir():
            raise InvalidArtifactError(
                f"{path} is a folder, and a table is one file; Artifact(folder) keeps it as one, which open() reads as "
                "one table, Artifact.from_dir(folder) every file as its own"
            )
        suffix = common_suffix(key, suffix_of(path.name))
        if parquet_kwargs:
            raise InvalidArtifactError(f"parquet_kwargs say how a table is written, and {path.name} is kept as it is")
        reading = _reading(path.name, suffix, csv_kwargs) if csv_kwargs else {}
        return TableFileContent(path=path, suffix=suffix, otype=OTYPE, options=reading)
    library = type(data).__module__.partition(".")[0]
    if library not in LIBRARIES or type(data).__name__ not in ("DataFrame", "Table"):
        kind = f"{type(data).__module__}.{type(data).__qualname__}"
        raise InvalidArtifactError(f"a table is a DataFrame of pandas or polars, or a pyarrow.Table, not a {kind}")
    suffix = (suffix_of(check_key(key)) if key is not None else "") or ".parquet"
    kind = FORMATS.get(suffix.lower(), "")
    if not kind:
        raise InvalidArtifactError(f"a table is not kept as {suffix}; there are {', '.join(FORMATS)}")
    options = {"parquet": parquet_kwargs, "csv": csv_kwargs, "tsv": csv_kwargs}.get(kind)
    for name, given in (("parquet_kwargs", parquet_kwargs), ("csv_kwargs", csv_kwargs)):
        if given and given is not options:
            raise InvalidArtifactError(f"{name} is given, and {key!r} is kept as {kind}")
        _check_options(name, given)
    writer: Any = current_registry().serializer_named(f"{library}.{kind}/1")
    return ValueContent(
        value=data,
        writer=writer,
        serializer=writer.name,
        content_type=writer.content_type,
        suffix=suffix,
        otype=OTYPE,
        n_observations=len(data),
        write_options=dict(options or {}),
        options=writer.reading(data, **(options or {})),
    )


def _check_options(name: str, given: Any) -> None:
    if given and not (isinstance(given, Mapping) and all(isinstance(each, str) for each in given)):
        raise InvalidArtifactError(f"{name} is a dict of names and values, not {given!r:.100}")


def is_kept_table(artifact: Any) -> bool:
    """Whether an artifact that is kept is a table in a format of tables."""
    return artifact.n_observations is not None and artifact.suffix.lower() in FORMATS


def _reading(name: str, suffix: str, csv_kwargs: Mapping[str, Any]) -> dict[str, Any]:
    """How a file is read that was written with these options.

    Raises:
        InvalidArtifactError: it is no CSV, or there are no such options.
    """
    reader: Any = current_registry().serializer_for_suffix(suffix)
    if getattr(reader, "content_type", None) not in DELIMITED:
        raise InvalidArtifactError(f"csv_kwargs is given, and {name} is no CSV")
    _check_options("csv_kwargs", csv_kwargs)
    return dict(reader.reading(None, **csv_kwargs))


def table_in(path: Path, suffix: str, options: Mapping[str, Any], *, whole: bool) -> Any:
    """The table in a file; unless the ``whole`` of it is wanted, without rows where the format tells its columns.

    Args:
        path: of the file.
        suffix: its suffix.
        options: for whoever reads it.
        whole: with all rows.

    Returns:
        None when the file is none.
    """
    if FORMATS.get(suffix.lower()) is None:
        return None
    if FORMATS[suffix.lower()] == "parquet" and not whole:
        return _told(path, "read_schema").empty_table()
    reader: Any = current_registry().serializer_for_suffix(suffix)
    with path.open("rb") as file:
        return reader.read(file, **options)


def _rows(path: Path, suffix: str, options: Mapping[str, Any]) -> int | None:
    """Rows of a table in a file, without reading them where the format says their number."""
    if FORMATS.get(suffix.lower()) == "parquet":
        return int(_told(path, "read_metadata").num_rows)
    reader: Any = current_registry().serializer_for_suffix(suffix)
    if reader is None:
        raise InvalidArtifactError(f"{path.name} is no table that can be read; there are {', '.join(FORMATS)}")
    with path.open("rb") as file:
        return len(reader.read(file, **options))


def _told(path: Path, name: str) -> Any:
    """What a Parquet file tells about itself."""
    try:
        return getattr(load("pyarrow.parquet", "reading Parquet"), name)(path)
    except ArtigraphError:
        raise
    except Exception as error:  # whatever hostile bytes provoke
        raise SerializeError(f"{path.name} is no Parquet file: {str(error)[:300]}") from error
