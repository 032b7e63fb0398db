"""Values that a span bound to names and nobody saved: remembered, so that a later span that reads one is linked.

The remembered value gets a node only when it is read: an artifact without content, of kind ``trace``, an output of the
span that bound it and an input of the one that reads it.
"""

from __future__ import annotations

import reprlib
from dataclasses import dataclass, field
from uuid import UUID

from artigraph.graph.current import OpenSpan
from artigraph.identity import Memories
from artigraph.ids import new_raw_id
from artigraph.span.redact import HIDDEN, is_secret_name, redacted

SHOWN = 200
"""Characters of a repr that are kept."""

_SHORT = reprlib.Repr()
_SHORT.maxstring = _SHORT.maxother = SHOWN


@dataclass(frozen=True, slots=True)
class Trace:
    """A value that a span bound to a name and nobody saved."""

    maker_id: UUID | None
    """The span that bound it; None when nothing is known of where it comes from."""
    store: object
    name: str
    type_name: str
    shown: str
    """Its repr, cut and without secrets."""
    node_id: bytes = field(default_factory=new_raw_id)
    """The raw id of its node, should it get one."""


traces: Memories[Trace] = Memories()
"""The traced values of this process."""


def trace_of(span: OpenSpan | None, name: str, value: object, store: object = None) -> Trace:
    """The trace of a value that ``span`` bound to ``name``; without a span, of one met in the database ``store``."""
    kind = type(value)
    shown = HIDDEN if is_secret_name(name) else _shown(value)
    module = "" if kind.__module__ in ("builtins", "__main__") else f"{kind.__module__.partition('.')[0]}."
    maker_id, store = (span.id, span.store) if span is not None else (None, store)
    return Trace(maker_id, store, name, f"{module}{kind.__qualname__}"[:255], shown)


def _shown(value: object) -> str:
    """A short repr; a type of the user is asked only for what its own repr gives quickly."""
    kind = type(value)
    if not issubclass(kind, int | float | str | bytes | list | tuple | dict | set | frozenset):
        return f"<{kind.__module__}.{kind.__qualname__}>"
    try:
        shown = repr(value[:SHOWN]) if isinstance(value, bytes) else _SHORT.repr(value)
        return redacted(shown)[:SHOWN]
    except Exception as error:  # noqa: BLE001 - the repr of an element may do anything
        return f"<{kind.__name__}: repr failed with {type(error).__name__}>"
