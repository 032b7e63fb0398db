"""Containers with models or other non-JSON values inside: a node per element, and back to the native type.

A container becomes a node of type ``artigraph.<type>`` whose own data lists (label, key) per element in order; the
elements hang on ``field`` links of those labels.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import Any

from artigraph.errors import InvalidLabelError, SerializeError
from artigraph.persist.spec import check_label
from artigraph.serializer.json import Typed

PREFIX = "artigraph."
VERSION = 1

Parts = list[tuple[str, Any]]
"""(label, element) in order."""


@dataclass(frozen=True, slots=True)
class Container:
    """How one native type is taken apart and put together."""

    type: type
    split: Callable[[Any], tuple[list[Any] | None, list[Any]]]
    """value -> (keys, or None when places are the keys; elements)"""
    join: Callable[[list[Any] | None, list[Any]], Any]

    @property
    def name(self) -> str:
        """The stored type name."""
        return PREFIX + self.type.__name__


def _sequence(kind: type) -> Container:
    return Container(kind, lambda value: (None, list(value)), lambda keys, elements: kind(elements))


CONTAINERS: dict[type, Container] = {
    list: _sequence(list),
    tuple: _sequence(tuple),
    set: _sequence(set),
    frozenset: _sequence(frozenset),
    dict: Container(
        dict,
        lambda value: (list(value.keys()), list(value.values())),
        lambda keys, elements: dict(zip(keys or [], elements, strict=True)),
    ),
    Typed: Container(
        Typed,
        lambda value: ([value.name], [value.value]),
        lambda keys, elements: Typed((keys or [""])[0], elements[0]),
    ),
}
"""By exact type: a subclass would lose its type."""

_BY_NAME = {container.name: container for container in CONTAINERS.values()}


def split(container: Container, value: Any) -> tuple[list[tuple[str, Any]] | None, Parts]:
    """Take a container apart.

    Returns:
        (label, key) per element, or None for a sequence, whose labels are places; and (label, element) per element.
    """
    keys, elements = container.split(value)
    if keys is None:
        return None, [(str(place), element) for place, element in enumerate(elements)]
    labels = list(_labels(keys))
    return list(zip(labels, keys, strict=True)), list(zip(labels, elements, strict=True))


def join(name: str, keys: list[tuple[str, Any]] | None, parts: dict[str, Any]) -> Any:
    """Put a container together again.

    Raises:
        SerializeError: the stored parts do not fit the stored keys, or the type is not known.
    """
    container = _BY_NAME.get(name)
    if container is None:
        raise SerializeError(f"no container is named {name!r} here; update the package artigraph-jupyter")
    try:
        if keys is None:
            return container.join(None, [parts[str(place)] for place in range(len(parts))])
        return container.join([key for _, key in keys], [parts[label] for label, _ in keys])
    except (KeyError, TypeError, ValueError) as error:
        raise SerializeError(f"the parts of this {container.type.__name__} are incomplete: {error}") from error


def _labels(keys: list[Any]) -> Iterable[str]:
    """A label per key: the key itself where it is text that can be one, else its place."""
    taken = {key for key in keys if isinstance(key, str)}
    for place, key in enumerate(keys):
        if type(key) is str:
            try:
                yield check_label(key) or ""
                continue
            except InvalidLabelError:
                pass
        label = f"#{place}"
        while label in taken:
            label += "#"
        taken.add(label)
        yield label
