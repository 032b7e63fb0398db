from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import InitVar, dataclass, field
from enum import Enum, Flag, IntEnum, StrEnum, auto
from typing import Annotated, Any, Generic, Literal, NamedTuple, NewType, Self, TypeVar

import numpy as np
import pytest
from pydantic import BaseModel, PrivateAttr
from typing_extensions import TypeAliasType

import artigraph as ag
from artigraph.errors import CycleError, InvalidFieldError, SerializeError, UnserializableError
from artigraph.model.typed import MAX_DEPTH, kinds_of, to_plain, to_typed
from artigraph.serializer.json import Typed, json_serializer
from tests.model.test_model import in_module

T = TypeVar("T")


class Color(Enum):
    RED = (1, 0, 0)
    BLUE = object()
    NAVY = BLUE


class Level(IntEnum):
    LOW = 1


class Mood(StrEnum):
    GOOD = "good"


class Access(Flag):
    READ = auto()
    WRITE = auto()


class Place(NamedTuple):
    x: float
    color: Color = Color.RED


@dataclass
class Shape:
    name: str
    color: Color | None = None


@dataclass
class Circle(Shape):
    center: Place = field(default_factory=lambda: Place(0.0))
    level: Level = Level.LOW


@dataclass(frozen=True, slots=True)
class Key:
    n: int


@dataclass
class Branch:
    value: int
    left: Branch | None = None
    others: list[Self] = field(default_factory=list)


@dataclass
class Box(Generic[T]):
    value: T


@dataclass
class Measured:
    unit: str
    data: np.ndarray

    def __eq__(self, other):
        return isinstance(other, Measured) and self.unit == other.unit and np.array_equal(self.data, other.data)


@dataclass
class Doubling:
    """Its constructor changes what it is given."""

    x: int
    seen: list[int] = field(init=False)

    def __post_init__(self):
        self.x *= 2
        self.seen = [self.x]


class Window(BaseModel):
    width: int
    shape: Shape | None = None
    _opened: int = PrivateAttr(default=7)


class Crate(BaseModel, Generic[T]):
    value: T


Height = NewType("Height", Color)
B = TypeVar("B", bound=Color)


@dataclass
class Piece(ag.ArtifactModel):
    n: int


@dataclass
class Whole:
    n: int


class WholeSerializer(ag.Serializer[Whole]):
    name = "whole.test/1"
    types = (Whole,)

    def serialize(self, value, /):
        return str(value.n).encode()

    def deserialize(self, data, /):
        return Whole(int(data))


WholeSerializer().register()


def save_as(hint: Any, value: Any) -> Any:
    """What comes back of a value in a field that is annotated with ``hint``."""
    made: Any = dataclass(type("Annotating", (ag.ArtifactModel,), {"__annotations__": {"value": hint}}))
    return made.load(made(value).save()).value


CASES = [
    (Color, Color.BLUE),
    (Color, Color.NAVY),
    (Color, Color.RED),
    (Level, Level.LOW),
    (Mood, Mood.GOOD),
    (Access, Access.READ | Access.WRITE),
    (Access, Access(0)),
    (Place, Place(1.5, Color.BLUE)),
    (Shape, Shape("s", Color.RED)),
    (Shape, Circle("c", None, Place(2.0), Level.LOW)),
    (Key, Key(1)),
    (Branch, Branch(1, Branch(2), [Branch(3, Branch(4))])),
    (Box[Color], Box(Color.RED)),
    (Box[list[Shape]], Box([Shape("a")])),
    (Box[int], Box(1)),
    (Measured, Measured("m", np.arange(3))),
    (Window, Window(width=3, shape=Circle("c"))),
    (Color | None, None),
    (Color | None, Color.RED),
    (Color | str, "RED"),
    (Color | str | int, Color.RED),
    (Color | Mood, Mood.GOOD),
    (Shape | dict[str, int], {"name": 1}),
    (Shape | Place | Color, Place(1.0)),
    (list[Color] | list[str], ["RED"]),
    (list[Color] | list[str], [Color.RED]),
    (list[Color], [Color.RED, Color.BLUE]),
    (list[Any] | Color, ["$typed", "Color", "RED"]),
    (tuple[Color, ...], (Color.RED,)),
    (tuple[int, Color], (1, Color.RED)),
    (set[Color], {Color.RED, Color.BLUE}),
    (frozenset[Key], frozenset({Key(1), Key(2)})),
    (dict[Color, Place], {Color.RED: Place(1.0), Color.BLUE: Place(2.0)}),
    (dict[Place, list[Shape]], {Place(1.0): [Shape("a")]}),
    (dict[str, dict[Key, set[Mood]]], {"a": {Key(1): {Mood.GOOD}}}),
    (Sequence[Color], (Color.RED,)),
    (Mapping[str, Color], {"a": Color.RED}),
    (Annotated[Color, "a mark"], Color.RED),
    (Annotated[list[Color], ag.SaveSpec(tags={"a": "b"})], [Color.RED]),
    (Literal[Color.RED], Color.RED),
    (Height, Color.RED),
    (list[B], [Color.RED]),
    (TypeAliasType("Tint", Color | None), Color.RED),
    (Crate[Color], Crate[Color](value=Color.RED)),
    (dict[str, Piece | Color], {"a": Piece(1), "b": Color.RED}),
    (dict[str, Measured], {"a": Measured("m", np.arange(3)), "b": Measured("s", np.ones(2))}),
    (list[Measured | Key], [Measured("m", np.arange(3)), Key(1)]),
]


@pytest.mark.parametrize(("hint", "value"), CASES, ids=[str(hint) for hint, _ in CASES])
def test_an_annotation_restores_what_it_names(store, hint, value):
    loaded = save_as(hint, value)
    assert loaded == value
    assert type(loaded) is type(value)
    if isinstance(value, set | frozenset):  # in no order
        loaded, value = sorted(loaded, key=repr), sorted(value, key=repr)
    assert repr(loaded) == repr(value)


def test_enum_members_are_the_very_same(store):
    assert save_as(Color, Color.RED) is Color.RED


def test_what_the_constructor_would_change_comes_back_as_it_was(store):
    value = Doubling(2)
    value.seen.append(9)
    assert (value.x, value.seen) == (4, [4, 9])
    loaded = save_as(Doubling, value)
    assert (loaded.x, loaded.seen) == (4, [4, 9])


def test_private_attributes_of_pydantic_values_start_anew(store):
    window = Window(width=1)
    window._opened = 8
    assert save_as(Window, window)._opened == 7


def test_an_array_in_a_dataclass_is_one_artifact(store):
    save_as(dict[str, Measured], {"a": Measured("m", np.arange(3))})
    assert len(ag.read(ag.OrmArtifact, ag.ArtifactFilter(serializer="numpy.npy/1"))) == 1


@pytest.mark.parametrize(
    ("hint", "value", "path"),
    [
        (Any, Color.RED, "Annotating.value"),
        (int, Level.LOW, "Annotating.value"),
        (list, [1, Color.RED], r"Annotating.value\[1\]"),
        (dict[str, Any], {"a": [Place(1.0)]}, r"Annotating.value\['a'\]\[0\]"),
        (Shape, Shape(object()), r"Annotating.value\['name'\]"),  # type: ignore[arg-type]
        (Box, Box(Color.RED), r"Annotating.value\['value'\]"),
        (list[Measured], [Measured(Mood.GOOD, np.arange(2))], r"Annotating.value\[0\]\['unit'\]"),
        (Key, Color.RED, "Annotating.value"),
    ],
    ids=["any", "int", "list", "dict", "dataclass", "generic", "nested", "other"],
)
def test_what_no_annotation_names_is_an_error_with_the_path_to_it(store, hint, value, path):
    with pytest.raises(UnserializableError, match=f"no serializer knows {path} of type"):
        save_as(hint, value)
    assert not ag.exists(ag.Node)


def test_the_error_tells_what_would_help(store):
    with pytest.raises(UnserializableError, match="a model keeps it in a field whose annotation names Color"):
        ag.save([Color.RED])


def test_a_value_that_contains_itself_is_an_error(store):
    branch = Branch(1)
    branch.left = branch
    with pytest.raises(CycleError, match=r"Annotating\.value"):
        save_as(Branch, branch)


def test_very_deep_values_are_refused_or_come_back(store):
    branch = Branch(0)
    for n in range(MAX_DEPTH - 2):
        branch = Branch(n, branch)
    loaded = save_as(Branch, branch)
    assert repr(loaded) == repr(branch)
    for more in (1, 2000):
        for n in range(more):
            branch = Branch(n, branch)
        with pytest.raises(UnserializableError, match=r"knows Annotating\.value of .* nested deeper than 200"):
            save_as(Branch, branch)


def test_two_classes_of_one_name_are_told_when_the_model_is_first_used(store):
    other = in_module("typed_other", "from enum import Enum\nclass Color(Enum):\n    GREEN = 1\n")["Color"]
    with pytest.raises(InvalidFieldError, match=f"named Color, in {__name__} and typed_other; rename one"):
        save_as(Color | other, Color.RED)


def test_a_class_with_a_serializer_of_its_own_is_left_to_that(store):
    assert kinds_of(list[Whole]) == {}
    assert save_as(list[Whole], [Whole(3)]) == [Whole(3)]


def test_plain_values_and_annotations_cost_nothing():
    assert kinds_of(dict[str, list[int | None]]) == {}
    assert kinds_of(Piece | None) == {}
    value = {"a": [1, 2.0, "three"], "b": (np.arange(3), {4})}
    assert to_plain(value, kinds_of(Color)) is value


def test_another_class_gets_the_parts_by_name(store):
    source = (
        "from enum import Enum\nclass Kind(Enum):\n    A = 1\n@dataclass\nclass Said(ag.ArtifactModel):\n    kind: {}\n"
    )
    space = in_module("typed_said", source.format("Kind"))
    node_id = space["Said"](space["Kind"].A).save()
    record = ag.load(node_id, generic=True)
    assert (record["kind"].name, record["kind"].value) == ("Kind", "A")
    assert repr(record["kind"]) == "Typed(name='Kind', value='A')"
    again = in_module("typed_said", source.format("object"))["Said"].load(node_id)
    assert isinstance(again.kind, Typed)
    assert again.save() == node_id


def test_a_class_that_changed_says_so_and_a_migration_helps(store):
    source = """
from enum import Enum

class Kind(Enum):
    {members} = 1

@dataclass
class Point:
    x: int
    {more}

@dataclass
class Sketch(ag.ArtifactModel, version={version}):
    kind: Kind
    points: list[Point]

    @classmethod
    def migrate(cls, version, data):
        points = [Point(point.value["x"], -1) for point in data["points"]]
        return {{**data, "points": points, "kind": Kind.C}}
"""
    old = in_module("typed_drawn", source.format(members="A", more="", version=1))
    node_id = old["Sketch"](old["Kind"].A, [old["Point"](1)]).save()

    renamed = in_module("typed_drawn", source.format(members="C", more="", version=1))
    with pytest.raises(SerializeError, match=r"Sketch\.kind: Kind has no member 'A' any more; count the version"):
        renamed["Sketch"].load(node_id)

    grown = in_module("typed_drawn", source.format(members="A", more="y: int", version=1))
    with pytest.raises(SerializeError, match=r"Sketch\.points: Point was stored with x, its class takes x, y"):
        grown["Sketch"].load(node_id)

    new = in_module("typed_drawn", source.format(members="C", more="y: int", version=2))
    assert new["Sketch"].load(node_id) == new["Sketch"](new["Kind"].C, [new["Point"](1, -1)])


def test_fields_with_a_default_may_be_added_to_a_nested_class(store):
    source = (
        "@dataclass\nclass Inner:\n    x: int\n    {}\n\n@dataclass\nclass Grown(ag.ArtifactModel):\n    inner: Inner\n"
    )
    old = in_module("typed_grown", source.format(""))
    node_id = old["Grown"](old["Inner"](1)).save()
    new = in_module("typed_grown", source.format("y: int = 5"))
    assert new["Grown"].load(node_id).inner == new["Inner"](1, 5)


def test_an_initializer_that_cannot_be_repeated_is_told(store):
    @dataclass
    class Asking(ag.ArtifactModel):
        x: int
        seed: InitVar[int]

    with pytest.raises(InvalidFieldError, match="asks for seed, which is no field"):
        Asking(1, 2).save()


def test_stored_values_never_lead_to_classes_that_no_annotation_names():
    stored = Typed("Access", 1)
    assert to_typed([stored], kinds_of(Color))[0] is stored


def test_a_name_that_is_no_text_is_damaged_data():
    with pytest.raises(SerializeError):
        json_serializer.deserialize(b'["$typed",[],1]')


def test_the_marker_is_plain_json():
    value = to_plain({"a": Color.RED, "b": [Place(1.0)]}, kinds_of(Color | Place))
    data = json_serializer.serialize(value)
    assert data == b'{"a":["$typed","Color","RED"],"b":[["$typed","Place",{"x":1.0,"color":["$typed","Color","RED"]}]]}'
    assert to_typed(json_serializer.deserialize(data), kinds_of(Color | Place)) == {"a": Color.RED, "b": [Place(1.0)]}
