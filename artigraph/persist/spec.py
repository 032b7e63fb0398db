"""What persist asks of an object it saves, and what it tells about what it saved."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, ClassVar, Literal, Protocol, get_args, runtime_checkable
from uuid import UUID

from artigraph.errors import InvalidLabelError, InvalidOptionError
from artigraph.serializer.base import Serializer
from artigraph.storage.base import Storage

LABEL_LIMIT = 255

OnConflict = Literal["raise", "replace", "ignore"]
"""What a save does with an id that exists with other content."""

OnError = Literal["raise", "collect"]
"""What one failure does to the others: nothing is done at all, or the others are."""


@dataclass(frozen=True, slots=True)
class SaveSpec:
    """How one value is to be kept; what is None is inferred.

    Args:
        serializer: an instance, or a registered name.
        storage: an instance, a registered name, or a class with exactly one registered instance.
        tags: tag name -> value, on the value's own node.
        items: of a stream, the type of its items; that of the first item when None.
    """

    serializer: Serializer[Any] | str | None = None
    storage: Storage | str | type | None = None
    tags: Mapping[str, str] = field(default_factory=dict, hash=False)
    items: type | None = None


ContentSpec = SaveSpec

INFER = SaveSpec()
"""The spec of a value nothing was said about."""


@runtime_checkable
class Savable(Protocol):
    """An object that is saved as a node with parts: a model.

    ``graph_model_data`` yields (label, value, spec) per part; ``graph_model_init`` makes the object again.
    """

    graph_model_name: ClassVar[str]
    graph_model_version: ClassVar[int]

    @property
    def graph_id(self) -> UUID:
        """The id of its node."""
        ...

    @property
    def graph_known(self) -> bool:
        """Whether the id was given out before, so that a row of this id may exist."""
        ...

    def graph_adopt(self, graph_id: UUID, label: str | None = None) -> None:
        """Take the id, and the label if it has one, of the row that this is."""
        ...

    def graph_model_data(self) -> Mapping[str, tuple[Any, SaveSpec]]:
        """Label -> (value, spec) of each part."""
        ...

    @classmethod
    def graph_model_init(cls, version: int, data: dict[str, Any]) -> Any:
        """The object again, from the parts that ``version`` of the class had."""
        ...


def is_savable(value: object) -> bool:
    """Whether this is a model: something that is saved as a node with parts."""
    return hasattr(type(value), "graph_model_data")


@dataclass(frozen=True, slots=True)
class SaveRecord:
    """What was saved: enough to find and load it again."""

    id: UUID
    label: str | None
    hash: str
    """``sha256:`` and 64 hex characters."""
    size: int
    """Bytes, those of all parts."""
    tags: Mapping[str, str] = field(default_factory=dict)


def check_on_conflict(on_conflict: OnConflict) -> None:
    """Raises InvalidOptionError when it is none of what can be done."""
    if on_conflict not in get_args(OnConflict):
        raise InvalidOptionError("on_conflict", on_conflict, get_args(OnConflict))


def is_collecting(on_error: OnError) -> bool:
    """Whether the others are done when some fail. Raises InvalidOptionError when it says neither."""
    if on_error not in get_args(OnError):
        raise InvalidOptionError("on_error", on_error, get_args(OnError))
    return on_error == "collect"


def check_tags(tags: Mapping[str, str]) -> Mapping[str, str]:
    """The same tags. Raises InvalidLabelError when a name or value is no text that a database could keep."""
    if not isinstance(tags, Mapping):
        raise InvalidLabelError(tags, "tags are written {name: value}")
    for name, value in tags.items():
        check_label(name)
        if value != "":
            check_label(value)
    return tags


def check_label(label: str | None) -> str | None:
    """The same label.

    Raises:
        InvalidLabelError: it is empty, longer than 255 characters, or has NUL or lone surrogates.
    """
    if label is None:
        return None
    if not isinstance(label, str):
        raise InvalidLabelError(label, "a label is text")
    if not label or len(label) > LABEL_LIMIT:
        raise InvalidLabelError(label, f"a label has 1 to {LABEL_LIMIT} characters, this one {len(label)}")
    if "\x00" in label or any("\ud800" <= c <= "\udfff" for c in label):
        raise InvalidLabelError(label, "it has a NUL or half of a surrogate pair")
    return label
