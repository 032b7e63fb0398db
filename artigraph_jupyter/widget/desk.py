"""Where the page's questions are answered: a name for each, and the function that knows."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping
from typing import Any

from artigraph.graph.engine import Database
from artigraph_jupyter.widget import details, drawing, finding, handling, rows, staleness
from artigraph_jupyter.widget.assets import mermaid

Answer = tuple[dict[str, Any], list[bytes]]
"""JSON, and bytes that go beside it."""


class Desk:
    """Answers questions about one database.

    Args:
        database: the one that the widget was opened on; another one may have been connected since.
    """

    def __init__(self, database: Database) -> None:
        self._database = database

    async def answer(self, ask: str, given: Mapping[str, Any]) -> Answer:
        """The answer to one question.

        Raises:
            ValueError: nobody knows this question, or what it says makes no sense.
            ArtigraphError: as the question's own function says.
        """
        if ask == "mermaid":
            return {}, [mermaid()]
        if ask not in _QUESTIONS:
            raise ValueError(f"nothing here answers {ask!r}; run the cell again")
        return await _QUESTIONS[ask](self._database, given), []


Question = Callable[[Database, Mapping[str, Any]], Awaitable[dict[str, Any]]]


async def _hello(database: Database, _given: Mapping[str, Any]) -> dict[str, Any]:
    """Whether a kernel is there at all."""
    return {"where": database.where}


_QUESTIONS: dict[str, Question] = {
    "hello": _hello,
    "lineage": drawing.lineage,
    "export": drawing.export,
    "details": details.details,
    "check": handling.check,
    "load": handling.load_into,
    "spans": rows.spans,
    "inside": rows.inside,
    "stale": staleness.stale,
    "artifacts": finding.artifacts,
}
