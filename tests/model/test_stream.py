from __future__ import annotations

from collections.abc import AsyncGenerator, AsyncIterable, AsyncIterator
from typing import Annotated, Any

import pytest

import artigraph as ag
from artigraph.model.stream import stream_items


@pytest.mark.parametrize(
    ("hint", "items"),
    [
        (AsyncIterable[int], int),
        (AsyncIterator[list[int]], list),
        (AsyncGenerator[bytes, None], bytes),
        (Annotated[AsyncIterable[str] | None, ag.SaveSpec()], str),
        (AsyncIterable[int | str], None),
        (AsyncIterable[Any], None),
        (AsyncIterable, None),
        (list[AsyncIterable[int]], None),
        (int, None),
        (None, None),
    ],
)
def test_the_type_of_the_items_is_read_from_the_annotation(hint, items):
    assert stream_items(hint) is items
