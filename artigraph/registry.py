"""Stable names to serializers, storages and model classes, and the one lazy loader of the library.

Nothing is imported or scanned before it is asked for: the serializer of a value is looked for in the file named after
the library that defines its class, and a stored name leads to its file the same way.
"""

from __future__ import annotations

import re
import sys
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from contextvars import ContextVar
from functools import lru_cache
from importlib import import_module
from importlib.metadata import EntryPoint, entry_points
from importlib.util import find_spec
from pkgutil import iter_modules
from types import MappingProxyType, ModuleType
from typing import Any, Literal, Protocol, runtime_checkable

from artigraph.errors import (
    MissingLibraryError,
    NameTakenError,
    UnknownModelError,
    UnknownSerializerError,
    UnknownStorageError,
)


@runtime_checkable
class SerializerLike(Protocol):
    """What the registry has to know of a serializer; the contract itself is ``serializer/base.py``."""

    name: str
    types: tuple[type, ...]
    suffixes: tuple[str, ...]

    def serialize(self, value: Any, /) -> bytes: ...

    def deserialize(self, data: bytes, /) -> Any: ...


@runtime_checkable
class StorageLike(Protocol):
    """What the registry has to know of a storage; the contract itself is ``storage/base.py``."""

    name: str

    async def read(self, location: str) -> bytes: ...

    async def delete(self, location: str) -> bool: ...


class Registry:
    """Finds serializers, storages and model classes by name, value or file suffix.

    Without these arguments everything that ships and every entry point can be found. With any of the first four the
    registry knows exactly what it was given, besides the storages that ship.

    Args:
        serializers: serializers to know.
        storages: storages to know.
        models: stored name -> model class.
        modules: modules or their names, whose serializers, storages and model classes are known; the package
            ``"artigraph.serializer"`` stands for all serializers, shipped and installed.
        unpackers: walkers for composite types of third parties, for whoever walks values.
    """

    def __init__(
        self,
        *,
        serializers: Iterable[SerializerLike] = (),
        storages: Iterable[StorageLike] = (),
        models: Mapping[str, type] | None = None,
        modules: Iterable[str | ModuleType] | None = None,
        unpackers: Iterable[object] = (),
    ) -> None:
        serializers, storages, self.unpackers = tuple(serializers), tuple(storages), tuple(unpackers)
        self._serializers: dict[str, SerializerLike] = {}
        self._storages: dict[str, StorageLike] = {}
        self._models: dict[str, type] = {}
        self._types: dict[type, SerializerLike] = {}
        self._seen: dict[type, SerializerLike] = {}
        self._suffixes: dict[str, SerializerLike] = {}
        self._discovered: set[tuple[_Kind, str]] = set()
        self._open = not (serializers or storages or models or modules)
        for serializer in serializers:
            self.add_serializer(serializer)
        for storage in storages:
            self.add_storage(storage)
        for name, model_type in (models or {}).items():
            self.add_model(name, model_type)
        for module in modules or ():
            if module == "artigraph.serializer":
                self._open = True
            else:
                self.add_module(load(module, "the registry") if isinstance(module, str) else module)

    def __repr__(self) -> str:
        counts = f"{len(self._serializers)} serializers, {len(self._storages)} storages, {len(self._models)} models"
        return f"<Registry of {counts}>"

    @property
    def serializers(self) -> Mapping[str, SerializerLike]:
        """What is registered by now, by name (a live, read-only view)."""
        return MappingProxyType(self._serializers)

    @property
    def storages(self) -> Mapping[str, StorageLike]:
        """What is registered by now, by name (a live, read-only view)."""
        return MappingProxyType(self._storages)

    @property
    def models(self) -> Mapping[str, type]:
        """What is registered by now, by stored name (a live, read-only view)."""
        return MappingProxyType(self._models)

    def add_serializer(self, serializer: SerializerLike, /, *, replace: bool = False) -> None:
        """Know a serializer by its name; its types and suffixes go to whoever claims them first, or replaces.

        Raises:
            NameTakenError: another instance has this name and ``replace`` is False.
        """
        _claim(self._serializers, serializer.name, serializer, replace)
        for table, keys in ((self._types, serializer.types), (self._suffixes, serializer.suffixes)):
            for key in keys:
                if replace or key not in table:
                    table[key] = serializer  # type: ignore[index]
        self._seen.clear()

    def add_storage(self, storage: StorageLike, /, *, replace: bool = False) -> None:
        """Know a storage by its name.

        Raises:
            NameTakenError: another instance has this name and ``replace`` is False.
        """
        _claim(self._storages, storage.name, storage, replace)

    def add_model(self, name: str, model_type: type, /, *, replace: bool = False) -> None:
        """Know a model class by its stored name.

        Raises:
            NameTakenError: another class has this name and ``replace`` is False.
        """
        _claim(self._models, name, model_type, replace)

    def add_module(self, module: ModuleType, /) -> None:
        """Know every serializer and storage that is an attribute of ``module``, and every registered model class."""
        models = {model: name for name, model in _default._models.items()}
        for thing in list(vars(module).values()):
            if isinstance(thing, type):
                if thing in models:
                    self.add_model(models[thing], thing)
            elif isinstance(thing, SerializerLike):
                self.add_serializer(thing)
            elif isinstance(thing, StorageLike):
                self.add_storage(thing)

    def serializer_named(self, name: str) -> SerializerLike:
        """The serializer of this name, loaded from the file its name leads to when it is not registered yet.

        Raises:
            UnknownSerializerError: no such serializer here.
            MissingLibraryError: the library it serves is not installed.
        """
        found = self._serializers.get(name)
        if found is None and self._open:
            self._discover("serializer", _root(name))
            found = self._serializers.get(name)
        if found is None:
            raise UnknownSerializerError(name, self._serializers)
        return found

    def serializer_for(self, value: object) -> SerializerLike | None:
        """The serializer for a value: of its exact type, else of its nearest base; None when there is none."""
        cls = type(value)
        found = self._seen.get(cls)
        return self.serializer_for_type(cls) if found is None else found

    def serializer_for_type(self, cls: type) -> SerializerLike | None:
        """The serializer for instances of ``cls``: its own, else that of its nearest base; None when there is none."""
        if self._open:
            self._discover("serializer", "json")  # the types of the standard library
        for base in cls.__mro__:
            if base not in self._types and self._open:
                self._discover("serializer", _root(base.__module__))
            if found := self._types.get(base):
                self._seen[cls] = found
                return found
        return None

    def serializer_for_suffix(self, suffix: str) -> SerializerLike | None:
        """The serializer that reads and writes files of this suffix (``".parquet"``); None when there is none.

        Raises:
            MissingLibraryError: there is one, and the library it serves is not installed.
        """
        suffix = suffix.lower()
        missing = None
        if suffix not in self._suffixes and self._open:
            for library in (*_mentioning(suffix), *_entry_points("serializer", tuple(sys.path))):
                try:
                    self._discover("serializer", library)
                except MissingLibraryError as error:
                    missing = missing or error
                if suffix in self._suffixes:
                    break
        found = self._suffixes.get(suffix)
        if found is None and missing is not None:
            raise missing
        return found

    def storage_named(self, name: str) -> StorageLike:
        """The storage of this name, loaded from the file its name leads to when it is not registered yet.

        Raises:
            UnknownStorageError: no such storage here.
        """
        found = self._storages.get(name)
        if found is None:
            self._discover("storage", _root(name))
            found = self._storages.get(name)
        if found is None:
            raise UnknownStorageError(name, self._storages)
        return found

    def model_named(self, name: str) -> type:
        """The model class of this stored name.

        Raises:
            UnknownModelError: no such class is defined in this process.
        """
        try:
            return self._models[name]
        except KeyError:
            raise UnknownModelError(name) from None

    def _discover(self, kind: _Kind, library: str) -> None:
        """Add what the file or entry point for ``library`` holds, if there is one, once."""
        if (kind, library) not in self._discovered and (module := _module_for(kind, library)) is not None:
            self.add_module(module)
            self._discovered.add((kind, library))


def load(module: str, purpose: str, package: str | None = None) -> ModuleType:
    """Import a module that may not be installed, when it is first wanted.

    Args:
        module: its dotted name.
        purpose: what needs it, as the beginning of a sentence ("the polars serializer").
        package: what to ``pip install``, when that is not the module's root.

    Raises:
        MissingLibraryError: the library is not installed; any other failure of the import comes out unchanged.
    """
    library = _root(module)
    try:
        return import_module(module)
    except ModuleNotFoundError as error:
        if library != "artigraph" and error.name is not None and _root(error.name) == library:
            raise MissingLibraryError(library, purpose, package) from error
        raise


def default_registry() -> Registry:
    """The registry of this process, where ``register()`` puts things."""
    return _default


def current_registry() -> Registry:
    """The registry in use here: that of ``use_registry``, else the default one."""
    return _current.get() or _default


@contextmanager
def use_registry(registry: Registry) -> Iterator[Registry]:
    """Make ``registry`` the current one inside the ``with`` block (in this task or thread)."""
    token = _current.set(registry)
    try:
        yield registry
    finally:
        _current.reset(token)


_Kind = Literal["serializer", "storage"]
_default = Registry()
_current: ContextVar[Registry | None] = ContextVar("artigraph_registry", default=None)
_ROOT = re.compile(r"[^\W\d_]\w*")


def _root(name: str) -> str:
    """The identifier a name begins with ("numpy" of "numpy.npy/1"), "" when it begins with something else."""
    match = _ROOT.match(name)
    return match[0] if match else ""


def _claim(table: dict[str, Any], name: str, claimant: Any, replace: bool) -> None:
    holder = table.setdefault(name, claimant)
    if holder is not claimant:
        if not replace:
            raise NameTakenError(name, repr(holder), repr(claimant))
        table[name] = claimant


def _module_for(kind: _Kind, library: str) -> ModuleType | None:
    """The module that ships for a library (in lower case: PIL), else the one its entry point loads, else None."""
    shipped = library.lower()
    if _ships(kind, shipped):
        return load(f"artigraph.{kind}.{shipped}", f"the {library} {kind}")
    entry = _entry_points(kind, tuple(sys.path)).get(library)
    loaded = entry.load() if entry else None
    return loaded if isinstance(loaded, ModuleType) else None


@lru_cache(maxsize=4096)
def _ships(kind: _Kind, library: str) -> bool:
    return library.isidentifier() and library != "base" and find_spec(f"artigraph.{kind}.{library}") is not None


@lru_cache(maxsize=4)
def _entry_points(kind: _Kind, _path: tuple[str, ...]) -> dict[str, EntryPoint]:
    """Installed plug-ins by library; read once for each state of ``sys.path``."""
    return {entry.name: entry for entry in entry_points(group=f"artigraph.{kind}")}


@lru_cache(maxsize=64)
def _mentioning(suffix: str) -> tuple[str, ...]:
    """Libraries whose shipped serializer file names this suffix, without importing any."""
    package = import_module("artigraph.serializer")
    found = []
    for module in iter_modules(package.__path__):
        spec = find_spec(f"{package.__name__}.{module.name}")
        source = spec.loader.get_source(spec.name) if spec and spec.loader else None  # type: ignore[attr-defined]
        if source and f'"{suffix}"' in source:
            found.append(module.name)
    return tuple(found)
