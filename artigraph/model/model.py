"""``ArtifactModel``: a versioned dataclass whose fields are artifacts."""

from __future__ import annotations

import dataclasses
import sys
from collections.abc import Mapping
from inspect import get_annotations
from typing import TYPE_CHECKING, Any, ClassVar, dataclass_transform
from uuid import UUID

from sqlalchemy.ext.asyncio import AsyncSession

from artigraph.bridge import loader, method
from artigraph.errors import InvalidFieldError, MigrationMissingError, NameTakenError, SerializeError, WrongModelError
from artigraph.ids import new_id
from artigraph.model.field import (
    ArtifactModelConfig,
    FieldLayout,
    artifact_field,
    field_layout,
    field_specs,
    with_default,
)
from artigraph.persist.container import PREFIX
from artigraph.persist.find import resolve
from artigraph.persist.load import LoadOptions, load_many
from artigraph.persist.save import SaveOptions, SaveRequest, save_many
from artigraph.persist.spec import OnConflict, SaveSpec
from artigraph.registry import Registry, default_registry

_ALIASES = frozenset({"id", "node_id"})
_OURS = frozenset({"graph_id", "graph_label"})


class ArtifactModel:
    """The base of models: a dataclass that is saved as a node with one part per field.

    ::

        @dataclass
        class Report(ArtifactModel, version=1):
            title: str
            table: pd.DataFrame

    Class arguments:
        version: counts up when the fields change; older rows go through ``migrate``. 1 by default.
        name: the stored name, when the class's own is taken by another module.
        config: defaults for its fields.

    A saved or loaded object has an identity, ``graph_id`` (also ``id``, ``node_id``), and the ``label`` it was saved
    under; copies have their own.
    """

    __slots__ = ("__weakref__", "graph_id", "graph_label")

    graph_id: UUID
    graph_label: str | None
    graph_model_name: ClassVar[str] = "ArtifactModel"
    graph_model_version: ClassVar[int] = 1
    graph_model_config: ClassVar[ArtifactModelConfig] = ArtifactModelConfig()
    _graph_specs: ClassVar[list[tuple[str, SaveSpec]] | None] = None
    _graph_layout: ClassVar[FieldLayout | None] = None

    def __init_subclass__(
        cls,
        *,
        version: int | None = None,
        name: str | None = None,
        config: ArtifactModelConfig | None = None,
        **options: Any,
    ) -> None:
        super().__init_subclass__(**options)
        own = cls.__dict__
        if version is not None or "graph_model_version" not in own:  # @dataclass(slots=True) makes the class anew
            cls.graph_model_version = _checked_version(cls, version)
        if name is not None or "graph_model_name" not in own:
            cls.graph_model_name = name or cls.__name__
        if config is not None:
            cls.graph_model_config = config.over(cls.graph_model_config)
        cls._graph_specs = cls._graph_layout = None
        _check_fields(cls)
        _register(cls)

    if not TYPE_CHECKING:  # so that a misspelt field stays an error for type checkers

        def __getattr__(self, name: str) -> Any:
            if name == "graph_id":
                self.graph_adopt(new_id())
                return self.graph_id
            if name in _ALIASES:
                return self.graph_id
            if name in ("graph_label", "label"):
                return None if name == "graph_label" else self.graph_label
            raise AttributeError(f"{type(self).__name__!r} object has no attribute {name!r}", name=name, obj=self)

    def __getstate__(self) -> Any:
        state: Any = object.__getstate__(self)
        if isinstance(state, tuple):
            attributes, slots = state
            state = (attributes, {key: value for key, value in slots.items() if key not in _OURS})
        return state

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
        specs = cls.__dict__.get("_graph_specs") or cls._find_specs()
        default = cls.graph_model_config.default_field_serializer
        if default is None:
            return {name: (getattr(self, name), spec) for name, spec in specs}
        found = {name: (getattr(self, name), spec) for name, spec in specs}
        return {name: (value, with_default(spec, default, value)) for name, (value, spec) in found.items()}

    @classmethod
    def graph_model_init(cls, version: int, data: dict[str, Any]) -> Any:
        """The object again, from the parts that ``version`` of the class had.

        Raises:
            MigrationMissingError: they are older than the class, which has no ``migrate``.
            SerializeError: they do not fit the fields.
        """
        if version < cls.graph_model_version:
            migrated: Any = cls.migrate(version, data)
            if not isinstance(migrated, Mapping):
                return migrated
            data = dict(migrated)
        layout = cls.__dict__.get("_graph_layout") or cls._find_layout()
        if not layout.required <= data.keys() <= layout.every:
            stored = ", ".join(data) or "no fields"
            raise SerializeError(
                f"{cls.graph_model_name} v{version} was stored with {stored}, and its class takes "
                f"{', '.join(sorted(layout.every)) or 'none'}; count its version up and define "
                "migrate(cls, version, data)"
            )
        later = {name: data.pop(name) for name in layout.late if name in data}
        made = cls(**data)
        for name, value in later.items():
            object.__setattr__(made, name, value)
        return made

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
        options = LoadOptions(session=session, registry=registry, track=track)
        value = (await load_many([node_id.bytes], options))[0]
        found = getattr(type(value), "graph_model_name", type(value).__name__)
        if not isinstance(value, cls) and found != cls.graph_model_name:
            raise WrongModelError(cls.graph_model_name, found, node_id)
        return value

    read = load

    @classmethod
    def _find_layout(cls) -> FieldLayout:
        cls._graph_layout = field_layout(cls)
        return cls._graph_layout

    @classmethod
    def _find_specs(cls) -> list[tuple[str, SaveSpec]]:
        cls._graph_specs = field_specs(cls, cls.graph_model_config)
        return cls._graph_specs


GraphModel = ArtifactModel


@dataclass_transform(field_specifiers=(dataclasses.field, artifact_field))
def dataclass(cls: type | None = None, /, **options: Any) -> Any:
    """``dataclasses.dataclass`` under the name that the graph documents use; takes the same options."""
    return dataclasses.dataclass(cls, **options) if cls is not None else dataclasses.dataclass(**options)


RESERVED = frozenset(
    {name for name in vars(ArtifactModel) if not name.startswith("__")} | {"view_lineage", "graph_known", "graph_adopt"}
)
"""Names of methods, which no field can have."""


def _checked_version(cls: type, version: Any) -> int:
    if version is None:
        return 1
    if not isinstance(version, int) or isinstance(version, bool) or version < 1:
        raise InvalidFieldError(f"the version of {cls.__qualname__} is {version!r}; it has to be 1 or more")
    return version


def _check_fields(cls: type[ArtifactModel]) -> None:
    taken = RESERVED & set(get_annotations(cls))
    if taken:
        name = min(taken)
        raise InvalidFieldError(
            f"{cls.__qualname__}.{name} has the name of a method of models; call the field {name}_ or something else"
        )
    if cls.graph_model_name.startswith(PREFIX):
        raise InvalidFieldError(f"{cls.graph_model_name!r} is a name of the library; choose another")


def _register(cls: type[ArtifactModel]) -> None:
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
