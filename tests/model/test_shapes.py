"""Dataclasses of every shape as models: what they are annotated with, how they nest, how they are made."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import KW_ONLY, InitVar, dataclass, field
from typing import Any, ClassVar, Generic, Optional, TypeVar, Union

import numpy as np
import pytest

import artigraph as ag
from artigraph.errors import SerializeError, UnserializableError
from artigraph.persist.spec import SaveSpec

T = TypeVar("T")


@dataclass
class Leaf(ag.ArtifactModel):
    n: int = 0


@dataclass
class BigLeaf(Leaf):
    array: Any = None

    def __eq__(self, other):
        return isinstance(other, BigLeaf) and self.n == other.n and np.array_equal(self.array, other.array)


@dataclass
class Choosing(ag.ArtifactModel):
    leaf: Leaf | None = None
    old: Optional[Leaf] = None  # noqa: UP045 - the old spelling is what is tested
    union: Union[int, str, Leaf, list[Leaf]] = 0  # noqa: UP007 - see above
    text: "Leaf | list[Choosing]" = field(default_factory=list)  # noqa: UP037 - see above
    untold: NoSuchName = None  # noqa: F821 - an annotation that cannot be evaluated


@dataclass
class Carrying(ag.ArtifactModel, Generic[T]):
    value: T
    more: Mapping[str, T] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Compact(ag.ArtifactModel, version=2):
    x: int
    _: KW_ONLY
    leaf: Leaf | None = None
    seen: list[int] = field(default_factory=list, compare=False)


@dataclass(frozen=True, slots=True)
class CompactMore(Compact):
    y: int = 0
    z: int = field(init=False, default=7)


@dataclass
class Computing(ag.ArtifactModel):
    """Its constructor would change what was stored."""

    count: ClassVar[int] = 0
    x: int
    scale: InitVar[int] = 2
    history: list[int] = field(default_factory=list)
    area: int = field(init=False)

    def __post_init__(self, scale):
        self.x *= scale
        self.history = [*self.history, self.x]
        self.area = self.x**2


class Custom(ag.ArtifactModel, version=2):
    """A model that is no dataclass."""

    def __init__(self, pairs: dict[str, Any]) -> None:
        self.pairs = pairs

    def graph_model_data(self) -> Mapping[str, tuple[Any, SaveSpec]]:
        return {name: (value, SaveSpec(tags={"part": name})) for name, value in self.pairs.items()}

    @classmethod
    def graph_model_init(cls, version: int, data: dict[str, Any]) -> Custom:
        assert version == 2
        return cls(data)


@pytest.mark.parametrize(
    "model",
    [
        Choosing(),
        Choosing(Leaf(1), Leaf(2), [Leaf(3)], [Choosing(Leaf(4))]),
        Choosing(union=Leaf(1), text=Leaf(2)),
        Carrying(1),
        Carrying[Leaf](Leaf(1), {"a": Leaf(2)}),
        Compact(1, leaf=Leaf(2), seen=[3]),
        CompactMore(1, leaf=BigLeaf(1, np.arange(3)), y=2),
        Computing(3),
        Carrying([{"a": (Leaf(1), [{"b": frozenset({Compact(1)})}])}], {"c": {4: [ag.ArtifactSequence([Leaf(5)])]}}),
        Carrying(ag.ArtifactMapping({1: {"a": [Leaf(1)]}, "b": ag.ArtifactMapping(c=(Leaf(2),))})),
    ],
    ids=lambda model: repr(model)[:60],
)
def test_a_model_of_any_shape_comes_back_equal(store, model):
    loaded = type(model).load(model.save())
    assert loaded == model
    assert repr(loaded) == repr(model)
    assert type(loaded) is type(model)


def test_a_field_holds_models_of_a_subclass_as_what_they_are(store):
    loaded = ag.load(Choosing(leaf=BigLeaf(1, np.arange(3))).save())
    assert type(loaded.leaf) is BigLeaf
    assert np.array_equal(loaded.leaf.array, np.arange(3))


def test_what_the_constructor_does_is_not_done_twice(store):
    model = Computing(3, scale=5)
    loaded = Computing.load(model.save())
    assert (loaded.x, loaded.history, loaded.area) == (15, [15], 225)


def test_a_model_that_is_no_dataclass_says_itself_what_it_is_made_of(store):
    custom = Custom({"a": np.arange(2), "b": [Leaf(1)]})
    loaded = Custom.load(custom.save("custom"))
    assert type(loaded) is Custom
    assert np.array_equal(loaded.pairs["a"], np.arange(2))
    assert loaded.pairs["b"] == [Leaf(1)]
    assert ag.exists(ag.NodeFilter(tags={"part": "a"}))


def test_a_model_that_gives_back_something_else_is_told(store):
    class Wrong(Custom):
        @classmethod
        def graph_model_init(cls, version: int, data: dict[str, Any]) -> Any:
            return data

    with pytest.raises(SerializeError, match=r"Wrong\.graph_model_init returned dict, not a model"):
        Wrong.load(Wrong({}).save())


def test_the_path_to_what_no_serializer_knows_leads_through_models_and_containers(store):
    model = Carrying([{"a": (Leaf(1), Choosing(union=[Leaf(object())]))}])
    with pytest.raises(
        UnserializableError, match=r"knows Carrying\.value\[0\]\['a'\]\[1\]\.union\[0\]\.n of type object"
    ):
        model.save()
    assert not ag.exists(ag.Node)
