from __future__ import annotations

from dataclasses import dataclass
from enum import Enum
from typing import Annotated, Any, Optional

import numpy as np
import pytest

import artigraph as ag
from artigraph.errors import InvalidFieldError, NameTakenError, UnserializableError
from artigraph.model.pydantic import PydanticModel
from artigraph.serializer.base import Serializer
from artigraph.serializer.json import json_serializer
from artigraph.storage.memory import MemoryStorage


class Shouting(Serializer[str]):
    """Text in capitals, so that it shows which serializer ran."""

    name = "shouting.test/1"
    types = (str,)

    def serialize(self, value: str, /) -> bytes:
        return value.upper().encode()

    def deserialize(self, data: bytes, /) -> str:
        return data.decode()


class Whispering(MemoryStorage):
    """A storage class with exactly one instance."""


shouting = Shouting()
elsewhere = MemoryStorage("fields-elsewhere")
whispering = Whispering("fields-whispering").register()
BIG = np.arange(50_000)


@dataclass
class Specified(ag.ArtifactModel):
    field: str = ag.artifact_field(serializer=shouting, storage=elsewhere, tags={"kind": "loud"})
    marked: Annotated[str, shouting, elsewhere] = "m"
    spec: Annotated[str, ag.SaveSpec(storage=Whispering, tags={"kind": "soft"})] = "s"
    named: str = ag.artifact_field(serializer="shouting.test/1", storage="fields-elsewhere", default="n")
    plain: str = "p"


@dataclass
class Configured(
    ag.ArtifactModel,
    config=ag.ArtifactModelConfig(default_field_storage=elsewhere, default_field_serializer=shouting),
):
    text: str
    number: int = 1


@dataclass
class Inherited(Configured, config=ag.ArtifactModelConfig(default_field_storage=whispering)):
    more: Any = None
    own: str = ag.artifact_field(serializer=json_serializer, default="own")


class Mode(Enum):
    FAST = 1


class ModeByName(Serializer[Mode]):
    """An enum as a whole, which models take apart otherwise."""

    name = "mode.test/1"

    def serialize(self, value: Mode, /) -> bytes:
        return value.name.encode()

    def deserialize(self, data: bytes, /) -> Mode:
        return Mode[data.decode()]


mode_by_name = ModeByName()


@dataclass
class Optionally(ag.ArtifactModel):
    spec: Annotated[str, ag.ContentSpec(storage=Whispering, tags={"e": "e"})] | None = None
    marks: Annotated[str, shouting, elsewhere] | None = None
    old: Optional[Annotated[str, shouting]] = None  # noqa: UP045 - both spellings are used
    either: Annotated[str, shouting] | Annotated[int, json_serializer] | list[int] | None = None
    mode: Annotated[Mode, mode_by_name] | None = None
    around: Annotated[Annotated[str, shouting] | None, ag.SaveSpec(serializer="json/1")] = None


class OptionallyToo(PydanticModel):
    spec: Annotated[str, ag.ContentSpec(storage=Whispering, tags={"e": "e"})] | None = None
    marks: Annotated[str, shouting, elsewhere] | None = None
    old: Optional[Annotated[str, shouting]] = None  # noqa: UP045 - both spellings are used
    either: Annotated[str, shouting] | Annotated[int, json_serializer] | list[int] | None = None
    mode: Annotated[Mode, mode_by_name] | None = None
    around: Annotated[Annotated[str, shouting] | None, ag.SaveSpec(serializer="json/1")] = None


def parts(model: Any) -> dict[str, tuple[str | None, str]]:
    """Field -> (storage, serializer) of what was stored."""
    links = ag.read(ag.Link, ag.LinkFilter(source=model, kind="field"))
    rows = {row.id: row for row in ag.read(ag.OrmArtifact)}
    found = {link.label: rows[link.target_id] for link in links}
    return {
        str(name): (getattr(row, "remote_artifact_storage", None), row.artifact_serializer)
        for name, row in found.items()
    }


def test_what_is_said_of_a_field_takes_effect(store):
    model = Specified("a")
    model.save()
    assert parts(model) == {
        "field": ("fields-elsewhere", "shouting.test/1"),
        "marked": ("fields-elsewhere", "shouting.test/1"),
        "spec": ("fields-whispering", "json/1"),
        "named": ("fields-elsewhere", "shouting.test/1"),
        "plain": (None, "json/1"),
    }
    assert Specified.load(model.id) == Specified("A", "M", "s", "N", "p")


@pytest.mark.parametrize("kind", [Optionally, OptionallyToo])
def test_marks_within_a_union_take_effect(store: Any, kind: Any) -> None:
    model = kind(spec="s", marks="m", old="o", either="e", mode=Mode.FAST, around="a")
    model.save()
    assert parts(model) == {
        "spec": ("fields-whispering", "json/1"),
        "marks": ("fields-elsewhere", "shouting.test/1"),
        "old": (None, "shouting.test/1"),
        "either": (None, "shouting.test/1"),
        "mode": (None, "mode.test/1"),
        "around": (None, "json/1"),
    }
    assert kind.load(model.id) == kind(spec="s", marks="M", old="O", either="E", mode=Mode.FAST, around="a")
    [tagged] = ag.read(ag.Artifact, ag.NodeFilter(tags={"e": "e"}))
    assert tagged.value == "s"
    for other in (kind(), kind(either=[1]), kind(either=3)):
        assert kind.load(other.save()) == other


def test_a_spec_is_hashable_whatever_its_tags() -> None:
    assert hash(ag.ContentSpec(tags={"e": "e"})) == hash(ag.ContentSpec(tags={"e": "f"}))
    union = Annotated[int, ag.ContentSpec(tags={"e": "e"})] | None
    assert union is not None


def test_tags_of_a_field_are_on_its_own_node(store):
    model = Specified("a")
    model.save(tags={"kind": "whole"})
    [loud] = ag.read(ag.Artifact, ag.NodeFilter(tags={"kind": "loud"}))
    assert loud.value == "A"
    assert ag.read_one(Specified, ag.NodeFilter(tags={"kind": "whole"})).field == "A"


def test_defaults_of_a_class_hold_where_nothing_else_was_said(store):
    model = Configured("a")
    model.save()
    assert parts(model) == {"text": ("fields-elsewhere", "shouting.test/1"), "number": ("fields-elsewhere", "json/1")}
    assert Configured.load(model.id) == Configured("A")


def test_defaults_may_be_names(store):
    @dataclass
    class Named(
        ag.ArtifactModel,
        config=ag.ArtifactModelConfig(default_field_serializer="shouting.test/1", default_field_storage=Whispering),
    ):
        text: str
        number: int = 1

    ag.save("x", serializer=shouting)  # known from here on
    model = Named("a")
    model.save()
    known = {"text": ("fields-whispering", "shouting.test/1"), "number": ("fields-whispering", "json/1")}
    assert parts(model) == known


def test_defaults_are_inherited_and_completed(store):
    model = Inherited("a", more=Configured("b"))
    model.save()
    assert parts(model) == {
        "text": ("fields-whispering", "shouting.test/1"),
        "number": ("fields-whispering", "json/1"),
        "more": (None, None),
        "own": ("fields-whispering", "json/1"),
    }
    assert Inherited.load(model.id) == Inherited("A", more=Configured("B"))


def test_a_storage_for_one_save_takes_all_of_a_container(store):
    node_id = ag.save({"a": BIG, "b": BIG + 1}, storage=elsewhere)
    rows = [row for row in ag.read(ag.OrmArtifact) if getattr(row, "remote_artifact_storage", None)]
    assert {row.remote_artifact_storage for row in rows} == {"fields-elsewhere"}
    assert np.array_equal(ag.load(node_id)["b"], BIG + 1)


def test_another_instance_of_a_taken_name_is_an_error(store):
    ag.save("x", serializer=shouting)
    with pytest.raises(NameTakenError, match=r"shouting\.test/1"):
        ag.save("x", serializer=Shouting())
    with pytest.raises(NameTakenError, match="fields-whispering"):
        ag.save("x", storage=MemoryStorage("fields-whispering"))


def test_a_storage_class_needs_exactly_one_instance(store):
    with pytest.raises(UnserializableError, match="name an instance"):
        ag.save("x", storage=type("Unused", (MemoryStorage,), {}))


def test_a_serializer_class_as_a_mark_is_told(store):
    @dataclass
    class Marked(ag.ArtifactModel):
        x: Annotated[str, Shouting] = "x"

    with pytest.raises(InvalidFieldError, match="mark it with an instance"):
        Marked().save()


def test_annotations_that_cannot_be_evaluated_are_left_out(store):
    @dataclass
    class Puzzling(ag.ArtifactModel):
        x: NoSuchName  # noqa: F821 - that is the point
        y: Annotated[str, shouting] = "y"

    assert ag.load(Puzzling(1).save()).y == "Y"
