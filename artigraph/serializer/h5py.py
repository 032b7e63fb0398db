"""HDF5 files, opened to be read: found by suffix. To keep arrays, save them as values or write a file."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import IO, Any

from artigraph.errors import SerializeError, UnserializableError
from artigraph.registry import load
from artigraph.serializer.base import Serializer

h5py = load("h5py", "the HDF5 serializer")


class Hdf5Serializer(Serializer[Any]):
    """``h5py.File``, opened with mode "r"."""

    name = "h5py.file/1"
    suffixes = (".h5", ".hdf5")
    content_type = "application/x-hdf5"

    def dump(self, value: Any, file: IO[bytes], /) -> None:
        raise UnserializableError("value", type(value).__qualname__, "write an .h5 file, and keep that by its path")

    def load(self, file: IO[bytes], /) -> Any:
        with _translated():
            return h5py.File(file, "r")

    def read_path(self, path: Path, /, **options: Any) -> Any:
        """With the options of ``h5py.File``."""
        with _translated():
            return h5py.File(path, "r", **options)


@contextmanager
def _translated() -> Iterator[None]:
    try:
        yield
    except Exception as error:  # whatever hostile bytes provoke
        raise SerializeError(f"this is not opened as HDF5: {str(error)[:300]}") from error


hdf5_serializer = Hdf5Serializer().register()
