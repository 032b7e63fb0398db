"""JSON that gives back exactly what it was given: the values of the standard library, alone or nested.

What JSON has is written as plain JSON. Anything else is an array that begins with a tag (``["$tuple", 1, 2]``), and a
list of the user that begins with such a text is tagged itself (``["$list", "$tuple"]``), so nothing is ambiguous. A
``Typed`` stands for a value of a class that only an annotation knows: ``["$typed", "Color", "RED"]``.
"""

from __future__ import annotations

import json
from base64 import b64decode, b64encode
from collections.abc import Callable, Iterable, Sequence
from contextlib import suppress
from dataclasses import dataclass, is_dataclass
from datetime import date, datetime, time, timedelta
from decimal import Decimal
from enum import Enum
from hashlib import blake2b
from pathlib import PosixPath, PurePath, PurePosixPath, PureWindowsPath, WindowsPath
from reprlib import Repr
from typing import IO, Any
from uuid import UUID

from artigraph.errors import CycleError, SerializeError, UnserializableError
from artigraph.serializer.base import Serializer
from artigraph.serializer.datetime import microseconds, moment_text, parse_moment

_FINGERPRINT_LIMIT = 8192
"""Characters and elements, about, up to which the JSON of a value is its fingerprint."""

MAX_DEPTH = 500
"""Containers inside one another, at most."""


@dataclass(frozen=True, slots=True, eq=False)
class Typed:
    """A value of a class of the user's, taken apart; the annotation of a model's field makes it whole again.

    Args:
        name: of the class.
        value: the name of an enum's member, the bits of a flag, or a dict of the fields.
    """

    name: str
    value: Any


class JsonSerializer(Serializer[Any]):
    """Exact JSON for builtin values, the datetime family, UUID, Decimal and paths; subclasses are refused."""

    name = "json/1"
    types = (
        *(str, int, float, bool, type(None), list, dict, tuple, set, frozenset, bytes, bytearray, complex),
        *(date, time, UUID, Decimal, PurePath, Typed),
    )
    suffixes = (".json",)
    content_type = "application/json"

    def serialize(self, value: Any, /) -> bytes:
        text = _TEXTS.get(type(value))
        try:
            if text is not None:
                return text(value).encode()
            if _is_plain(value, MAX_DEPTH - 1):
                return _encode(value).encode()
        except (ValueError, RecursionError):
            pass  # nan, an int too long for text, a lone surrogate, or too deep: the writer knows what to do
        try:
            return _encode(_Writer().write(value)).encode()
        except RecursionError as error:
            raise UnserializableError("value", type(value).__qualname__, "it is nested too deeply") from error

    def deserialize(self, data: bytes, /) -> Any:
        try:
            plain = json.loads(data.decode())
            return _read(plain) if b'["$' in data else plain
        except Exception as error:  # whatever hostile bytes provoke
            raise SerializeError(f"not a value in {self.name}: {str(error)[:200]}") from error

    def read(self, file: IO[bytes], /, **options: Any) -> Any:
        """JSON of any program, in which nothing is a tag; with the options of ``json.loads``."""
        try:
            return json.loads(file.read(), **options)
        except (TypeError, ValueError, RecursionError) as error:
            raise SerializeError(f"this is not JSON, or not read with these options: {str(error)[:200]}") from error

    def deserialize_many(self, data: Sequence[bytes]) -> list[Any]:
        """The values of many small pieces of data, in order: plain ones cost one call of the parser for all.

        Raises:
            SerializeError: one of them is not of this format.
        """
        joined = b",".join(data)
        if b'["$' not in joined:
            with suppress(ValueError, RecursionError):  # the pieces are read one by one then, to find the bad one
                values: list[Any] = json.loads((b"[" + joined + b"]").decode())
                if len(values) == len(data):
                    return values
        return [self.deserialize(piece) for piece in data]

    def fingerprint(self, value: Any, /) -> bytes | None:
        """Of what can change in place (lists, dicts, sets, bytearrays) and is small; None of anything else."""
        if not isinstance(value, list | dict | set | bytearray | tuple) or not _is_within(value, [_FINGERPRINT_LIMIT]):
            return None
        return blake2b(self.serialize(value), digest_size=16).digest()

    def preview(self, value: Any, /) -> dict[str, Any] | None:
        kind = type(value).__qualname__
        if type(value) is Typed:
            kind, value = value.name, value.value
        if type(value) in _SHORT or (type(value) is str and len(value) <= 200):
            return None
        shown: dict[str, Any] = {"type": kind}
        if hasattr(value, "__len__"):
            shown["length"] = len(value)
        try:
            start = value[:1000] if isinstance(value, bytes | bytearray) else value
            shown["text"] = _SHOW.repr(start)[:1000]
        except (ValueError, RecursionError):
            shown["text"] = "..."
        return shown


class _Writer:
    """Turns one value into plain JSON values, knowing where it is."""

    def __init__(self) -> None:
        self.trail: list[str] = ["value"]
        self.above: set[int] = set()

    def write(self, value: Any) -> Any:
        """The plain JSON value for ``value``; calls itself once per level of nesting."""
        cls = type(value)
        leaf = _LEAVES.get(cls)
        if leaf is not None:
            return leaf(value)
        if cls in _MOMENTS:
            return [_MOMENTS[cls], moment_text(value, self.path())]
        tag = _CONTAINERS.get(cls)
        if tag is None:
            raise UnserializableError(self.path(), cls.__qualname__, _hint(value))
        if id(value) in self.above:
            raise CycleError(self.path())
        if len(self.above) == MAX_DEPTH:
            raise UnserializableError("value", cls.__qualname__, f"it is nested deeper than {MAX_DEPTH} containers")
        self.above.add(id(value))
        self.trail.append("")
        written: Any
        if cls is dict:
            if all(type(key) is str and _is_text(key) for key in value):
                written = {}
                for key, member in value.items():
                    self.trail[-1] = f"[{key!r}]"
                    written[key] = self.write(member)
            else:
                written = [tag]
                for key, member in value.items():
                    self.trail[-1] = ".keys()"
                    written.append(self.write(key))
                    self.trail[-1] = f"[{_SHOW.repr(key)}]"
                    written.append(self.write(member))
        elif cls is Typed:
            written = [tag, value.name, self.write(value.value)]
        else:
            written = [tag] if cls is not list or _looks_tagged(value) else []
            for place, member in enumerate(value):
                self.trail[-1] = f"[{place}]"
                written.append(self.write(member))
            if cls is set or cls is frozenset:
                written[1:] = sorted(written[1:], key=lambda member: _encode(member).encode())
        self.trail.pop()
        self.above.discard(id(value))
        return written

    def path(self) -> str:
        """Where the writer is, as Python would say it: ``value['a'][3]``."""
        return "".join(self.trail)


def _is_within(value: Any, left: list[int]) -> bool:
    """Whether what a value holds, at any depth, is at most about so much."""
    left[0] -= len(value) if isinstance(value, str | bytes | bytearray) else 1
    if left[0] < 0 or not isinstance(value, list | tuple | set | frozenset | dict):
        return left[0] >= 0
    parts = (part for pair in value.items() for part in pair) if isinstance(value, dict) else value
    return all(_is_within(part, left) for part in parts)


def _is_plain(value: Any, room: int) -> bool:
    """Whether plain JSON gives the value back, but for what the encoder itself refuses."""
    cls = type(value)
    members: Iterable[Any]
    if cls is dict:
        if not _STR.issuperset(map(type, value)):
            return False
        members = value.values()
    elif cls is list:
        if _looks_tagged(value):
            return False
        members = value
    else:
        return False
    if _SCALARS.issuperset(map(type, members)):
        return True
    if room == 0:
        return False
    for member in members:  # noqa: SIM110 (a generator would be one more frame per level)
        if type(member) not in _SCALARS and not _is_plain(member, room - 1):
            return False
    return True


def _looks_tagged(value: list[Any]) -> bool:
    return bool(value) and type(value[0]) is str and value[0][:1] == "$"


def _is_text(value: str) -> bool:
    """Whether a text has an encoding: it holds no lone surrogate."""
    try:
        value.encode()
    except UnicodeEncodeError:
        return False
    return True


def _float_text(value: float) -> str:
    if value - value != 0:
        raise ValueError("nan or infinite")
    return float.__repr__(value)


def _write_int(value: int) -> Any:
    return value if value.bit_length() < 2000 else ["$int", hex(value)]


def _write_float(value: float) -> Any:
    return value if value - value == 0 else ["$float", repr(value)]


def _write_str(value: str) -> Any:
    return value if _is_text(value) else ["$str", _pack(value.encode("utf-8", "surrogatepass"))]


def _write_path(value: PurePath) -> Any:
    return ["$path", type(value).__name__, _write_str(str(value))]


def _pack(data: bytes | bytearray) -> str:
    return b64encode(data).decode("ascii")


def _unpack(text: str) -> bytes:
    return b64decode(text, validate=True)


def _hint(value: Any) -> str:
    cls, hints = type(value), []
    for base in cls.__mro__[1:]:
        if base in _LEAVES or base in _CONTAINERS or base in _MOMENTS:
            kind = base.__qualname__
            hints.append(f"it would come back as a plain {kind}: convert it to {kind}, or name a serializer for it")
            break
    if isinstance(value, Enum) or is_dataclass(cls) or (isinstance(value, tuple) and hasattr(cls, "_fields")):
        hints.append(f"a model keeps it in a field whose annotation names {cls.__name__}")
    return "; ".join(hints)


def _read(value: Any) -> Any:
    """The value behind plain JSON values that hold tags; calls itself once per level of nesting."""
    cls = type(value)
    if cls is dict:
        for key, member in value.items():
            if type(member) is list or type(member) is dict:
                value[key] = _read(member)
    elif cls is list:
        tagged = _looks_tagged(value)
        for place, member in enumerate(value):
            if type(member) is list or type(member) is dict:
                value[place] = _read(member)
        if tagged:
            return _READERS[value[0]](*value[1:])
    return value


def _read_path(kind: str, text: str) -> PurePath:
    exact, pure = _PATHS[kind]
    try:
        return exact(text)
    except NotImplementedError:  # a path of another operating system
        return pure(text)


def _read_dict(*flat: Any) -> dict[Any, Any]:
    return dict(zip(flat[::2], flat[1::2], strict=True))


def _read_typed(name: Any, value: Any) -> Typed:
    if type(name) is not str:
        raise TypeError("the name of a class is text")
    return Typed(name, value)


_encode = json.JSONEncoder(separators=(",", ":"), ensure_ascii=False, allow_nan=False).encode
_TEXTS: dict[type, Callable[[Any], str]] = {
    str: json.encoder.encode_basestring,
    int: int.__repr__,
    float: _float_text,
    bool: lambda value: "true" if value else "false",
    type(None): lambda value: "null",
}
_SCALARS: frozenset[type] = frozenset(_TEXTS)
_SHORT: frozenset[type] = frozenset({float, bool, type(None), date, time, UUID, complex})
_STR: frozenset[type] = frozenset({str})
_PATHS: dict[str, tuple[type[PurePath], type[PurePath]]] = {
    "PosixPath": (PosixPath, PurePosixPath),
    "WindowsPath": (WindowsPath, PureWindowsPath),
    "PurePosixPath": (PurePosixPath, PurePosixPath),
    "PureWindowsPath": (PureWindowsPath, PureWindowsPath),
}
_CONTAINERS: dict[type, str] = {
    list: "$list",
    dict: "$dict",
    tuple: "$tuple",
    set: "$set",
    frozenset: "$frozenset",
    Typed: "$typed",
}
_MOMENTS: dict[type, str] = {datetime: "$datetime", time: "$time"}
_LEAVES: dict[type, Callable[[Any], Any]] = {
    type(None): lambda value: value,
    bool: lambda value: value,
    int: _write_int,
    float: _write_float,
    str: _write_str,
    bytes: lambda value: ["$bytes", _pack(value)],
    bytearray: lambda value: ["$bytearray", _pack(value)],
    complex: lambda value: ["$complex", repr(value.real), repr(value.imag)],
    date: lambda value: ["$date", value.isoformat()],
    timedelta: lambda value: ["$timedelta", microseconds(value)],
    UUID: lambda value: ["$uuid", value.hex],
    Decimal: lambda value: ["$decimal", str(value)],
    **{path: _write_path for pair in _PATHS.values() for path in pair},
}
_READERS: dict[str, Callable[..., Any]] = {
    "$list": lambda *members: list(members),
    "$dict": _read_dict,
    "$tuple": lambda *members: members,
    "$set": lambda *members: set(members),
    "$frozenset": lambda *members: frozenset(members),
    "$int": lambda text: int(text, 16),
    "$float": float,
    "$str": lambda text: _unpack(text).decode("utf-8", "surrogatepass"),
    "$bytes": _unpack,
    "$bytearray": lambda text: bytearray(_unpack(text)),
    "$complex": lambda real, imag: complex(float(real), float(imag)),
    "$date": date.fromisoformat,
    "$time": lambda text: parse_moment(time, text),
    "$datetime": lambda text: parse_moment(datetime, text),
    "$timedelta": lambda count: timedelta(microseconds=count),
    "$uuid": UUID,
    "$decimal": Decimal,
    "$path": _read_path,
    "$typed": _read_typed,
}
_SHOW = Repr()
_SHOW.maxstring = _SHOW.maxother = 200
_SHOW.maxlist = _SHOW.maxtuple = _SHOW.maxset = _SHOW.maxfrozenset = _SHOW.maxdict = 10
_SHOW.maxlevel = 3

json_serializer = JsonSerializer().register()
