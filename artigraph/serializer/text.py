"""Text files in UTF-8: found by suffix, never chosen for a text."""

from __future__ import annotations

from typing import IO, Any

from artigraph.errors import SerializeError, UnserializableError
from artigraph.serializer.base import Serializer


class TextSerializer(Serializer[str]):
    """A text as it is, line ends included."""

    name = "text.plain/1"
    suffixes = (".txt", ".md")
    content_type = "text/plain"

    def serialize(self, value: str, /) -> bytes:
        if not isinstance(value, str):
            raise UnserializableError("value", type(value).__qualname__, "this is for text")
        try:
            return value.encode()
        except UnicodeEncodeError as error:
            raise UnserializableError("value", "str", "it has half of a surrogate pair") from error

    def deserialize(self, data: bytes, /) -> str:
        return _decoded(data)

    def read(self, file: IO[bytes], /, **options: Any) -> str:
        """With the options ``encoding`` and ``errors``, as ``bytes.decode`` takes them."""
        return _decoded(file.read(), **options)


def _decoded(data: bytes, **options: Any) -> str:
    try:
        return data.decode(**options)
    except (LookupError, TypeError, ValueError) as error:
        raise SerializeError(f"this text cannot be decoded so: {str(error)[:200]}") from error


text_serializer = TextSerializer().register()
