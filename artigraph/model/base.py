"""What every model is, whatever its fields are made with: identity, save and load, versions, and a registered name."""

from __future__ import annotations

import sys
from collections.abc import Mapping
from inspect import get_annotations
from typing import TYPE_CHECKING, Any, ClassVar
from uuid import UUID

from sqlalchemy.ext.asyncio import AsyncSession

from artigraph.bridge import loader, method
from artigraph.errors import (
    InvalidFieldError,
    InvalidLabelError,
    MigrationMissingError,
    NameTakenError,
    SerializeError,
    UnserializableError,
    WrongModelError,
)
from artigraph.ids import new_id
from artigraph.lineage.view import HasLineage
from artigraph.model.field import ArtifactModelConfig, Fields, chosen, with_default
from artigraph.model.layout import Layout
from artigraph.model.typed import to_plain, to_typed
from artigraph.persist.container import PREFIX
from artigraph.persist.find import resolve
from artigraph.persist.load import LoadOptions, load_many
from artigraph.persist.loader import knowing
from artigraph.persist.save import SaveOptions, SaveRequest, save_many
from artigraph.persist.spec import OnConflict, SaveSpec, check_label
from artigraph.registry import Registry, current_registry, default_registry

_OURS = frozenset({"graph_id", "graph_label", "id", "node_id", "label"})


class ModelBase(HasLineage):
    """What ``ArtifactModel`` and ``PydanticModel`` have in common; subclasses have slots for the identity."""

    __slots__ = ()

    if TYPE_CHECKING:  # slots of the subclasses; pydantic would take the annotations for fields
        graph_id: UUID
        graph_label: str | None

    graph_model_name: ClassVar[str] = "ArtifactModel"
    graph_model_version: ClassVar[int] = 1
    graph_model_config: ClassVar[ArtifactModelConfig] = ArtifactModelConfig()
    _graph_fields: ClassVar[Fields | None] = None

    @classmethod
    def _graph_declare(cls, version: int | None, name: str | None, config: ArtifactModelConfig | None) -> None:
        """Take the class arguments, look at the names of the fields, and register the class."""
        own = cls.__dict__
        if version is not None or "graph_model_version" not in own:  # @dataclass(slots=True) makes the class anew
            cls.graph_model_version = _checked_version(cls, version)
        if name is not None or "graph_model_name" not in own:
            cls.graph_model_name = _checked_name(cls, cls.__name__ if name is None else name)
        if config is not None:
            if not isinstance(config, ArtifactModelConfig):
                raise InvalidFieldError(f"the config of {cls.__qualname__} is {config!r}; give an ArtifactModelConfig")
            cls.graph_model_config = config.over(cls.graph_model_config)
        cls._graph_fields = None
        check_names(cls)
        if cls.graph_model_name.startswith(PREFIX):
            raise InvalidFieldError(f"{cls.graph_model_name!r} is a name of the library; choose another")
        _register(cls)

    @classmethod
    def _graph_find(cls) -> Fields:
        """What the class says about its fields."""
        raise NotImplementedError

    @classmethod
    def _graph_make(cls, layout: Layout, data: dict[str, Any], *, migrated: bool) -> Any:
        """An object with these fields; of migrated ones the constructor has the last word."""
        raise NotImplementedError

    @classmethod
    def _graph_known_fields(cls) -> Fields:
        cls._graph_fields = cls._graph_find()
        return cls._graph_fields

    if not TYPE_CHECKING:  # so that a misspelt field stays an error for type checkers

        def __getattr__(self, name: str) -> Any:
            if name not in _OURS:
                raise AttributeError(f"{type(self).__name__!r} object has no attribute {name!r}", name=name, obj=self)
            if name == "graph_id":
                self.graph_adopt(new_id())
            elif name == "graph_label":
                return None
            return self.graph_label if name == "label" else self.graph_id

    @property
    def graph_known(self) -> bool:
        """Whether this object has an identity by now."""
        try:
            object.__getattribute__(self, "graph_id")
        except AttributeError:
            return False
        return True

    def graph_adopt(self, graph_id: UUID, label: str | None = None) -> None:
        """Take an identity, and the label it goes by when there is one."""
        object.__setattr__(self, "graph_id", graph_id)
        if label is not None:
            object.__setattr__(self, "graph_label", label)

    def graph_model_data(self) -> Mapping[str, tuple[Any, SaveSpec]]:
        """Label -> (value, spec) of each part; a custom model overrides this together with ``graph_model_init``."""
        cls = type(self)
        fields = cls.__dict__.get("_graph_fields") or cls._graph_known_fields()
        try:
            found = {name: (getattr(self, name), spec) for name, spec in fields.specs}
        except AttributeError:
            missing = next(name for name, _ in fields.specs if not hasattr(self, name))
            raise UnserializableError(f"{cls.graph_model_name}.{missing}", "nothing", "set it before saving") from None
        for name, choices in fields.choices:
            value, spec = found[name]
            found[name] = (value, chosen(spec, choices, value))
        for name, kinds in fields.typed:
            value, spec = found[name]
            if spec.serializer is not None:
                continue  # it is for the whole value
            found[name] = (to_plain(value, kinds, f"{cls.graph_model_name}.{name}"), spec)
        default: Any = cls.graph_model_config.default_field_serializer
        if default is None:
            return found
        if isinstance(default, str):
            default = current_registry().serializer_named(default)
        return {name: (value, with_default(spec, default, value)) for name, (value, spec) in found.items()}

    @classmethod
    def graph_model_init(cls, version: int, data: dict[str, Any]) -> Any:
        """The object again, from the parts that ``version`` of the class had.

        Raises:
            MigrationMissingError: they are older than the class, which has no ``migrate``.
            SerializeError: they do not fit the fields.
        """
        migrated = version < cls.graph_model_version
        if migrated:
            given: Any = cls.migrate(version, data)
            if not isinstance(given, Mapping):
                return given
            data = dict(given)
        fields = cls.__dict__.get("_graph_fields") or cls._graph_known_fields()
        cure = "count its version up and define migrate(cls, version, data)"
        fields.layout.check(data, f"{cls.graph_model_name} v{version}", cure)
        for name, kinds in fields.typed:
            if name in data:
                try:
                    data[name] = to_typed(data[name], kinds)
                except SerializeError as error:
                    raise SerializeError(f"{cls.graph_model_name}.{name}: {error}") from error
        return cls._graph_make(fields.layout, data, migrated=migrated)

    @classmethod
    def migrate(cls, version: int, data: dict[str, Any]) -> Any:
        """Turn the fields of an older version into this one's: a dict of constructor arguments, or an instance."""
        raise MigrationMissingError(cls.graph_model_name, version, cls.graph_model_version)

    @method
    async def save(
        self,
        label: str | None = None,
        *,
        tags: Mapping[str, str] | None = None,
        on_conflict: OnConflict = "raise",
        session: AsyncSession | None = None,
        registry: Registry | None = None,
    ) -> UUID:
        """Save this model with everything in it; in an open span it becomes its output.

        Args:
            label: a name to find it by, 1-255 characters.
            tags: tag name -> value.
            on_conflict: what to do when it was saved before and has changed: "raise", "replace" or "ignore".
            session: a session of yours, which you commit.
            registry: where to look for serializers and storages.

        Returns:
            Its id.

        Raises:
            UnserializableError, CycleError, InvalidLabelError, ImmutableError: nothing was written.
        """
        spec = SaveSpec(tags=dict(tags or {}))
        options = SaveOptions(on_conflict=on_conflict, session=session, registry=registry)
        return (await save_many([SaveRequest(self, label, spec)], options))[0].id

    create = save

    @loader
    async def load(
        cls: Any,  # noqa: N805 - a class method, in the clothes of a Dual
        target: Any,
        *,
        session: AsyncSession | None = None,
        registry: Registry | None = None,
        track: bool = True,
    ) -> Any:
        """Load a model of this class; in an open span it becomes an input.

        Args:
            target: its id, the text of it, a record of a save, or its label (the newest).
            session: a session of yours.
            registry: where to look for serializers, storages and models.
            track: False keeps it out of the span's inputs.

        Raises:
            NodeNotFoundError: no such node.
            WrongModelError: the node is something else.
        """
        node_id = await resolve(target, session=session)
        options = LoadOptions(session=session, registry=knowing(registry, cls), track=track)
        value = (await load_many([node_id.bytes], options))[0]
        found = getattr(type(value), "graph_model_name", type(value).__name__)
        if not isinstance(value, cls) and found != cls.graph_model_name:
            raise WrongModelError(cls.graph_model_name, found, node_id)
        return value

    read = load


def check_names(cls: type) -> None:
    """Raise InvalidFieldError when a class has a field that is named like a method of models."""
    taken = _RESERVED & set(get_annotations(cls))
    if taken:
        name = min(taken)
        raise InvalidFieldError(
            f"{cls.__qualname__}.{name} has the name of a method of models; call the field {name}_ or something else"
        )


_RESERVED = {name for kind in (ModelBase, HasLineage) for name in vars(kind) if not name.startswith("__")} | {
    "graph_id",
    "graph_label",
}
"""Names of methods, which no field can have."""


def _checked_version(cls: type, version: Any) -> int:
    if version is None:
        return 1
    if not isinstance(version, int) or isinstance(version, bool) or version < 1:
        raise InvalidFieldError(f"the version of {cls.__qualname__} is {version!r}; it has to be 1 or more")
    return version


def _checked_name(cls: type, name: Any) -> str:
    try:
        checked = check_label(name)
    except InvalidLabelError as error:
        raise InvalidFieldError(f"the stored name of {cls.__qualname__}: {error}") from None
    return checked or ""


def _register(cls: type[ModelBase]) -> None:
    name = cls.graph_model_name
    holder = default_registry().models.get(name)
    if holder is not None and holder.__qualname__ == cls.__qualname__ and _home(holder) == _home(cls):
        default_registry().add_model(name, cls, replace=True)  # the cell that defines it ran again
        return
    if holder is not None:
        ours, theirs = (f"{each.__module__}.{each.__qualname__}" for each in (cls, holder))
        raise NameTakenError(
            name, theirs, ours, f'give one of them another name: class {cls.__name__}(..., name="...")'
        )
    default_registry().add_model(name, cls)


def _home(cls: type) -> str:
    """The module of a class; the script that runs is one module under all its names."""
    module = cls.__module__
    if module in ("__main__", "__mp_main__"):
        return "__main__"
    main_file = getattr(sys.modules.get("__main__"), "__file__", None)
    own_file = getattr(sys.modules.get(module), "__file__", None)
    return "__main__" if main_file is not None and own_file == main_file else module
