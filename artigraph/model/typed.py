"""Values of the user's own classes in fields: taken apart for storing, and whole again by what annotations name.

An enum, named tuple, dataclass or pydantic model is stored as a ``Typed``: the name of its class and a plain value. No
stored name ever leads to an import: a class has to be named by the field's annotation, or be a subclass of one that is.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Iterable, Mapping
from enum import Enum, Flag
from functools import lru_cache
from operator import is_
from typing import Annotated, Any, Literal, TypeVar, get_args, get_origin

from artigraph.errors import CycleError, InvalidFieldError, SerializeError, UnserializableError
from artigraph.model.layout import hints_of, is_named_tuple, is_pydantic, layout_of, make, values_of
from artigraph.registry import default_registry
from artigraph.serializer.json import Typed, json_serializer

MAX_DEPTH = 200
"""Values inside one another, at most; loading needs three calls for each."""

Kinds = Mapping[str, type]
"""Stored name -> class."""


def kinds_of(hint: Any) -> Kinds:
    """The classes in an annotation whose values have to be taken apart; empty for plain fields.

    Raises:
        InvalidFieldError: two of them have one name.

    >>> class Color(Enum):
    ...     RED = 1
    >>> kinds_of(dict[str, list[Color | None]])
    {'Color': <enum 'Color'>}
    >>> kinds_of(dict[str, int])
    {}
    """
    found: dict[str, type] = {}
    _collect(hint, found, [])
    return found


def to_plain(value: Any, kinds: Kinds, path: str = "value") -> Any:
    """A value with those of ``kinds`` in it, at any depth, as ``Typed``; the same object when there are none.

    Args:
        value: of any type.
        kinds: what the annotation names.
        path: what errors call it.

    Raises:
        CycleError: the value contains itself.
        UnserializableError: it is nested deeper than ``MAX_DEPTH``.
    """
    try:
        return _plain(value, kinds, set())
    except CycleError:
        raise CycleError(path) from None
    except UnserializableError as error:
        raise UnserializableError(path, error.type_name, error.hint) from None


def to_typed(value: Any, kinds: Kinds) -> Any:
    """The value that ``to_plain`` took apart. A ``Typed`` whose class is not among ``kinds`` stays one.

    Raises:
        SerializeError: the class has changed, so that it cannot be made of what was stored.

    >>> class Color(Enum):
    ...     RED = 1
    >>> to_typed(to_plain([Color.RED, 2], {"Color": Color}), {"Color": Color})
    [<Color.RED: 1>, 2]
    """
    cls = type(value)
    if cls in _SCALARS:
        return value
    if cls in _SEQUENCES:
        return value if _SCALARS.issuperset(map(type, value)) else cls([to_typed(member, kinds) for member in value])
    if cls is dict:
        return {to_typed(key, kinds): to_typed(member, kinds) for key, member in value.items()}
    if cls is Typed and (kind := _named(value.name, kinds)) is not None:
        return _made(kind, value.value, kinds)
    return value


_SCALARS = frozenset({str, int, float, bool, type(None)})
_SEQUENCES = frozenset({list, tuple, set, frozenset})


def _plain(value: Any, kinds: Kinds, above: set[int]) -> Any:
    cls = type(value)
    if cls in _SCALARS:
        return value
    is_container = cls is dict or cls in _SEQUENCES
    if not is_container and not _is_known(cls, kinds):
        return value
    if isinstance(value, Enum):
        return Typed(stored_name(cls), value.value if isinstance(value, Flag) else value.name)
    if id(value) in above:
        raise CycleError(cls.__name__)
    if len(above) == MAX_DEPTH:
        raise UnserializableError("value", cls.__qualname__, f"it is nested deeper than {MAX_DEPTH} levels")
    above.add(id(value))
    made: Any
    if not is_container:
        inner = _within(cls, kinds)
        made = Typed(stored_name(cls), {name: _plain(part, inner, above) for name, part in values_of(value).items()})
    elif cls is dict:
        keys, parts = ([_plain(part, kinds, above) for part in parts] for parts in (value, value.values()))
        made = value if _same(keys, value) and _same(parts, value.values()) else dict(zip(keys, parts, strict=True))
    else:
        parts = value if _SCALARS.issuperset(map(type, value)) else [_plain(part, kinds, above) for part in value]
        made = value if _same(parts, value) else cls(parts)
    above.discard(id(value))
    return made


def _same(parts: Iterable[Any], before: Iterable[Any]) -> bool:
    return all(map(is_, parts, before))


def _made(kind: Any, plain: Any, kinds: Kinds) -> Any:
    """An object of a class, of what it was taken apart to."""
    if issubclass(kind, Enum):
        try:
            return kind(plain) if issubclass(kind, Flag) else kind[plain]
        except (KeyError, ValueError, TypeError) as error:
            raise SerializeError(f"{kind.__qualname__} has no member {plain!r} any more; {_CURE}") from error
    if not isinstance(plain, dict):
        raise SerializeError(f"{kind.__qualname__} was stored as something else than fields; {_CURE}")
    layout, inner = layout_of(kind), _within(kind, kinds)
    layout.check(plain, kind.__qualname__, _CURE)
    return make(kind, layout, {name: to_typed(part, inner) for name, part in plain.items()})


_CURE = "count the version of the model up and define migrate(cls, version, data), which gets it as Typed(name, value)"


def stored_name(cls: type) -> str:
    """The name by which values of a class are stored: the qualified one, without the function that defines it."""
    return cls.__qualname__.rpartition("<locals>.")[2]


def _is_kind(cls: type) -> bool:
    """Whether values of a class are taken apart here: no model, and no class that a serializer is made for."""
    if hasattr(cls, "graph_model_data"):
        return False
    if not (issubclass(cls, Enum) or is_named_tuple(cls) or dataclasses.is_dataclass(cls) or is_pydantic(cls)):
        return False
    serializer: object = default_registry().serializer_for_type(cls)
    return serializer is None or serializer is json_serializer


def _is_known(cls: type, kinds: Kinds) -> bool:
    known = kinds.get(stored_name(cls))
    return known is cls or (known is None and issubclass(cls, tuple(kinds.values())) and _is_kind(cls))


def _named(name: str, kinds: Kinds) -> type | None:
    """The class of a stored name: one of ``kinds``, or a subclass of one."""
    if name in kinds:
        return kinds[name]
    found: dict[str, type] = {}
    left: list[type] = list(kinds.values())
    while left:
        below: list[type] = left.pop().__subclasses__()
        found.update((each.__module__, each) for each in below if stored_name(each) == name)
        left += below
    if len(found) > 1:
        raise SerializeError(f"several classes are named {name}: in {', '.join(sorted(found))}; rename all but one")
    return next(iter(found.values()), None)


def _within(cls: type, kinds: Kinds) -> Kinds:
    """The kinds that fields of an object of this class may have: its own before those of its surroundings."""
    own = _inside(cls)
    return kinds if all(kinds.get(name) is kind for name, kind in own.items()) else {**kinds, **own}


@lru_cache(maxsize=1024)
def _inside(cls: type) -> Kinds:
    own = {stored_name(cls): cls}
    hints = hints_of(cls)
    for name in layout_of(cls).names:
        _collect(hints.get(name), own, [])
    return own


def _collect(hint: Any, found: dict[str, type], seen: list[Any]) -> None:
    """Add the kinds that an annotation names; ``seen`` are aliases that are being looked into."""
    if isinstance(hint, TypeVar):
        parts = [hint.__bound__, *hint.__constraints__]
    elif hasattr(hint, "__supertype__"):  # a NewType
        parts = [hint.__supertype__]
    elif hasattr(hint, "__value__"):  # an alias by a type statement
        parts = [] if hint in seen else [hint.__value__]
        seen = [*seen, hint]
    elif get_origin(hint) is Annotated:
        parts = [get_args(hint)[0]]
    elif get_origin(hint) is Literal:
        parts = [type(choice) for choice in get_args(hint)]
    elif get_origin(hint) is not None:
        parts = [get_origin(hint), *get_args(hint)]
    else:
        parts = []
        if isinstance(hint, type) and _is_kind(hint):
            holder = found.setdefault(stored_name(hint), hint)
            if holder is not hint:
                where = f"{holder.__module__} and {hint.__module__}"
                raise InvalidFieldError(
                    f"two classes of one annotation are named {stored_name(hint)}, in {where}; rename one"
                )
    for part in parts:
        _collect(part, found, seen)
