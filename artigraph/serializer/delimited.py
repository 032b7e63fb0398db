"""pandas frames as delimited text (CSV, TSV): what ``to_csv`` writes, and what ``read_csv`` needs to read it again."""

from __future__ import annotations

import codecs
import io
from collections.abc import Iterator
from contextlib import contextmanager
from inspect import signature
from typing import IO, Any

from artigraph.errors import ArtigraphError, SerializeError, UnserializableError
from artigraph.registry import load

pandas = load("pandas", "the pandas serializer")

_SHARED = ("sep", "quotechar", "quoting", "doublequote", "escapechar", "decimal", "encoding")
"""Options that reading has under the same name."""
_WRITING = tuple(signature(pandas.DataFrame.to_csv).parameters)[2:]
"""What ``to_csv`` knows, besides the frame and the place."""
_MARKED = frozenset({"utf-16", "utf-32"})
"""Encodings whose mark at the beginning is left out of a stream that cannot be asked where it is."""
_GZIP = b"\x1f\x8b"


def write_text(frame: Any, file: IO[bytes], options: dict[str, Any]) -> None:
    """Write a frame with the options of ``DataFrame.to_csv``; the index too, unless it only counts the rows.

    Raises:
        SerializeError: pandas does not take these options.
        UnserializableError: it is no frame.
    """
    if not isinstance(frame, pandas.DataFrame):
        raise UnserializableError("value", type(frame).__qualname__, "this is for a pandas.DataFrame")
    if "compression" in options:
        raise SerializeError("a CSV file is kept as it is; compression is no option of it")
    given = {"index": not _only_counts(frame.index), **options}
    encoding = given.pop("encoding", None) or "utf-8"
    try:
        name = codecs.lookup(encoding).name
    except LookupError as error:
        raise SerializeError(f"there is no encoding {encoding!r}") from error
    if name in _MARKED:
        file.write("".encode(name))
    text = io.TextIOWrapper(file, encoding=name, newline="", write_through=True)
    try:
        frame.to_csv(text, **given)
        text.flush()
    except (TypeError, ValueError) as error:
        raise SerializeError(f"pandas cannot write this CSV: {str(error)[:300]}") from error
    finally:
        text.detach()


def reading(frame: Any, options: dict[str, Any]) -> dict[str, Any]:
    """The options of ``pandas.read_csv`` that read what ``write_text`` writes with ``options``.

    Args:
        frame: what is written; None: a file that was written by somebody else.
        options: of ``DataFrame.to_csv``.

    Raises:
        SerializeError: it has no such options.
    """
    unknown = options.keys() - _WRITING
    if unknown:
        raise SerializeError(f"DataFrame.to_csv has no {', '.join(sorted(unknown))}; it has {', '.join(_WRITING)}")
    found: dict[str, Any] = {name: options[name] for name in _SHARED if options.get(name) is not None}
    if options.get("na_rep"):
        found["na_values"] = [options["na_rep"]]
    if options.get("index", frame is not None and not _only_counts(frame.index)):
        found["index_col"] = list(range(frame.index.nlevels)) if frame is not None else [0]
    if options.get("header") is False:
        found["header"] = None
        if not found.get("index_col") and frame is not None:
            found["names"] = [str(name) for name in frame.columns]
    return found


def read_text(file: IO[bytes], options: dict[str, Any]) -> Any:
    """The frame in a file of delimited text, which may be packed with gzip.

    Raises:
        SerializeError: pandas cannot read it, or does not take these options.
    """
    packed = file.read(2) == _GZIP
    file.seek(0)
    try:
        return pandas.read_csv(file, **{"compression": "gzip" if packed else None, **options})
    except pandas.errors.EmptyDataError:
        return pandas.DataFrame()
    except Exception as error:  # whatever hostile bytes provoke
        raise SerializeError(f"pandas cannot read this text: {str(error)[:300]}") from error


@contextmanager
def translated(name: str) -> Iterator[None]:
    """Whatever pandas or Arrow say about a file or an option, as an error of ours."""
    try:
        yield
    except ArtigraphError:
        raise
    except Exception as error:  # whatever hostile bytes provoke
        raise SerializeError(f"{name} cannot do this: {str(error)[:300]}") from error


def _only_counts(index: Any) -> bool:
    return isinstance(index, pandas.RangeIndex) and (index.start, index.step, index.name) == (0, 1, None)
