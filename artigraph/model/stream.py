"""What an annotation says of a stream: the type of its items."""

from __future__ import annotations

from collections.abc import AsyncGenerator, AsyncIterable, AsyncIterator
from types import UnionType
from typing import Annotated, Any, Union, get_args, get_origin


def stream_items(hint: Any) -> type | None:
    """The class of the items of an annotated stream; None for anything else, and for items of several classes.

    >>> stream_items(AsyncIterable[dict[str, int]] | None)
    <class 'dict'>
    >>> stream_items(list[int]) is None
    True
    """
    if get_origin(hint) in _STREAMS:
        item = get_args(hint)[0]
        cls = get_origin(item) or item
        return cls if isinstance(cls, type) and cls not in _ANY else None
    if get_origin(hint) is Annotated or get_origin(hint) in _UNIONS:
        return next((found for part in get_args(hint) if (found := stream_items(part)) is not None), None)
    return None


_UNIONS = frozenset({Union, UnionType})
_ANY = frozenset({Any, object, *_UNIONS})
_STREAMS = frozenset({AsyncIterable, AsyncIterator, AsyncGenerator})
