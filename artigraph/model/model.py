"""``ArtifactModel``: a versioned dataclass whose fields are artifacts."""

from __future__ import annotations

import dataclasses
from typing import Any, dataclass_transform

from artigraph.model.base import ModelBase
from artigraph.model.field import ArtifactModelConfig, Fields, artifact_field, fields_of
from artigraph.model.layout import Layout, make, set_fields

_IDENTITY = frozenset({"graph_id", "graph_label"})


class ArtifactModel(ModelBase):
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

    def __init_subclass__(
        cls,
        *,
        version: int | None = None,
        name: str | None = None,
        config: ArtifactModelConfig | None = None,
        **options: Any,
    ) -> None:
        super().__init_subclass__(**options)
        cls._graph_declare(version, name, config)

    def __getstate__(self) -> Any:
        state: Any = object.__getstate__(self)
        if isinstance(state, tuple):
            attributes, slots = state
            state = (attributes, {key: value for key, value in slots.items() if key not in _IDENTITY})
        return state

    @classmethod
    def _graph_find(cls) -> Fields:
        return fields_of(cls, cls.graph_model_config)

    @classmethod
    def _graph_make(cls, layout: Layout, data: dict[str, Any], *, migrated: bool) -> Any:
        if not migrated:
            return make(cls, layout, data)
        late = {name: data.pop(name) for name in layout.late if name in data}
        made = cls(**data)
        set_fields(made, late)
        return made


GraphModel = StorableDataclass = ArtifactModel


@dataclass_transform(field_specifiers=(dataclasses.field, artifact_field))
def dataclass(cls: type | None = None, /, **options: Any) -> Any:
    """``dataclasses.dataclass`` under the name that the graph documents use; takes the same options."""
    return dataclasses.dataclass(cls, **options) if cls is not None else dataclasses.dataclass(**options)
