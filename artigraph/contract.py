"""What the registry has to know of the things it finds; whole contracts are in ``serializer/base.py`` and so on."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Protocol, runtime_checkable


@runtime_checkable
class SerializerLike(Protocol):
    """A serializer; the contract itself is ``serializer/base.py``."""

    name: str
    types: tuple[type, ...]
    suffixes: tuple[str, ...]

    def serialize(self, value: Any, /) -> bytes: ...

    def deserialize(self, data: bytes, /) -> Any: ...


@runtime_checkable
class StorageLike(Protocol):
    """A storage; the contract itself is ``storage/base.py``."""

    name: str

    async def read(self, location: str) -> bytes: ...

    async def delete(self, location: str) -> bool: ...


@runtime_checkable
class Unpacker(Protocol):
    """Takes values of a composite type apart, so that each part is saved by itself, and puts them together again.

    Attributes:
        name: the stored name, ``library.type/1``; what the labels mean never changes under it.
        types: classes it is for, subclasses included.
    """

    name: str
    types: tuple[type, ...]

    def unpack(self, value: Any, /) -> Mapping[str, Any]:
        """Label -> part; parts are anything that can be saved."""
        ...

    def pack(self, parts: Mapping[str, Any], /) -> Any:
        """The value again, of its parts under their labels."""
        ...
