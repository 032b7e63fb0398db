"""Moments and durations of the standard library as exact text."""

from __future__ import annotations

import re
from datetime import datetime, time, timedelta, timezone
from typing import TypeVar
from urllib.parse import quote, unquote
from zoneinfo import ZoneInfo

from artigraph.errors import SerializeError, UnserializableError
from artigraph.serializer.base import Serializer

Moment = TypeVar("Moment", datetime, time)


class DatetimeSerializer(Serializer[datetime]):
    """ISO 8601 text, with the name of the zone as RFC 9557 has it; naive and fixed-offset moments too."""

    name = "datetime.iso/1"
    types = (datetime,)
    content_type = "text/plain"

    def serialize(self, value: datetime, /) -> bytes:
        if type(value) is not datetime:
            raise UnserializableError("value", type(value).__qualname__, "convert it to a plain datetime")
        return moment_text(value).encode("ascii")

    def deserialize(self, data: bytes, /) -> datetime:
        try:
            return parse_moment(datetime, data.decode("ascii"))
        except (LookupError, OSError, ValueError) as error:
            raise SerializeError(f"not a moment in {self.name}: {error}") from error


class TimedeltaSerializer(Serializer[timedelta]):
    """The whole number of microseconds as decimal text."""

    name = "datetime.timedelta/1"
    types = (timedelta,)
    content_type = "text/plain"

    def serialize(self, value: timedelta, /) -> bytes:
        if type(value) is not timedelta:
            raise UnserializableError("value", type(value).__qualname__, "convert it to a plain timedelta")
        return str(microseconds(value)).encode("ascii")

    def deserialize(self, data: bytes, /) -> timedelta:
        try:
            return timedelta(microseconds=int(data.decode("ascii")))
        except (OverflowError, ValueError) as error:
            raise SerializeError(f"not a duration in {self.name}: {error}") from error


def microseconds(value: timedelta) -> int:
    """The duration as a whole number of microseconds; ``timedelta(microseconds=...)`` is its inverse."""
    return value // timedelta(microseconds=1)


def moment_text(value: datetime | time, path: str = "value") -> str:
    """ISO 8601 text and, in brackets, what that cannot say: the zone's name, the name of an offset, the fold.

    Raises:
        UnserializableError: the time zone is neither a ``ZoneInfo`` with a key nor a fixed offset.

    >>> moment_text(datetime(2024, 10, 27, 2, 30, fold=1, tzinfo=ZoneInfo("Europe/Berlin")))
    '2024-10-27T02:30:00+01:00[Europe/Berlin][fold=1]'
    """
    zone = value.tzinfo
    if type(zone) is ZoneInfo and zone.key is not None:
        tags = f"[{zone.key}]"
    elif type(zone) is timezone:
        name = zone.tzname(None)
        tags = "" if name == timezone(zone.utcoffset(None)).tzname(None) else f"[name={quote(name, safe='')}]"
    elif zone is None:
        tags = ""
    else:
        hint = "use a zoneinfo.ZoneInfo with a key, or a fixed datetime.timezone"
        raise UnserializableError(f"{path}.tzinfo", type(zone).__qualname__, hint)
    return value.isoformat() + tags + ("[fold=1]" if value.fold else "")


def parse_moment(cls: type[Moment], text: str) -> Moment:
    """The moment behind ``moment_text``; the wall time and the zone's name win over the written offset.

    Raises:
        ValueError, LookupError, OSError: the text has another shape, or names a zone this machine does not know.
    """
    match = _TEXT.fullmatch(text)
    if match is None:
        raise ValueError(f"{text[:80]!r} is no moment")
    value = cls.fromisoformat(match[1])
    for tag in _TAG.findall(match[2]):
        kind, equals, rest = tag.partition("=")
        if not equals:
            value = value.replace(tzinfo=ZoneInfo(tag))
        elif kind == "name":
            offset = value.utcoffset()
            if offset is None:
                raise ValueError("a name without an offset")
            value = value.replace(tzinfo=timezone(offset, unquote(rest)))
        elif tag == "fold=1":
            value = value.replace(fold=1)
        else:
            raise ValueError(f"unknown tag {tag!r}")
    return value


_TEXT = re.compile(r"([^\[\]]+)((?:\[[^\[\]]+\])*)")
_TAG = re.compile(r"\[([^\[\]]+)\]")

datetime_serializer = DatetimeSerializer().register()
timedelta_serializer = TimedeltaSerializer().register()
