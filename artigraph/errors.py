"""Every error that artigraph raises: what was asked, what exists, what to do."""

from __future__ import annotations

from collections.abc import Iterable


class ArtigraphError(Exception):
    """The parent of every error of this library."""

    retryable: bool = False
    """Whether the same call may succeed later without any change."""


def as_one(failures: Iterable[Exception], what: str) -> Exception:
    """One failure as itself, several as an ExceptionGroup that says ``what`` happened; what says the same counts once.

    A full disk, or one that cannot be reached, is one failure, however many values it stopped.

    >>> as_one([ValueError("a")], "values could not be loaded")
    ValueError('a')
    """
    alike = {str(each) if isinstance(each, ArtigraphError) else id(each): each for each in failures}
    unique = list(alike.values())
    if all(isinstance(failure, StorageFullError | StorageReadOnlyError | CannotOpenError) for failure in unique):
        unique = unique[:1]
    return unique[0] if len(unique) == 1 else ExceptionGroup(f"{len(unique)} {what}", unique)


# ---------------------------------------------------------------- asking for what is not there


class NodeNotFoundError(ArtigraphError, LookupError):
    """No node answers to this id, key or label in this database."""

    def __init__(self, asked: object, hint: str = "was it deleted, or is another engine active?") -> None:
        self.asked = asked
        self.hint = hint
        super().__init__(asked)

    def __str__(self) -> str:
        return f"no node {self.asked}; {self.hint}"


class MultipleNodesError(ArtigraphError, LookupError):
    """One node was asked for and several match."""

    def __init__(self, asked: object, count: int) -> None:
        self.asked = asked
        self.count = count
        super().__init__(f"one node was asked for, {count} or more match {asked}; narrow the filter or use read()")


class NoEngineError(ArtigraphError, RuntimeError):
    """No database was chosen yet."""

    def __init__(self) -> None:
        super().__init__(
            "no database is set; call artigraph.set_engine('sqlite:///my.db', create_tables=True), "
            "or %artigraph connect in a notebook"
        )


class NoOpenSpanError(ArtigraphError, LookupError):
    """A span function was called with "current", and no span is open here."""

    def __init__(self, asked: str = "the current span") -> None:
        super().__init__(f"{asked} was asked for, but no span is open here; open one with span_context('name')")


class WrongModelError(ArtigraphError, TypeError):
    """The node holds something else than the class it was asked as."""

    def __init__(self, asked: str, found: str, node_id: object) -> None:
        self.asked, self.found, self.node_id = asked, found, node_id
        super().__init__(f"node {node_id} is a {found}, not a {asked}; load it as {found}, or with artigraph.load(id)")


class WrongStoreError(ArtigraphError, ValueError):
    """An object of one database was handed to another."""


class InvalidOptionError(ArtigraphError, ValueError):
    """An option of a call has a value that it cannot have."""

    def __init__(self, name: str, value: object, known: Iterable[str] | str) -> None:
        self.name, self.value = name, value
        self.known = known if isinstance(known, str) else ", ".join(map(repr, known))
        super().__init__(f"{name} is {value!r:.200}; it can be {self.known}")


class SpanOpenedError(ArtigraphError, RuntimeError):
    """A Span was to be opened that was opened before: it stands for one thing that ran."""

    def __init__(self, span: object) -> None:
        self.span = span
        super().__init__(f"{span!r} was opened before; open a new Span")


class UnfinishedError(ArtigraphError, RuntimeError):
    """A result was asked for that is not there: its saver or loader has not ended, or ended without it."""


class NotKeptError(ArtigraphError, LookupError):
    """A trace was asked for its value: the lineage knows it, but its content was never saved."""

    def __init__(self, label: str, type_name: str, maker: str) -> None:
        self.label, self.type_name, self.maker = label, type_name, maker
        super().__init__(
            f"{label} ({type_name}) was never saved, only traced; it was made by {maker}: "
            "run that again, or save the value there"
        )


class NotHereError(ArtigraphError, AttributeError):
    """Something of another generation was asked for that is not done here."""

    def __init__(self, owner: str, name: str, instead: str) -> None:
        self.owner, self.instead = owner, instead
        super().__init__(f"{owner}.{name} is not among the things done here; {instead}", name=name)


# ---------------------------------------------------------------- names


class LabelTakenError(ArtigraphError, ValueError):
    """A label that is unique under one node was used twice."""

    def __init__(self, label: str, source: object) -> None:
        self.label, self.source = label, source
        super().__init__(f"the label {label!r} is taken under node {source}; choose another, or delete that link first")


class NameTakenError(ArtigraphError, ValueError):
    """Two things claim one registered name."""

    def __init__(self, name: str, holder: str, claimant: str, cure: str = "give one of them another name=") -> None:
        self.name, self.holder, self.claimant = name, holder, claimant
        super().__init__(f"the name {name!r} belongs to {holder}; {claimant} asks for it too: {cure}")


class InvalidLabelError(ArtigraphError, ValueError):
    """A label no database could keep: empty, too long, or with characters that have no encoding."""

    def __init__(self, label: object, why: str) -> None:
        self.label, self.why = label, why
        shown = repr(label)
        shown = shown if len(shown) <= 60 else shown[:57] + "..."
        super().__init__(f"{shown} cannot be a label: {why}")


class UnsafeKeyError(ArtigraphError, ValueError):
    """A key or path that could lead outside of its place."""

    def __init__(self, key: object, why: str) -> None:
        self.key, self.why = key, why
        super().__init__(f"{str(key)[:200]!r} is not a safe key: {why}")


class InvalidFieldError(ArtigraphError, TypeError):
    """A model class was declared in a way that cannot be stored."""


class InvalidFilterError(ArtigraphError, ValueError):
    """A filter was asked for something it does not know."""


class InvalidValueError(ArtigraphError, ValueError):
    """A row was given a value that its column does not keep."""


# ---------------------------------------------------------------- values, serializers, storages, models


class UnserializableError(ArtigraphError, TypeError):
    """No serializer knows this value."""

    def __init__(self, path: str, type_name: str, hint: str = "") -> None:
        self.path, self.type_name, self.hint = path, type_name, hint
        cure = hint or "name a serializer for it (artifact_field(serializer=...)), or save a simpler value"
        super().__init__(f"no serializer knows {path} of type {type_name}; {cure}")


class SerializeError(ArtigraphError, ValueError):
    """A serializer refused a value it was given by name, or bytes it cannot read."""


class UntrustedSerializerError(ArtigraphError, ValueError):
    """Reading this would run code from the stored bytes."""


class UnknownSerializerError(ArtigraphError, LookupError):
    """The database names a serializer that this process does not have."""

    def __init__(self, name: str, known: Iterable[str] = ()) -> None:
        self.name = name
        listed = ", ".join(sorted(known)) or "none"
        super().__init__(
            f"no serializer is named {name!r}; registered: {listed}; import or install the package that defines it"
        )


class UnknownStorageError(ArtigraphError, LookupError):
    """The database names a storage that this process does not have."""

    def __init__(self, name: str, known: Iterable[str] = ()) -> None:
        self.name = name
        listed = ", ".join(sorted(known)) or "none"
        super().__init__(
            f"no storage is named {name!r}; registered: {listed}; create it with that name and .register() it"
        )


class UnknownModelError(ArtigraphError, LookupError):
    """No model class of this name is defined in this process."""

    def __init__(self, name: str) -> None:
        self.name = name
        super().__init__(f"no model class is named {name!r} here; import the module that defines it")


class ModelTooNewError(ArtigraphError, ValueError):
    """The stored model has a newer version than the class in this process."""

    def __init__(self, name: str, stored: int, known: int) -> None:
        self.name, self.stored, self.known = name, stored, known
        super().__init__(f"{name} was stored as version {stored}, this process knows version {known}; update the code")


class MigrationMissingError(ArtigraphError, NotImplementedError):
    """The stored model is older than its class, and the class cannot migrate it."""

    def __init__(self, name: str, stored: int, known: int) -> None:
        self.name, self.stored, self.known = name, stored, known
        super().__init__(
            f"{name} was stored as version {stored} and is now version {known}; "
            f"define the class method migrate(cls, version, data) on {name}"
        )


class MissingLibraryError(ArtigraphError, ImportError):
    """An optional library is needed for this and is not installed."""

    def __init__(self, library: str, purpose: str, package: str | None = None) -> None:
        self.library, self.purpose = library, purpose
        super().__init__(f"{purpose} needs {library}: pip install {package or library}", name=library)


_CHANGED = "is saved with other content; pass on_conflict='replace' to change it, 'ignore' to keep it, or save a copy"


class ImmutableError(ArtigraphError, ValueError):
    """Something saved was to be changed, or to lose a part, without saying what should happen."""

    def __init__(self, what: str, node_id: object, why: str = _CHANGED) -> None:
        self.what, self.node_id = what, node_id
        super().__init__(f"{what} ({node_id}) {why}")


class CycleError(ArtigraphError, ValueError):
    """A value contains itself."""

    def __init__(self, path: str) -> None:
        self.path = path
        super().__init__(f"the value contains itself: {path}; a whole cannot be a part of its own part")


class SchemaMismatchError(ArtigraphError, ValueError):
    """The data, or a feature's value, is not as it was promised to be.

    ``mismatches`` has a record per column that does not fit: ``column``, ``wanted``, ``got``, and up to 5 ``rows``.
    """

    def __init__(self, message: str, mismatches: Iterable[object] = ()) -> None:
        self.mismatches = tuple(mismatches)
        super().__init__(message)


class InvalidArtifactError(ArtigraphError, ValueError):
    """An artifact was described in a way that contradicts itself."""


class VersionConflictError(ArtigraphError, ValueError):
    """Two writers changed the same thing."""


# ---------------------------------------------------------------- databases and storages


class CannotOpenError(ArtigraphError, OSError):
    """A database or storage could not be opened."""


class DatabaseCorruptError(ArtigraphError, OSError):
    """The file is not a database, or is a damaged one."""


class SchemaTooNewError(ArtigraphError, RuntimeError):
    """The database was written by a newer artigraph."""

    def __init__(self, stored: str, known: str) -> None:
        self.stored, self.known = stored, known
        super().__init__(
            f"the database has schema {stored}, this artigraph knows {known}; update the package artigraph-jupyter"
        )


class SchemaTooOldError(ArtigraphError, RuntimeError):
    """The database was written by an older artigraph."""

    def __init__(self, stored: str, known: str) -> None:
        self.stored, self.known = stored, known
        super().__init__(
            f"the database has schema {stored}, this artigraph needs {known}; run artigraph upgrade, or call "
            "artigraph.upgrade(): an SQLite file is copied first"
        )


class TablesMissingError(ArtigraphError, RuntimeError):
    """The database has no tables of ours, or misses a column."""

    def __init__(self, what: str) -> None:
        super().__init__(f"{what}; call artigraph.create_tables(), or set_engine(url, create_tables=True)")


class StoreBusyError(ArtigraphError, TimeoutError):
    """Another process held the database for longer than busy_timeout."""

    retryable = True


class ConnectionLostError(ArtigraphError, ConnectionError):
    """The server of a database or storage went away, or does not answer."""

    retryable = True


class StorageFullError(ArtigraphError, OSError):
    """No space is left where bytes should go."""


class StorageReadOnlyError(ArtigraphError, PermissionError):
    """The place may be read but not written."""


class BlobMissingError(ArtigraphError, FileNotFoundError):
    """The database points to bytes that are not there."""

    def __init__(self, location: str, storage: str, owner: str = "") -> None:
        self.location, self.storage, self.owner = location, storage, owner
        of = f" of {owner}" if owner else ""
        super().__init__(f"the blob {location}{of} is missing from storage {storage}; restore it from a backup")

    def __str__(self) -> str:
        return str(self.args[0])


class BlobCorruptError(ArtigraphError, OSError):
    """Stored bytes do not match what was recorded about them."""

    def __init__(self, location: str, expected: str, got: str, owner: str = "", storage: str = "") -> None:
        self.location, self.expected, self.got, self.owner, self.storage = location, expected, got, owner, storage
        of = f" of {owner}" if owner else ""
        where = f" in storage {storage}" if storage else ""
        super().__init__(f"the blob {location}{of}{where} is damaged: expected {expected}, got {got}")

    def __str__(self) -> str:
        return str(self.args[0])


# ---------------------------------------------------------------- sync and async


class WouldDeadlockError(ArtigraphError, RuntimeError):
    """A sync call that could only wait for itself."""

    def __init__(self, why: str, cure: str = "use await instead") -> None:
        super().__init__(f"this call would wait for itself: {why}; {cure}")


class PendingError(ArtigraphError, AttributeError):
    """The result of a call was used before the call was awaited."""

    def __init__(self, call: str, attribute: str) -> None:
        self.call, self.attribute = call, attribute
        name = call.split("(", maxsplit=1)[0]
        super().__init__(
            f"{call} has not run yet, so it has no {attribute!r}; write 'await {name}(...)', or '{name}.s(...)'"
        )


class NoStorageError(ArtigraphError, LookupError):
    """A value is too big for the database, and no storage was named for such values."""

    def __init__(self, path: str, size: int | None, limit: int) -> None:
        self.path, self.size, self.limit = path, size, limit
        why = f"{path} needs a storage, and this database has none"
        if size is not None:
            why = f"{path} has {size:,} bytes, and the database keeps values up to {limit:,}"
        super().__init__(f"{why}; name a place: set_engine(url, storage=FileSystemStorage('folder'))")
