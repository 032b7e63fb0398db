"""Moments and durations come back exactly, with zone, offset and fold."""

from __future__ import annotations

from datetime import UTC, datetime, time, timedelta, timezone, tzinfo
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from artigraph.errors import SerializeError, UnserializableError
from artigraph.serializer.datetime import datetime_serializer, moment_text, parse_moment, timedelta_serializer
from artigraph.testing import SerializerKit

BERLIN = ZoneInfo("Europe/Berlin")


class Stamp(datetime):
    pass


class Step(timedelta):
    pass


class OwnZone(tzinfo):
    def utcoffset(self, moment):
        return timedelta(hours=1)


def same(one: datetime | time, other: datetime | time) -> bool:
    alike = one.replace(tzinfo=None) == other.replace(tzinfo=None) and one.fold == other.fold
    if type(one.tzinfo) is timezone:
        return alike and repr(one.tzinfo) == repr(other.tzinfo)
    return alike and one.tzinfo is other.tzinfo


class TestDatetime(SerializerKit):
    serializer = datetime_serializer
    values = (
        datetime(2024, 1, 2),  # noqa: DTZ001
        datetime.min,  # noqa: DTZ901
        datetime.max,  # noqa: DTZ901
        datetime(2024, 1, 2, 3, 4, 5, 6, tzinfo=UTC),
        datetime(2024, 10, 27, 2, 30, tzinfo=BERLIN),
        datetime(2024, 10, 27, 2, 30, tzinfo=BERLIN, fold=1),
        datetime(2024, 3, 31, 2, 30, tzinfo=BERLIN),
        datetime(2024, 1, 2, fold=1),  # noqa: DTZ001
        datetime(2024, 1, 2, tzinfo=ZoneInfo("Etc/GMT+1")),
        datetime(2024, 1, 2, tzinfo=timezone(timedelta(hours=-3, minutes=-30))),
        datetime(2024, 1, 2, tzinfo=timezone(timedelta(seconds=1, microseconds=5))),
        datetime(2024, 1, 2, tzinfo=timezone(timedelta(hours=1), "CET")),
        datetime(2024, 1, 2, tzinfo=timezone(timedelta(0), "a]b[c=ü%/\n")),
    )
    refused = (Stamp(2024, 1, 2), datetime(2024, 1, 2, tzinfo=OwnZone()))

    def equal(self, one, other):
        return type(one) is type(other) and same(one, other)


class TestTimedelta(SerializerKit):
    serializer = timedelta_serializer
    values = (timedelta(0), timedelta.min, timedelta.max, timedelta(days=-1, microseconds=1), timedelta(weeks=3))
    refused = (Step(1),)


def test_the_text_is_iso_with_the_zone_in_brackets():
    assert (
        datetime_serializer.serialize(datetime(2024, 7, 1, 12, tzinfo=BERLIN))
        == b"2024-07-01T12:00:00+02:00[Europe/Berlin]"
    )
    assert moment_text(time(1, 2)) == "01:02:00"


@given(st.datetimes(timezones=st.none() | st.timezones()) | st.times(timezones=st.none() | st.timezones()))
def test_any_moment_survives_its_text(moment):
    back = parse_moment(type(moment), moment_text(moment))
    assert same(back, moment)


def test_a_zone_that_cannot_be_kept_is_named():
    with pytest.raises(UnserializableError, match=r"value\.tzinfo of type OwnZone.*zoneinfo"):
        datetime_serializer.serialize(datetime(2024, 1, 2, tzinfo=OwnZone()))


@pytest.mark.parametrize(
    "data",
    [
        b"",
        b"now",
        b"2024-01-02[Nowhere/Land]",
        b"2024-01-02[../../etc/passwd]",
        b"2024-01-02[name=x]",
        b"2024-01-02[a=b]",
        b"2024-01-02[",
        b"2024-13-02",
        "2024-01-02[ü]".encode(),
        b"\xff",
    ],
)
def test_other_bytes_are_a_typed_error(data):
    with pytest.raises(SerializeError, match=r"datetime\.iso/1"):
        datetime_serializer.deserialize(data)


@pytest.mark.parametrize("data", [b"", b"1.5", b"9" * 30, b"9" * 5000, b"\xff"])
def test_other_bytes_are_no_duration(data):
    with pytest.raises(SerializeError, match=r"datetime\.timedelta/1"):
        timedelta_serializer.deserialize(data)
