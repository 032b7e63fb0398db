from __future__ import annotations

import copy
import pickle
import subprocess
import sys
from collections.abc import Mapping
from dataclasses import dataclass
from enum import Enum
from typing import Annotated, Any, Generic, Literal, TypeVar

import numpy as np
import pandas as pd
import pytest
from pydantic import (
    BaseModel,
    BeforeValidator,
    ConfigDict,
    Field,
    PrivateAttr,
    RootModel,
    ValidationError,
    computed_field,
    field_validator,
    model_validator,
)

import artigraph as ag
from artigraph.errors import (
    ImmutableError,
    InvalidFieldError,
    MigrationMissingError,
    ModelTooNewError,
    NameTakenError,
    SerializeError,
    UnserializableError,
    WrongModelError,
)
from artigraph.model.pydantic import PydanticModel
from artigraph.serializer.json import Typed
from artigraph.storage.memory import MemoryStorage

T = TypeVar("T")
elsewhere = MemoryStorage("pydantic-elsewhere")


class Kind(Enum):
    A = "a"
    B = "b"


class Counted(PydanticModel):
    n: int = Field(ge=0)


class Plain(BaseModel):
    kind: Kind
    arrays: dict[str, Any] = {}


class Numbers(RootModel[list[int]]):
    pass


@dataclass
class Datum(ag.ArtifactModel):
    x: int


class Profile(PydanticModel, version=2):
    title: str = Field(min_length=1, alias="name")
    arrays: dict[str, np.ndarray] = Field(default_factory=dict)
    table: pd.DataFrame | None = None
    kind: Kind = Kind.A
    plain: Plain | None = None
    inner: list[Counted] = Field(default_factory=list)
    data: Datum | None = None
    numbers: Numbers = Numbers([])
    words: Annotated[list[str], BeforeValidator(lambda text: text.split())] = Field(default_factory=list)

    model_config = ConfigDict(populate_by_name=True)


class Cat(BaseModel):
    kind: Literal["cat"] = "cat"
    lives: int = 9


class Dog(PydanticModel):
    kind: Literal["dog"] = "dog"
    coat: np.ndarray


class Owner(PydanticModel):
    pet: Cat | Dog = Field(discriminator="kind")
    more: list[Annotated[Cat | Dog, Field(discriminator="kind")]] = Field(default_factory=list)


class Checked(PydanticModel):
    price: float
    history: list[float] = Field(default_factory=list)
    _secret: int = PrivateAttr(default=1)

    @field_validator("price")
    @classmethod
    def add_tax(cls, value: float) -> float:
        return value * 2

    @model_validator(mode="after")
    def note(self) -> Checked:
        self.history.append(self.price)
        return self

    @computed_field
    @property
    def cents(self) -> int:
        return int(self.price * 100)


class Sealed(PydanticModel, frozen=True):
    x: int


class Roomy(PydanticModel, extra="allow"):
    x: int


class Parcel(PydanticModel, Generic[T], version=3):
    value: T


def test_what_is_loaded_is_what_was_saved(store):
    rich = Profile(
        name="t",
        arrays={"a": np.arange(3), "b": np.ones((2, 2))},
        table=pd.DataFrame({"x": [1, 2]}),
        kind=Kind.B,
        plain=Plain(kind=Kind.B, arrays={"c": np.zeros(2)}),
        inner=[Counted(n=1), Counted(n=2)],
        data=Datum(5),
        numbers=Numbers([1, 2]),
        words="one two",
    )
    node_id = rich.save("rich", tags={"a": "b"})
    loaded = Profile.load("rich")
    assert type(loaded) is Profile
    assert (loaded.graph_id, loaded.id, loaded.node_id, loaded.label) == (node_id, node_id, node_id, "rich")
    assert (loaded.title, loaded.kind, loaded.inner, loaded.data) == (
        "t",
        Kind.B,
        [Counted(n=1), Counted(n=2)],
        Datum(5),
    )
    assert loaded.words == ["one", "two"]
    assert loaded.numbers == Numbers([1, 2])
    assert list(loaded.arrays) == ["a", "b"]
    assert all(np.array_equal(loaded.arrays[name], rich.arrays[name]) for name in "ab")
    pd.testing.assert_frame_equal(loaded.table, rich.table)
    assert type(loaded.plain) is Plain
    assert loaded.plain.kind is Kind.B
    assert np.array_equal(loaded.plain.arrays["c"], np.zeros(2))
    assert loaded.inner[0].graph_id == rich.inner[0].graph_id
    assert rich.save() == node_id


def test_discriminated_unions_come_back_as_their_members(store):
    owner = Owner(pet={"kind": "cat", "lives": 3}, more=[{"kind": "dog", "coat": np.ones(2)}, {"kind": "cat"}])
    loaded = Owner.load(owner.save())
    assert loaded.pet == Cat(lives=3)
    assert [type(pet) for pet in loaded.more] == [Dog, Cat]
    assert np.array_equal(loaded.more[0].coat, np.ones(2))


def test_validators_run_when_an_object_is_made_and_not_when_it_is_loaded(store):
    checked = Checked(price=1)
    assert (checked.price, checked.history, checked.cents) == (2, [2], 200)
    loaded = Checked.load(checked.save())
    assert loaded == checked
    assert (loaded.price, loaded.history, loaded.cents, loaded._secret) == (2, [2], 200, 1)
    with pytest.raises(ValidationError):
        Counted(n=-1)


def test_frozen_and_open_models_work(store):
    frozen, wide = Sealed(x=1), Roomy(x=1, y=Datum(2), z={"k": np.arange(2)})
    assert Sealed.load(frozen.save()) == frozen
    loaded = Roomy.load(wide.save())
    assert (loaded.x, loaded.y) == (1, Datum(2))
    assert np.array_equal(loaded.z["k"], np.arange(2))


def test_generic_models_are_stored_under_the_name_of_what_they_hold(store):
    box = Parcel[int](value=1)
    node_id = box.save()
    assert type(ag.load(node_id)) is Parcel[int]
    assert (Parcel[int].graph_model_version, Parcel[int].graph_model_name) == (3, "Parcel[int]")
    assert Parcel[list[Counted]].load(Parcel[list[Counted]](value=[Counted(n=1)]).save()).value == [Counted(n=1)]


class Early(PydanticModel):
    later: Later | None = None
    child: Early | None = None


class Later(BaseModel):
    kind: Kind


def test_classes_that_are_defined_later_are_found(store):
    assert Early.graph_model_init(1, {"later": Typed("Later", {"kind": Typed("Kind", "A")})}).later == Later(
        kind=Kind.A
    )
    early = Early(later=Later(kind=Kind.B), child=Early())
    assert Early.load(early.save()) == early


def test_identity_is_no_part_of_the_value(store):
    one, two = Counted(n=1), Counted(n=1)
    one.save("x")
    assert one == two
    assert "graph_id" not in one.model_dump()
    for other in (copy.copy(one), copy.deepcopy(one), one.model_copy(), pickle.loads(pickle.dumps(one))):
        assert other == one
        assert not other.graph_known
        assert other.save() != one.graph_id
    with pytest.raises(AttributeError, match="'Counted' object has no attribute 'nothing'"):
        one.nothing  # type: ignore[attr-defined]


def test_a_field_may_have_the_name_of_an_alias_of_the_identity(store):
    class Badge(PydanticModel):
        id: str
        label: int = 1

    named = Badge(id="mine")
    assert Badge.load(named.save("stored")) == named
    assert (named.id, named.label, named.graph_label) == ("mine", 1, "stored")


def test_a_changed_model_is_saved_as_dataclass_models_are(store):
    inner = Counted(n=1)
    inner.save("i")
    inner.n = 2
    with pytest.raises(ImmutableError):
        inner.save()
    inner.save(on_conflict="replace")
    assert Counted.load("i").n == 2


def test_models_of_both_kinds_nest_in_each_other(store):
    @dataclass
    class Around(ag.ArtifactModel):
        inner: Counted
        more: dict[str, Any]

    outer = Around(Counted(n=1), {"a": [Counted(n=2), Sealed(x=3)]})
    assert Around.load(outer.save()) == outer
    assert ag.read(Counted, track=False)[0] == Counted(n=1)


class Placed(PydanticModel, config=ag.ArtifactModelConfig(default_field_storage=elsewhere)):
    marked: Annotated[str, ag.SaveSpec(tags={"kind": "marked"}), Field(min_length=1)]
    field: list[int] = ag.artifact_field(serializer="json/1", default_factory=list, tags={"kind": "field"})
    other: int = 1


class PlacedBelow(Placed, name="PlacedBelow.test"):
    own: int = 2


@pytest.mark.parametrize("model", [Placed(marked="a", field=[1]), PlacedBelow(marked="b")], ids=repr)
def test_what_is_said_of_a_field_takes_effect(store, model):
    node_id = model.save()
    rows = [row for row in ag.read(ag.OrmArtifact) if row.node_type != "model_artifact"]
    assert {row.remote_artifact_storage for row in rows} == {"pydantic-elsewhere"}
    for kind in ("marked", "field"):
        [artifact] = ag.read(ag.Artifact, ag.NodeFilter(tags={"kind": kind}))
        assert artifact.value == getattr(model, kind)
    assert ag.load(node_id) == model


def test_class_arguments_are_checked():
    assert PlacedBelow.graph_model_name == "PlacedBelow.test"
    with pytest.raises(InvalidFieldError, match="call the field save_"):
        type(PydanticModel)("Bad", (PydanticModel,), {"__annotations__": {"save": int}, "__module__": __name__})
    with pytest.raises(InvalidFieldError, match="1 or more"):

        class Zero(PydanticModel, version=0):
            pass

    with pytest.raises(NameTakenError):

        class Taken(PydanticModel, name="Datum"):
            pass


def versioned(version: int, **fields: Any) -> Any:
    """A class Migrant with these fields; older data is named anew."""

    def migrate(cls: Any, version: int, data: Mapping[str, Any]) -> Any:
        return {"renamed": data["value"]} if "value" in data else cls.model_construct(**data)

    space = {"__annotations__": fields, "__module__": __name__, "__qualname__": "Migrant"}
    more = {"migrate": classmethod(migrate)} if version > 1 else {}
    return type(PydanticModel)("Migrant", (PydanticModel,), {**space, **more}, version=version)


def test_older_data_is_migrated_and_validated(store):
    old = versioned(1, value=Any)
    good, bad = old(value="7").save(), old(value="x").save()
    new = versioned(2, renamed=int)
    assert new.load(good) == new(renamed=7)
    with pytest.raises(ValidationError):
        new.load(bad)
    assert ag.load(bad, generic=True)["value"] == "x"


def test_migrated_fields_may_have_aliases(store):
    old = versioned(1, value=Any)
    node_id = old(value="7").save()
    new = versioned(2, renamed=Annotated[int, Field(alias="Renamed")])
    assert new.load(node_id).renamed == 7


def test_what_cannot_be_read_says_why(store):
    node_id = versioned(2, x=int)(x=1).save()
    versioned(1, x=int)
    with pytest.raises(ModelTooNewError):
        ag.load(node_id)
    older = versioned(1, x=int)(x=1).save()
    versioned(1, y=int)
    with pytest.raises(SerializeError, match="stored with x, its class takes y"):
        ag.load(older)
    with pytest.raises(WrongModelError):
        Counted.load(older, track=False) if versioned(1, x=int) else None
    type(PydanticModel)("Migrant", (PydanticModel,), {"__module__": __name__, "__qualname__": "Migrant"}, version=5)
    with pytest.raises(MigrationMissingError):
        ag.load(older)


def test_what_no_serializer_knows_is_named(store):
    with pytest.raises(UnserializableError, match=r"Roomy\.y of type object"):
        Roomy(x=1, y=object()).save()


async def test_in_async_code_the_same_calls_are_awaited(store):
    inner = Counted(n=1)
    assert await Counted.load(await inner.save("x")) == inner


def test_without_pydantic_the_error_says_what_to_install():
    script = """
import sys
sys.modules["pydantic"] = None
import artigraph as ag
try:
    ag.PydanticModel
except ag.errors.MissingLibraryError as error:
    print(error)
"""
    done = subprocess.run([sys.executable, "-W", "error", "-c", script], capture_output=True, text=True, check=True)
    assert done.stdout == "PydanticModel needs pydantic: pip install pydantic\n"
