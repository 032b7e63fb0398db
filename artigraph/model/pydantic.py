"""``PydanticModel``: a versioned pydantic model whose fields are artifacts."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, ClassVar

from artigraph.model.base import ModelBase, check_names
from artigraph.model.field import ArtifactModelConfig, Fields, gathered, mark_of
from artigraph.model.layout import Layout, hints_of, layout_of, make
from artigraph.persist.spec import INFER, SaveSpec
from artigraph.registry import load

if TYPE_CHECKING:
    from pydantic import BaseModel, ConfigDict
else:
    _pydantic = load("pydantic", "PydanticModel")
    BaseModel, ConfigDict = _pydantic.BaseModel, _pydantic.ConfigDict


class PydanticModel(ModelBase, BaseModel):
    """The base of pydantic models that are saved as a node with one part per field.

    ::

        class Report(PydanticModel, version=1):
            title: str = Field(min_length=1)
            tables: dict[str, pd.DataFrame]

    Fields may be of any type that can be stored. What is loaded is what was saved, so validators do not run then; what
    ``migrate`` returns as a dict is validated. Private attributes and computed fields are not stored.

    Class arguments:
        version: counts up when the fields change; older rows go through ``migrate``. 1 by default.
        name: the stored name, when the class's own is taken by another module.
        config: defaults for its fields; the settings of pydantic are in ``model_config``, as always.
    """

    __slots__ = ("__weakref__", "graph_id", "graph_label")  # no private attributes: those count in == and are copied

    model_config = ConfigDict(arbitrary_types_allowed=True)

    _graph_marks: ClassVar[dict[str, SaveSpec]] = {}

    def __init_subclass__(cls, **options: Any) -> None:
        for ours in ("version", "name", "config"):  # they come again below, when the class is complete
            options.pop(ours, None)
        super().__init_subclass__(**options)
        check_names(cls)
        own = {name: mark for name, value in vars(cls).items() if (mark := mark_of(value)) is not None}
        cls._graph_marks = {**cls._graph_marks, **own}  # pydantic takes the defaults away from here

    @classmethod
    def __pydantic_init_subclass__(
        cls,
        *,
        version: int | None = None,
        name: str | None = None,
        config: ArtifactModelConfig | None = None,
        **options: Any,
    ) -> None:
        super().__pydantic_init_subclass__(**options)
        generic: Any = cls.__pydantic_generic_metadata__["origin"]  # of Box[int]: Box
        cls._graph_declare(generic.graph_model_version if generic and version is None else version, name, config)

    def graph_model_data(self) -> Mapping[str, tuple[Any, SaveSpec]]:
        """Label -> (value, spec) of each part, those included that ``extra="allow"`` let in."""
        more = {name: (value, INFER) for name, value in (self.__pydantic_extra__ or {}).items()}
        return {**super().graph_model_data(), **more}

    if not TYPE_CHECKING:  # see ModelBase

        def __getattr__(self, name: str) -> Any:
            try:
                return BaseModel.__getattr__(self, name)
            except AttributeError:
                return ModelBase.__getattr__(self, name)

    @classmethod
    def _graph_find(cls) -> Fields:
        hints = hints_of(cls)
        given = [
            (name, cls._graph_marks.get(name), f"{cls.__qualname__}.{name}", field.metadata)
            for name, field in cls.model_fields.items()
        ]
        return gathered(given, hints, layout_of(cls), cls.graph_model_config)

    @classmethod
    def _graph_make(cls, layout: Layout, data: dict[str, Any], *, migrated: bool) -> Any:
        if not migrated:
            return make(cls, layout, data)
        aliases = {name: field.validation_alias for name, field in cls.model_fields.items()}
        return cls(**{alias if isinstance(alias := aliases.get(name), str) else name: data[name] for name in data})


StorableModel = PydanticModel
