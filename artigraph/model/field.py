"""What a model class says about its fields: ``artifact_field``, ``Annotated`` marks, and the class's defaults."""

from __future__ import annotations

import dataclasses
import sys
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from inspect import get_annotations
from typing import Annotated, Any, get_args, get_origin, get_type_hints

from artigraph.errors import InvalidFieldError
from artigraph.model.stream import stream_items
from artigraph.persist.spec import INFER, SaveSpec
from artigraph.serializer.base import Serializer
from artigraph.storage.base import Storage

_MARK = "artigraph"


@dataclass(frozen=True)
class ArtifactModelConfig:
    """Defaults for the fields of a model class; subclasses inherit what they do not set themselves.

    Args:
        default_field_serializer: used for values of the types it serves; others are inferred.
        default_field_storage: where the values of all fields go that are not models themselves.
    """

    default_field_serializer: Serializer[Any] | None = None
    default_field_storage: Storage | None = None

    def over(self, base: ArtifactModelConfig) -> ArtifactModelConfig:
        """These defaults, completed by those of a base class."""
        return ArtifactModelConfig(
            self.default_field_serializer or base.default_field_serializer,
            self.default_field_storage or base.default_field_storage,
        )


def artifact_field(
    *,
    serializer: Serializer[Any] | str | None = None,
    storage: Storage | str | type | None = None,
    tags: Mapping[str, str] | None = None,
    **options: Any,
) -> Any:
    """A dataclass field that says how its value is kept.

    Args:
        serializer: an instance, or a registered name; inferred from the value when None.
        storage: an instance, a registered name, or a class with one registered instance; by size when None.
        tags: tag name -> value, on the field's own node.
        options: those of ``dataclasses.field``: ``default``, ``default_factory``, ``init``, ``repr``, ``compare``,
            ``hash``, ``kw_only``, ``metadata``.

    >>> import dataclasses
    >>> dataclasses.field is not artifact_field
    True
    """
    metadata = {**(options.pop("metadata", None) or {}), _MARK: SaveSpec(serializer, storage, dict(tags or {}))}
    return dataclasses.field(metadata=metadata, **options)


Choose = Callable[[Any], SaveSpec]
"""The spec for a value of one field."""


def field_specs(cls: type, config: ArtifactModelConfig) -> list[tuple[str, SaveSpec]]:
    """(name, what was said of it) for every field of a dataclass, in order.

    Raises:
        InvalidFieldError: the class is no dataclass, or a mark on a field means nothing.
    """
    if not dataclasses.is_dataclass(cls):
        raise InvalidFieldError(f"{cls.__qualname__} has no fields to save; decorate it with @dataclass")
    hints = _hints(cls)
    found = []
    for each in dataclasses.fields(cls):
        spec = each.metadata.get(_MARK) or _from_annotation(cls, each.name, hints.get(each.name))
        if config.default_field_storage is not None and spec.storage is None:
            spec = dataclasses.replace(spec, storage=config.default_field_storage)
        if (items := stream_items(hints.get(each.name))) is not None:
            spec = dataclasses.replace(spec, items=items)
        found.append((each.name, spec))
    return found


@dataclass(frozen=True, slots=True)
class FieldLayout:
    """Which names the constructor of a model class takes."""

    every: frozenset[str]
    required: frozenset[str]
    """Without a default, so that stored data has to have them."""
    late: tuple[str, ...]
    """Set after construction, since they are ``init=False``."""


def field_layout(cls: Any) -> FieldLayout:
    """The layout of a dataclass."""
    fields = dataclasses.fields(cls)
    missing = dataclasses.MISSING
    required = {f.name for f in fields if f.init and f.default is missing and f.default_factory is missing}
    return FieldLayout(
        frozenset(f.name for f in fields), frozenset(required), tuple(f.name for f in fields if not f.init)
    )


def with_default(spec: SaveSpec, serializer: Serializer[Any], value: Any) -> SaveSpec:
    """The spec with the class's default serializer, where nothing was said and the type of the value fits."""
    if spec.serializer is None and isinstance(value, serializer.types):
        return dataclasses.replace(spec, serializer=serializer)
    return spec


def _from_annotation(cls: type, name: str, hint: Any) -> SaveSpec:
    if get_origin(hint) is not Annotated:
        return INFER
    spec = INFER
    for mark in get_args(hint)[1:]:
        if isinstance(mark, SaveSpec):
            spec = SaveSpec(
                mark.serializer or spec.serializer, mark.storage or spec.storage, {**spec.tags, **mark.tags}
            )
        elif isinstance(mark, Serializer):
            spec = dataclasses.replace(spec, serializer=mark)
        elif isinstance(mark, Storage):
            spec = dataclasses.replace(spec, storage=mark)
        elif isinstance(mark, type) and issubclass(mark, Serializer | Storage):
            if issubclass(mark, Serializer):
                raise InvalidFieldError(f"{cls.__qualname__}.{name} is marked with a class; mark it with an instance")
            spec = dataclasses.replace(spec, storage=mark)
    return spec


def _hints(cls: type) -> dict[str, Any]:
    """The annotations of a class, evaluated; those that cannot be are left out."""
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
