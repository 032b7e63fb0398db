"""Node ids (UUID version 7) and times of rows, neither of which goes back within a process when the clock does."""

from __future__ import annotations

import os
import random
import threading
import time
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from uuid import UUID

_SPACE = 1 << 73  # a fresh millisecond starts in the lower half of the 74 random bits, so it can count upwards


def new_id() -> UUID:
    """A fresh id, larger than every id this process made before (RFC 9562, method 2: monotonic random).

    >>> a, b = new_id(), new_id()
    >>> a < b, a.version
    (True, 7)
    """
    return UUID(int=_next())


def new_raw_id() -> bytes:
    """A fresh id as its 16 bytes, the form that rows carry."""
    return _next().to_bytes(16)


def as_id(value: object) -> UUID | None:
    """The id that ``value`` is or spells (UUID, its text, or 16 bytes), else None.

    >>> as_id("not an id") is None
    True
    """
    if isinstance(value, UUID):
        return value
    if isinstance(value, bytes):
        return UUID(bytes=value) if len(value) == 16 else None
    if isinstance(value, str) and len(value) in (32, 36):
        try:
            return UUID(value)
        except ValueError:
            return None
    return None


def id_text(raw: bytes) -> str:
    """The text of an id, from its 16 bytes.

    >>> id_text(bytes(16))
    '00000000-0000-0000-0000-000000000000'
    """
    digits = raw.hex()
    return f"{digits[:8]}-{digits[8:12]}-{digits[12:16]}-{digits[16:20]}-{digits[20:]}"


def as_made_of(digest: bytes) -> UUID:
    """The id (UUID version 8) of something that is known by its digest: at least 16 bytes, of which 122 bits count.

    >>> as_made_of(bytes(16))
    UUID('00000000-0000-8000-8000-000000000000')
    """
    made = bytearray(digest[:16])
    made[6] = made[6] & 0x0F | 0x80
    made[8] = made[8] & 0x3F | 0x80
    return UUID(bytes=bytes(made))


def now(at_least: int = 0) -> int:
    """Microseconds since 1970 UTC, the form in which rows carry times.

    Within a process it is always later than before, and never earlier than ``at_least``.
    """
    return _clock(at_least)


def as_datetime(microseconds: int) -> datetime:
    """The aware UTC datetime of a row's time.

    >>> as_datetime(0).isoformat()
    '1970-01-01T00:00:00+00:00'
    """
    return _EPOCH + timedelta(microseconds=microseconds)


_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


def _lock_over_forks() -> threading.Lock:
    """A lock that no other thread holds while this process forks, so that it is free in the child."""
    lock = threading.Lock()
    os.register_at_fork(before=lock.acquire, after_in_parent=lock.release, after_in_child=lock.release)
    return lock


def _counter() -> Callable[[], int]:
    lock = _lock_over_forks()
    source = random.Random(os.urandom(32))  # noqa: S311 - ids are unique, not secret; a user's random.seed() is not ours
    os.register_at_fork(after_in_child=lambda: source.seed(os.urandom(32)))
    last_ms, tail = 0, 0

    def advance() -> int:
        nonlocal last_ms, tail
        with lock:
            ms = time.time_ns() // 1_000_000
            if ms > last_ms:
                last_ms, tail = ms, source.getrandbits(73)
            else:
                tail += source.getrandbits(32) + 1
                if tail >= _SPACE * 2:
                    last_ms, tail = last_ms + 1, source.getrandbits(73)
            return last_ms << 80 | 0x7 << 76 | (tail >> 62) << 64 | 0b10 << 62 | (tail & 0x3FFF_FFFF_FFFF_FFFF)

    return advance


def _steady() -> Callable[[int], int]:
    lock = _lock_over_forks()
    last = 0

    def read(at_least: int) -> int:
        nonlocal last
        with lock:
            last = max(last + 1, time.time_ns() // 1000, at_least)
            return last

    return read


_next = _counter()
_clock = _steady()
