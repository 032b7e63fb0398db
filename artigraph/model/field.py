"""What a model class says about its fields: ``artifact_field``, ``Annotated`` marks, and the class's defaults."""

from __future__ import annotations

import dataclasses
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from types import NoneType, UnionType
from typing import Annotated, Any, Union, get_args, get_origin

from artigraph.errors import InvalidFieldError
from artigraph.model.layout import Layout, hints_of, layout_of
from artigraph.model.stream import stream_items
from artigraph.model.typed import Kinds, kinds_of
from artigraph.persist.spec import INFER, SaveSpec
from artigraph.serializer.base import Serializer
from artigraph.storage.base import Storage

_MARK = "artigraph"


@dataclass(frozen=True)
class ArtifactModelConfig:
    """Defaults for the fields of a model class; subclasses inherit what they do not set themselves.

    Args:
        default_field_serializer: an instance, or a registered name; used for values of the types it serves, others are
            inferred.
        default_field_storage: where the values of all fields go that are not models themselves: an instance, a
            registered name, or a class with one registered instance.

    Raises:
        InvalidFieldError: it is none of these.
    """

    default_field_serializer: Serializer[Any] | str | None = None
    default_field_storage: Storage | str | type | None = None

    def __post_init__(self) -> None:
        if not _is_named(self.default_field_serializer, "types"):
            raise InvalidFieldError(
                f"the default serializer is {self.default_field_serializer!r}; give an instance, or a registered name"
            )
        if not (_is_named(self.default_field_storage, "name") or isinstance(self.default_field_storage, type)):
            raise InvalidFieldError(
                f"the default storage is {self.default_field_storage!r}; give an instance, a name or a class"
            )

    def over(self, base: ArtifactModelConfig) -> ArtifactModelConfig:
        """These defaults, completed by those of a base class."""
        return ArtifactModelConfig(
            self.default_field_serializer or base.default_field_serializer,
            self.default_field_storage or base.default_field_storage,
        )


def _is_named(given: Any, attribute: str) -> bool:
    """Whether this is nothing, a name, or an instance with this attribute."""
    return given is None or isinstance(given, str) or (hasattr(given, attribute) and not isinstance(given, type))


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


Choice = tuple[type | None, Serializer[Any] | str]
"""A serializer for the values of a class; with None for all but None itself."""


@dataclass(frozen=True, slots=True)
class Fields:
    """What is known of the fields of a model class, looked up once."""

    specs: list[tuple[str, SaveSpec]]
    """(name, what was said of it) in order."""
    typed: list[tuple[str, Kinds]]
    """(name, classes whose values are taken apart) of those fields whose annotations name some."""
    choices: list[tuple[str, list[Choice]]]
    """(name, serializers for some of its values) of those fields that are marked within a union."""
    layout: Layout


def fields_of(cls: type, config: ArtifactModelConfig) -> Fields:
    """The fields of a dataclass.

    Raises:
        InvalidFieldError: the class is no dataclass, or a mark on a field means nothing.
    """
    if not dataclasses.is_dataclass(cls):
        raise InvalidFieldError(f"{cls.__qualname__} has no fields to save; decorate it with @dataclass")
    hints = hints_of(cls)
    given = [
        (each.name, each.metadata.get(_MARK), f"{cls.__qualname__}.{each.name}", marks_of(hints.get(each.name)))
        for each in dataclasses.fields(cls)
    ]
    return gathered(given, hints, layout_of(cls), config)


def gathered(
    given: Iterable[tuple[str, SaveSpec | None, str, Sequence[Any]]],
    hints: Mapping[str, Any],
    layout: Layout,
    config: ArtifactModelConfig,
) -> Fields:
    """The fields with the defaults of their class; a field with a serializer of its own is not taken apart.

    Args:
        given: (name, what ``artifact_field`` said of it, its name in errors, marks around its annotation) in order.
        hints: name -> annotation.
        layout: of the class.
        config: defaults.
    """
    specs, typed, choices = [], [], []
    for name, said, what, marks in given:
        spec = said or spec_of(what, marks)
        if said is None and (within := marks_within(hints.get(name))):
            inner = [(kind, spec_of(what, [mark])) for kind, mark in within]
            spec = spec_of(what, [*(dataclasses.replace(each, serializer=None) for _, each in inner), spec])
            if spec.serializer is None:
                choices.append((name, [(kind, each.serializer) for kind, each in inner if each.serializer is not None]))
        kinds = kinds_of(hints.get(name)) if spec.serializer is None else {}
        if kinds:
            typed.append((name, kinds))
        if config.default_field_storage is not None and spec.storage is None:
            spec = dataclasses.replace(spec, storage=config.default_field_storage)
        if (items := stream_items(hints.get(name))) is not None:
            spec = dataclasses.replace(spec, items=items)
        specs.append((name, spec))
    return Fields(specs, typed, choices, layout)


def mark_of(field: object) -> SaveSpec | None:
    """What ``artifact_field`` said, of a field that it made."""
    return field.metadata.get(_MARK) if isinstance(field, dataclasses.Field) else None


def marks_of(hint: Any) -> Sequence[Any]:
    """The marks of an ``Annotated``; none of anything else."""
    return get_args(hint)[1:] if get_origin(hint) is Annotated else ()


def marks_within(hint: Any) -> list[tuple[type | None, Any]]:
    """The marks on members of a union, each with the class of its member, None where there is no other member.

    >>> marks_within(Annotated[int, "number"] | None), marks_within(Annotated[int, "number"] | str)
    ([(None, 'number')], [(<class 'int'>, 'number')])
    """
    if get_origin(hint) is Annotated:
        return marks_within(get_args(hint)[0])
    if get_origin(hint) not in (Union, UnionType):
        return []
    parts = [part for part in get_args(hint) if part is not NoneType]
    found: list[tuple[type | None, Any]] = []
    for part in parts:
        member = get_args(part)[0] if get_origin(part) is Annotated else part
        kind = get_origin(member) or member
        found += marks_within(part)
        found += [(kind if len(parts) > 1 and isinstance(kind, type) else None, mark) for mark in marks_of(part)]
    return found


def spec_of(what: str, marks: Sequence[Any]) -> SaveSpec:
    """The spec that marks of an annotation make, the later ones first; marks of other libraries are left alone.

    Raises:
        InvalidFieldError: a class of serializers, which could be any instance; ``what`` names the field.
    """
    spec = INFER
    for mark in marks:
        if isinstance(mark, SaveSpec):
            spec = SaveSpec(
                mark.serializer or spec.serializer, mark.storage or spec.storage, {**spec.tags, **mark.tags}
            )
        elif isinstance(mark, Serializer):
            spec = dataclasses.replace(spec, serializer=mark)
        elif isinstance(mark, Storage):
            spec = dataclasses.replace(spec, storage=mark)
        elif isinstance(mark, type) and issubclass(mark, Serializer):
            raise InvalidFieldError(f"{what} is marked with a class; mark it with an instance")
        elif isinstance(mark, type) and issubclass(mark, Storage):
            spec = dataclasses.replace(spec, storage=mark)
    return spec


def chosen(spec: SaveSpec, choices: Iterable[Choice], value: Any) -> SaveSpec:
    """The spec with the last of these serializers that is for the value."""
    fitting = [each for kind, each in choices if (value is not None if kind is None else isinstance(value, kind))]
    return dataclasses.replace(spec, serializer=fitting[-1]) if fitting else spec


def with_default(spec: SaveSpec, serializer: Serializer[Any], value: Any) -> SaveSpec:
    """The spec with the class's default serializer, where nothing was said and the type of the value fits."""
    if spec.serializer is None and isinstance(value, serializer.types):
        return dataclasses.replace(spec, serializer=serializer)
    return spec
