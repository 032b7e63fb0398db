from __future__ import annotations

import datetime as dt
import json
import threading

import pytest

from artigraph.errors import UnserializableError
from artigraph.registry import Registry
from artigraph.serializer.jsonl import json_lines_serializer
from tests.serializer.streams import StreamKit, listed


class TestJsonLines(StreamKit):
    serializer = listed(json_lines_serializer)
    values = (
        [],
        [1, "two\nlines \u2028", None, float("inf")],
        [{"a": (1, 2)}, {"b": {b"x"}}],
        [dt.timedelta(1)],
    )
    refused = ([1, threading.Lock()],)

    def equal(self, one, other):
        return one == other and [type(each) for each in one] == [type(each) for each in other]


def test_any_reader_of_json_lines_can_use_it():
    data = json_lines_serializer.serialize([{"n": n} for n in range(3)])
    assert [json.loads(line) for line in data.splitlines()] == [{"n": 0}, {"n": 1}, {"n": 2}]


def test_an_item_that_cannot_be_kept_is_named_by_its_place():
    with pytest.raises(UnserializableError, match=r"value\[1\]\['x'\] of type object"):
        json_lines_serializer.serialize([{}, {"x": object()}])


@pytest.mark.parametrize("cls", [int, str, dict, list, dt.datetime, dt.date, dt.timedelta, type(None)])
def test_streams_of_standard_values_are_json_lines(cls):
    assert Registry().stream_serializer_for(cls) is json_lines_serializer
