"""Figures of plotly in words: the title, and how many traces of which type. Nothing of them is run."""

from __future__ import annotations

from typing import Any

from artigraph.lineage.escape import plain
from artigraph_jupyter.views.look import Look, Stored
from artigraph_jupyter.views.quantity import count_text

KINDS = 12
"""Types of traces that are named."""


def _shows(stored: Stored) -> bool:
    return stored.preview.get("type") == "Figure" and isinstance(stored.preview.get("traces"), dict)


def _make(stored: Stored, _data: bytes | None) -> dict[str, Any]:
    traces = stored.preview["traces"]
    named = [f"{plain(count, 12)} {plain(kind, 40)}" for kind, count in list(traces.items())[:KINDS]]
    if len(traces) > KINDS:
        named.append(f"{len(traces) - KINDS:,} types more")
    total = sum(count for count in traces.values() if isinstance(count, int))
    counted = count_text(total, "trace") + (f": {', '.join(named)}" if named else "")
    title = plain(stored.preview.get("title") or "", 200)
    return {"type": "Figure", "text": f"“{title}”, {counted}" if title else counted}


LOOK = Look(_shows, _make)
