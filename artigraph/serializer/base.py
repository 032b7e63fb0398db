"""The contract of a serializer: a value to bytes and back, exactly, with no I/O of its own."""

from __future__ import annotations

import io
import json
import re
from abc import ABC
from collections.abc import Iterable
from typing import IO, Any, Generic, Self, TypeVar

from artigraph.errors import SerializeError
from artigraph.registry import default_registry

T = TypeVar("T")

PREVIEW_LIMIT = 8192
"""The most bytes a preview may take as JSON."""

_NAME = re.compile(r"[a-z][a-z0-9_]*(\.[a-z][a-z0-9_]*)*/[1-9][0-9]*")
_PAIRS = (("serialize", "dump"), ("deserialize", "load"))


class Serializer(ABC, Generic[T]):
    """Turns values of some types into bytes and back, exactly: same type, same content.

    Define ``serialize`` and ``deserialize``, or, for a format that can stream, ``dump`` and ``load``; each pair gives
    the other. All are pure and are called from any thread. Equal values should give equal bytes.

    Attributes:
        name: ``library.format/version``; it leads to the file, is stored, and its bytes never change meaning.
        types: classes this is found for, subclasses included.
        suffixes: of files in this format, with the dot, lower case.
        otypes: what keyed artifacts call such values ("DataFrame").
        content_type: the media type of the bytes.
    """

    name: str
    types: tuple[type, ...] = ()
    suffixes: tuple[str, ...] = ()
    otypes: tuple[str, ...] = ()
    content_type: str = "application/octet-stream"

    def __init_subclass__(cls, **options: Any) -> None:
        super().__init_subclass__(**options)
        name = getattr(cls, "name", None)
        if name is not None and not (isinstance(name, str) and len(name) <= 100 and _NAME.fullmatch(name)):
            raise ValueError(f"{cls.__qualname__}.name is {name!r}: expected 'library/1' or 'library.format/1'")
        for ours, other in _PAIRS if name is not None else ():
            if getattr(cls, ours) is getattr(Serializer, ours) and getattr(cls, other) is getattr(Serializer, other):
                raise TypeError(f"{cls.__qualname__} defines neither {ours} nor {other}")

    def __repr__(self) -> str:
        return f"<{type(self).__name__} {self.name}>"

    def serialize(self, value: T, /) -> bytes:
        """The bytes of ``value``.

        Raises:
            UnserializableError: the value, or a part of it, cannot be kept exactly.
        """
        file = io.BytesIO()
        self.dump(value, file)
        return file.getvalue()

    def deserialize(self, data: bytes, /) -> T:
        """The value of these bytes.

        Raises:
            SerializeError: the bytes are not of this format.
        """
        return self.load(io.BytesIO(data))

    def dump(self, value: T, file: IO[bytes], /) -> None:
        """Write the bytes of ``value`` to ``file``, which may only go forward; raises as ``serialize`` does."""
        file.write(self.serialize(value))

    def load(self, file: IO[bytes], /) -> T:
        """The value in the rest of ``file``, a seekable file at its start; raises as ``deserialize`` does."""
        return self.deserialize(file.read())

    def write(self, value: T, file: IO[bytes], /, **options: Any) -> None:
        """``dump`` for a keyed file, with options that only this format knows.

        Raises:
            SerializeError: it knows no such options.
        """
        self._refuse(options)
        self.dump(value, file)

    def reading(self, value: T, /, **options: Any) -> dict[str, Any]:
        """The options, JSON-able, with which ``read`` reads what ``write`` wrote with these."""
        return {}

    def read(self, file: IO[bytes], /, **options: Any) -> Any:
        """``load`` of a keyed file, which another program may have written, with options as for ``write``."""
        self._refuse(options)
        return self.load(file)

    def _refuse(self, options: dict[str, Any]) -> None:
        if options:
            raise SerializeError(f"{self.name} knows no options, it was given {', '.join(options)}")

    def preview(self, value: T, /) -> dict[str, Any] | None:
        """What a repr shows of the value: JSON-able, at most 8 KB, quick; None when the value is its own preview."""
        return None

    def content_digest(self, value: T, /) -> bytes | None:
        """32 bytes that are equal for equal content whatever the bytes are; None: the hash of the bytes is that."""
        return None

    def fingerprint(self, value: T, /) -> bytes | None:
        """16 bytes that (very likely) differ when a live value was changed in place, in some 5 ms; None: not known."""
        return None

    def register(self, *, replace: bool = False) -> Self:
        """Make this known to the whole process under its name, and return it.

        Raises:
            NameTakenError: another instance has this name and ``replace`` is False.
        """
        default_registry().add_serializer(self, replace=replace)
        return self


class StreamSerializer(Serializer[Iterable[T]]):
    """Turns items that come one by one into bytes and back, exactly, with a few of them in memory.

    ``dump`` takes an iterable and goes through it once; ``load`` gives an iterator that reads as it goes, and raises
    as it goes.

    Attributes:
        items: classes of items this is found for, subclasses included.
    """

    items: tuple[type, ...] = ()


def clipped_preview(whole: dict[str, Any]) -> dict[str, Any]:
    """A preview whose texts are cut so that it can be stored (``PREVIEW_LIMIT`` bytes of ASCII JSON)."""
    shown = whole
    for width in (60, 30, 15, 6, 2):
        shown = {key: _clipped(value, width) for key, value in whole.items()}
        if len(json.dumps(shown, separators=(",", ":"))) <= PREVIEW_LIMIT:
            break
    return shown


def _clipped(value: Any, width: int) -> Any:
    if isinstance(value, list):
        return [_clipped(member, width) for member in value]
    return value[: width - 1] + "…" if isinstance(value, str) and len(value) > width else value
