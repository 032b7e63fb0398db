"""``StorableModel`` and ``StorableDataclass``, as the documents of Lakery call the two kinds of models."""

from artigraph.model.model import StorableDataclass
from artigraph.model.pydantic import PydanticModel, StorableModel

__all__ = ["PydanticModel", "StorableDataclass", "StorableModel"]
