from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
import pytest

import artigraph as ag
from artigraph.errors import InvalidFilterError
from tests.stores import statements


@dataclass
class Listed(ag.ArtifactModel, version=3):
    x: Any


def test_an_empty_store_says_how_to_begin(store):
    assert len(ag.find()) == 0
    assert not ag.find()
    assert "artigraph.save" in repr(ag.find())


def test_a_listing_asks_nothing_before_it_is_looked_at(store):
    ag.save(1, "n")
    with statements() as seen:
        listing = ag.find("n")
        assert seen == []
        assert len(listing) == 1
    assert seen != []


def test_rows_say_what_it_is_who_made_it_and_how_big(store):
    with ag.span_context("prepare"):
        ag.save(np.zeros((3, 2)), "frame")
        ag.save(Listed([1, 2]), "model")
    model, frame = ag.find()
    assert (frame.label, frame.kind, frame.shape, frame.maker) == ("frame", "artifact", (3, 2), "prepare")
    assert (model.type_name, model.version, model.maker) == ("Listed", 3, "prepare")
    lines = repr(ag.find()).splitlines()
    assert lines[0].split() == ["label", "type", "size", "made", "by", "saved", "(UTC)"]
    assert "Listed v3" in lines[1]
    assert "3 × 2" in lines[2]


def test_parts_are_left_out_unless_they_have_a_name(store):
    part = Listed(1)
    ag.save(Listed(part), "whole")
    assert [row.label for row in ag.find()] == ["whole"]
    part.save("part")
    assert {row.label for row in ag.find()} == {"whole", "part"}


def test_what_two_spans_made_is_one_row(store):
    thing = Listed(1)
    for name in ("one", "two"):
        with ag.span_context(name):
            thing.save("x")
    assert len(ag.find()) == 1
    [row] = ag.find()
    assert row.maker == "one"


def test_long_listings_come_by_pages_and_say_what_is_hidden(store):
    ag.write_many([ag.Artifact(value=n, label=f"n{n:02}") for n in range(30)])
    listing = ag.find()
    assert len(listing) == 30
    assert len(list(listing)) == 30
    labels = [row.label for row in listing]
    assert labels == sorted(labels, reverse=True)
    assert [row.label for row in listing[2:8:3]] == [labels[2], labels[5]]
    assert [row.label for row in listing[::-7]] == labels[::-7]
    assert (listing[0].label, listing[-1].label) == (labels[0], labels[-1])
    assert listing[40:] == []
    with pytest.raises(IndexError):
        listing[30]
    assert repr(listing).splitlines()[-1] == "… 10 more of 30"


def test_text_and_tags_narrow_it(store):
    ag.save(1, "Raw_Data", tags={"stage": "raw"})
    ag.save(2, "clean", tags={"stage": "clean"})
    assert [row.label for row in ag.find("raw_")] == ["Raw_Data"]
    assert len(ag.find("_d")) == 1
    assert [row.label for row in ag.find(tags={"stage": "clean"})] == ["clean"]
    assert len(ag.find(tags={"stage": None})) == 2
    assert len(ag.find("raw", tags={"stage": "clean"})) == 0
    assert [row.label for row in ag.find(ag.NodeFilter(label="clean"))] == ["clean"]


def test_text_finds_every_version_by_its_key(store):
    with ag.span_context("makes"):
        ag.save([1], key="d/T.json")
    ag.save([2], key="d/T.json")
    ag.save([3], "other")
    for text in ("d/t.json", "D/", "t.j"):
        assert [(row.label, row.version) for row in ag.find(text)] == [("d/T.json", 2), ("d/T.json", 1)]
    assert len(ag.find("d/_.json")) == 0
    with statements() as seen:
        list(ag.find("d/"))
    with statements() as plain:
        list(ag.find())
    assert len(seen) == len(plain)


def test_a_label_cannot_break_the_table_out_of_its_lines(store):
    ag.save(1, "two\nlines\x1b[31m \u202eright to left " + "x" * 200)
    text = repr(ag.find())
    assert len(text.splitlines()) == 2
    assert not {"\x1b", "\u202e"} & set(text)
    assert len(text.splitlines()[1]) < 120


def test_where_nothing_matches_it_says_what_was_asked(store):
    ag.save(1, "n")
    assert repr(ag.find("nope")) == "nothing matches 'nope'; artigraph.find() lists what there is"
    assert "nothing matches {'a': 'b'}" in repr(ag.find(tags={"a": "b"}))
    assert "nothing matches 'x' and {'a': None}" in repr(ag.find("x", tags={"a": None}))
    assert "nothing matches this filter" in repr(ag.find(ag.NodeFilter(label="nope")))


def test_what_is_no_filter_is_told_at_once(store):
    with pytest.raises(InvalidFilterError, match="5 is no filter"):
        ag.find(5)
    with pytest.raises(InvalidFilterError, match="tag name"):
        ag.find(tags="a")
