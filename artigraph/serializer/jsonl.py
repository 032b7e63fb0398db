"""Streams of JSON values as JSON Lines: each item on a line of its own, as exact as a value in ``json/1``."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator
from datetime import timedelta
from typing import IO, Any

from artigraph.errors import SerializeError, UnserializableError
from artigraph.serializer.base import StreamSerializer
from artigraph.serializer.json import json_serializer


class JsonLinesSerializer(StreamSerializer[Any]):
    """Values of the standard library, line by line."""

    name = "jsonl/1"
    items = (*(cls for cls in json_serializer.types if cls is not bytes), timedelta)
    suffixes = (".jsonl",)
    content_type = "application/jsonl"

    def dump(self, value: Iterable[Any], file: IO[bytes], /) -> None:
        for place, item in enumerate(value):
            try:
                line = json_serializer.serialize(item)
            except UnserializableError as error:
                path = error.path.replace("value", f"value[{place}]", 1)
                raise UnserializableError(path, error.type_name, error.hint) from None
            file.write(line + b"\n")

    def load(self, file: IO[bytes], /) -> Iterator[Any]:
        return map(json_serializer.deserialize, file)

    def read(self, file: IO[bytes], /, **options: Any) -> list[Any]:
        """The values of all lines that any program wrote; with the options of ``json.loads``."""
        try:
            return [json.loads(line, **options) for line in file if line.strip()]
        except (TypeError, ValueError, RecursionError) as error:
            raise SerializeError(f"this is not JSON Lines, or not so read: {str(error)[:200]}") from error


json_lines_serializer = JsonLinesSerializer().register()
