"""Folders as manifests: a line for every file in it, with hash, size and path; what changes a folder changes these."""

from __future__ import annotations

import json
from collections.abc import Iterable
from dataclasses import dataclass

from artigraph.errors import SerializeError
from artigraph.serializer.base import Serializer


@dataclass(frozen=True, slots=True, order=True)
class Entry:
    """One file of a folder, or one folder in it that is empty."""

    path: str
    """Below the folder, with ``/`` between the parts; that of an empty folder ends with one."""
    size: int = 0
    """Bytes."""
    digest: bytes | None = None
    """The sha256 of the file, 32 raw bytes; None of an empty folder."""


Manifest = tuple[Entry, ...]
"""Sorted by path."""


class FolderSerializer(Serializer[Manifest]):
    """Manifests as text, the same for the same folder; never chosen for a value."""

    name = "folder/1"
    content_type = "text/plain"

    def serialize(self, value: Iterable[Entry], /) -> bytes:
        lines = (f"{e.digest.hex() if e.digest else '-'} {e.size} {json.dumps(e.path)}\n" for e in sorted(value))
        return "".join(lines).encode("ascii")

    def deserialize(self, data: bytes, /) -> Manifest:
        try:
            return tuple(map(_entry, data.decode("ascii").splitlines()))
        except (ValueError, TypeError) as error:
            raise SerializeError(f"not a manifest in {self.name}: {str(error)[:200]}") from error


def _entry(line: str) -> Entry:
    digest, size, path = line.split(" ", 2)
    name = json.loads(path)
    if not isinstance(name, str) or not name or ".." in name.split("/") or name[0] == "/" or "\0" in name:
        raise ValueError(f"{path[:100]} is no path in a folder")
    return Entry(name, int(size), None if digest == "-" else bytes.fromhex(digest))


folder_serializer = FolderSerializer().register()
