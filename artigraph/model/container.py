"""``ArtifactMapping`` and ``ArtifactSequence``: containers that are models themselves."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, MutableMapping, MutableSequence
from typing import Any, Generic, TypeVar, overload

from artigraph.model.model import ArtifactModel
from artigraph.persist.spec import INFER, SaveSpec

K = TypeVar("K")
V = TypeVar("V")

_ITEMS = "items"


class ArtifactMapping(ArtifactModel, MutableMapping[K, V], Generic[K, V], version=1):
    """A mapping that can be saved by itself; equal to any mapping with the same items.

    >>> ArtifactMapping(a=1) == {"a": 1}
    True
    """

    __slots__ = ("_items",)

    def __init__(self, *items: Any, **named: V) -> None:
        self._items: dict[K, V] = dict(*items, **named)

    def __getitem__(self, key: K) -> V:
        return self._items[key]

    def __setitem__(self, key: K, value: V) -> None:
        self._items[key] = value

    def __delitem__(self, key: K) -> None:
        del self._items[key]

    def __iter__(self) -> Iterator[K]:
        return iter(self._items)

    def __len__(self) -> int:
        return len(self._items)

    def __eq__(self, other: object) -> bool:
        return dict(other) == self._items if isinstance(other, Mapping) else NotImplemented

    __hash__ = None  # type: ignore[assignment]

    def __repr__(self) -> str:
        return f"ArtifactMapping({self._items!r})"

    def graph_model_data(self) -> Mapping[str, tuple[Any, SaveSpec]]:
        """One part, the items as a dict."""
        return {_ITEMS: (self._items, INFER)}

    @classmethod
    def graph_model_init(cls, version: int, data: dict[str, Any]) -> Any:
        """The mapping again."""
        return cls(data[_ITEMS])


class ArtifactSequence(ArtifactModel, MutableSequence[V], Generic[V], version=1):
    """A list that can be saved by itself; equal to any list, tuple or ArtifactSequence with the same elements.

    >>> ArtifactSequence([1, 2, 3])[-1]
    3
    """

    __slots__ = ("_items",)

    def __init__(self, items: Iterable[V] = ()) -> None:
        self._items: list[V] = list(items)

    @overload
    def __getitem__(self, place: int) -> V: ...
    @overload
    def __getitem__(self, place: slice) -> ArtifactSequence[V]: ...
    def __getitem__(self, place: int | slice) -> V | ArtifactSequence[V]:
        return ArtifactSequence(self._items[place]) if isinstance(place, slice) else self._items[place]

    def __setitem__(self, place: Any, value: Any) -> None:
        self._items[place] = value

    def __delitem__(self, place: int | slice) -> None:
        del self._items[place]

    def __len__(self) -> int:
        return len(self._items)

    def insert(self, index: int, value: V) -> None:
        """Put ``value`` before ``index``."""
        self._items.insert(index, value)

    def __eq__(self, other: object) -> bool:
        if isinstance(other, ArtifactSequence):
            return self._items == other._items
        return self._items == list(other) if isinstance(other, list | tuple) else NotImplemented

    __hash__ = None  # type: ignore[assignment]

    def __repr__(self) -> str:
        return f"ArtifactSequence({self._items!r})"

    def graph_model_data(self) -> Mapping[str, tuple[Any, SaveSpec]]:
        """One part, the elements as a list."""
        return {_ITEMS: (self._items, INFER)}

    @classmethod
    def graph_model_init(cls, version: int, data: dict[str, Any]) -> Any:
        """The sequence again."""
        return cls(data[_ITEMS])
