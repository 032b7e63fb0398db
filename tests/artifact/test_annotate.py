from __future__ import annotations

import asyncio
from datetime import UTC, date, datetime

import pytest

import artigraph as ag
from artigraph import Feature
from artigraph.errors import (
    InvalidFilterError,
    InvalidLabelError,
    NameTakenError,
    NodeNotFoundError,
    SchemaMismatchError,
)
from tests.artifact.keyed import kept, keys
from tests.stores import count

VALUES = {
    "species": "human",
    "scientists": ["Barbara McClintock", "Edgar Anderson"],
    "temperature": 27.6,
    "count": 2**60,
    "ok": True,
    "day": date(2024, 10, 1),
    "moment": datetime(2024, 10, 1, 12, tzinfo=UTC),
    "more": {"a": [1, None]},
    "nothing": None,
    "none of them": [],
}


def test_values_of_every_dtype_come_back_and_are_found(store, tmp_path):
    one, other = kept(tmp_path, "one"), kept(tmp_path, "other")
    one.features.set_values({**VALUES, "from": other})
    assert one.features.get_values() == {**VALUES, "from": other}
    assert one.features["temperature"] == 27.6
    assert one.features["from"].key == "other"
    assert other.features.get_values() == {}
    for name, value in VALUES.items():
        if value and not isinstance(value, list):
            assert keys(ag.Artifact.filter(**{name: value})) == ["one"], name
    assert keys(ag.Artifact.filter(scientists="Edgar Anderson")) == ["one"]
    assert keys(ag.Artifact.filter(**{"from": other})) == ["one"]
    assert keys(ag.Artifact.filter(count=2**60 + 1)) == []
    assert keys(ag.Artifact.filter(count__gt=2**59)) == ["one"]
    assert keys(ag.Artifact.filter(day__lt=date(2024, 10, 2), moment__gte=datetime(2024, 1, 1, tzinfo=UTC))) == ["one"]
    assert keys(ag.Artifact.filter(nothing__isnull=True)) == ["one", "other"]


def test_features_are_set_added_and_removed(store, tmp_path):
    one = kept(tmp_path, "one", features={"a": 1})
    assert one.features.get_values() == {"a": 1}
    one.features.set_values({"b": "x", "c": [1]})
    assert one.features.get_values() == {"b": "x", "c": [1]}
    one.features.add_values({"b": "y", "c": [1, 2], "d": 1.5})
    assert one.features.get_values() == {"b": ["x", "y"], "c": [1, 2], "d": 1.5}
    one.features.add_values({"d": 1.5})
    assert one.features.get_values()["d"] == 1.5
    one.features.remove_values("b", value="x")
    one.features.remove_values(["c", Feature("d")])
    assert one.features.get_values() == {"b": ["y"]}
    one.features.remove_values()
    assert one.features.get_values() == {}
    with pytest.raises(NodeNotFoundError, match="has the feature 'b'"):
        one.features["b"]


def test_a_declared_feature_says_what_its_values_are(store, tmp_path):
    temperature = Feature("temperature", float, description="outside").save()
    when = Feature("when", dtype=date, coerce=True, nullable=False).save()
    one = kept(tmp_path, "one")
    one.features.set_values({temperature: 27, when: "2024-10-01"})
    assert one.features.get_values() == {"temperature": 27.0, "when": date(2024, 10, 1)}
    assert isinstance(one.features["temperature"], float)
    for wrong in (
        {"temperature": "hot"},
        {temperature: True},
        {"when": None},
        {"when": "soon"},
        {3: 4},
        {"x": object()},
    ):
        with pytest.raises(SchemaMismatchError):
            one.features.set_values({"species": "mouse", **wrong})
        with pytest.raises(SchemaMismatchError):
            one.features.add_values({"species": "mouse", **wrong})
    assert one.features.get_values() == {"temperature": 27.0, "when": date(2024, 10, 1)}


def test_a_feature_is_kept_once_per_name(store):
    first = Feature("x", int, description="a number").save()
    assert Feature("x", int, nullable=False).save().id == first.id
    with pytest.raises(NameTakenError, match="'x' belongs to feature x that is int"):
        Feature("x", float).save()
    found = Feature.get("x")
    assert (found.dtype, found.nullable, found.description) == ("int", False, "a number")
    assert Feature.get(name="x").created_at.tzinfo is not None
    Feature("y", list[str]).save()
    assert {each.name for each in Feature.filter()} == {"x", "y"}
    assert [each.name for each in Feature.filter(dtype="int")] == ["x"]
    assert [each.name for each in Feature.filter(name__in=["y", "z"])] == ["y"]
    assert list(Feature.filter(name="y").to_dataframe()["dtype"]) == ["list[str]"]
    with pytest.raises(SchemaMismatchError, match="has no dtype"):
        Feature("z").save()
    with pytest.raises(NodeNotFoundError):
        Feature.get("z")
    with pytest.raises(InvalidFilterError, match=r"there is no field 'color'; there are .*dtype"):
        Feature.filter(color="red")


def test_features_given_at_the_save_fail_without_leaving_anything(file_store, tmp_path):
    Feature("temperature", float).save()
    before = count(file_store), count(file_store, "artigraph_tag")
    for features in (
        {"temperature": "hot"},
        {"temperature": 1.0, "x": object()},
        {"": 1},
        {"a\x00": 1},
        {"a": "\ud800"},
    ):
        with pytest.raises((SchemaMismatchError, InvalidLabelError)):
            kept(tmp_path, "one", features=features)
        with pytest.raises((SchemaMismatchError, InvalidLabelError)):
            ag.Artifact(value=1, label="one", features=features).save()
    assert (count(file_store), count(file_store, "artigraph_tag")) == before
    assert not [each for each in file_store.with_suffix(".blobs").rglob("*") if each.is_file()]


def test_saving_the_same_content_again_says_its_features_anew(store, tmp_path):
    kept(tmp_path, "one", "same", features={"a": 1, "b": 2})
    again = kept(tmp_path, "one", "same", features={"a": 3})
    assert again.version == 1
    assert again.features.get_values() == {"a": 3, "b": 2}


def test_versions_have_features_of_their_own(store, tmp_path):
    first = kept(tmp_path, "one", "1", features={"a": 1})
    second = kept(tmp_path, "one", "2", features={"a": 2})
    assert (first.features["a"], second.features["a"]) == (1, 2)
    assert not ag.Artifact.filter(a=1)
    assert ag.Artifact.filter(a=1, versions="all").one() == first


def test_labels_are_added_and_removed_by_kind(store, tmp_path):
    one = kept(tmp_path, "one")
    raw = ag.ULabel("raw", description="untouched").save()
    one.ulabels.add(raw)
    one.ulabels.add("checked", raw)
    one.projects.add(ag.Project(name="Project A"))
    assert [each.name for each in one.ulabels] == ["raw", "checked"]
    assert list(one.projects) == [ag.Project("Project A")]
    assert {each.name for each in one.labels} == {"raw", "checked", "Project A"}
    assert ag.ULabel.get("checked").id == ag.ULabel("checked").id
    assert ag.ULabel.get("raw").description == "untouched"
    found = ag.Artifact.filter
    for asked in (
        *({"ulabels": raw}, {"ulabels": "raw"}, {"ulabels__in": ["x", raw]}, {"ulabels__startswith": "ra"}),
        *({"projects": ag.Project("Project A")}, {"labels": "raw"}, {"labels__in": ["checked"]}, {"labels": raw}),
        *({"labels__project": "Project A"}, {"labels": {"ulabel": "checked"}}, {"ulabels__isnull": False}),
    ):
        assert keys(found(**asked)) == ["one"], asked
    assert not found(projects="raw")
    assert not found(labels__ne="raw").filter(ulabels="raw")
    one.ulabels.remove("raw")
    assert [each.name for each in one.ulabels] == ["checked"]
    one.ulabels.set_values(["a", "b"])
    assert [each.name for each in one.labels] == ["Project A", "a", "b"]
    one.ulabels.remove()
    assert [each.name for each in one.labels] == ["Project A"]
    one.labels.set_values([])
    assert len(one.labels) == 0


def test_what_is_no_name_is_no_label(store, tmp_path):
    one = kept(tmp_path, "one")
    for wrong in (None, 5, "", [None]):
        for change in (one.ulabels.add, one.ulabels.set_values, one.labels.remove):
            with pytest.raises(InvalidLabelError):
                change(wrong)
    for term in (ag.ULabel, Feature):
        with pytest.raises(InvalidLabelError, match="a name is text"):
            term(None)
    assert list(one.labels) == []


def test_the_artifacts_that_annotate_another_are_known(store, tmp_path):
    one, two = kept(tmp_path, "one"), kept(tmp_path, "two")
    three = kept(tmp_path, "three", features={"from": [one, two], "also": one, "n": 1})
    assert keys(three.artifacts) == ["one", "two"]
    assert keys(three.artifacts.filter(key="two")) == ["two"]
    assert keys(one.artifacts) == []


def test_tags_are_a_mapping_that_can_be_changed(store, tmp_path):
    one = kept(tmp_path, "one", tags={"stage": "draft"})
    one.tags.add_values({"unit": "m", "stage": "final"})
    assert one.tags == {"stage": "final", "unit": "m"} == ag.read_tags(one) == one.tags.get_values()
    one.tags.remove_values("unit")
    assert dict(ag.Artifact.get(key="one").tags) == dict(one.tags) == {"stage": "final"}
    one.tags.set_values({"a": "b"})
    assert one.tags == {"a": "b"}
    with pytest.raises(InvalidLabelError):
        one.tags.set_values({"": "x"})
    one.tags.remove_values()
    assert one.tags == {} == one.tags.get_values()


def test_what_was_not_saved_cannot_be_annotated(store):
    unsaved = ag.Artifact(value=1)
    for change in (
        lambda: unsaved.features.set_values({"a": 1}),
        lambda: unsaved.ulabels.add("a"),
        lambda: unsaved.tags.add_values({"a": "b"}),
    ):
        with pytest.raises(NodeNotFoundError, match="save the artifact before"):
            change()


def test_annotations_go_with_what_they_annotate(file_store, tmp_path):
    value = ag.Artifact(value=1, label="one", features={"a": 1}).save()
    value.ulabels.add("x")
    ag.delete_one(value)
    assert count(file_store, "artigraph_tag") == 0


async def test_annotating_is_awaited_and_several_tasks_lose_nothing(file_store, tmp_path):
    (tmp_path / "one").write_text("1")
    one = await ag.Artifact(tmp_path / "one", key="one").save()
    await asyncio.gather(*(one.features.add_values({"n": [n]}) for n in range(20)))
    assert sorted((await one.features.get_values())["n"]) == list(range(20))
    await asyncio.gather(*(one.ulabels.add(f"l{n}") for n in range(10)))
    assert len(await one.ulabels.all()) == 10
    async with ag.current_session():
        await one.tags.add_values({"a": "b"})
    assert await one.tags.get_values() == {"a": "b"}
