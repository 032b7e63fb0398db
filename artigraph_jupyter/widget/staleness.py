"""Which of the spans that a page shows are out of date: one question about all, asked after they are painted."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from IPython.core.getipython import get_ipython

from artigraph.bridge import ask
from artigraph.graph.engine import Database
from artigraph.lineage.box import flag_width
from artigraph.lineage.escape import plain
from artigraph.lineage.icons import flag_of
from artigraph.span.stale import judge
from artigraph_jupyter.magics import ArtigraphMagics
from artigraph_jupyter.widget.words import asked_id, badge

ASKED = 100
"""Spans of one question."""

REASONS = 8
"""Reasons of one span that a page is told."""


async def stale(database: Database, given: Mapping[str, Any]) -> dict[str, Any]:
    """Those of the spans ``ids`` that are out of date: a badge, how wide it is as a flag in px, and why.

    Raises:
        ValueError: more ids than one question takes, or none at all.
    """
    ids = given.get("ids")
    if not isinstance(ids, list) or len(ids) > ASKED:
        raise ValueError(f"ids is a list of at most {ASKED} spans")
    found = await ask(judge, database, [asked_id(each) for each in ids], executed_sources())
    said = badge("stale") | {"width": round(flag_width(flag_of("stale")))}
    return {"stale": {str(each.span.id): {"badge": said, "why": _why(each.reasons)} for each in found}}


def executed_sources() -> Mapping[str, str]:
    """Id of a cell -> its source when it was last executed in this kernel; empty where the extension is not loaded."""
    shell: Any = get_ipython()
    magics = shell.magics_manager.registry.get(ArtigraphMagics.__name__) if shell is not None else None
    return magics.sources if magics is not None else {}


def _why(reasons: tuple[str, ...]) -> list[str]:
    more = [f"and {len(reasons) - REASONS:,} more"] if len(reasons) > REASONS else []
    return [*(plain(reason, 200) for reason in reasons[:REASONS]), *more]
