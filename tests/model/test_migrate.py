from __future__ import annotations

from typing import Any

import pytest

import artigraph as ag
from artigraph.errors import MigrationMissingError
from tests.model.test_model import in_module

ENGINE = """
@dataclass
class Engine(ag.ArtifactModel, version={version}):
    {field}: int

    @classmethod
    def migrate(cls, version, data):
        if version == 1:
            data = {{"watts": data["horses"] * 746}}
        if version <= 2:
            data = {{"kilowatts": data["watts"] // 1000}}
        return data

@dataclass
class Car(ag.ArtifactModel, version={version}):
    name: str
    engine: Engine
    spare: list[Engine]
    {more}

    @classmethod
    def migrate(cls, version, data):
        if version == 1:
            data["wheels"] = 4
        if version <= 2:
            data["name"] = data["name"].title()
        return data
"""
FIELDS = {1: "horses", 2: "watts", 3: "kilowatts"}


def cars(version: int) -> tuple[Any, Any]:
    """The classes Engine and Car as they were in a version."""
    more = "wheels: int" if version > 1 else ""
    space = in_module("migrate_cars", ENGINE.format(version=version, field=FIELDS[version], more=more))
    return space["Engine"], space["Car"]


@pytest.fixture
def fleet(store) -> dict[str, Any]:
    """Label -> id of cars of versions 1 and 2; the last one shares an engine with the first."""
    engine, car = cars(1)
    shared = engine(100)
    ids = {"one": car("beetle", shared, [engine(50)]).save("one")}
    ids["three"] = car("kombi", shared, []).save("three")
    engine, car = cars(2)
    ids["two"] = car("golf", engine(90_000), [], wheels=3).save("two")
    return ids


def test_a_model_goes_through_all_versions_between_also_what_is_nested(fleet):
    engine, car = cars(3)
    assert car.load("one") == car("Beetle", engine(74), [engine(37)], wheels=4)
    assert car.load("two") == car("Golf", engine(90), [], wheels=3)


def test_all_models_can_be_migrated_in_place(fleet):
    engine, car = cars(3)
    before = {label: car.load(node_id) for label, node_id in fleet.items()}
    for cls in (engine, car):  # parts before their wholes
        while models := ag.read(cls, ag.ModelFilter(model_type=cls, version=ag.ValueFilter(lt=3)), limit=2):
            ag.write_many(models, on_conflict="replace")
    assert not ag.exists(ag.ModelFilter(model_type=[engine, car], version=ag.ValueFilter(lt=3)))
    for label, node_id in fleet.items():
        loaded = car.load(label)
        assert loaded == before[label]
        assert loaded.graph_id == node_id
    assert car.load("one").engine.graph_id == car.load("three").engine.graph_id
    in_module("migrate_cars", ENGINE.format(version=3, field="kilowatts", more="wheels: int"))
    assert ag.load("one").save() == fleet["one"]


def test_a_missing_migration_of_a_nested_model_is_named(fleet):
    source = "@dataclass\nclass Engine(ag.ArtifactModel, version=3):\n    kilowatts: int\n"
    in_module("migrate_cars", source)
    with pytest.raises(MigrationMissingError, match=r"define the class method migrate.* on Engine"):
        ag.load("one")
    assert ag.load("one", fields=["name"]) == {"name": "beetle"}
