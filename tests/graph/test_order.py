from __future__ import annotations

import pytest

import artigraph as ag
from artigraph.errors import InvalidFilterError


def labels(**options):
    return [each.label for each in ag.read(ag.Artifact, **options)]


def test_what_is_read_comes_by_age_or_as_asked(store):
    for label, text in (("b", "x" * 30), ("a", "x"), ("B", "x" * 30), (None, "x" * 7)):
        ag.save(text, label)
    assert labels() == ["b", "a", "B", None]
    assert labels(order_by="-id") == [None, "B", "a", "b"]
    assert labels(order_by="label") == ["B", "a", "b", None]  # bytewise, what has none comes last
    assert labels(order_by="-label") == ["b", "a", "B", None]
    assert labels(order_by=["-size", "label"]) == ["B", "b", None, "a"]
    assert labels(order_by="created_at", limit=2, offset=1) == ["a", "B"]
    assert labels(order_by="-artifact_size", limit=1) == ["b"]


def test_models_spans_and_links_have_an_order_too(store):
    @ag.dataclass
    class Ordered(ag.ArtifactModel):
        x: int

    for n in (2, 3, 1):
        with ag.span_context(f"s{n}"):
            Ordered(n).save(f"m{n}")
    assert [each.x for each in ag.read(Ordered, order_by="-label")] == [3, 2, 1]
    assert [each.label for each in ag.read(ag.Span, order_by="label", limit=2)] == ["s1", "s2"]
    opened = [each.label for each in ag.read(ag.Span, order_by="-opened_at")]
    assert opened == ["s1", "s3", "s2"]
    outputs = ag.read(ag.Link, ag.LinkFilter(kind="output"), order_by="label")
    assert [each.label for each in outputs] == ["m1", "m2", "m3"]


def test_pages_hold_everything_once(store):
    ag.write_many([ag.Node(f"n{n % 3}") for n in range(20)])
    pages = [ag.read(ag.Node, order_by="-label", limit=6, offset=start) for start in range(0, 24, 6)]
    assert [len(page) for page in pages] == [6, 6, 6, 2]
    assert len({node.id for page in pages for node in page}) == 20


def test_an_unknown_column_is_told(store):
    with pytest.raises(InvalidFilterError, match=r"'colour' is nothing to order by; .*created_at"):
        ag.read(ag.Node, order_by="colour")
    with pytest.raises(InvalidFilterError, match="role"):
        ag.read(ag.Link, order_by="size")


@pytest.mark.parametrize("asked", [5, [5], {"label"}, object()])
def test_what_is_no_name_of_a_column_is_nothing_to_order_by(file_store, asked):
    with pytest.raises(InvalidFilterError, match="nothing to order by"):
        ag.read(ag.Node, order_by=asked)
