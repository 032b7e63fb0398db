"""Files as they are: what a keyed artifact is that was made of a path. How it is read, its suffix says."""

from __future__ import annotations

from artigraph.serializer.base import Serializer


class FileSerializer(Serializer[bytes]):
    """The bytes of a file; never chosen for a value."""

    name = "file/1"

    def serialize(self, value: bytes, /) -> bytes:
        return value

    def deserialize(self, data: bytes, /) -> bytes:
        return data


class BytesSerializer(FileSerializer):
    """Bytes that were given as a value, and are one again when they are loaded."""

    name = "file.bytes/1"


bytes_serializer = BytesSerializer().register()
file_serializer = FileSerializer().register()
