"""JSON keeps the values of the standard library exactly, and refuses what it would change."""

from __future__ import annotations

import json
import math
from collections import OrderedDict, namedtuple
from datetime import UTC, date, datetime, time, timedelta
from decimal import Decimal
from enum import Enum, IntEnum
from pathlib import Path, PurePosixPath, PureWindowsPath, WindowsPath
from uuid import UUID
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from artigraph.errors import CycleError, SerializeError, UnserializableError
from artigraph.serializer.json import MAX_DEPTH, json_serializer
from artigraph.testing import SerializerKit

Point = namedtuple("Point", "x y")


class Colour(Enum):
    RED = "red"


class Level(IntEnum):
    LOW = 1


class Text(str):
    __slots__ = ()


def same(one, other) -> bool:
    """Equal in type and content all the way down; nan is nan, -0.0 is not 0.0."""
    if type(one) is not type(other):
        return False
    if isinstance(one, list | tuple):
        for ours, theirs in zip(one, other, strict=False):  # one frame per level: values may be as deep as is allowed
            if not same(ours, theirs):
                return False
        return len(one) == len(other)
    if isinstance(one, dict):
        return same(list(one.items()), list(other.items()))
    if isinstance(one, float | complex | Decimal | set | frozenset | datetime | time):
        return repr(one) == repr(other) or one == other
    return one == other


def nested(depth: int, kind=list):
    value = kind()
    for _ in range(depth - 1):
        value = kind((value,))
    return value


class TestJson(SerializerKit):
    serializer = json_serializer
    values = (
        *(
            None,
            True,
            0,
            -1,
            1.5,
            "",
            "text",
            '\u2028\x00"\\',
            "😀",
            [],
            {},
            [1, [2, {"a": None}]],
            {"a": {"b": [1.0]}},
        ),
        *(
            b"",
            b"\x00\xff",
            bytearray(b"x"),
            (),
            (1, (2,)),
            set(),
            {1, "a", None},
            frozenset({(1, 2)}),
            1j,
            complex(-0.0, math.inf),
        ),
        *(
            math.nan,
            math.inf,
            -math.inf,
            -0.0,
            5e-324,
            10**400,
            -(10**6000),
            2**2000,
            "\ud800",
            "\ud83d\ude00",
            ["\udc00"],
        ),
        *(
            date(2024, 1, 2),
            time(1, 2, tzinfo=ZoneInfo("Europe/Berlin")),
            timedelta.max,
            datetime(2024, 1, 2, tzinfo=UTC),
        ),
        *(
            UUID(int=5),
            Decimal("1.10"),
            Decimal("-0"),
            Decimal("NaN"),
            Decimal("1E+400"),
            Path("a/b"),
            PurePosixPath("/x"),
        ),
        *(PureWindowsPath(r"c:\x"), Path("\udcff"), {1: "a"}, {None: 1, True: 2, (1, 2): {b"x": 1.5}}, {"\ud800": 1}),
        *(
            ["$tuple", 1],
            ["$"],
            [["$list", 1]],
            {"$tuple": [1]},
            {"a": ["$set"]},
            ("$tuple",),
            ["$\ud800"],
            {"x": '["$'},
        ),
        *(
            {"$a": math.nan, "b": ["$b", {"$c": ()}]},
            [(), [()], {"a": {()}}],
            nested(MAX_DEPTH),
            nested(MAX_DEPTH, tuple),
        ),
    )
    refused = (
        *(
            Colour.RED,
            Level.LOW,
            Point(1, 2),
            OrderedDict(a=1),
            Text("x"),
            object(),
            int,
            len,
            [Level.LOW],
            {"a": Text("b")},
        ),
        *(
            {Text("k"): 1},
            nested(MAX_DEPTH + 1),
            nested(MAX_DEPTH + 1, tuple),
            nested(20_000),
            range(3),
            memoryview(b"x"),
        ),
    )

    def equal(self, one, other):
        return repr(one) == repr(other) if isinstance(one, float) else same(one, other)


leaves = (
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(st.characters()) | st.binary() | st.decimals()
)
leaves |= (
    st.datetimes()
    | st.dates()
    | st.timedeltas()
    | st.uuids()
    | st.complex_numbers()
    | st.sampled_from(["$list", "$set"])
)
keys = st.text() | st.integers() | st.tuples(st.text(), st.none())
values = st.recursive(
    leaves,
    lambda inner: (
        st.lists(inner) | st.dictionaries(st.text(), inner) | st.dictionaries(keys, inner) | st.tuples(inner, inner)
    ),
    max_leaves=20,
)


@given(values)
def test_any_value_comes_back_exactly(value):
    assert same(json_serializer.deserialize(json_serializer.serialize(value)), value)


@given(
    st.recursive(
        st.none() | st.integers() | st.text("ab$"),
        lambda inner: st.lists(inner) | st.dictionaries(st.text("ab$"), inner),
    )
)
def test_plain_values_are_plain_json_unless_they_look_tagged(value):
    data = json_serializer.serialize(value)
    if b'["$' not in data:
        assert data == json.dumps(value, separators=(",", ":"), ensure_ascii=False).encode()
        assert json.loads(data) == value


@given(st.sets(st.integers() | st.text() | st.tuples(st.integers()), max_size=8), st.randoms())
def test_equal_sets_give_equal_bytes(members, random):
    shuffled = list(members)
    random.shuffle(shuffled)
    assert json_serializer.serialize(set(shuffled)) == json_serializer.serialize(members)


@pytest.mark.parametrize(
    ("value", "path", "kind"),
    [
        (Colour.RED, "value", "Colour"),
        ({"a": [0, 1, 2, Colour.RED]}, "value['a'][3]", "Colour"),
        ([{"x": (1, Point(1, 2))}], "value[0]['x'][1]", "Point"),
        ({(1, 2): {Level.LOW}}, "value[(1, 2)][0]", "Level"),
        ({Colour.RED: 1}, "value.keys()", "Colour"),
    ],
)
def test_a_refusal_names_the_path_and_the_type(value, path, kind):
    with pytest.raises(UnserializableError) as caught:
        json_serializer.serialize(value)
    assert (caught.value.path, caught.value.type_name) == (path, kind)


def test_a_refused_subclass_comes_with_a_hint():
    with pytest.raises(UnserializableError, match="come back as a plain int"):
        json_serializer.serialize([Level.LOW])


def test_a_container_inside_itself_is_a_cycle_with_its_path():
    value: list = [1]
    value.append({"x": (value,)})
    with pytest.raises(CycleError) as caught:
        json_serializer.serialize(value)
    assert caught.value.path == "value[1]['x'][0]"
    assert same(json_serializer.deserialize(json_serializer.serialize([value[:1]] * 2)), [[1], [1]])


def test_a_path_of_another_system_comes_back_as_a_pure_one():
    data = json_serializer.serialize(PureWindowsPath("c:/x")).replace(b"PureWindowsPath", b"WindowsPath")
    assert isinstance(json_serializer.deserialize(data), PureWindowsPath)
    assert WindowsPath in json_serializer.types or issubclass(WindowsPath, json_serializer.types)


@pytest.mark.parametrize(
    "data",
    [
        b"",
        b"{",
        b"\xff",
        b'"\xed\xa0\x80"',
        b"[" * 100000,
        b'["$tuple"' + b',["$tuple"' * 5000 + b"]" * 5001,
        b"1" * 5000,
        b'["$nope"]',
        b'["$"]',
        b'["$int"]',
        b'["$int","z"]',
        b'["$bytes","*"]',
        b'["$bytes",1]',
        b'["$dict",1]',
        b'["$dict",[],1]',
        b'["$set",[]]',
        b'["$uuid","x"]',
        b'["$decimal","x"]',
        b'["$decimal",[1]]',
        b'["$path","os.system","x"]',
        b'["$str","////"]',
        b'["$datetime","x"]',
        b'["$timedelta",1e300]',
        b'["$date",1]',
        b'["$complex",1]',
    ],
    ids=lambda data: data[:20].decode("ascii", "replace"),
)
def test_other_bytes_are_a_typed_error(data):
    with pytest.raises(SerializeError, match="json/1"):
        json_serializer.deserialize(data)


def test_a_preview_of_something_big_is_short_and_of_a_scalar_nothing():
    assert json_serializer.preview(3) == {"type": "int", "text": "3"}
    assert json_serializer.preview("short") is None
    shown = json_serializer.preview({f"key {number}": ["x" * 10_000] * 1000 for number in range(1000)})
    assert (shown["type"], shown["length"], len(shown["text"]) <= 1000) == ("dict", 1000, True)
    assert json_serializer.preview(10**6000)["text"] == "..."
