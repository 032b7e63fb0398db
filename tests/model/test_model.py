from __future__ import annotations

import copy
import dataclasses
import pickle
import sys
from dataclasses import dataclass, field
from types import ModuleType
from typing import Any
from uuid import UUID

import pytest

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
from artigraph.registry import default_registry


@dataclass
class Plain(ag.ArtifactModel):
    x: Any = None


@dataclass(frozen=True)
class Frozen(ag.ArtifactModel, version=2):
    x: int
    y: list[int] = field(default_factory=list)


@dataclass(slots=True)
class Slotted(ag.ArtifactModel):
    x: int


@dataclass(frozen=True, slots=True)
class FrozenSlotted(ag.ArtifactModel):
    x: int


@dataclass
class Partly(ag.ArtifactModel):
    x: int
    double: int = field(init=False)
    hidden: str = field(default="h", repr=False, compare=False, kw_only=True)

    def __post_init__(self):
        self.double = 2 * self.x


@ag.dataclass
class Tree(ag.GraphModel, version=1):
    value: int
    child: Tree | None = None
    other: "Tree | None" = None  # noqa: UP037 - a string inside a string annotation is what is tested


@dataclass
class WithId(ag.ArtifactModel):
    id: str
    node_id: int = 5


def in_module(name: str, source: str) -> dict[str, Any]:
    """Run a source as a module of this name."""
    module = sys.modules.setdefault(name, ModuleType(name))
    exec(f"from dataclasses import dataclass\nimport artigraph as ag\n{source}", module.__dict__)
    return module.__dict__


@pytest.mark.parametrize(
    "model",
    [Plain(1), Frozen(1, [2]), Slotted(1), FrozenSlotted(1), Partly(3, hidden="secret"), Tree(1, Tree(2), Tree(3))],
    ids=lambda model: type(model).__name__,
)
def test_every_kind_of_dataclass_comes_back_equal(store, model):
    node_id = model.save("m")
    loaded = type(model).load(node_id)
    assert loaded == model
    assert loaded.graph_id == model.graph_id == node_id
    assert type(model).read("m") == model
    assert isinstance(node_id, UUID)


def test_a_field_that_init_does_not_take_comes_back_as_it_was(store):
    model = Partly(3)
    model.double = 100
    assert Partly.load(model.save()).double == 100


def test_the_label_is_known_after_a_save_and_a_load(store):
    model = Frozen(1)
    assert model.label is None
    model.save("n")
    assert model.label == Frozen.load(model.id).label == "n"
    assert copy.copy(model).label is None


def test_create_and_read_are_save_and_load(store):
    assert Plain.read(Plain(1).create(label="x")) == Plain(1)


def test_the_identity_has_aliases_where_no_field_has_their_names(store):
    plain, own = Plain(1), WithId("mine")
    assert plain.id == plain.node_id == plain.graph_id
    assert (own.id, own.node_id) == ("mine", 5)
    assert WithId.load(own.save()) == own
    with pytest.raises(AttributeError, match="no attribute 'nothing'"):
        plain.nothing


@pytest.mark.parametrize("model", [Plain([1]), Slotted(1), Frozen(1), FrozenSlotted(1)], ids=lambda m: type(m).__name__)
def test_copies_and_pickles_are_things_of_their_own(store, model):
    model.save()
    for other in (
        copy.copy(model),
        copy.deepcopy(model),
        pickle.loads(pickle.dumps(model)),
        dataclasses.replace(model),
    ):
        assert other == model
        assert not other.graph_known
        assert other.save() != model.graph_id


@pytest.mark.parametrize("name", ["save", "load", "graph_id", "migrate", "view_lineage", "create"])
def test_a_field_named_like_a_method_is_an_error_that_names_the_cure(name):
    with pytest.raises(InvalidFieldError, match=f"call the field {name}_"):
        type("Badly", (ag.ArtifactModel,), {"__annotations__": {name: int}})


@pytest.mark.parametrize("name", [5, "", "x" * 300, "a\0b", "\ud800"], ids=repr)
def test_a_stored_name_is_a_label(name):
    with pytest.raises(InvalidFieldError, match="the stored name of Badly"):
        type(ag.ArtifactModel)("Badly", (ag.ArtifactModel,), {}, name=name)
    assert "Badly" not in default_registry().models


def test_a_config_is_one(store):
    with pytest.raises(InvalidFieldError, match="ArtifactModelConfig"):
        type(ag.ArtifactModel)("Badly", (ag.ArtifactModel,), {}, config=3)
    for said in ({"default_field_serializer": 5}, {"default_field_serializer": dict}, {"default_field_storage": 5}):
        with pytest.raises(InvalidFieldError, match="the default"):
            ag.ArtifactModelConfig(**said)


def test_a_field_that_was_never_set_is_named(store):
    @dataclass
    class Unset(ag.ArtifactModel):
        x: int
        later: int = field(init=False)

    with pytest.raises(UnserializableError, match=r"Unset\.later"):
        Unset(1).save()


@pytest.mark.parametrize("version", [0, -1, "1", True, 1.5])
def test_a_version_counts_from_one(version):
    with pytest.raises(InvalidFieldError, match="1 or more"):

        class Versioned(ag.ArtifactModel, version=version):
            pass


def test_a_class_without_dataclass_is_told(store):
    class Undecorated(ag.ArtifactModel):
        pass

    with pytest.raises(InvalidFieldError, match="@dataclass"):
        Undecorated().save()


def test_a_class_defined_again_in_its_module_replaces_the_old_one(store):
    source = "@dataclass\nclass Cell(ag.ArtifactModel):\n    x: int\n"
    first = in_module("model_cell", source)["Cell"]
    node_id = first(1).save()
    second = in_module("model_cell", f"{source}    y: int = 2\n")["Cell"]
    assert type(second.load(node_id)) is second
    assert second.load(node_id).y == 2
    assert first.load(node_id) == second(1)


def test_a_name_of_another_module_is_an_error_that_suggests_another():
    source = "@dataclass\nclass Everywhere(ag.ArtifactModel{}):\n    x: int\n"
    in_module("model_one", source.format(""))
    with pytest.raises(NameTakenError, match=r'model_two\.Everywhere asks for it too: .*name="\.\.\."'):
        in_module("model_two", source.format(""))
    other = in_module("model_two", source.format(', name="Elsewhere"'))["Everywhere"]
    assert other.graph_model_name == "Elsewhere"


def test_names_of_the_library_cannot_be_taken():
    with pytest.raises(InvalidFieldError, match="name of the library"):

        class Faked(ag.ArtifactModel, name="artigraph.list"):
            pass


def stored(version: int, body: str) -> UUID:
    source = f"@dataclass\nclass Moving(ag.ArtifactModel, version={version}):\n    {body}\n"
    return in_module("model_moving", source)["Moving"]


MIGRATE = """

    @classmethod
    def migrate(cls, version, data):
        assert version == 1
        return WAY
"""


@pytest.mark.parametrize("way", ['{"renamed": data["value"]}', 'cls(renamed=data["value"])'], ids=["dict", "instance"])
def test_an_older_version_is_migrated_also_when_nested(store, way):
    old = stored(1, "value: int")
    alone, nested = old(1).save("alone"), Plain([old(2)]).save()
    new = stored(2, "renamed: int" + MIGRATE.replace("WAY", way))
    assert new.load(alone) == new(renamed=1)
    assert ag.load("alone").graph_id == alone
    assert Plain.load(nested).x == [new(renamed=2)]


def test_a_migrated_model_can_be_saved_back_and_the_old_one_deleted(store):
    old_id = stored(1, "value: int")(1).save("m")
    new = stored(2, "renamed: int" + MIGRATE.replace("WAY", '{"renamed": data["value"]}'))
    model = new.load(old_id)
    new_id = model.save("m")
    assert new_id == model.graph_id != old_id
    ag.delete_one(old_id)
    assert new.load("m") == new(1)


def test_a_migrated_model_can_be_replaced_in_place(store):
    old_id = stored(1, "value: int")(1).save()
    new = stored(2, "renamed: int" + MIGRATE.replace("WAY", '{"renamed": data["value"]}'))
    model = new.load(old_id)
    assert model.save(on_conflict="replace") == old_id
    stored(2, "renamed: int")
    assert ag.load(old_id).renamed == 1


def test_versions_that_cannot_be_read_say_why(store):
    newer = stored(3, "value: int")(1).save()
    stored(2, "value: int")
    with pytest.raises(ModelTooNewError, match="version 3, this process knows version 2"):
        ag.load(newer)
    older = stored(1, "value: int")(1).save()
    stored(2, "value: int")
    with pytest.raises(MigrationMissingError, match=r"migrate\(cls, version, data\)"):
        ag.load(older)


def test_a_migration_that_fails_raises_its_own_error_and_keeps_the_original(store):
    node_id = stored(1, "value: int")(1).save()
    new = stored(2, "renamed: int" + MIGRATE.replace("WAY", "1 / 0"))
    with pytest.raises(ZeroDivisionError):
        new.load(node_id)
    assert stored(1, "value: int").load(node_id).value == 1


def test_fields_that_changed_without_a_new_version_are_told(store):
    node_id = stored(1, "value: int")(1).save()
    stored(1, "renamed: int")
    with pytest.raises(SerializeError, match=r"stored with value.*count its version up"):
        ag.load(node_id)


def test_loading_a_subclass_as_its_base_works_and_not_the_other_way(store):
    @dataclass
    class PlainMore(Plain):
        y: int = 0

    node_id = PlainMore(1, 2).save()
    assert Plain.load(node_id) == PlainMore(1, 2)
    with pytest.raises(WrongModelError):
        PlainMore.load(Plain(1).save())


async def test_in_async_code_the_same_calls_are_awaited(store):
    model = Plain(1)
    node_id = await model.save("x")
    assert await Plain.load(node_id) == model
    model.x = 2
    with pytest.raises(ImmutableError):
        await model.save()


def test_models_hash_and_compare_as_their_dataclass_says():
    assert len({FrozenSlotted(1), FrozenSlotted(1), FrozenSlotted(2)}) == 2
    assert Plain(1) == Plain(1)
    with pytest.raises(TypeError):
        hash(Plain(1))
