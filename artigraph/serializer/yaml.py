"""YAML files: found by suffix, never chosen for a value. Only plain data is read or written."""

from __future__ import annotations

from typing import IO, Any

from artigraph.errors import SerializeError, UnserializableError
from artigraph.registry import load
from artigraph.serializer.base import Serializer

yaml = load("yaml", "the YAML serializer", "pyyaml")


class YamlSerializer(Serializer[Any]):
    """Dicts, lists, texts, numbers and dates as YAML."""

    name = "yaml.plain/1"
    suffixes = (".yaml", ".yml")
    content_type = "application/yaml"

    def serialize(self, value: Any, /) -> bytes:
        try:
            data: bytes = yaml.safe_dump(value, allow_unicode=True, sort_keys=False, encoding="utf-8")
        except (yaml.YAMLError, ValueError, RecursionError) as error:
            raise UnserializableError("value", type(value).__qualname__, f"YAML says: {str(error)[:200]}") from error
        return data

    def load(self, file: IO[bytes], /) -> Any:
        try:
            return yaml.safe_load(file)
        except Exception as error:  # whatever hostile bytes provoke
            raise SerializeError(f"this is not YAML of plain data: {str(error)[:300]}") from error


yaml_serializer = YamlSerializer().register()
