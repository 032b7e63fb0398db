"""The five verbs: save, load, find, span_context, view_lineage."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any
from uuid import UUID

from sqlalchemy.ext.asyncio import AsyncSession

from artigraph.artifact.artifact import Artifact
from artigraph.bridge import dual
from artigraph.contract import checked, several
from artigraph.graph.value import Filter
from artigraph.lineage.lineage import Lineage
from artigraph.lineage.view import lineage_around
from artigraph.persist.find import resolve
from artigraph.persist.listing import Listing, listing
from artigraph.persist.load import LoadOptions, load_fields, load_many
from artigraph.persist.save import SaveOptions, SaveRequest, save_many
from artigraph.persist.spec import OnConflict, SaveSpec
from artigraph.registry import Registry
from artigraph.serializer.base import Serializer
from artigraph.span.context import span_context
from artigraph.span.read import span_id
from artigraph.storage.base import Storage


@dual
async def save(
    value: Any,
    label: str | None = None,
    *,
    key: str | None = None,
    tags: Mapping[str, str] | None = None,
    serializer: Serializer[Any] | str | None = None,
    storage: Storage | str | type | None = None,
    on_conflict: OnConflict = "raise",
    session: AsyncSession | None = None,
    registry: Registry | None = None,
) -> UUID:
    """Save a model, or any value that a serializer knows; in an open span it becomes its output.

    Args:
        value: what to save.
        label: a name to find it by, 1-255 characters.
        key: the name of a family of versions, such as "project/rates.parquet": the same content under it is the same
            version, other content the next one. Its suffix says the format, where it has one.
        tags: tag name -> value.
        serializer: an instance, or a registered name; inferred when None.
        storage: an instance, or a registered name; by size when None.
        on_conflict: what to do with a model that was saved before and has changed: "raise", "replace", "ignore".
        session: a session of yours, which you commit.
        registry: where to look for serializers and storages.

    Returns:
        The id of its node.

    Raises:
        NoEngineError: no database was chosen.
        UnserializableError: naming the part of the value that no serializer knows.
        InvalidLabelError, UnsafeKeyError, CycleError, ImmutableError: nothing was written.
    """
    if key is not None:
        artifact = Artifact(value=value, label=label, key=key, tags=tags, serializer=serializer, storage=storage)
        await artifact.save.a(on_conflict=on_conflict, session=session, registry=registry)
        return artifact.id
    spec = SaveSpec(serializer, storage, dict(checked("tags", tags or {}, Mapping, "a dict of names and texts")))
    options = SaveOptions(on_conflict=on_conflict, session=session, registry=registry)
    return (await save_many([SaveRequest(value, label, spec)], options))[0].id


@dual
async def load(
    target: Any,
    *,
    fields: Iterable[str] | None = None,
    generic: bool = False,
    track: bool = True,
    session: AsyncSession | None = None,
    registry: Registry | None = None,
) -> Any:
    """Load a value or model; in an open span it becomes its input.

    Args:
        target: an id, its text, a record of a save, a handle, a key (its latest version), or a label (the newest).
        fields: of a model, load these fields only.
        generic: models come as read-only mappings of their fields, with an error per field that cannot be loaded.
        track: False keeps it out of the span's inputs.
        session: a session of yours.
        registry: where to look for serializers, storages and models.

    Returns:
        The value; with ``fields``, a dict field -> value.

    Raises:
        NodeNotFoundError: nothing has this id, key or label.
        BlobMissingError, BlobCorruptError: its bytes are gone or changed.
        NotKeptError: it was only traced; the message names the span that made it.
    """
    node_id = await resolve(target, session=session)
    role = target if isinstance(target, str) and target != str(node_id) else None
    options = LoadOptions(session=session, registry=registry, track=track, generic=generic, role=role)
    if fields is not None:
        return await load_fields(node_id.bytes, several("fields", fields, "names of fields"), options)
    return (await load_many([node_id.bytes], options))[0]


def find(where: Filter | str | None = None, *, tags: Mapping[str, str | None] | None = None) -> Listing:
    """List what is in the store, newest first: a lazy sequence whose text is a table.

    Args:
        where: a filter, or text that labels or keys contain.
        tags: tag name -> value (None: any value).

    Raises:
        NoEngineError: no database was chosen.
        InvalidFilterError: ``where`` is no filter, or ``tags`` is no dict.
    """
    return listing(where, tags=tags)


@dual
async def view_lineage(
    target: Any = "current",
    upstream: int = 1,
    downstream: int = 1,
    *,
    with_children: bool = True,
    return_graph: bool = True,  # noqa: ARG001 - what other documents pass; a Lineage is a graph
    session: AsyncSession | None = None,
) -> Lineage:
    """What a thing was made from, and what was made from it.

    Args:
        target: a span, artifact, model, id or label, or "current" for the open span.
        upstream: how many hops back; a hop is one arrow between an artifact and a span.
        downstream: how many hops on.
        with_children: False: nothing downstream.
        return_graph: the Lineage is returned either way.
        session: a session of yours.

    Returns:
        The Lineage: plain data with ``to_text``, ``to_svg``, ``to_mermaid``, ``to_dot``, ``to_networkx``.

    Raises:
        NodeNotFoundError: nothing has this id or label.
        NoOpenSpanError: "current", and no span is open.
        InvalidFilterError: hops that are no number.
    """
    is_current = isinstance(target, str) and target == "current"
    node_id = await span_id(target) if is_current else await resolve(target, session=session)
    return await lineage_around(node_id, upstream, downstream, with_children=with_children, session=session)


__all__ = ["find", "load", "save", "span_context", "view_lineage"]
