"""The one loader: rows by level, blobs read and checked, objects built from the inside out."""

from __future__ import annotations

import asyncio
from collections.abc import Iterable, Sequence
from contextlib import suppress
from dataclasses import dataclass
from hashlib import sha256
from pathlib import Path
from typing import Any, TypeGuard
from uuid import UUID

from anyio import to_thread
from sqlalchemy import Select
from sqlalchemy.ext.asyncio import AsyncSession

from artigraph.digest import digest_bytes, format_digest
from artigraph.errors import (
    BlobCorruptError,
    BlobMissingError,
    CycleError,
    ModelTooNewError,
    NodeNotFoundError,
    NotKeptError,
    SerializeError,
    UnknownModelError,
    WrongModelError,
    as_one,
)
from artigraph.graph.collector import resting_collector
from artigraph.graph.current import Use, open_span, tracking
from artigraph.graph.engine import Database, current_database
from artigraph.identity import Memory, memories
from artigraph.persist.container import PREFIX, join
from artigraph.persist.fetch import Fetched, NodeRow, check_whole, fetch, fetch_where
from artigraph.persist.file import FILES, kept_files
from artigraph.persist.fingerprint import fingerprint
from artigraph.persist.finish import finished
from artigraph.persist.place import storage_named
from artigraph.persist.plan import JSON_NAME
from artigraph.persist.record import GenericRecord
from artigraph.persist.source import Source
from artigraph.persist.spec import is_savable
from artigraph.persist.stream import Stream
from artigraph.persist.whose import whose
from artigraph.registry import Registry, current_registry
from artigraph.serializer.base import StreamSerializer
from artigraph.serializer.json import json_serializer

AT_ONCE = 8

Failures = dict[bytes, Exception]
"""Node -> why it could not be read."""

SMALL = 4096
"""Bytes up to which JSON values are read together."""

FAILED = "values could not be loaded"


@dataclass(frozen=True, slots=True)
class LoadOptions:
    """How a call loads."""

    session: AsyncSession | None = None
    registry: Registry | None = None
    track: bool = True
    """Loading inside an open span makes what is loaded an input of it."""
    generic: bool = False
    """Models come as read-only records, with an error per field that cannot be loaded."""
    role: str | None = None
    """The name under which the open span uses it."""


async def load_many(ids: Sequence[bytes], options: LoadOptions | None = None) -> list[Any]:
    """Load values and models.

    Args:
        ids: raw ids.
        options: how.

    Returns:
        A value per id, in the same order.

    Raises:
        NodeNotFoundError: an id that no node has.
        BlobMissingError, BlobCorruptError, DatabaseCorruptError: stored bytes or parts are gone or changed.
        UnknownSerializerError, UnknownStorageError, ModelTooNewError, MigrationMissingError: this process lacks code.
        NotKeptError: a trace has no content.
        ExceptionGroup: several of them.
    """
    options = options or LoadOptions()
    database = current_database()
    got = await database.read(lambda connection: fetch(connection, ids), session=options.session)
    for node_id in ids:
        if node_id not in got.nodes:
            raise NodeNotFoundError(UUID(bytes=node_id))
    values = await _values(got, database, options)
    return [values[node_id] for node_id in ids]


async def load_each(ids: Sequence[bytes], options: LoadOptions) -> tuple[dict[bytes, Any], dict[bytes, Exception]]:
    """Load values and models, each for itself: id -> value, and id -> why there is none (as ``load_many`` raises)."""
    database, unique = current_database(), list(dict.fromkeys(ids))
    got = await database.read(lambda connection: fetch(connection, unique), session=options.session)
    failures: dict[bytes, Exception] = {
        node_id: NodeNotFoundError(UUID(bytes=node_id)) for node_id in unique if node_id not in got.nodes
    }
    return await _values(got, database, options, failures), failures


async def load_where(statement: Select[Any], options: LoadOptions | None = None) -> list[Any]:
    """Load everything that a query of ``fetch.COLUMNS`` gives, in its order. Raises as ``load_many``."""
    options = options or LoadOptions()
    database = current_database()
    got = await database.read(lambda connection: fetch_where(connection, statement), session=options.session)
    values = await _values(got, database, options)
    return [values[node_id] for node_id in got.roots]


async def load_fields(node_id: bytes, names: Iterable[str], options: LoadOptions | None = None) -> dict[str, Any]:
    """Load some fields of a model, and nothing else of it: field -> value.

    Raises:
        NodeNotFoundError: no such node, or no such field in it.
    """
    options = options or LoadOptions()
    database, names = current_database(), list(names)
    got = await database.read(lambda connection: fetch(connection, [node_id], names), session=options.session)
    if not got.roots:
        raise NodeNotFoundError(UUID(bytes=node_id))
    parts = got.parts.get(node_id, {})
    if missing := [name for name in names if name not in parts]:
        whole = await database.read(lambda connection: fetch(connection, [node_id]), session=options.session)
        there = ", ".join(sorted(whole.parts.get(node_id, ())))
        hint = f"its fields are {there:.300}" if there else "it has no fields: load it without fields="
        raise NodeNotFoundError(f"field {', '.join(map(repr, missing))} of {UUID(bytes=node_id)}", hint)
    got.nodes.pop(node_id), got.parts.pop(node_id)
    wanted = Fetched([parts[name] for name in names], got.nodes, got.parts)
    values = await _values(wanted, database, options)
    return {name: values[parts[name]] for name in names}


async def _values(
    got: Fetched, database: Database, options: LoadOptions, failures: dict[bytes, Exception] | None = None
) -> dict[bytes, Any]:
    """The values of the roots; with ``failures`` those that failed are noted there, without they are raised."""
    builder = _Builder(got, database, options)
    await builder.read_blobs()
    await builder.read_files()
    with resting_collector:
        builder.read_plain()
        for node_id in reversed(got.parts):  # inner models first, so that deep nesting needs no deep stack
            builder.build(node_id)
        values = {node_id: builder.build(node_id) for node_id in got.roots}
    failed = await builder.named_failures(options.session)
    if failed and failures is None:
        raise as_one((error for errors in failed.values() for error in errors), FAILED)
    for node_id, errors in failed.items():
        failures[node_id] = as_one(errors, FAILED)  # type: ignore[index]
        del values[node_id]
    with resting_collector:
        builder.remember(values)
    return values


class _PartsFailedError(Exception):
    """A whole could not be built, for these parts of it could not."""

    def __init__(self, failures: Failures) -> None:
        self.failures = failures


class _Builder:
    """Builds the objects of one load."""

    def __init__(self, got: Fetched, database: Database, options: LoadOptions) -> None:
        self.got, self.database, self.options = got, database, options
        self.registry = current_registry(options.registry)
        self.values: dict[bytes, Any] = {}
        self.failures: dict[bytes, Failures] = {}
        """Node -> why it has no value: its own failure, or those of the parts that it misses."""
        self._begun: set[bytes] = set()
        self._check = database.verify

    def read_plain(self) -> None:
        """Read all small JSON values whose bytes are intact; the others are left to ``build``, which says why."""
        if self._check == "size":
            return
        trusted = self._check == "never"
        small = [
            node
            for node in self.got.nodes.values()
            if node.serializer == JSON_NAME
            and node.model is None
            and _is_bytes(node.data)
            and len(node.data) <= SMALL
            and (trusted or sha256(node.data).digest() == node.hash)
        ]
        with suppress(SerializeError):
            values = json_serializer.deserialize_many([node.data or b"" for node in small])
            self.values.update(zip((node.id for node in small), values, strict=True))

    async def read_blobs(self) -> None:
        """Read, check and deserialize what lies in storages, some at once, each in a worker thread."""
        remote = [
            node for node in self.got.nodes.values() if node.location is not None and node.serializer not in FILES
        ]
        places = asyncio.Semaphore(AT_ONCE)

        async def one(node: NodeRow) -> None:
            async with places:
                try:
                    self.values[node.id] = await self._read(node)
                except Exception as error:  # noqa: BLE001 - told by named_failures
                    self.failures[node.id] = {node.id: error}

        await asyncio.gather(*(one(node) for node in remote))

    async def read_files(self) -> None:
        """Read kept files and folders as their suffix says."""
        ids = [node.id for node in self.got.nodes.values() if node.serializer in FILES]
        if not ids:
            return
        files = await self.database.read(
            lambda connection: kept_files(connection, ids, self.database, self.registry), session=self.options.session
        )
        for node_id, file in files.items():
            try:
                self.values[node_id] = await file.load({})
            except Exception as error:  # noqa: BLE001 - told by named_failures
                self.failures[node_id] = {node_id: error}

    def build(self, node_id: bytes) -> Any:
        """The object of a node; what fails is kept and told by ``named_failures``."""
        if node_id in self.values:
            return self.values[node_id]
        if node_id in self.failures:
            return None
        node = self.got.nodes[node_id]
        try:
            self._begin(node_id)
            value = self._model(node) if node.model is not None else self._inline(node)
        except _PartsFailedError as error:
            self.failures[node_id] = error.failures
            return None
        except Exception as error:  # noqa: BLE001 - told by named_failures, also what user code raised
            self.failures[node_id] = {node_id: error}
            return None
        self.values[node_id] = value
        return value

    async def named_failures(self, session: AsyncSession | None) -> dict[bytes, list[Exception]]:
        """Root -> why it has no value; each failure says whose it was."""
        failed = {node_id: self.failures[node_id] for node_id in self.got.roots if node_id in self.failures}
        every = {node_id: error for failures in failed.values() for node_id, error in failures.items()}
        named = {node_id: await self._named(node_id, error, session) for node_id, error in every.items()}
        return {root: [named[node_id] for node_id in failures] for root, failures in failed.items()}

    async def _named(self, node_id: bytes, error: Exception, session: AsyncSession | None) -> Exception:
        if not isinstance(error, BlobMissingError | BlobCorruptError):
            return error
        owner = await self.database.read(lambda connection: whose(connection, node_id), session=session)
        better: Exception
        if isinstance(error, BlobMissingError):
            better = BlobMissingError(error.location, error.storage, owner)
        else:
            better = BlobCorruptError(error.location, error.expected, error.got, owner, error.storage)
        better.__cause__ = error
        return better

    def remember(self, roots: dict[bytes, Any]) -> None:
        """Know the loaded objects again when they are used, and note the roots as inputs of the open span."""
        nodes, identity = self.got.nodes, self.database.identity
        for node_id, value in self.values.items():
            node = nodes[node_id]
            if node.serializer != JSON_NAME or node.model is not None or node_id in roots:
                graph_id = value.graph_id if is_savable(value) else UUID(bytes=node_id)
                looks = fingerprint(value) if node.model is None else None
                memories.remember(value, Memory(graph_id, identity, looks, node.hash))
        span = open_span(self.database.identity)
        if span is not None and self.options.track and tracking():
            for node_id in roots:
                span.use(Use(UUID(bytes=node_id), self.options.role or self.got.nodes[node_id].label))

    def _begin(self, node_id: bytes) -> None:
        if node_id in self._begun:
            raise CycleError(f"node {UUID(bytes=node_id)}")
        self._begun.add(node_id)

    def _inline(self, node: NodeRow) -> Any:
        name, data = node.serializer, node.data
        if name is None or data is None:
            if node.kind == "trace":
                label = node.label or str(UUID(bytes=node.id))
                raise NotKeptError(label, node.otype or "unknown", "the span it is an output of")
            found = f"node of type {node.type!r} without content"
            raise WrongModelError("value", found, UUID(bytes=node.id))
        if not _is_bytes(data):
            raise _damaged(node, "bytes", type(data).__name__)
        if self._check != "never":
            expected = node.hash
            if self._check == "size":
                if len(data) != node.size:
                    raise _damaged(node, f"{node.size} bytes", f"{len(data)} bytes")
            elif expected is not None and digest_bytes(data) != expected:
                raise _damaged(node, format_digest(expected), format_digest(digest_bytes(data)))
        if name == JSON_NAME:
            return json_serializer.deserialize(data)
        serializer = self.registry.serializer_named(name)
        if isinstance(serializer, StreamSerializer):
            return self._stream(node, serializer, data)
        return serializer.deserialize(data)

    async def _read(self, node: NodeRow) -> Any:
        storage = storage_named(self.database, self.registry, node.storage or "")
        serializer: Any = self.registry.serializer_named(node.serializer or "")
        location = node.location or ""
        source = Source(storage, location, node.hash, node.size, self._check)
        if isinstance(serializer, StreamSerializer):
            await source.check()
            return self._stream(node, serializer, source)
        path = await storage.path(location)
        if path is None:
            with await source.fetch() as file:
                return await finished(to_thread.run_sync(serializer.load, file))
        return await to_thread.run_sync(_load_local, source, serializer, path)

    def _stream(self, node: NodeRow, serializer: StreamSerializer[Any], source: Source | bytes) -> Stream[Any]:
        return Stream(UUID(bytes=node.id), node.size or 0, serializer, source, self.registry)

    def _model(self, node: NodeRow) -> Any:
        node_id, name, version = node.id, node.model or "", node.version or 1
        parts = self.got.parts[node_id]
        data = {label: self.build(part) for label, part in parts.items()}
        failed = {label: self.failures[part] for label, part in parts.items() if part in self.failures}
        is_container, unpacker = name.startswith(PREFIX), self.registry.unpackers.get(name)
        model: Any = None
        if not is_container and unpacker is None:
            with suppress(UnknownModelError):
                model = None if self.options.generic else self.registry.model_named(name)
            if model is None:
                kept = {label: value for label, value in data.items() if label not in failed}
                errors = {label: as_one(failures.values(), FAILED) for label, failures in failed.items()}
                return GenericRecord(UUID(bytes=node_id), name, version, kept, errors)
        if failed:
            raise _PartsFailedError({part: error for each in failed.values() for part, error in each.items()})
        check_whole(self.got, node)
        if is_container:
            return join(name, None if node.data is None else json_serializer.deserialize(node.data), data)
        if unpacker is not None:
            return unpacker.pack(data)
        if version > model.graph_model_version:
            raise ModelTooNewError(name, version, model.graph_model_version)
        value = model.graph_model_init(version, data)
        if not is_savable(value):
            raise SerializeError(f"{name}.graph_model_init returned {type(value).__name__}, not a model")
        value.graph_adopt(UUID(bytes=node_id), node.label)
        return value


def _load_local(source: Source, serializer: Any, path: Path) -> Any:
    """(worker thread) The value in a file, checked."""
    with source.open_local(path) as file:
        return serializer.load(file)


def _is_bytes(data: object) -> TypeGuard[bytes]:
    """Whether it is content at all; a damaged database may hold anything there."""
    return isinstance(data, bytes)


def _damaged(node: NodeRow, expected: str, got: str) -> BlobCorruptError:
    return BlobCorruptError(f"row {UUID(bytes=node.id)}", expected, got, storage="the database")
