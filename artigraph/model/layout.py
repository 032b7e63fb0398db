"""Which named values an object is made of, and how it is made of them again: dataclass, named tuple, pydantic model."""

from __future__ import annotations

import dataclasses
import inspect
import sys
from collections.abc import Mapping
from dataclasses import dataclass
from functools import lru_cache
from inspect import get_annotations
from typing import Any, get_type_hints

from artigraph.errors import InvalidFieldError, SerializeError


@dataclass(frozen=True, slots=True)
class Layout:
    """The names of a class's fields, and what its constructor makes of them."""

    names: tuple[str, ...]
    every: frozenset[str]
    required: frozenset[str]
    """Without a default, so that stored data has to have them."""
    late: tuple[str, ...] = ()
    """Set after construction, since the constructor does not take them."""
    hooked: bool = False
    """Code of the user runs in the constructor, and may change fields."""
    is_open: bool = False
    """Other names may come as well."""

    def check(self, given: Mapping[str, Any], what: str, cure: str) -> None:
        """Compare stored names with these.

        Args:
            given: what was stored, by name.
            what: of which class and version.
            cure: what to do when they differ.

        Raises:
            SerializeError: one is missing, or unknown.
        """
        if self.required <= given.keys() and (given.keys() <= self.every or self.is_open):
            return
        stored, known = (", ".join(names) or "no fields" for names in (given, self.names))
        raise SerializeError(f"{what} was stored with {stored}, its class takes {known}; {cure}")


def is_named_tuple(cls: type) -> bool:
    """Whether this is a class of named tuples."""
    return issubclass(cls, tuple) and hasattr(cls, "_fields")


def is_pydantic(cls: type) -> bool:
    """Whether this is a class of pydantic models; tells without importing pydantic."""
    return hasattr(cls, "model_fields") and hasattr(cls, "model_construct")


@lru_cache(maxsize=1024)
def layout_of(cls: type) -> Layout:
    """The layout of a dataclass, a named tuple or a pydantic model.

    Raises:
        InvalidFieldError: its constructor asks for something that is no field, so it could not be called again.
    """
    kind: Any = cls
    if is_pydantic(cls):
        fields = kind.model_fields
        required = frozenset(name for name, field in fields.items() if field.is_required())
        return Layout(tuple(fields), frozenset(fields), required, is_open=kind.model_config.get("extra") == "allow")
    if is_named_tuple(cls):
        return Layout(kind._fields, frozenset(kind._fields), frozenset(kind._fields) - set(kind._field_defaults))
    return _of_dataclass(cls)


def values_of(value: Any) -> dict[str, Any]:
    """Field -> value of such an object."""
    cls: Any = type(value)
    values = {name: getattr(value, name) for name in layout_of(cls).names}
    return {**values, **(getattr(value, "__pydantic_extra__", None) or {})}


def make(cls: Any, layout: Layout, values: Mapping[str, Any]) -> Any:
    """The object that had these values; what code in its constructor would change is set back.

    >>> Point = dataclasses.make_dataclass("Point", ["x", "y"])
    >>> make(Point, layout_of(Point), {"x": 1, "y": 2})
    Point(x=1, y=2)
    """
    if layout.late or layout.hooked:
        made = cls(**{name: value for name, value in values.items() if name not in layout.late})
        set_fields(made, values if layout.hooked else {name: values[name] for name in layout.late if name in values})
        return made
    if is_named_tuple(cls):
        return cls._make(values[name] if name in values else cls._field_defaults[name] for name in cls._fields)
    if is_pydantic(cls):  # not validated: what validators made of it is what was stored
        made = cls.model_construct(_fields_set=set(values), **values)
        made.__dict__.update((name, values[name]) for name in layout.names if name in values)
        return made
    return cls(**values)


def set_fields(made: Any, values: Mapping[str, Any]) -> None:
    """Set fields of an object, frozen or not."""
    for name, value in values.items():
        object.__setattr__(made, name, value)


def hints_of(cls: type) -> dict[str, Any]:
    """The annotations of a class, evaluated; those that cannot be are left out."""
    kind: Any = cls
    if is_pydantic(cls):
        kind.model_rebuild(raise_errors=False)  # what was not defined yet when the class was
        return {name: field.annotation for name, field in kind.model_fields.items()}
    names = {cls.__name__: cls}
    try:
        return get_type_hints(cls, localns=names, include_extras=True)
    except (NameError, TypeError, AttributeError):
        pass
    hints: dict[str, Any] = {}
    for base in reversed(cls.__mro__):
        scope = vars(sys.modules[base.__module__]) if base.__module__ in sys.modules else {}
        for name, annotation in get_annotations(base).items():
            holder = type("holder", (), {"__annotations__": {name: annotation}})
            try:
                hints.update(get_type_hints(holder, scope, names, include_extras=True))
            except (NameError, TypeError, AttributeError):
                hints.pop(name, None)
    return hints


def _of_dataclass(cls: Any) -> Layout:
    fields = dataclasses.fields(cls)
    missing = dataclasses.MISSING
    required = {f.name for f in fields if f.init and f.default is missing and f.default_factory is missing}
    names = tuple(f.name for f in fields)
    asked = {
        name
        for name, parameter in inspect.signature(cls).parameters.items()
        if parameter.default is parameter.empty
        and parameter.kind not in (parameter.VAR_POSITIONAL, parameter.VAR_KEYWORD)
    }
    if unkept := asked - set(names):
        raise InvalidFieldError(
            f"{cls.__qualname__} asks for {', '.join(sorted(unkept))}, which is no field and so is not kept; "
            "give it a default, or make it a field"
        )
    hooked = hasattr(cls, "__post_init__") or not cls.__dataclass_params__.init
    return Layout(names, frozenset(names), frozenset(required), tuple(f.name for f in fields if not f.init), hooked)
