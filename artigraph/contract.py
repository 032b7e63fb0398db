"""What the registry has to know of the things it finds; whole contracts are in ``serializer/base.py`` and so on."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from types import ModuleType
from typing import Any, Protocol, TypeVar, runtime_checkable

from artigraph.errors import InvalidOptionError

T = TypeVar("T")


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


def checked(name: str, thing: T, kind: Any, wanted: str) -> T:
    """The same thing, which is of a kind (a class, a contract above, or several).

    Raises:
        InvalidOptionError: it is not; or it is a class, where an instance of that class is wanted.

    >>> checked("registry", {}, Mapping, "a mapping")
    {}
    """
    if isinstance(thing, type) or not isinstance(thing, kind):
        raise InvalidOptionError(name, thing, wanted)
    return thing


def several(name: str, things: Any, wanted: str, one: Any = str) -> tuple[Any, ...]:
    """The things as a tuple; what is ``one`` thing by itself is taken as the only one, None as none.

    Raises:
        InvalidOptionError: it is neither.

    >>> several("fields", "x", "names"), several("fields", None, "names")
    (('x',), ())
    """
    if isinstance(things, one):
        return (things,)
    return tuple(checked(name, () if things is None else things, Iterable, wanted))


@contextmanager
def imported(module: str | ModuleType) -> Iterator[None]:
    """Say that there is no such module; another one that is missing inside of it comes out unchanged."""
    try:
        yield
    except ModuleNotFoundError as error:
        if error.name is None or not f"{module}.".startswith(f"{error.name}."):
            raise
        raise InvalidOptionError("modules", module, "modules, or names of modules that are there") from error
