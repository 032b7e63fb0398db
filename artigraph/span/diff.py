"""Two spans beside each other: code, parameters, environment, inputs, and what they made."""

from __future__ import annotations

import difflib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from anyio import to_thread
from sqlalchemy import Connection

from artigraph.bridge import dual
from artigraph.errors import ArtigraphError
from artigraph.graph.engine import current_database
from artigraph.persist.fetch import Fetched, NodeRow, fetch
from artigraph.persist.load import LoadOptions, load_many
from artigraph.span.compare import (
    FrameDifference,
    array_note,
    compare_frames,
    is_frame,
    numeric_note,
    short,
)
from artigraph.span.inputs import Used, find_span, read_used
from artigraph.span.span import Span

LOADED_UP_TO = 64 * 1024 * 1024
"""Bytes of a stored value that is loaded to be compared; of a bigger one only that it differs is told."""

FIELDS = 500
"""Values that are compared; the rest is counted."""

GROUPS = ("Value", "Parameter", "Input", "Environment")


@dataclass(frozen=True, slots=True)
class Difference:
    """One thing that is not the same in both spans."""

    group: str
    """Value, Parameter, Input or Environment."""
    name: str
    """Of a value its label, and the field in it: ``metrics.auc``."""
    before: str | None
    """In words; None where there is nothing."""
    after: str | None
    note: str = ""
    """By how much, where that can be said."""
    frame: FrameDifference | None = None


@dataclass(frozen=True, slots=True)
class SpanDiff:
    """How two spans differ."""

    before: Span
    after: Span
    source: tuple[str, ...] = ()
    """Lines of a unified diff of the code: ``-`` before, ``+`` after, a space where both have it; empty if alike."""
    differences: tuple[Difference, ...] = ()
    alike: tuple[tuple[str, int], ...] = ()
    """(group, how many are the same in both)"""
    hidden: int = 0
    """Values that were not compared, since there are too many."""

    def __bool__(self) -> bool:
        """Whether anything differs."""
        return bool(self.source or self.differences)

    def __repr__(self) -> str:
        names = " → ".join(str(span.label or span.id) for span in (self.before, self.after))
        code = "other code" if self.source else "same code"
        return f"<SpanDiff {names}: {code}, {len(self.differences)} differences>"

    def of(self, group: str) -> tuple[Difference, ...]:
        """The differences of one group."""
        return tuple(each for each in self.differences if each.group == group)


@dual
async def diff_spans(before: Any, after: Any) -> SpanDiff:
    """Compare two spans or runs.

    Values are compared by their hashes, field by field; of those that differ, numbers, arrays and tables are loaded
    (up to 64 MiB each) to say how.

    Args:
        before: a Span, an id, or a label: the newest span that has it (``label~1``: the one before).
        after: the same.

    Raises:
        NodeNotFoundError: one of them is no span.
    """
    spans = [await find_span.a(target) for target in (before, after)]

    def work(connection: Connection) -> list[_Side]:
        return [_side(connection, span) for span in spans]

    old, new = await current_database().read(work)
    differences: list[Difference] = []
    alike = dict.fromkeys(GROUPS, 0)
    facts = {
        "Parameter": [_texts(_params(span)) for span in spans],
        "Input": [_inputs(side.inputs) for side in (old, new)],
        "Environment": [_environment(span) for span in spans],
    }
    for group, (left, right) in facts.items():
        for name in dict.fromkeys([*left, *right]):
            if left.get(name) == right.get(name):
                alike[group] += 1
            else:
                note = numeric_note(*(_params(span).get(name) for span in spans)) if group == "Parameter" else ""
                differences.append(Difference(group, name, left.get(name), right.get(name), note))
    names = list(dict.fromkeys([*old.values, *new.values]))
    for name in names[:FIELDS]:
        pair = old.values.get(name), new.values.get(name)
        if all(pair) and pair[0].hash == pair[1].hash:  # type: ignore[union-attr]
            alike["Value"] += 1
        else:
            differences.append(await _value(name, *pair))
    differences.sort(key=lambda each: GROUPS.index(each.group))
    source = _source(*spans)
    counts = tuple((group, count) for group, count in alike.items() if count)
    return SpanDiff(spans[0], spans[1], source, tuple(differences), counts, max(0, len(names) - FIELDS))


@dataclass(frozen=True, slots=True)
class _Side:
    inputs: Sequence[Used]
    values: Mapping[str, NodeRow]
    """Label, and path inside of a model -> the stored value."""


def _side(connection: Connection, span: Span) -> _Side:
    outputs = [used for used in read_used(connection, span.id, "output") if used.kind != "trace" and used.role]
    got = fetch(connection, [used.id.bytes for used in outputs])
    values: dict[str, NodeRow] = {}
    for used in outputs:
        values.update(_leaves(got, used.id.bytes, used.name))
    return _Side(read_used(connection, span.id), values)


def _leaves(got: Fetched, node_id: bytes, name: str) -> dict[str, NodeRow]:
    """The values in a node: itself, or the fields of a model, at any depth."""
    found: dict[str, NodeRow] = {}
    waiting = [(name, node_id)]
    while waiting:
        path, each = waiting.pop()
        parts = got.parts.get(each)
        if parts:
            waiting += [(f"{path}.{label}", part) for label, part in reversed(parts.items())]
        else:
            found[path] = got.nodes[each]
    return found


async def _value(name: str, before: NodeRow | None, after: NodeRow | None) -> Difference:
    """What is different about one value."""
    if before is None or after is None:
        one = before or after
        said = await _shown(one) if one is not None else None
        return Difference("Value", name, None if before is None else said, None if after is None else said)
    old, new = await _loaded(before), await _loaded(after)
    if is_frame(old) and is_frame(new):
        frame = await to_thread.run_sync(compare_frames, old, new)
        rows = [f"{count:,} rows" for count in frame.rows]
        return Difference("Value", name, rows[0], rows[1], frame.summary(), frame)
    note = numeric_note(old, new) or array_note(old, new)
    return Difference("Value", name, short(old), short(new), note)


@dataclass(frozen=True, slots=True, repr=False)
class _Unseen:
    """A value that was not loaded, and why."""

    why: str

    def __repr__(self) -> str:
        return self.why


async def _loaded(row: NodeRow) -> Any:
    if (row.size or 0) > LOADED_UP_TO:
        return _Unseen(f"{row.otype or 'value'}, {row.size:,} bytes, too big to be compared")
    try:
        return (await load_many([row.id], LoadOptions(track=False, generic=True)))[0]
    except ArtigraphError as error:
        return _Unseen(f"{type(error).__name__}: {error}")


async def _shown(row: NodeRow) -> str:
    """A value that only one span has: a small one itself, else its type and size."""
    if row.otype is None or (row.size or 0) <= 1_000:
        return short(await _loaded(row))
    return f"{row.otype}, {row.size:,} bytes"


def _params(span: Span) -> Mapping[str, Any]:
    return getattr(span, "params", None) or {}


def _texts(values: Mapping[str, Any]) -> dict[str, str]:
    return {name: short(value) for name, value in values.items()}


def _inputs(inputs: Sequence[Used]) -> dict[str, str]:
    """Role -> which version of which content."""
    found = {}
    for used in inputs:
        version = f" v{used.version}" if used.version is not None else ""
        content = f" {used.hash.hex()[:8]}" if used.hash is not None else f" {used.kind or ''}".rstrip()
        changed = " (changed in place)" if used.changed else ""
        found[used.name] = f"{used.label or used.name}{version}{content}{changed}"
    return found


def _environment(span: Span) -> dict[str, str]:
    known = dict(span.environment or {})
    libraries = known.pop("libraries", None) or {}
    return {name: str(value) for name, value in {**known, **libraries}.items()}


def _source(before: Span, after: Span) -> tuple[str, ...]:
    old, new = ((span.source or "").rstrip().splitlines() for span in (before, after))
    if old == new:
        return ()
    return tuple(difflib.unified_diff(old, new, n=2, lineterm=""))[2:]  # the first two name files
