"""What is asked of things that callers hand in, wherever they hand them in."""

from __future__ import annotations

from dataclasses import dataclass

import pytest
from sqlalchemy import select
from sqlalchemy.orm import Session

import artigraph as ag
from artigraph.errors import ArtigraphError, InvalidOptionError, UnfinishedError
from artigraph.registry import Registry
from artigraph.serializer.json import JsonSerializer, json_serializer
from tests.stores import file_store

__all__ = ["file_store"]


@dataclass
class Asked(ag.ArtifactModel):
    x: int = 1


@pytest.mark.parametrize(
    "options",
    [
        {"serializer": 5},
        {"serializer": JsonSerializer},
        {"storage": 5},
        {"registry": 5},
        {"tags": "x"},
        {"tags": 5},
        {"session": 5},
        {"session": Session()},
    ],
)
async def test_what_a_save_cannot_use_is_told(file_store, options):
    [name] = options
    for save in (ag.save, ag.save_one):
        with pytest.raises(InvalidOptionError, match=f"^{name} is .*; it can be an? "):
            await save(1, **options)
    assert not await ag.exists(ag.Node)


@pytest.mark.parametrize("options", [{"registry": 5}, {"session": 5}, {"fields": 5}])
async def test_what_a_load_cannot_use_is_told(file_store, options):
    [name] = options
    node_id = await ag.save(Asked())
    with pytest.raises(InvalidOptionError, match=f"^{name} is .*; it can be "):
        await ag.load(node_id, **options)


def test_one_field_is_a_list_of_one(file_store):
    assert ag.load(ag.save(Asked()), fields="x") == {"x": 1}


@pytest.mark.parametrize(
    "options",
    [
        {"serializers": [5]},
        {"serializers": 5},
        {"serializers": [JsonSerializer]},
        {"storages": [5]},
        {"default_storage": 5},
        {"models": [Asked]},
        {"modules": [5]},
        {"modules": 5},
        {"modules": ["artigraph.serializer.nope"]},
        {"unpackers": [5]},
    ],
)
def test_what_a_registry_cannot_know_is_told(options):
    with pytest.raises(InvalidOptionError, match="; it can be "):
        Registry(**options)


def test_a_registry_says_which_module_is_not_there():
    with pytest.raises(InvalidOptionError, match=r"modules is 'artigraph\.serializer\.nope'"):
        Registry(modules=["artigraph.serializer.json", "artigraph.serializer.nope"])


def test_one_thing_is_a_list_of_one_to_a_registry():
    assert repr(Registry(modules="artigraph.serializer")) == repr(Registry(modules=["artigraph.serializer"]))
    assert Registry(serializers=json_serializer).serializer_named("json/1") is json_serializer


@pytest.mark.parametrize(
    "options", [{"busy_timeout": "a"}, {"busy_timeout": None}, {"busy_timeout": -1}, {"verify": "x"}, {"durability": 5}]
)
def test_an_option_of_the_engine_is_checked_at_once(options):
    with pytest.raises(InvalidOptionError, match="; it can be ") as caught:
        ag.set_engine("sqlite://", **options)
    assert isinstance(caught.value, ArtigraphError)
    assert isinstance(caught.value, ValueError)


def test_a_group_that_has_ended_says_so(file_store):
    with ag.current_session() as group:
        pass
    for ask in (group.execute, group.scalars):
        with pytest.raises(UnfinishedError, match="not open"):
            ask(select(ag.OrmNode.id))
