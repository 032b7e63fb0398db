"""Stable names to serializers, storages, model classes and unpackers, and the one lazy loader of the library.

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
from typing import Any, Literal

from artigraph.contract import SerializerLike, StorageLike, Unpacker, checked, imported, several
from artigraph.errors import (
    MissingLibraryError,
    NameTakenError,
    UnknownModelError,
    UnknownSerializerError,
    UnknownStorageError,
)


class Registry:
    """Finds serializers, storages, model classes and unpackers by name, value or file suffix.

    Without any of the first four arguments everything can be found: what ships, what is installed, what was
    registered in this process. With any of them the registry knows exactly what it was given, besides the storages
    that ship. Registries are values: ``one | other`` knows what both know.

    Args:
        serializers: serializers to know.
        storages: storages to know.
        models: stored name -> model class.
        modules: modules or their names, whose serializers, storages and model classes are known, and of whose storage
            classes every registered instance; ``"artigraph.serializer"``, ``"artigraph.storage"`` and
            ``"artigraph.model"`` stand for everything of that kind.
        unpackers: walkers for composite types of third parties.
        default_storage: where a save puts values over 256 KiB that name no storage, instead of the database's own
            place for them; an instance, or a name that this registry knows.

    Raises:
        NameTakenError: two of them have one name.
        InvalidOptionError: something else is among them, or no module of that name is there.
    """

    def __init__(
        self,
        *,
        serializers: Iterable[SerializerLike] = (),
        storages: Iterable[StorageLike] = (),
        models: Mapping[str, type] | None = None,
        modules: Iterable[str | ModuleType] | str | ModuleType | None = None,
        unpackers: Iterable[Unpacker] = (),
        default_storage: StorageLike | str | None = None,
    ) -> None:
        serializers = several("serializers", serializers, "a list of serializers", SerializerLike)
        storages = several("storages", storages, "a list of storages", StorageLike)
        modules = several("modules", modules, "modules or their names", str | ModuleType)
        models = checked("models", models or {}, Mapping, "a dict of names and model classes")
        self._serializers: dict[str, SerializerLike] = {}
        self._storages: dict[str, StorageLike] = {}
        self._models: dict[str, type] = {}
        self._unpackers: dict[str, Unpacker] = {}
        self._types: dict[type, SerializerLike] = {}
        self._items: dict[type, SerializerLike] = {}
        self._seen: dict[type, SerializerLike] = {}
        self._suffixes: dict[str, SerializerLike] = {}
        self._discovered: set[tuple[_Kind, str]] = set()
        self._places: set[type] = set()
        """Storage classes whose registered instances are known."""
        self._open: set[str] = set() if serializers or storages or models or modules else set(_PACKAGES.values())
        self._default_storage = default_storage
        for serializer in serializers:
            self.add_serializer(serializer)
        for storage in storages:
            self.add_storage(storage)
        if default_storage is not None and not isinstance(default_storage, str):
            self.add_storage(default_storage)
        for name, model_type in models.items():
            self.add_model(name, model_type)
        for unpacker in several("unpackers", unpackers, "a list of unpackers", Unpacker):
            self.add_unpacker(unpacker)
        self._open.update(_PACKAGES[each] for each in modules if each in _PACKAGES)
        for module in modules:
            if module not in _PACKAGES:
                with imported(module):
                    self.add_module(load(module, "the registry") if isinstance(module, str) else module)

    def __repr__(self) -> str:
        counts = f"{len(self._serializers)} serializers, {len(self._storages)} storages, {len(self._models)} models"
        return f"<Registry of {counts}{' and whatever can be found' if self._open else ''}>"

    def __or__(self, other: Registry) -> Registry:
        return self.union(other)

    def union(self, other: Registry, *, replace: bool = False) -> Registry:
        """A new registry that knows what both know, and finds for a type or suffix what this one finds.

        Args:
            other: it wins where ``replace`` is True.
            replace: whether two things of one name are no error.

        Raises:
            NameTakenError: the two know different things by one name, or have different default storages.
        """
        ours, theirs = self._default_storage, other._default_storage
        if not replace and ours is not None and theirs is not None and ours != theirs:
            raise NameTakenError("default_storage", repr(ours), repr(theirs), "give it to one of them only")
        both = Registry()
        both._open, both._places = self._open | other._open, self._places | other._places
        both._default_storage = (theirs or ours) if replace else (ours or theirs)
        for each in (other, self) if replace else (self, other):
            for name in _TABLES:
                table = getattr(both, name)
                for key, thing in getattr(each, name).items():
                    if name in _NAMED and not replace:
                        _claim(table, key, thing, False)
                    else:
                        table.setdefault(key, thing)
        return both

    @property
    def default_storage(self) -> StorageLike | None:
        """Where values over 256 KiB go that name no storage; None: the place that the database has for them."""
        asked = self._default_storage
        return self.storage_named(asked) if isinstance(asked, str) else asked

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

    @property
    def unpackers(self) -> Mapping[str, Unpacker]:
        """What is registered by now, by name (a live, read-only view)."""
        return MappingProxyType(self._unpackers)

    def add_serializer(self, serializer: SerializerLike, /, *, replace: bool = False) -> None:
        """Know a serializer by its name; its types and suffixes go to whoever claims them first, or replaces.

        Raises NameTakenError when another instance has this name and ``replace`` is False; so do those below.
        """
        name = checked("serializer", serializer, SerializerLike, "a serializer, or the name of one").name
        _claim(self._serializers, name, serializer, replace)
        items: tuple[type, ...] = getattr(serializer, "items", ())
        finders = (self._types, serializer.types), (self._suffixes, serializer.suffixes), (self._items, items)
        for table, keys in finders:
            for key in keys:
                if replace or key not in table:
                    table[key] = serializer  # type: ignore[index]
        self._seen.clear()

    def add_storage(self, storage: StorageLike, /, *, replace: bool = False) -> None:
        """Know a storage by its name; one of the same place may be added again, and the newest is used."""
        name = checked("storage", storage, StorageLike, "a storage, or the name of one").name
        _claim(self._storages, name, storage, replace)

    def add_model(self, name: str, model_type: type, /, *, replace: bool = False) -> None:
        """Know a model class by its stored name."""
        _claim(self._models, name, model_type, replace)

    def add_unpacker(self, unpacker: Unpacker, /, *, replace: bool = False) -> None:
        """Know an unpacker by its name and types."""
        _claim(self._unpackers, checked("unpacker", unpacker, Unpacker, "an unpacker").name, unpacker, replace)

    def add_module(self, module: ModuleType, /) -> None:
        """Know every serializer, storage and unpacker that is an attribute of ``module``, and every registered model
        class; of storage classes that it defines, the registered instances.
        """
        models = {model: name for name, model in _default._models.items()}
        for thing in list(vars(checked("module", module, ModuleType, "a module")).values()):
            if isinstance(thing, type):
                if thing in models:
                    self.add_model(models[thing], thing)
                elif thing.__module__ == module.__name__ and hasattr(thing, "spool"):
                    self._places.add(thing)
            elif isinstance(thing, SerializerLike):
                self.add_serializer(thing)
            elif isinstance(thing, StorageLike):
                self.add_storage(thing)
            elif isinstance(thing, Unpacker):
                self.add_unpacker(thing)

    def serializer_named(self, name: str) -> SerializerLike:
        """The serializer of this name, loaded from the file its name leads to when it is not registered yet.

        Raises:
            UnknownSerializerError: no such serializer here.
            MissingLibraryError: the library it serves is not installed.
        """
        found = self._serializers.get(name)
        if found is None and "serializer" in self._open:
            self._discover("serializer", _root(name))
            found = self._serializers.get(name) or _default._serializers.get(name)
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
        found = self._nearest("_types", cls, ("json",))  # the types of the standard library
        if found is not None:
            self._seen[cls] = found
        return found

    def stream_serializer_for(self, item_type: type) -> SerializerLike | None:
        """The serializer of streams whose items are of this type, or of its nearest base; None when there is none."""
        return self._nearest("_items", item_type, ("jsonl", "frames"))

    def serializer_for_suffix(self, suffix: str) -> SerializerLike | None:
        """The serializer that reads and writes files of this suffix (``".parquet"``); None when there is none.

        Raises:
            MissingLibraryError: there is one, and the library it serves is not installed.
        """
        suffix = suffix.lower()
        missing = None
        if suffix not in self._suffixes and "serializer" in self._open:
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
        """The storage of this name, as for serializers. Raises UnknownStorageError when there is none."""
        for _ in range(2):
            found = next((each for each in self.storages_of(object) if each.name == name), None)
            if found is not None:
                return found
            self._discover("storage", _root(name))
        raise UnknownStorageError(name, self._storages)

    def storages_of(self, kind: type) -> list[StorageLike]:
        """Every known storage of a class."""
        known = dict(self._storages)
        for name, storage in _default._storages.items():
            if "storage" in self._open or type(storage) in self._places:
                known.setdefault(name, storage)
        return [storage for storage in known.values() if isinstance(storage, kind)]

    def model_named(self, name: str) -> type:
        """The model class of this stored name. Raises UnknownModelError when no such class is defined here."""
        found = self._models.get(name) or (_default._models.get(name) if "model" in self._open else None)
        if found is None:
            raise UnknownModelError(name)
        return found

    def unpacker_for(self, cls: type) -> Unpacker | None:
        """The unpacker for instances of ``cls``: its own, else that of its nearest base; None when there is none."""
        bases = cls.__mro__ if self._unpackers else ()
        return next((each for base in bases for each in self._unpackers.values() if base in each.types), None)

    def _nearest(self, table: str, cls: type, libraries: Iterable[str]) -> SerializerLike | None:
        """What serves a class or its nearest base; of what ships, ``libraries`` are looked at for any class."""
        is_open, ours, process = "serializer" in self._open, getattr(self, table), getattr(_default, table)
        for library in libraries if is_open else ():
            self._discover("serializer", library)
        for base in cls.__mro__:
            if base not in ours and is_open:
                self._discover("serializer", _root(base.__module__))
            found: SerializerLike | None = ours.get(base) or (process.get(base) if is_open else None)
            if found is not None:
                return found
        return None

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


def current_registry(asked: Registry | None = None) -> Registry:
    """The one asked for (InvalidOptionError: it is none), else that of ``use_registry``, else the default one."""
    return checked("registry", asked or _current.get() or _default, Registry, "a Registry")


@contextmanager
def use_registry(registry: Registry) -> Iterator[Registry]:
    """Make ``registry`` the current one inside the ``with`` block (in this task or thread)."""
    token = _current.set(registry)
    try:
        yield registry
    finally:
        _current.reset(token)


_Kind = Literal["serializer", "storage"]
_PACKAGES = {"artigraph.serializer": "serializer", "artigraph.storage": "storage", "artigraph.model": "model"}
"""Modules that stand for everything of a kind."""
_NAMED = ("_serializers", "_storages", "_models", "_unpackers")
_TABLES = (*_NAMED, "_types", "_items", "_suffixes")
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
        if not replace and holder != claimant:
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
