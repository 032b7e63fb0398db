"""What cannot be meant is told by an error of ours, and nothing of it is stored."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any
from uuid import uuid4

import pandas as pd
import pytest

import artigraph as ag
from artigraph import Collection, Feature, Schema
from artigraph.errors import ArtigraphError, InvalidArtifactError, NodeNotFoundError, SchemaMismatchError
from tests.artifact.keyed import kept
from tests.stores import blobs, count

BAD: tuple[Mapping[str, Any], ...] = (
    *({"run": "label"}, {"run": True}, {"run": 5}, {"run": ag.Run("never saved")}, {"run": uuid4()}),
    *({"extra_data": {"a": object()}}, {"extra_data": [1]}, {"description": {}}, {"description": "a\x00"}),
    *({"otype": 5}, {"otype": "x" * 256}, {"kind": 5}, {"features": "x"}, {"features": ["q"]}, {"revises": "x"}),
    *({"storage": 4}, {"tags": ["a"]}, {"tags": {"a": 5}}),
)


def test_what_an_artifact_cannot_be_given_is_told(file_store, tmp_path):
    one = kept(tmp_path, "one")
    before = count(file_store), len(blobs(file_store))
    for options in BAD:
        with pytest.raises(ArtigraphError):
            kept(tmp_path, "two", **options)
        with pytest.raises(ArtigraphError):
            ag.Artifact(value=[1], key="a.json", **options).save()
    for options in ({"run": "x"}, {"run": ag.Run("never saved")}, {"description": 5}, {"label": 5}):
        with pytest.raises(ArtigraphError):
            Collection([one], key="c", **options).save()
    assert (count(file_store), len(blobs(file_store))) == before


def test_a_span_may_be_given_by_its_id(store, tmp_path):
    with ag.span_context("make") as span:
        pass
    for place, run in enumerate((span, span.id, str(span.id))):
        assert kept(tmp_path, f"{place}", run=run).run == span
        held = Collection([kept(tmp_path, "one", run=False)], key=f"{place}", run=run).save()
        assert ag.read(ag.Link, ag.LinkFilter(source=span, target=held, kind="output"))
    with pytest.raises(NodeNotFoundError, match="was not saved"):
        kept(tmp_path, "none", run=ag.Run("never saved"))


def test_what_a_kept_artifact_cannot_be_changed_to_is_told(store, tmp_path):
    for name, value in (("description", 5), ("otype", 5), ("kind", 5), ("extra_data", {"a": object()})):
        one = kept(tmp_path, "one")
        setattr(one, name, value)
        with pytest.raises(InvalidArtifactError):
            one.save()
    with pytest.raises(InvalidArtifactError, match="run is"):
        kept(tmp_path, "one").replace([1], run="x")
    assert ag.Artifact.get(key="one").description is None


def test_what_cannot_be_asked_or_said_is_told(store, tmp_path):
    one = kept(tmp_path, "one", features={"names": ["a"]})
    for wrong in (
        *(lambda: one.features.set_values(None), lambda: one.features.add_values("x")),
        *(lambda: one.tags.set_values(None), lambda: one.tags.add_values("x")),
        *(lambda: ag.Artifact.search(None), lambda: ag.Artifact.filter().order_by(5), lambda: ag.Artifact.get(key=5)),
        *(lambda: Collection(None), lambda: Collection(5), lambda: Schema(5), lambda: Schema("xy")),
        *(lambda: Schema([], slots={"__external__": 5}), lambda: Schema([], slots=5)),
    ):
        with pytest.raises(ArtigraphError):
            wrong()
    assert one.features.get_values() == {"names": ["a"]}


def test_features_are_counted_and_gone_through(store, tmp_path):
    one = kept(tmp_path, "one", features={"a": 1, "b": None})
    assert (list(one.features), len(one.features)) == (["a", "b"], 2)
    assert "a" in one.features
    assert Feature("b") in one.features
    assert "c" not in one.features


def test_only_the_rows_that_cannot_be_converted_are_bad():
    table = pd.DataFrame({"n": ["1", "x", None, "2", "y"]})
    with pytest.raises(SchemaMismatchError, match=r"\(row 1: 'x', row 4: 'y'\)"):
        Schema([Feature("n", int, coerce=True)]).check(table)
