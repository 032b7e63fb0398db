"""The table of remembered values: which live object is which artifact.

A value that was saved or loaded is remembered weakly, so that using it later in a span is seen as an input. An entry
is found by ``id()`` AND by being that very object, so a reused address never answers for another value.
"""

from __future__ import annotations

import threading
import weakref
from dataclasses import dataclass
from typing import Generic, TypeVar
from uuid import UUID


@dataclass(frozen=True, slots=True)
class Memory:
    """What is known of a live value: its node, the database that node is in, and how the value looked then."""

    node_id: UUID
    store: object
    fingerprint: bytes | None = None
    """A quick digest of how the value looked, 16 bytes; None when it was not taken."""
    hash: bytes | None = None
    """The content hash of the node, 32 bytes."""


M = TypeVar("M")


class _Reference(weakref.ref[object]):
    """A weak reference that knows where it is kept, so that all share one callback."""

    __slots__ = ("key",)
    key: int


class Memories(Generic[M]):
    """Live values and what is known of them. Thread-safe; holds nothing alive, unless asked to.

    >>> class Frame: pass
    >>> frames = Memories[str]()
    >>> frame = Frame()
    >>> frames.remember(frame, "the first"), frames.recall(frame), frames.recall(Frame())
    (True, 'the first', None)
    """

    def __init__(self) -> None:
        self._lock = threading.RLock()  # re-entered when a value dies while an entry is made
        self._entries: dict[int, tuple[_Reference, M]] = {}
        self._held: dict[int, tuple[object, M]] | None = None

    def __len__(self) -> int:
        return len(self._entries)

    def remember(self, value: object, memory: M) -> bool:
        """Remember ``value``; False when its type cannot be weakly referenced (numbers, text, lists)."""
        try:
            reference = _Reference(value, self._forget_dead)
        except TypeError:
            if self._held is not None and value is not None and not isinstance(value, bool):
                self._held[id(value)] = (value, memory)
            return False
        reference.key = id(value)
        with self._lock:
            self._entries[reference.key] = (reference, memory)
        return True

    def recall(self, value: object) -> M | None:
        """What is remembered of this very object, or None."""
        entry = self._entries.get(id(value))
        if entry is not None and entry[0]() is value:
            return entry[1]
        held = self._held.get(id(value)) if self._held else None
        return held[1] if held is not None else None

    def forget(self, value: object) -> None:
        """Forget this object, if it is remembered."""
        with self._lock:
            entry = self._entries.get(id(value))
            if entry is not None and entry[0]() is value:
                del self._entries[id(value)]
            if self._held is not None:
                self._held.pop(id(value), None)

    def _forget_dead(self, gone: _Reference) -> None:
        with self._lock:
            entry = self._entries.get(gone.key)
            if entry is not None and entry[0] is gone:
                del self._entries[gone.key]

    @property
    def holding(self) -> bool:
        """Whether numbers and text are remembered, too."""
        return self._held is not None

    def hold(self) -> None:
        """From now on keep values that cannot be weakly referenced alive, so that they can be recalled."""
        self._held = {}

    def release(self) -> list[tuple[object, M]]:
        """Stop keeping values alive; returns (value, what is remembered of it) of those that were."""
        held, self._held = self._held, None
        return list(held.values()) if held else []


memories: Memories[Memory] = Memories()
"""What is saved or loaded, in this process."""
