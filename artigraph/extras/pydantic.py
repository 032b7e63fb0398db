"""``StorableModel``, ``StorableDataclass`` and ``ContentSpec``, under the names that the documents of Lakery use."""

from artigraph.model.model import StorableDataclass
from artigraph.model.pydantic import PydanticModel, StorableModel
from artigraph.persist.spec import ContentSpec, SaveSpec

__all__ = ["ContentSpec", "PydanticModel", "SaveSpec", "StorableDataclass", "StorableModel"]
