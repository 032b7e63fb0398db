"""Filters on values inside JSON: in columns, in values, in fields of models."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

import artigraph as ag
from artigraph.errors import InvalidFilterError
from tests.stores import few_parameters

V = ag.ValueFilter


@ag.dataclass
class Scored(ag.ArtifactModel):
    name: str
    scores: dict[str, Any]


def labels(where: ag.Filter) -> list[str | None]:
    return [each.label for each in ag.read(ag.Artifact, where)]


def test_values_are_compared_with_their_own_types(store):
    values = {"int": 5, "float": 5.5, "text": "5", "true": True, "false": False, "null": None, "list": [5], "none": {}}
    for label, value in values.items():
        ag.save({"a": {"b": value}}, label)
    found = {
        "eq 5": (5, ["int"]),
        "gt": (V(gt=4), ["int", "float"]),
        "le": (V(le=5), ["int"]),
        "text": ("5", ["text"]),
        "true": (True, ["true"]),
        "not true": (V(ne=True), ["false"]),
        "null": (None, ["null"]),
        "there": (V(is_null=False), ["int", "float", "text", "true", "false", "list", "none"]),
        "mixed": ([5, "5", False], ["int", "text", "false"]),
        "not in": (V(not_in=[5, 7]), ["float"]),
        "none of none": ([], []),
        "icontains": (V(icontains="5"), ["text"]),
    }
    for name, (wanted, expected) in found.items():
        assert labels(ag.ArtifactFilter(value={"a.b": wanted})) == expected, name
    assert labels(ag.ArtifactFilter(value={("a", "b", 0): 5})) == ["list"]
    assert labels(~ag.ArtifactFilter(value={"a.b": V(is_null=False)})) == ["null"]


def test_a_value_is_compared_as_a_whole(store):
    for value in (3, 4.5, "x", True, [1], None):
        ag.save(value, repr(value))
    assert labels(ag.ArtifactFilter(value=V(gt=3))) == ["4.5"]
    assert labels(ag.ArtifactFilter(value="x")) == ["'x'"]
    assert labels(ag.ArtifactFilter(value=True)) == ["True"]
    assert labels(ag.ArtifactFilter(value={(0,): 1})) == ["[1]"]
    assert labels(ag.ArtifactFilter(value={"": None})) == ["None"]


def test_one_of_more_values_than_a_database_has_parameters(store):
    for label, value in {"int": 5, "text": "5", "true": True, "null": None, "other": [5]}.items():
        ag.save({"a": value}, label)
    numbers, words = list(range(40_000)), [str(each) for each in range(40_000)]
    with few_parameters():
        assert labels(ag.ArtifactFilter(value={"a": numbers})) == ["int"]
        assert labels(ag.ArtifactFilter(value={"a": [*numbers, *words, None]})) == ["int", "text", "null"]
        assert labels(ag.ArtifactFilter(value={"a": [*numbers[6:], True]})) == ["true"]
        assert labels(ag.ArtifactFilter(value={"a": V(not_in=numbers[6:])})) == ["int"]


@pytest.mark.parametrize("key", ["a.b", 'a"b', "a\\b", "é", "$", "[0]", "0", " ", "'", "%s", "a?b", "", "*"])
def test_any_key_can_be_asked_for(store, key):
    ag.save({key: 1, "other": 2}, "this")
    ag.save({"x": {key: 1}}, "that")
    assert labels(ag.ArtifactFilter(value={(key,): 1})) == ["this"]
    assert labels(ag.ArtifactFilter(value={("x", key): V(lt=2)})) == ["that"]


def test_a_place_is_one_of_an_array_and_nothing_else(store):
    ag.save({"a": 1}, "number")
    ag.save({"a": {"0": 1}}, "dict")
    ag.save({"a": [1]}, "list")
    assert labels(ag.ArtifactFilter(value={("a", 0): 1})) == ["list"]
    assert labels(ag.ArtifactFilter(value={("a", "0"): 1})) == ["dict"]


def test_what_is_no_json_stands_in_nobodys_way(store):
    ag.save(np.arange(3), "array")
    ag.save({"text": "with \x00 in it", "n": 1}, "nul")
    ag.save({"big": 10**400, "nan": float("nan"), "n": 1}, "odd")
    ag.save({"n": 1}, "plain")
    assert set(labels(ag.ArtifactFilter(value={"n": 1}))) >= {"odd", "plain"}
    assert labels(ag.ArtifactFilter(value={"big": V(lt=5)})) == []
    with pytest.raises(InvalidFilterError, match="never in JSON"):
        labels(ag.ArtifactFilter(value={"n": b"1"}))


def test_fields_of_models_and_json_columns(store):
    Scored("ridge", {"r2": 0.9, "folds": [{"n": 3}]}).save("m1")
    Scored("lasso", {"r2": 0.7}).save("m2")
    good = ag.ModelFilter(fields={"scores.r2": V(gt=0.8)})
    assert [each.name for each in ag.read(Scored, good)] == ["ridge"]
    assert [each.name for each in ag.read(Scored, ~good)] == ["lasso"]
    assert [each.name for each in ag.read(Scored, ag.ModelFilter(fields={"name": ["lasso", "x"]}))] == ["lasso"]
    assert ag.exists(Scored, ag.ModelFilter(fields={("scores", "folds", 0, "n"): 3, "name": "ridge"}))
    with ag.span_context(ag.Run("slow", params={"lr": 0.1, "by": {"who": "me"}})), ag.span_context("plain"):
        pass
    for wanted in ({"run_params.lr": V(lt=0.2)}, {"run_params.by.who": "me"}):
        assert [each.label for each in ag.read(ag.Span, ag.NodeFilter(json=wanted))] == ["slow"]
    with pytest.raises(InvalidFilterError, match="run_params"):
        ag.read(ag.Span, ag.NodeFilter(json={"params.lr": 1}))


JSON: Any = st.recursive(
    st.none()
    | st.booleans()
    | st.integers(-3, 3)
    | st.sampled_from([0.5, -1.5])
    | st.sampled_from(["", "a", "1", "é"]),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.sampled_from(["a", "b", "0"]), inner, max_size=3),
    max_leaves=6,
)
STEPS = st.lists(st.sampled_from(["a", "b", "0", 0, 1]), max_size=3)
OPERATORS = {"eq": "__eq__", "ne": "__ne__", "gt": "__gt__", "ge": "__ge__", "lt": "__lt__", "le": "__le__"}


def at(value: Any, steps: list[Any]) -> Any:
    for step in steps:
        if isinstance(step, int):
            if not isinstance(value, list) or step >= len(value):
                return None
        elif not isinstance(value, dict) or step not in value:
            return None
        value = value[step]
    return value


def kind(value: Any) -> str:
    return "number" if type(value) in (int, float) else type(value).__name__


@given(
    values=st.lists(JSON, min_size=1, max_size=4),
    steps=STEPS,
    operator=st.sampled_from(sorted(OPERATORS)),
    wanted=st.integers(-3, 3) | st.sampled_from(["", "a", "1", "é", 0.5]),
)
@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_it_finds_what_plain_python_finds(store, values, steps, operator, wanted):
    ag.delete(ag.Node)
    ag.write_many([ag.Artifact(value=value, label=str(n)) for n, value in enumerate(values)])
    expected = []
    for n, value in enumerate(values):
        found = at(value, steps)
        if kind(found) == kind(wanted):
            one, other = (found.encode(), wanted.encode()) if isinstance(found, str) else (float(found), float(wanted))
            if getattr(one, OPERATORS[operator])(other):
                expected.append(str(n))
    assert labels(ag.ArtifactFilter(value={tuple(steps): V(**{operator: wanted})})) == expected
