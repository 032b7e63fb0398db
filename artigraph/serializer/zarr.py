"""zarr arrays and groups in a folder, opened to be read: found by suffix."""

from __future__ import annotations

from pathlib import Path
from typing import IO, Any

from artigraph.errors import SerializeError, UnserializableError
from artigraph.registry import load
from artigraph.serializer.base import Serializer

zarr = load("zarr", "the zarr serializer")


class ZarrSerializer(Serializer[Any]):
    """``zarr.Array`` or ``zarr.Group``, opened with mode "r"; written with zarr itself, to a path of ``from_lazy``."""

    name = "zarr.folder/1"
    suffixes = (".zarr",)

    def dump(self, value: Any, file: IO[bytes], /) -> None:
        raise UnserializableError(
            "value", type(value).__qualname__, "write it to Artifact.from_lazy(suffix='.zarr').path"
        )

    def load(self, file: IO[bytes], /) -> Any:
        raise SerializeError("a zarr is a folder, this is a file")

    def read_path(self, path: Path, /, **options: Any) -> Any:
        """With the options of ``zarr.open``."""
        try:
            return zarr.open(str(path), mode="r", **options)
        except Exception as error:  # whatever hostile bytes provoke
            raise SerializeError(f"this is not opened as zarr: {str(error)[:300]}") from error


zarr_serializer = ZarrSerializer().register()
