"""What stands in for a model whose class is not defined here."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any
from uuid import UUID


class GenericRecord(Mapping[str, Any]):
    """A stored model as a read-only mapping of its fields, for when its class is missing or not wanted.

    A field that could not be loaded raises its own error when it is asked for; ``errors`` lists them.
    """

    def __init__(
        self,
        graph_id: UUID,
        type_name: str,
        version: int,
        fields: Mapping[str, Any],
        errors: Mapping[str, Exception],
    ) -> None:
        self.graph_id, self.type_name, self.version = graph_id, type_name, version
        self.errors = dict(errors)
        """Field -> why it could not be loaded."""
        self._fields = dict(fields)

    def __getitem__(self, field: str) -> Any:
        if field in self.errors:
            raise self.errors[field]
        return self._fields[field]

    def __iter__(self) -> Iterator[str]:
        return iter([*self._fields, *self.errors])

    def __len__(self) -> int:
        return len(self._fields) + len(self.errors)

    def __repr__(self) -> str:
        return f"<GenericRecord {self.type_name} v{self.version} with {', '.join(self) or 'no fields'}>"
