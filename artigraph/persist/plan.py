"""The plan of a save: the whole object graph, walked in memory before anything is written.

A shared child is planned once; a cycle is an error that names it. Plain JSON values become bytes at once; streams and
values of other serializers are left for ``encode``.
"""

from __future__ import annotations

from collections.abc import AsyncIterable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from types import AsyncGeneratorType
from typing import Any
from uuid import UUID

from artigraph.bridge import caller_loop
from artigraph.contract import Unpacker, checked
from artigraph.digest import digest_bytes, model_digest
from artigraph.errors import CycleError, UnserializableError
from artigraph.ids import new_raw_id
from artigraph.persist.container import CONTAINERS, VERSION, Container, split
from artigraph.persist.handover import Handover
from artigraph.persist.spec import INFER, Savable, SaveSpec, check_label, check_tags, is_savable
from artigraph.persist.stream import Stream
from artigraph.registry import Registry
from artigraph.serializer.base import StreamSerializer
from artigraph.serializer.json import Typed, json_serializer
from artigraph.storage.database import database_storage

PLAIN_TYPES = frozenset({int, str, bool, float, type(None)})

JSON_NAME = json_serializer.name


@dataclass(slots=True, eq=False)
class ValueDraft:
    """A value that will be one artifact."""

    id: bytes
    value: Any
    serializer: Any
    storage: Any
    """A storage instance, ``database_storage``, or None: by size."""
    tags: dict[str, str]
    path: str
    label: str | None = None
    data: bytes | None = None
    hash: bytes = b""
    size: int = 0
    preview: dict[str, Any] | None = None
    location: str | None = None
    spool: Any = None
    source: Handover | None = None
    """Where the items of a stream come from."""
    known: bool = False
    """The id was given out before, so a row of this id may exist."""

    @property
    def type_name(self) -> str:
        """Of the value, as it is shown; of a stream that of what comes back."""
        cls = Stream if isinstance(self.serializer, StreamSerializer) else type(self.value)
        return (self.value.name if cls is Typed else cls.__qualname__)[:255]


@dataclass(slots=True, eq=False)
class ModelDraft:
    """A model, a container with a node per element, or what an unpacker took apart."""

    id: bytes
    value: Any
    name: str
    version: int
    known: bool
    """The id was given out before, so a row of this id may exist."""
    path: str
    label: str | None = None
    keys: bytes | None = None
    plain: list[tuple[str, bytes, bytes, bytes]] = field(default_factory=list)
    """(label, id, data, hash) of fields that are plain JSON"""
    parts: list[tuple[str, ValueDraft | ModelDraft]] = field(default_factory=list)
    tags: dict[str, str] = field(default_factory=dict)
    hash: bytes = b""
    size: int = 0

    def finish(self) -> None:
        """Compute the digest and size out of the parts, which are finished."""
        digests = [(label, digest) for label, _, _, digest in self.plain]
        digests += [(label, part.hash) for label, part in self.parts]
        if self.keys is not None:
            digests.append(("", digest_bytes(self.keys)))
        self.hash = model_digest(self.name, self.version, digests)
        self.size = sum(len(data) for _, _, data, _ in self.plain) + sum(part.size for _, part in self.parts)


Draft = ValueDraft | ModelDraft


class Plan:
    """Everything that one save will write."""

    def __init__(self, registry: Registry) -> None:
        self.registry = checked("registry", registry, Registry, "a Registry")
        self.roots: list[Draft] = []
        self.models: list[ModelDraft] = []
        """Parts before their wholes."""
        self.values: list[ValueDraft] = []
        self.used: list[tuple[Any, str]] = []
        """(value, name) of every value met that is not plain: it may be remembered from somewhere."""
        self.dropped: list[ValueDraft] = []
        """Values of roots that were taken out."""
        self._seen: dict[int, ModelDraft] = {}
        self._walking: dict[int, str] = {}

    def add(
        self, value: Any, label: str | None, spec: SaveSpec, *, node_id: UUID | None = None, known: bool = True
    ) -> Draft:
        """Plan a root.

        Args:
            value: a model, or anything a serializer knows.
            label: the name it is given.
            spec: how it is to be kept.
            node_id: the id its node shall have, for a value that has none of its own.
            known: whether a row of this id may exist.

        Raises:
            UnserializableError: naming the path to the part that no serializer knows.
            CycleError: naming the path.
            InvalidLabelError: a label that cannot be kept.
        """
        check_label(label)
        path = label or type(value).__name__
        begun = len(self.models), len(self.values), len(self.used)
        try:
            draft = self._visit(value, spec, path)
        except BaseException as error:
            self._forget(*begun)
            if isinstance(error, RecursionError):
                raise UnserializableError(path, type(value).__name__, "it is nested too deeply") from error
            raise
        draft.label = label or draft.label
        if node_id is not None:
            draft.id, draft.known = node_id.bytes, known
        self.roots.append(draft)
        return draft

    def drop(self, failed: Mapping[Draft, Exception]) -> dict[Draft, list[Exception]]:
        """Take out the roots that have a failed part, with what only they have: root -> why."""
        reasons: dict[Draft, list[Exception]] = {}
        kept: set[Draft] = set()
        for root in self.roots:
            parts = _everything_in(root)
            why = [failed[part] for part in parts if part in failed]
            if why:
                reasons[root] = why
            else:
                kept.update(parts)
        self.dropped += [value for value in self.values if value not in kept]
        self.roots = [root for root in self.roots if root not in reasons]
        self.models = [model for model in self.models if model in kept]
        self.values = [value for value in self.values if value in kept]
        return reasons

    def _forget(self, models: int, values: int, used: int) -> None:
        """Undo what was planned beyond these numbers."""
        for model in self.models[models:]:
            self._seen.pop(id(model.value), None)
        del self.models[models:], self.values[values:], self.used[used:]
        self._walking.clear()

    def everything(self) -> Iterator[Draft]:
        """Every draft, parts before wholes."""
        yield from self.values
        yield from self.models

    def _visit(self, value: Any, spec: SaveSpec, path: str) -> Draft:
        if is_savable(value):
            model = self._model(value, path)
            model.tags.update(check_tags(spec.tags))
            return model
        self.used.append((value, path))
        unpacker = self.registry.unpacker_for(type(value)) if spec.serializer is None else None
        if unpacker is not None:
            return self._unpacked(value, unpacker, spec, path)
        serializer = self._serializer(value, spec)
        if serializer is None or spec.serializer is not None:
            can_stream = serializer is None or isinstance(serializer, StreamSerializer)
            if can_stream and isinstance(value, AsyncIterable):
                return self._stream(value, serializer, spec, path)
        if spec.serializer is None and (serializer is None or _is_small(serializer)):
            container = CONTAINERS.get(type(value))
            small = serializer or json_serializer
            try:
                data = small.serialize(value)
            except UnserializableError as error:
                if container is None:
                    raise UnserializableError(
                        error.path.replace("value", path, 1), error.type_name, error.hint
                    ) from None
                return self._container(value, spec, path)
            except CycleError as error:
                raise CycleError(error.path.replace("value", path, 1)) from None
            draft = self._value(value, small, spec, path)
            draft.data, draft.hash, draft.size = data, digest_bytes(data), len(data)
            return draft
        return self._value(value, serializer, spec, path)

    def _value(self, value: Any, serializer: Any, spec: SaveSpec, path: str) -> ValueDraft:
        tags = dict(check_tags(spec.tags)) if spec.tags else {}
        draft = ValueDraft(new_raw_id(), value, serializer, self._storage(spec), tags, path)
        self.values.append(draft)
        return draft

    def _stream(self, value: AsyncIterable[Any], serializer: Any, spec: SaveSpec, path: str) -> ValueDraft:
        if isinstance(value, AsyncGeneratorType) and value.ag_frame is None:
            raise UnserializableError(path, "async_generator", "it was gone through to its end; make a new one")
        if serializer is None and isinstance(value, Stream):
            serializer = value.serializer
        elif serializer is None and spec.items is not None:
            serializer = self.registry.stream_serializer_for(spec.items)
        draft = self._value(value, serializer, spec, path)
        draft.source = Handover(value, caller_loop())
        return draft

    def _model(self, value: Savable, path: str) -> ModelDraft:
        found = self._seen.get(id(value))
        if found is not None:
            return found
        if id(value) in self._walking:
            raise CycleError(f"{self._walking[id(value)]} -> {path}")
        self._walking[id(value)] = path
        self.used.append((value, path))
        known = value.graph_known
        draft = ModelDraft(value.graph_id.bytes, value, value.graph_model_name, value.graph_model_version, known, path)
        for label, (part, spec) in value.graph_model_data().items():
            if type(part) in PLAIN_TYPES and spec is INFER:
                data = json_serializer.serialize(part)
                draft.plain.append((label, new_raw_id(), data, digest_bytes(data)))
            else:
                draft.parts.append((label, self._visit(part, spec, f"{path}.{label}")))
        del self._walking[id(value)]
        self._seen[id(value)] = draft
        self.models.append(draft)
        return draft

    def _container(self, value: Any, spec: SaveSpec, path: str) -> ModelDraft:
        if id(value) in self._walking:
            raise CycleError(f"{self._walking[id(value)]} -> {path}")
        self._walking[id(value)] = path
        container = CONTAINERS[type(value)]
        draft = ModelDraft(new_raw_id(), value, container.name, VERSION, False, path)
        keys, parts = split(container, value)
        if keys is not None:
            try:
                draft.keys = json_serializer.serialize(keys)
            except UnserializableError as error:
                raise UnserializableError(f"a key of {path}", error.type_name, error.hint) from None
        steps = ((label, _step(container, keys, label), part) for label, part in parts)
        return self._with_parts(draft, steps, spec, path)

    def _unpacked(self, value: Any, unpacker: Unpacker, spec: SaveSpec, path: str) -> ModelDraft:
        if id(value) in self._walking:
            raise CycleError(f"{self._walking[id(value)]} -> {path}")
        self._walking[id(value)] = path
        draft = ModelDraft(new_raw_id(), value, unpacker.name, VERSION, False, path)
        steps = ((check_label(label) or "", f".{label}", part) for label, part in unpacker.unpack(value).items())
        return self._with_parts(draft, steps, spec, path)

    def _with_parts(
        self, draft: ModelDraft, steps: Iterable[tuple[str, str, Any]], spec: SaveSpec, path: str
    ) -> ModelDraft:
        """The draft with its parts: (label, how it is written behind the path, value)."""
        draft.tags = dict(check_tags(spec.tags))
        inner = SaveSpec(spec.serializer, spec.storage) if spec.serializer or spec.storage else INFER
        for label, step, part in steps:
            draft.parts.append((label, self._visit(part, inner, path + step)))
        del self._walking[id(draft.value)]
        self.models.append(draft)
        return draft

    def _serializer(self, value: Any, spec: SaveSpec) -> Any:
        asked = spec.serializer
        if asked is None:
            return self.registry.serializer_for(value)
        if isinstance(asked, str):
            return self.registry.serializer_named(asked)
        if self.registry.serializers.get(getattr(asked, "name", "")) is not asked:
            self.registry.add_serializer(asked)
        return asked

    def _storage(self, spec: SaveSpec) -> Any:
        asked = spec.storage
        if asked is None or asked is database_storage:
            return asked
        if isinstance(asked, str):
            return self.registry.storage_named(asked)
        if isinstance(asked, type):
            return self._only_instance(asked)
        if self.registry.storages.get(getattr(asked, "name", "")) is not asked:
            self.registry.add_storage(asked)
        return asked

    def _only_instance(self, kind: type) -> Any:
        found = self.registry.storages_of(kind)
        if len(found) != 1:
            raise UnserializableError(
                kind.__name__,
                "storage class",
                f"{len(found)} of it are registered; name an instance instead of the class",
            )
        return found[0]


def _is_small(serializer: Any) -> bool:
    """Whether values of this serializer are builtin ones, written faster than handed to a thread."""
    return serializer is json_serializer or type(serializer).__module__ == "artigraph.serializer.datetime"


def _step(container: Container, keys: Sequence[Any] | None, label: str) -> str:
    """How an element is written behind the path of its container."""
    if container.type is Typed:
        return ""
    return f"[{label}]" if keys is None else f"[{label!r}]"


def _everything_in(root: Draft) -> list[Draft]:
    """A draft with all its parts, at any depth, each once."""
    found = {root: None}
    level = [root]
    while level:
        parts = [part for each in level if isinstance(each, ModelDraft) for _, part in each.parts]
        level = [part for part in dict.fromkeys(parts) if part not in found]
        found.update(dict.fromkeys(level))
    return list(found)
