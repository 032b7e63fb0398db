"""Searching by text: where it occurs in names, descriptions, and what was said."""

from __future__ import annotations

from dataclasses import dataclass
from math import isfinite

from sqlalchemy import and_, or_, select

from artigraph.artifact.compare import WORDS
from artigraph.graph.schema import KEY, NODE, TAG
from artigraph.graph.value import Condition, Filter, ValueFilter


@dataclass(frozen=True)
class Search(Filter):
    """Key, label, description, or a value of a tag, label or feature contains this text; ASCII case is folded.

    A number is found by itself: "21.6" and "21.60" are one, and "21" is another.
    """

    text: str

    def compose(self, condition: Condition) -> Condition:
        """``condition`` narrowed by it."""
        here = ValueFilter(icontains=self.text)
        said = and_(TAG.c.space.in_(["tag", "label", "feature"]), here.on(WORDS))
        number = _number(self.text)
        if number is not None:
            counted = and_(TAG.c.space == "feature", TAG.c.dtype.in_(["int", "float"]), TAG.c.value_number == number)
            said = or_(said, counted)
        found = or_(
            here.on(NODE.c.node_label),
            here.on(NODE.c.artifact_description),
            NODE.c.artifact_stem.in_(select(KEY.c.stem).where(here.on(KEY.c.key))),
            NODE.c.id.in_(select(TAG.c.node_id).where(said)),
        )
        return and_(condition, found)

    def __repr__(self) -> str:
        return f"search({self.text!r})"


def _number(text: str) -> float | None:
    """The number that a text is; None when it is none, or not a finite one."""
    try:
        found = float(text)
    except ValueError:
        return None
    return found if isfinite(found) else None
