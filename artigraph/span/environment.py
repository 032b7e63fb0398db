"""In what a span ran: interpreter, libraries and the commit of the code, kept once for all spans that share them."""

from __future__ import annotations

import json
import platform
import sys
from collections.abc import Iterable
from functools import cache, lru_cache
from hashlib import sha256
from importlib import metadata
from pathlib import Path
from typing import Any
from uuid import UUID

from sqlalchemy import Connection, select

from artigraph.graph.insert import Batch
from artigraph.graph.schema import NODE
from artigraph.ids import as_made_of, now
from artigraph.span.commit import commit_of
from artigraph.span.jsonable import jsonable
from artigraph.span.redact import redacted_data

KIND = "environment"
"""The ``artifact_kind`` of such a node."""

_DISTRIBUTIONS = {"artigraph": "artigraph-jupyter", "artigraph_jupyter": "artigraph-jupyter"}
"""Package -> the distribution that it is in, where the names differ and the package does not tell its version."""

_known: dict[UUID, dict[str, Any]] = {}
"""Environments that were read; an id stands for its content."""


def current_environment() -> dict[str, Any]:
    """What is running here: ``python``, ``platform``, ``libraries`` (of imported ones: name -> version), ``commit``.

    ``commit`` is that of the working directory, where it is in a git repository.
    """
    found: dict[str, Any] = {
        "python": platform.python_version(),
        "platform": f"{platform.system()} {platform.machine()}",
        "libraries": _libraries(_imported()),
    }
    commit = commit_of(Path())
    return found | {"commit": commit} if commit else found


def environment_row(environment: dict[str, Any]) -> tuple[UUID, Batch]:
    """The id of an environment without its secrets, and the row to insert for it: the same content is the same node."""
    environment = _redacted(jsonable(environment))
    digest = sha256(json.dumps(environment, sort_keys=True, default=str).encode()).digest()
    node_id, at = as_made_of(digest), now()
    columns = ("id", "node_type", "node_created_at", "node_updated_at", "artifact_kind", "artifact_hash")
    row = (node_id.bytes, "node", at, at, KIND, digest, environment)
    return node_id, Batch(NODE, (*columns, "artifact_extra"), [row], ignore=True)


def _redacted(environment: dict[str, Any]) -> dict[str, Any]:
    """What stands under the name of a library is its version, also if the library is called ``asttokens``."""
    hidden = redacted_data(environment)
    libraries = environment.get("libraries")
    if isinstance(libraries, dict):
        hidden["libraries"] = {name: redacted_data(version) for name, version in libraries.items()}
    found: dict[str, Any] = hidden
    return found


def read_environments(connection: Connection, ids: Iterable[UUID]) -> dict[UUID, dict[str, Any]]:
    """Id -> environment, of those that exist."""
    asked = set(ids)
    missing = asked - _known.keys()
    if missing:
        rows = connection.execute(select(NODE.c.id, NODE.c.artifact_extra).where(NODE.c.id.in_(missing)))
        _known.update((row[0], row[1]) for row in rows)
    return {node_id: _known[node_id] for node_id in asked & _known.keys()}


def _imported() -> tuple[str, ...]:
    """The packages that are imported and not Python's own, sorted."""
    names = [name for name in list(sys.modules) if "." not in name and not name.startswith("_")]
    return tuple(sorted(name for name in names if name not in sys.stdlib_module_names))


@lru_cache(maxsize=1)
def _libraries(names: tuple[str, ...]) -> dict[str, str]:
    versions = ((name, _version(name)) for name in names)
    return {name: version for name, version in versions if version}


def _version(name: str) -> str | None:
    """What the module says of itself, without running any code of it, else what is installed under its name."""
    said = getattr(sys.modules.get(name), "__dict__", {}).get("__version__")
    return said if isinstance(said, str) else _installed(_DISTRIBUTIONS.get(name, name))


@cache
def _installed(distribution: str) -> str | None:
    try:
        return metadata.version(distribution)
    except (metadata.PackageNotFoundError, ValueError):
        return None
