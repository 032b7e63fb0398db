"""Values under a key: what one serializer writes becomes the content of a file; models and the like stay wholes."""

from __future__ import annotations

import copy
from dataclasses import replace
from typing import Any
from uuid import UUID

from sqlalchemy import Connection, select, update
from sqlalchemy.ext.asyncio import AsyncSession

from artigraph.artifact.content import Content, ValueContent
from artigraph.artifact.keep import tell
from artigraph.artifact.key import suffix_of, uid_of
from artigraph.artifact.made import link_made
from artigraph.artifact.offer import Offer
from artigraph.artifact.table import FORMATS, LIBRARIES, table_content
from artigraph.artifact.version import Known, families_of
from artigraph.errors import CycleError, InvalidArtifactError, UnserializableError
from artigraph.graph.engine import Database
from artigraph.graph.schema import NODE
from artigraph.ids import now
from artigraph.persist.container import CONTAINERS, PREFIX
from artigraph.persist.save import SaveOptions, SaveRequest, save_many
from artigraph.persist.spec import is_savable
from artigraph.persist.trash import take_back
from artigraph.registry import Registry
from artigraph.serializer.file import bytes_serializer


def value_content(value: Any, key: str, asked: Any, registry: Registry) -> Content | None:
    """The content of a value: in the format of the key's suffix where there is one, else as values are kept.

    Returns:
        None for what is kept as a whole with parts: a model, a container with models or arrays inside.

    Raises:
        UnserializableError: no serializer knows it.
    """
    if is_savable(value) or registry.unpacker_for(type(value)) is not None:
        return None
    suffix = suffix_of(key)
    library = type(value).__module__.partition(".")[0]
    is_table = asked is None and library in LIBRARIES and type(value).__name__ in ("DataFrame", "Table")
    if is_table and (not suffix or suffix.lower() in FORMATS):
        return table_content(value, key, None, None)
    writer = _writer(value, suffix, asked, registry)
    if writer is None and type(value) in CONTAINERS:
        return None
    if writer is None:
        raise UnserializableError("value", type(value).__qualname__)
    if not suffix and type(value) in CONTAINERS:
        try:
            writer.serialize(value)
        except (UnserializableError, CycleError):
            return None
    return ValueContent(
        value=value,
        writer=writer,
        serializer=writer.name,
        content_type=writer.content_type,
        suffix=suffix,
        otype=type(value).__qualname__[:255],
    )


def _writer(value: Any, suffix: str, asked: Any, registry: Registry) -> Any:
    if isinstance(asked, str):
        return registry.serializer_named(asked)
    if asked is not None:
        if registry.serializers.get(asked.name) is not asked:
            registry.add_serializer(asked)
        return asked
    by_suffix = registry.serializer_for_suffix(suffix) if suffix else None
    if isinstance(value, bytes) and suffix != ".json":
        return bytes_serializer
    return by_suffix or registry.serializer_for(value)


class _ThereError(Exception):
    """The content is there already, so nothing of this save is to be written."""

    def __init__(self, known: Known) -> None:
        self.known = known
        super().__init__()


async def save_whole(offer: Offer, value: Any, artifact: Any, database: Database, session: AsyncSession | None) -> None:
    """Save a model or another whole under a key; ``offer`` says what became of it."""
    key = offer.key
    assert key is not None
    fresh = copy.copy(value) if is_savable(value) and value.graph_known else value
    root = fresh.graph_id if is_savable(fresh) else offer.id

    def claim(connection: Connection) -> None:
        family = families_of(connection, [key], lock=True)[key]
        digest, name = connection.execute(
            select(NODE.c.artifact_hash, NODE.c.model_artifact_type_name).where(NODE.c.id == root)
        ).one()
        known = None if offer.always else family.holding(bytes(digest), None)
        if known is not None:
            raise _ThereError(known)
        version = family.top + 1
        names = {"artifact_uid": uid_of(family.stem, version), "artifact_stem": family.stem}
        said = {
            "artifact_kind": offer.kind,
            "artifact_description": offer.description,
            "artifact_otype": offer.otype or name.removeprefix(PREFIX),
        }
        more = {"artifact_version": version, "artifact_suffix": suffix_of(key), "artifact_extra": offer.facts()}
        connection.execute(update(NODE).where(NODE.c.id == root).values(**names, **said, **more))
        offer.became, offer.is_new = root, True
        for also in offer.also:
            also(connection, root)

    request = SaveRequest(fresh, offer.label or _label(key), artifact._spec, None if is_savable(fresh) else root)
    request = replace(request, span=False if offer.span is None else offer.span)
    try:
        await save_many([request], SaveOptions(session=session, span=offer.span, also=claim))
    except _ThereError as there:
        known = there.known
        offer.became, offer.is_new = UUID(bytes=known.id), False

        def again(connection: Connection) -> None:
            at = now()
            take_back(connection, [known.id] if known.trashed else [], at)
            tell(connection, [offer], at)
            link_made(connection, [offer], at)
            for also in offer.also:
                also(connection, UUID(bytes=known.id))

        await database.write(again, session=session)
        if is_savable(value) and not value.graph_known:
            value.graph_adopt(offer.became)
        return
    if fresh is not value:
        value.graph_adopt(root)


def check_whole(offer: Offer) -> None:
    """Raises InvalidArtifactError for what a whole cannot have."""
    if offer.key is None or offer.stem is not None:
        raise InvalidArtifactError("a model is versioned by its key: Artifact(value=model, key='name')")


def _label(key: str) -> str | None:
    return key if len(key) <= 255 else None
