"""Restoring a span: its inputs under the names it used them by, and its code."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Any

from sqlalchemy import Connection

from artigraph.bridge import dual
from artigraph.contract import several
from artigraph.errors import ArtigraphError
from artigraph.graph.engine import current_database
from artigraph.persist.load import LoadOptions, load_many
from artigraph.span.inputs import Used, find_span, read_used
from artigraph.span.span import Span


@dataclass(frozen=True, slots=True)
class Restored:
    """What a span ran with."""

    span: Span
    values: dict[str, Any] = field(default_factory=dict)
    """Role -> the value that the span used under this name."""
    missing: dict[str, str] = field(default_factory=dict)
    """Role -> why its value is not here."""
    changed: tuple[str, ...] = ()
    """Roles whose values had been changed in place after they were saved: they come back as they were saved."""

    @property
    def is_redacted(self) -> bool:
        """Whether secrets were taken out of the source, so that it cannot run as it is."""
        return "source_hash" in (self.span.info or {})


@dual
async def span_roles(target: Any) -> tuple[str, ...]:
    """The names under which a span used its inputs. Raises as ``restore_span``."""
    return tuple(_named(await _used(await find_span.a(target))))


@dual
async def restore_span(target: Any, *, roles: Iterable[str] | None = None, track: bool = True) -> Restored:
    """Load what a span used, under the names that it used.

    Args:
        target: a Span, its id, or a label: the newest span that has it (``label~1``: the one before).
        roles: only these; None: all.
        track: False keeps them out of the open span's inputs.

    Returns:
        The span with its source, and the values; what cannot be loaded is in ``missing`` with the reason.

    Raises:
        NodeNotFoundError: there is no such span.
        InvalidOptionError: ``roles`` are no names.
    """
    wanted = None if roles is None else several("roles", roles, "names of inputs")
    span = await find_span.a(target)
    restored = Restored(span)
    changed = []
    for role, used in _named(await _used(span)).items():
        if wanted is not None and role not in wanted:
            continue
        try:
            (restored.values[role],) = await load_many([used.id.bytes], LoadOptions(track=track, role=role))
        except ArtigraphError as error:
            restored.missing[role] = str(error)
        if used.changed:
            changed.append(role)
    for each in span.untracked or ():
        restored.missing.setdefault(each["name"], f"a {each['type']} that no span had made")
    return Restored(span, restored.values, restored.missing, tuple(changed))


async def _used(span: Span) -> list[Used]:
    def work(connection: Connection) -> list[Used]:
        return read_used(connection, span.id)

    return await current_database().read(work)


def _named(inputs: Iterable[Used]) -> dict[str, Used]:
    """Role -> input; of several under one role the newest."""
    return {used.name: used for used in inputs}
