"""AnnData as .h5ad files, or as zarr in a folder."""

from __future__ import annotations

import shutil
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import IO, Any

from artigraph.errors import SerializeError, UnserializableError
from artigraph.registry import load
from artigraph.serializer.base import Serializer

anndata = load("anndata", "the AnnData serializer")


class H5adSerializer(Serializer[Any]):
    """``anndata.AnnData`` as an HDF5 file, written and read by AnnData itself."""

    name = "anndata.h5ad/1"
    types: tuple[type, ...] = (anndata.AnnData,)
    suffixes = (".h5ad",)
    otypes = ("AnnData",)
    content_type = "application/x-hdf5"

    def dump(self, value: Any, file: IO[bytes], /) -> None:
        self.write(value, file)

    def write(self, value: Any, file: IO[bytes], /, **options: Any) -> None:
        """With the options of ``AnnData.write_h5ad``."""
        if not isinstance(value, anndata.AnnData):
            raise UnserializableError("value", type(value).__qualname__, "this is for anndata.AnnData")
        with _temporary() as path:
            try:
                value.write_h5ad(path, **options)
            except (TypeError, ValueError, OSError) as error:
                hint = f"AnnData says: {str(error)[:300]}"
                raise UnserializableError("value", type(value).__qualname__, hint) from error
            with path.open("rb") as written:
                shutil.copyfileobj(written, file, 1 << 20)

    def load(self, file: IO[bytes], /) -> Any:
        with _temporary() as path:
            with path.open("wb") as copy:
                shutil.copyfileobj(file, copy, 1 << 20)
            return self.read_path(path)

    def read_path(self, path: Path, /, **options: Any) -> Any:
        """With the options of ``anndata.read_h5ad``."""
        try:
            return anndata.read_h5ad(path, **options)
        except Exception as error:  # whatever hostile bytes provoke
            raise SerializeError(f"this is not read as .h5ad: {str(error)[:300]}") from error

    def preview(self, value: Any, /) -> dict[str, Any] | None:
        """Its shape, and what AnnData says of itself."""
        return {"type": "AnnData", "shape": list(value.shape), "text": repr(value)[:2000]}


class AnndataZarrSerializer(H5adSerializer):
    """``anndata.AnnData`` as zarr in a folder: named by the key, never chosen for a value."""

    name = "anndata.zarr/1"
    types = ()
    suffixes = (".anndata.zarr",)

    def write(self, value: Any, file: IO[bytes], /, **options: Any) -> None:
        raise UnserializableError("value", type(value).__qualname__, "a zarr is a folder, not a file")

    def write_path(self, value: Any, path: Path, /, **options: Any) -> None:
        """Write the folder ``path``, with the options of ``AnnData.write_zarr``."""
        try:
            value.write_zarr(path, **options)
        except (TypeError, ValueError, OSError) as error:
            hint = f"AnnData says: {str(error)[:300]}"
            raise UnserializableError("value", type(value).__qualname__, hint) from error

    def load(self, file: IO[bytes], /) -> Any:
        raise SerializeError("a zarr is a folder, this is a file")

    def read_path(self, path: Path, /, **options: Any) -> Any:
        """With the options of ``anndata.read_zarr``."""
        try:
            return anndata.read_zarr(path, **options)
        except Exception as error:  # whatever hostile bytes provoke
            raise SerializeError(f"this is not read as AnnData in zarr: {str(error)[:300]}") from error


@contextmanager
def _temporary() -> Iterator[Path]:
    """A path in a folder that is removed at the end."""
    folder = tempfile.mkdtemp(prefix="artigraph-")
    try:
        yield Path(folder, "content.h5ad")
    finally:
        shutil.rmtree(folder, ignore_errors=True)


h5ad_serializer = H5adSerializer().register()
anndata_zarr_serializer = AnndataZarrSerializer().register()
