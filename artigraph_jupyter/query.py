"""What ``%artifacts`` asks: a few words become one filter, and a sentence that says so."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from functools import reduce
from operator import and_

from sqlalchemy import or_

from artigraph.graph.filter import NodeFilter
from artigraph.graph.schema import NODE
from artigraph.graph.value import Condition, Filter
from artigraph.persist.listing import Listing, called
from artigraph.span.inputs import find_span


@dataclass(frozen=True)
class TypeFilter(Filter):
    """Values of a type, or models of a name."""

    name: str

    def compose(self, condition: Condition) -> Condition:
        """``condition`` narrowed to the values of this type."""
        named = or_(NODE.c.artifact_otype == self.name, NODE.c.model_artifact_type_name == self.name)
        return condition & named


def found(
    text: str = "", tags: Iterable[str] = (), type_name: str | None = None, span: str | None = None
) -> tuple[Listing, str]:
    """The artifacts that match all that is given, and the question in words.

    Args:
        text: what labels or keys contain; empty: anything.
        tags: ``KEY`` or ``KEY=VALUE`` each.
        type_name: the type of the value, or the name of the model.
        span: the span that made it: a label or an id.

    Raises:
        NodeNotFoundError: there is no such span.
    """
    filters: list[Filter] = []
    words: list[str] = []
    if text:
        filters.append(called(text))
        words.append(f'label or key contains "{text}"')
    if tags:
        pairs = [tag.partition("=") for tag in tags]
        filters.append(NodeFilter(tags={name: value if equals else None for name, equals, value in pairs}))
        words += [f"tagged {tag}" for tag in tags]
    if type_name is not None:
        filters.append(TypeFilter(type_name))
        words.append(f"type {type_name}")
    if span is not None:
        maker = find_span.s(span)
        filters.append(NodeFilter(child_of=maker.id, kinds=("output",)))
        words.append(f"made by {maker.label or maker.id}")
    return Listing(reduce(and_, filters) if filters else None), ", ".join([*words, "newest first"])
