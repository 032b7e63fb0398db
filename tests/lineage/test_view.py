"""``view_lineage`` is a function and a method of everything that is a node, with one set of arguments."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import pytest
from pydantic import BaseModel

import artigraph as ag
from artigraph.errors import InvalidFilterError, NodeNotFoundError
from artigraph.model.pydantic import PydanticModel
from tests.stores import store

__all__ = ["store"]


@dataclass
class Viewed(ag.ArtifactModel):
    x: int


class ViewedToo(PydanticModel):
    x: int


def labels(lineage: ag.Lineage) -> set[str | None]:
    return {node.label for node in lineage.nodes}


@pytest.mark.parametrize("kind", [Viewed, ViewedToo])
def test_a_model_and_a_span_show_their_lineage(store: None, kind: Any) -> None:
    model = kind(x=1)
    with ag.span_context("made") as span:
        model.save("it")
    with ag.span_context("used") as user:
        ag.load("it")
    assert labels(model.view_lineage()) == {"made", "it", "used"}
    assert labels(model.view_lineage(upstream=0)) == {"it", "used"}
    assert labels(span.view_lineage(downstream=2)) == {"made", "it", "used"}
    assert model.view_lineage(with_children=False, return_graph=True) == ag.view_lineage(model, downstream=0)
    assert labels(ag.view_lineage(user, with_children=False, return_graph=False)) == {"it", "used"}
    assert issubclass(ViewedToo, BaseModel)
    assert set(ViewedToo.model_fields) == {"x"}


async def test_a_collection_shows_its_lineage_in_async_code(store: None) -> None:
    async with ag.span_context("made"):
        each = await ag.Artifact(value=[1], label="one").save()
        both = await ag.Collection([each], "both").save()
    assert "both" in labels(await both.view_lineage())
    assert labels(await both.view_lineage(1, 0)) == labels(await ag.view_lineage(both, 1, 0))


def test_what_has_no_lineage_yet_is_told(store: None) -> None:
    with pytest.raises(NodeNotFoundError):
        Viewed(1).view_lineage()
    with pytest.raises(NodeNotFoundError):
        ag.Span("never opened").view_lineage()


def test_hops_are_numbers(store: None) -> None:
    ag.save(1, "one")
    for hops in ({"upstream": "x"}, {"downstream": 1.5}):
        with pytest.raises(InvalidFilterError, match="number of hops"):
            ag.view_lineage("one", **hops)
