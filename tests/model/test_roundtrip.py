"""What is loaded equals what was saved, type by type: random nested values, alone and in annotated fields."""

from __future__ import annotations

import copy
from dataclasses import dataclass, field, fields, is_dataclass
from datetime import UTC, timedelta, timezone
from pathlib import PurePosixPath, PureWindowsPath
from typing import Any

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from pydantic import Field

import artigraph as ag
from artigraph.model.pydantic import PydanticModel
from tests.model.test_typed import Access, Circle, Color, Key, Level, Measured, Mood, Place, Shape, Window

ZONES = st.sampled_from([None, UTC, timezone(timedelta(hours=-3, minutes=-30)), timezone(timedelta(hours=14))])
PLAIN = st.one_of(
    st.none(),
    st.booleans(),
    st.integers(),
    st.integers(-(10**400), 10**400),
    st.floats(),
    st.text(),
    st.characters(codec=None).map(lambda character: character),
    st.binary(),
    st.complex_numbers(),
    st.datetimes(timezones=ZONES),
    st.dates(),
    st.times(timezones=ZONES),
    st.timedeltas(),
    st.uuids(),
    st.decimals(allow_nan=False),  # a signaling one has no hash
    st.sampled_from([PurePosixPath("a/b"), PureWindowsPath("c:/d"), -0.0, "$tuple", "$typed"]),
)
OURS = st.one_of(
    st.sampled_from([*Color, *Level, *Mood, *Access, Access(0), Access(3)]),
    st.builds(Place, st.floats(), st.sampled_from(Color)),
    st.builds(Key, st.integers()),
)
ARRAYS = st.sampled_from(
    [np.arange(4), np.zeros((2, 0)), np.array([1.5, np.nan]), np.array("2024-01-01", "datetime64[s]")]
)


def nested(leaves: st.SearchStrategy[Any], keys: st.SearchStrategy[Any]) -> st.SearchStrategy[Any]:
    """Containers of leaves, at any depth; keys and members of sets can be hashed."""
    return st.recursive(
        leaves,
        lambda inner: st.one_of(
            st.lists(inner, max_size=4),
            st.lists(inner, max_size=4).map(tuple),
            st.dictionaries(keys, inner, max_size=4),
            st.sets(keys, max_size=4),
            st.frozensets(keys, max_size=4),
        ),
        max_leaves=12,
    )


@dataclass
class Atom(ag.ArtifactModel):
    value: Any = None


VALUES = nested(
    st.one_of(PLAIN, st.decimals(), st.binary().map(bytearray), ARRAYS, PLAIN.map(Atom)),
    st.one_of(PLAIN, st.tuples(PLAIN, PLAIN)),
)
SHAPES = st.one_of(
    st.builds(Shape, st.text(), st.none() | st.sampled_from(Color)),
    st.builds(Circle, st.text(), st.none(), st.builds(Place, st.floats())),
    st.builds(Measured, st.text(), ARRAYS),
    st.builds(Window, width=st.integers()),
)
TYPED = nested(st.one_of(PLAIN, OURS, SHAPES, ARRAYS, PLAIN.map(Atom)), st.one_of(PLAIN, OURS))


@dataclass
class Annotated(ag.ArtifactModel):
    value: Any | Color | Level | Mood | Access | Place | Key | Shape | Measured | Window
    more: dict[str, Any] = field(default_factory=dict)


class AnnotatedPydantic(PydanticModel):
    value: Any | Color | Level | Mood | Access | Place | Key | Shape | Measured | Window = Field(
        union_mode="left_to_right"
    )


def looks(value: Any) -> Any:
    """What there is to see of a value: its types and contents at every depth, as text; NaN looks like NaN."""
    name = type(value).__qualname__
    if isinstance(value, np.ndarray):
        return name, str(value.dtype), value.shape, repr(value.tolist())
    if type(value) is dict:
        return name, [(looks(key), looks(part)) for key, part in value.items()]
    if type(value) in (set, frozenset):
        return name, sorted(repr(looks(part)) for part in value)
    if type(value) in (list, tuple):
        return name, [looks(part) for part in value]
    if is_dataclass(value):
        return name, [(each.name, looks(getattr(value, each.name))) for each in fields(value)]
    return name, repr(value)


thorough = settings(
    deadline=None, max_examples=100, suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow]
)


@pytest.fixture
def memory():
    reset = ag.set_engine("sqlite:///:memory:", create_tables=True)
    yield
    reset()


@thorough
@given(value=VALUES)
def test_any_value_comes_back_as_it_was(memory, value):
    before = looks(copy.deepcopy(value))
    loaded = ag.load.s(ag.save.s(value))
    assert looks(loaded) == before == looks(value)


@thorough
@given(value=TYPED)
def test_any_annotated_value_comes_back_as_it_was(memory, value):
    model = Annotated(value, {"value": 1})
    loaded = Annotated.load.s(model.save.s())
    assert looks(loaded) == looks(model)
    assert model.save.s() == loaded.save.s() == model.graph_id  # the same content has the same digest


@thorough
@given(value=TYPED)
def test_any_value_in_a_pydantic_model_comes_back_as_it_was(memory, value):
    model = AnnotatedPydantic(value=value)
    loaded = AnnotatedPydantic.load.s(model.save.s())
    assert type(loaded) is AnnotatedPydantic
    assert looks(loaded.value) == looks(model.value)
