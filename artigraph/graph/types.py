"""What differs between databases: column types, and nothing else.

Rows travel in *raw* form: an id is 16 bytes, a time is an integer of microseconds since 1970 UTC. SQLite keeps exactly
that; the other databases have native types. ``Id`` and ``Time`` speak UUID and datetime to users, ``RawId`` and
``RawTime`` speak the raw form to our own statements and cost nothing on SQLite.
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime
from math import isfinite
from typing import Any
from uuid import UUID

from sqlalchemy import JSON, BigInteger, Dialect, LargeBinary, String, Uuid, types
from sqlalchemy.dialects import mysql, postgresql
from sqlalchemy.ext.compiler import compiles

from artigraph.ids import as_datetime, as_id

MYSQL = ("mysql", "mariadb")
"""Two names of one dialect: which of the two a server is, only a connection tells."""

_Processor = Callable[[Any], Any] | None


class RawId(types.UserDefinedType[bytes]):
    """A node id as 16 bytes on the Python side, whatever the database keeps."""

    cache_ok = True

    def get_col_spec(self, **_: Any) -> str:
        """Only for completeness: tables are made with ``Id``."""
        return "BLOB"

    def bind_processor(self, dialect: Dialect) -> _Processor:
        """bytes -> what the driver takes."""
        return (lambda v: None if v is None else UUID(bytes=v)) if _native_uuid(dialect) else None

    def result_processor(self, dialect: Dialect, coltype: object) -> _Processor:
        """What the driver gives -> bytes."""
        return (lambda v: None if v is None else v.bytes) if _native_uuid(dialect) else None

    def literal_processor(self, dialect: Dialect) -> Callable[[bytes], str]:
        """bytes -> SQL."""
        return (lambda v: f"'{v.hex()}'::uuid") if _native_uuid(dialect) else (lambda v: f"x'{v.hex()}'")


class Id(types.TypeDecorator[UUID]):
    """A node id: 16 bytes on SQLite, BINARY(16) on MySQL, native ``uuid`` on PostgreSQL; UUID in Python."""

    impl = LargeBinary
    cache_ok = True

    def load_dialect_impl(self, dialect: Dialect) -> types.TypeEngine[Any]:
        """The type that this database keeps."""
        if _native_uuid(dialect):
            return dialect.type_descriptor(Uuid(as_uuid=True))
        if dialect.name in MYSQL:
            return dialect.type_descriptor(mysql.BINARY(16))
        return dialect.type_descriptor(LargeBinary(16))

    def process_bind_param(self, value: Any, dialect: Dialect) -> Any:
        """UUID, its text, or 16 bytes -> what the database keeps."""
        if value is None:
            return None
        found = as_id(value)
        if found is None:
            raise ValueError(f"{value!r} is not a node id; give a UUID, its text, or its 16 bytes")
        return found if _native_uuid(dialect) else found.bytes

    def process_result_value(self, value: Any, dialect: Dialect) -> UUID | None:
        """What the database keeps -> UUID."""
        if value is None or isinstance(value, UUID):
            return value
        return UUID(bytes=bytes(value))

    def result_processor(self, dialect: Dialect, coltype: object) -> _Processor:
        """The same at once on SQLite, where a read of many rows does little else."""
        if dialect.name != "sqlite":
            return super().result_processor(dialect, coltype)
        return lambda value: None if value is None else UUID(bytes=value)

    def coerce_compared_value(self, op: Any, value: Any) -> types.TypeEngine[Any]:
        """Whatever is compared with an id is an id."""
        return self


class RawTime(types.UserDefinedType[int]):
    """A time as integer microseconds on the Python side, whatever the database keeps."""

    cache_ok = True

    def get_col_spec(self, **_: Any) -> str:
        """Only for completeness: tables are made with ``Time``."""
        return "BIGINT"

    def bind_processor(self, dialect: Dialect) -> _Processor:
        """Microseconds -> what the driver takes."""
        if dialect.name == "sqlite":
            return None
        return lambda v: None if v is None else _to_driver(as_datetime(v), dialect)

    def result_processor(self, dialect: Dialect, coltype: object) -> _Processor:
        """What the driver gives -> microseconds."""
        if dialect.name == "sqlite":
            return None
        return lambda v: None if v is None else to_microseconds(v)


class Time(types.TypeDecorator[datetime]):
    """A UTC time with microseconds: an integer on SQLite, timestamptz, DATETIME(6); an aware datetime in Python."""

    impl = BigInteger
    cache_ok = True

    def load_dialect_impl(self, dialect: Dialect) -> types.TypeEngine[Any]:
        """The type that this database keeps."""
        if dialect.name == "postgresql":
            return dialect.type_descriptor(postgresql.TIMESTAMP(timezone=True, precision=6))
        if dialect.name in MYSQL:
            return dialect.type_descriptor(mysql.DATETIME(fsp=6))
        return dialect.type_descriptor(BigInteger())

    def process_bind_param(self, value: Any, dialect: Dialect) -> Any:
        """An aware datetime, or microseconds -> what the database keeps."""
        if value is None:
            return None
        if dialect.name == "sqlite":
            return value if isinstance(value, int) else to_microseconds(value)
        return _to_driver(as_datetime(value) if isinstance(value, int) else value, dialect)

    def process_result_value(self, value: Any, dialect: Dialect) -> datetime | None:
        """What the database keeps -> an aware datetime in UTC."""
        if value is None:
            return None
        if dialect.name == "sqlite":
            return as_datetime(value)
        return as_datetime(to_microseconds(value))

    def result_processor(self, dialect: Dialect, coltype: object) -> _Processor:
        """The same at once on SQLite, where a read of many rows does little else."""
        if dialect.name != "sqlite":
            return super().result_processor(dialect, coltype)
        return lambda value: None if value is None else as_datetime(value)


def to_microseconds(value: datetime) -> int:
    """Microseconds since 1970 UTC; a datetime without a zone is taken as UTC."""
    aware = value.astimezone(UTC) if value.tzinfo else value.replace(tzinfo=UTC)
    return round(aware.replace(microsecond=0).timestamp()) * 1_000_000 + aware.microsecond


def Bytes() -> types.TypeEngine[bytes]:  # noqa: N802 - reads as a type
    """Any number of bytes."""
    return LargeBinary().with_variant(mysql.LONGBLOB(), *MYSQL)


def Digest() -> types.TypeEngine[bytes]:  # noqa: N802 - reads as a type
    """A sha256 digest: 32 bytes."""
    return LargeBinary(32).with_variant(mysql.BINARY(32), *MYSQL)


class Text(types.TypeDecorator[str]):
    """Text of at most ``length`` characters (None: any, on MySQL 255), compared byte by byte on every database."""

    impl = String
    cache_ok = True

    def __init__(self, length: int | None) -> None:
        super().__init__(length)
        self.length = length

    def load_dialect_impl(self, dialect: Dialect) -> types.TypeEngine[Any]:
        """The type that this database keeps."""
        length = self.length
        if dialect.name == "postgresql":
            return dialect.type_descriptor(String(length, collation="C"))
        if dialect.name in MYSQL:
            return dialect.type_descriptor(_Varchar(length or 255))
        return dialect.type_descriptor(String(length))


class _Varchar(mysql.VARCHAR):
    """Its collation has one name on MariaDB and another on MySQL, and only a connection tells which of them it is."""


@compiles(_Varchar, *MYSQL)
def _bytewise(kind: _Varchar, compiler: Any, **_: Any) -> str:
    collation = "utf8mb4_nopad_bin" if compiler.dialect.is_mariadb else "utf8mb4_0900_bin"
    return f"VARCHAR({kind.length}) CHARACTER SET utf8mb4 COLLATE {collation}"


def LongText() -> types.TypeEngine[str]:  # noqa: N802 - reads as a type
    """Text of any length."""
    return types.Text().with_variant(mysql.LONGTEXT(charset="utf8mb4", collation="utf8mb4_bin"), *MYSQL)


def as_ours(kind: types.TypeEngine[Any]) -> types.TypeEngine[Any]:
    """The type of a user's column, with text that says nothing of its collation as our own is kept."""
    if type(kind) is String and kind.collation is None:
        return Text(kind.length)
    return LongText() if type(kind) is types.Text and kind.collation is None else kind


def Json() -> types.TypeEngine[Any]:  # noqa: N802 - reads as a type
    """A JSON value; SQL NULL stands for None."""
    return JSON(none_as_null=True).with_variant(_StrictJson(none_as_null=True), "postgresql", *MYSQL)


class _StrictJson(types.TypeDecorator[Any]):
    """JSON where the database reads it: numbers that JSON does not know become text."""

    impl = JSON
    cache_ok = True

    def load_dialect_impl(self, dialect: Dialect) -> types.TypeEngine[Any]:
        """``json`` keeps the order of keys and any text, which ``jsonb`` does not."""
        return dialect.type_descriptor(_JsonText() if dialect.name in MYSQL else JSON(none_as_null=True))

    def process_bind_param(self, value: Any, dialect: Dialect) -> Any:
        """NaN and the infinities -> their names."""
        return _finite(value)


class _JsonText(mysql.JSON):
    """JSON as text: MariaDB's own type refuses more than 32 levels."""

    def __init__(self) -> None:
        super().__init__(none_as_null=True)


@compiles(_JsonText, *MYSQL)
def _long_text(*_: Any, **__: Any) -> str:
    return "LONGTEXT CHARACTER SET utf8mb4 COLLATE utf8mb4_bin"


def _finite(value: Any) -> Any:
    if isinstance(value, float) and not isfinite(value):
        return str(value)
    if isinstance(value, dict):
        return {key: _finite(each) for key, each in value.items()}
    return [_finite(each) for each in value] if isinstance(value, list | tuple) else value


def _native_uuid(dialect: Dialect) -> bool:
    return dialect.name == "postgresql"


def _to_driver(value: datetime, dialect: Dialect) -> datetime:
    return value if dialect.name == "postgresql" else value.astimezone(UTC).replace(tzinfo=None)
