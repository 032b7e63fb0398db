"""artigraph: the memory of a notebook. Spans, versioned artifacts, and the lineage between them.

The names below are loaded when they are first used, so importing the package is cheap.
"""

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from artigraph.artifact.artifact import Artifact
    from artigraph.artifact.collection import Collection
    from artigraph.artifact.feature import Feature
    from artigraph.artifact.q import Q
    from artigraph.artifact.schema import Schema
    from artigraph.graph.engine import create_tables, get_engine, set_engine
    from artigraph.graph.filter import ArtifactFilter, LinkFilter, ModelFilter, NodeFilter
    from artigraph.graph.node import Link, Node
    from artigraph.graph.schema import OrmArtifact, OrmLink, OrmNode, OrmSpan
    from artigraph.graph.session import current_session
    from artigraph.graph.value import Filter
    from artigraph.lineage.lineage import Lineage
    from artigraph.maintain.gc import gc
    from artigraph.maintain.repair import repair
    from artigraph.maintain.verify import verify
    from artigraph.model.container import ArtifactMapping, ArtifactSequence
    from artigraph.model.field import ArtifactModelConfig, artifact_field
    from artigraph.model.model import ArtifactModel, dataclass
    from artigraph.persist.spec import SaveSpec
    from artigraph.persist.write import (
        delete,
        delete_one,
        exists,
        read,
        read_one,
        read_one_or_none,
        write_many,
        write_one,
    )
    from artigraph.registry import Registry
    from artigraph.serializer.base import Serializer
    from artigraph.span.artifact import (
        create_span_artifact,
        create_span_artifacts,
        read_span_artifact,
        read_span_artifacts,
    )
    from artigraph.span.read import (
        read_ancestor_spans,
        read_child_spans,
        read_descendant_spans,
        read_parent_span,
        read_span,
    )
    from artigraph.span.span import Run, Span
    from artigraph.storage.base import Storage
    from artigraph.storage.file import FileSystemStorage
    from artigraph.verbs import find, load, save, span_context, view_lineage

__all__ = [
    "Artifact",
    "ArtifactFilter",
    "ArtifactMapping",
    "ArtifactModel",
    "ArtifactModelConfig",
    "ArtifactSequence",
    "Collection",
    "Feature",
    "FileSystemStorage",
    "Filter",
    "Lineage",
    "Link",
    "LinkFilter",
    "ModelFilter",
    "Node",
    "NodeFilter",
    "OrmArtifact",
    "OrmLink",
    "OrmNode",
    "OrmSpan",
    "Q",
    "Registry",
    "Run",
    "SaveSpec",
    "Schema",
    "Serializer",
    "Span",
    "Storage",
    "artifact_field",
    "create_span_artifact",
    "create_span_artifacts",
    "create_tables",
    "current_session",
    "dataclass",
    "delete",
    "delete_one",
    "exists",
    "find",
    "gc",
    "get_engine",
    "load",
    "read",
    "read_ancestor_spans",
    "read_child_spans",
    "read_descendant_spans",
    "read_one",
    "read_one_or_none",
    "read_parent_span",
    "read_span",
    "read_span_artifact",
    "read_span_artifacts",
    "repair",
    "save",
    "set_engine",
    "span_context",
    "verify",
    "view_lineage",
    "write_many",
    "write_one",
]

_FILES = {
    "artifact.artifact": "Artifact",
    "artifact.collection": "Collection",
    "artifact.feature": "Feature",
    "artifact.label": "Project ULabel",
    "artifact.q": "Q",
    "artifact.schema": "Schema",
    "artifact.trash": "purge_trash",
    "bridge": "Pending",
    "graph.engine": "create_tables current_engine get_engine set_engine",
    "graph.filter": "ArtifactFilter LinkFilter ModelFilter ModelTypeFilter NodeFilter NodeTypeFilter",
    "graph.node": "Link Node",
    "graph.schema": "OrmArtifact OrmDatabaseArtifact OrmLink OrmModelArtifact OrmNode OrmRemoteArtifact OrmSpan",
    "graph.session": "current_session",
    "graph.upgrade": "upgrade",
    "graph.value": "Filter ValueFilter",
    "lineage.lineage": "Lineage",
    "maintain.gc": "gc",
    "maintain.prune": "prune",
    "maintain.remove": "rm_store",
    "maintain.repair": "repair",
    "maintain.stats": "stats",
    "maintain.verify": "verify",
    "model.container": "ArtifactMapping ArtifactSequence",
    "model.field": "ArtifactModelConfig artifact_field",
    "model.model": "ArtifactModel GraphModel StorableDataclass dataclass",
    "model.pydantic": "PydanticModel StorableModel",
    "persist.loader": "load_one new_loader",
    "persist.saver": "new_saver save_one",
    "persist.spec": "ContentSpec SaveRecord SaveSpec",
    "persist.stream": "Stream",
    "persist.tags": "read_tags",
    "persist.write": "delete delete_many delete_one exists read read_one read_one_or_none write_many write_one",
    "registry": "Registry",
    "serializer.base": "Serializer",
    "span.artifact": "create_span_artifact create_span_artifacts read_span_artifact read_span_artifacts",
    "span.run": "RunManager run_manager",
    "span.diff": "SpanDiff diff_spans",
    "span.inputs": "find_span",
    "span.restore": "Restored restore_span",
    "span.stale": "Stale stale_spans",
    "span.read": "read_ancestor_spans read_child_spans read_descendant_spans read_parent_span read_span",
    "span.carry": "attach carry child_env inject",
    "span.linker": "Linker current_linker linked",
    "span.span": "Run Span",
    "span.spanned": "spanned",
    "storage.base": "Storage",
    "storage.file": "FileSystemStorage",
    "verbs": "find load save span_context view_lineage",
}
"""File -> the names it serves; among them aliases that documents of other generations use."""

_HOMES = {name: file for file, names in _FILES.items() for name in names.split()}

_ROOMS = frozenset(
    {
        "artifact",
        "errors",
        "extras",
        "graph",
        "lineage",
        "maintain",
        "model",
        "serializer",
        "span",
        "storage",
        "testing",
    }
)


def __getattr__(name: str) -> Any:
    if name in _HOMES:
        value = getattr(import_module(f"artigraph.{_HOMES[name]}"), name)
        globals()[name] = value
        return value
    if name in _ROOMS:
        return import_module(f"artigraph.{name}")
    raise AttributeError(f"module 'artigraph' has no attribute {name!r}")


def __dir__() -> list[str]:
    return sorted({*globals(), *_HOMES})
