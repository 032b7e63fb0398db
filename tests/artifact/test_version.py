"""Families of versions: numbers, equal content, the trash. Each of the first tests is a fault of other generations."""

from __future__ import annotations

import os
from pathlib import Path

import pandas as pd
import pytest

import artigraph as ag
from artigraph.errors import (
    CannotOpenError,
    InvalidArtifactError,
    InvalidLabelError,
    MultipleNodesError,
    NameTakenError,
    NodeNotFoundError,
    VersionConflictError,
)
from tests.stores import blobs, count


@ag.dataclass
class PinnedKept(ag.ArtifactModel, version=1):
    x: int = 0


@pytest.fixture
def write(tmp_path):
    """Write a text to a file and give its path."""

    def write(text: str | bytes, name: str = "a.txt") -> Path:
        path = tmp_path / name
        path.write_bytes(text if isinstance(text, bytes) else text.encode())
        return path

    return write


def keep(path, key="a.txt", **options):
    return ag.Artifact(path, key=key, **options).save()


def test_a_changed_byte_in_the_middle_of_a_large_file_is_a_new_version(file_store, write):
    data = bytearray(os.urandom(20_000_000))
    first = keep(write(bytes(data)))
    data[10_000_000] ^= 1
    second = keep(write(bytes(data)))
    assert (first.version, second.version) == (1, 2)
    assert first.hash != second.hash
    assert second.path.read_bytes() == data


def test_a_new_version_leaves_the_old_bytes_alone(store, write):
    first = keep(write("old"))
    second = keep(write("new"))
    assert (first.load(), second.load()) == ("old", "new")
    assert [each.version for each in second.versions] == [1, 2]
    assert [each.is_latest for each in second.versions] == [False, True]
    assert first.stem == second.stem == first.uid[:16]
    assert first.uid != second.uid


def test_the_same_content_under_a_new_key_is_another_artifact_with_the_same_blob(file_store, write):
    one, two = keep(write("x"), "one.txt"), keep(write("x"), "two.txt")
    assert one != two
    assert one.stem != two.stem
    assert (ag.Artifact.get(key="one.txt"), ag.Artifact.get(key="two.txt")) == (one, two)
    assert len(blobs(file_store)) == 1


def test_a_b_a_makes_the_third_version_the_latest(store, write):
    keep(write("A"))
    keep(write("B"))
    third = keep(write("A"))
    assert third.version == 3
    assert ag.Artifact.get(key="a.txt") == third
    assert ag.load("a.txt") == "A"


def test_the_same_content_under_the_same_key_is_the_same_version(store, write):
    first = keep(write("x"))
    again = ag.Artifact(write("x"), key="a.txt", description="what it is")
    assert again.save() is again
    assert again == first
    assert ag.Artifact.get(key="a.txt").description == "what it is"
    assert len(first.versions) == 1


def test_skip_hash_lookup_makes_a_version_whatever_is_there(file_store, write):
    keep(write("x"))
    assert keep(write("x"), skip_hash_lookup=True).version == 2
    assert len(blobs(file_store)) == 1


def test_without_a_key_the_same_content_is_the_same_artifact(store, write):
    keep(write("x"), "keyed.txt")
    first = ag.Artifact(write("x")).save()
    assert first.key is None
    assert ag.Artifact(write("x", "b.txt")).save() == first
    assert ag.Artifact(write("y")).save() != first


def test_empty_files_without_a_key_are_not_taken_for_one_another(file_store, write):
    assert ag.Artifact(write("")).save() != ag.Artifact(write("")).save()
    assert keep(write("")) == keep(write(""))


def test_plain_values_always_make_a_node(store):
    assert ag.Artifact(value=[1]).save() != ag.Artifact(value=[1]).save()


def test_a_revision_may_give_its_family_another_key(store, write):
    first, other = keep(write("one"), "old.txt"), keep(write("other"), "other.txt")
    second = ag.Artifact(write("two"), revises=first, key="new.txt").save()
    assert (second.key, second.version, second.stem) == ("new.txt", 2, first.stem)
    assert ag.Artifact.get(first.uid).key == "new.txt"
    assert not ag.Artifact.filter(key="old.txt")
    again = ag.Artifact(write("two"), revises=second, key="newer.txt").save()
    assert (again, again.key) == (second, "newer.txt")
    loose = ag.Artifact(write("loose")).save()
    for revised in (again, loose):
        for text in ("three", revised.load()):
            with pytest.raises(NameTakenError, match=r"'other.txt' belongs to"):
                ag.Artifact(write(text), revises=revised, key="other.txt").save()
    assert (ag.Artifact.get(key="newer.txt"), ag.Artifact.get(key="other.txt")) == (second, other)
    assert keep(write("fresh"), "old.txt").version == 1
    featured = ag.Artifact(write("3"), revises=again, key="last.txt", features={"n": 1}).save()
    assert (featured.key, featured.features["n"], featured.version) == ("last.txt", 1, 3)


def test_what_revises_something_is_its_next_version(store, write):
    first = ag.Artifact(write("one"), description="no key").save()
    second = ag.Artifact(write("two"), revises=first).save()
    assert (second.version, second.stem, second.key) == (2, first.stem, None)
    with pytest.raises(VersionConflictError, match="version 2"):
        ag.Artifact(write("three"), revises=first).save()
    third = ag.Artifact(write("three"), revises=second, key="named.txt").save()
    assert [each.key for each in third.versions] == ["named.txt"] * 3


def test_saving_trashed_content_again_restores_it_when_it_was_the_newest(store, write):
    keep(write("A"))
    second = keep(write("B"))
    second.delete()
    assert ag.Artifact.get(key="a.txt").version == 1
    back = keep(write("B"))
    assert (back, back.trashed_at, back.is_latest) == (second, None, True)


def test_saving_older_trashed_content_again_makes_a_version(store, write):
    first = keep(write("A"))
    keep(write("B"))
    first.delete()
    assert keep(write("A")).version == 3


def test_numbers_are_never_used_again(store, write):
    keep(write("A"))
    keep(write("B")).delete(permanent=True)
    assert keep(write("C")).version == 3
    ag.Artifact.get(key="a.txt").delete(permanent=True)
    assert ag.Artifact.get(key="a.txt").version == 1
    assert keep(write("D")).version == 4


def test_a_family_that_is_gone_begins_anew_under_other_uids(file_store, write):
    first = keep(write("A"))
    first.delete(permanent=True)
    assert (count(file_store), count(file_store, "artigraph_key"), blobs(file_store)) == (0, 0, [])
    fresh = keep(write("A"))
    assert fresh.version == 1
    assert fresh.stem != first.stem


def test_a_key_is_renamed_by_assigning_it(store, write):
    keep(write("A"))
    artifact = keep(write("B"))
    keep(write("C"), "taken.txt")
    artifact.key = "b.txt"
    artifact.description = "renamed"
    artifact.save()
    assert [each.key for each in ag.Artifact.get(key="b.txt").versions] == ["b.txt"] * 2
    assert ag.Artifact.get(key="b.txt").description == "renamed"
    with pytest.raises(NodeNotFoundError):
        ag.Artifact.get(key="a.txt")
    artifact.key = "taken.txt"
    with pytest.raises(NameTakenError, match=r"taken\.txt"):
        artifact.save()
    artifact.key = "b.csv"
    with pytest.raises(InvalidArtifactError, match=r"says \.csv"):
        artifact.save()


def test_an_artifact_is_got_by_uid_stem_id_key_and_the_beginning_of_a_uid(store, write):
    first, second = keep(write("A")), keep(write("B"))
    assert ag.Artifact.get(first.uid) == ag.Artifact.get(first.id) == ag.Artifact.get(str(first.id)) == first
    assert ag.Artifact.get(first.stem) == ag.Artifact.get(first.uid[:8]) == ag.Artifact.get(key="a.txt") == second
    assert ag.Artifact.get(first.uid[:19]).stem == first.stem
    for missing in ("nothing", "x" * 20, "x" * 16, first.uid[:15] + "~", "", None):
        with pytest.raises(NodeNotFoundError):
            ag.Artifact.get(missing)


def test_a_beginning_that_several_uids_have_is_an_error(file_store, write, monkeypatch):
    stems = iter(["aaaa" + "1" * 12, "aaaa" + "2" * 12])
    monkeypatch.setattr("artigraph.artifact.version.new_stem", lambda: next(stems))
    keep(write("A"), "1.txt")
    keep(write("A"), "2.txt")
    with pytest.raises(MultipleNodesError):
        ag.Artifact.get("aaaa")
    assert ag.Artifact.get("aaaa1").key == "1.txt"


def test_bad_input_is_told_and_nothing_is_stored(file_store, write, tmp_path):
    with pytest.raises(InvalidArtifactError, match="does not exist"):
        ag.Artifact(tmp_path / "missing.txt")
    for make in (ag.Artifact, ag.Artifact.from_dataframe, ag.Artifact.from_dir):
        with pytest.raises(InvalidArtifactError, match="an empty text is no path"):
            make("")
    with pytest.raises(InvalidArtifactError, match=r"has no colour; there are path, value, key"):
        ag.Artifact(write("x"), colour="red")
    with pytest.raises(InvalidArtifactError, match="never a path"):
        ag.Artifact(write("x"), key="x", key_is_virtual=False)
    with pytest.raises(InvalidArtifactError, match="cannot be a kind"):
        ag.Artifact(write("x"), kind="trace")
    with pytest.raises(InvalidLabelError):
        ag.Artifact(write("x"), label="\0").save()
    unsaved = ag.Artifact(write("x"))
    with pytest.raises(InvalidArtifactError, match="save it first"):
        ag.Artifact(write("x"), revises=unsaved).save()
    with pytest.raises(InvalidArtifactError, match="one thing to keep"):
        ag.Artifact()
    os.mkfifo(tmp_path / "pipe")
    with pytest.raises(InvalidArtifactError, match="a pipe"):
        ag.Artifact(tmp_path / "pipe")
    gone = ag.Artifact(write("x", "gone.txt"))
    (tmp_path / "gone.txt").unlink()
    with pytest.raises(CannotOpenError):
        gone.save()
    assert (count(file_store), blobs(file_store)) == (0, [])


def test_words_of_other_generations_are_accepted_with_one_warning(file_store, write):
    with pytest.warns(UserWarning, match="branch, space") as warned:
        artifact = ag.Artifact(write("x"), key="x", branch="main", space="all", overwrite_versions=True)
    assert len(warned) == 1
    with pytest.warns(UserWarning, match="upload"):
        artifact.save(upload=True)


def test_more_can_be_said_about_an_artifact(store, write):
    said = {"kind": "dataset", "description": "d", "extra_data": {"n": [1, {"a": None}]}, "otype": "Mine", "label": "l"}
    artifact = keep(write("x"), **said, tags={"a": "b"})
    read = ag.Artifact.get(key="a.txt")
    for name, value in said.items():
        assert getattr(read, name) == getattr(artifact, name) == value
    assert read.tags == artifact.tags == {"a": "b"}
    assert (read.size, read.suffix, read.n_files) == (1, ".txt", None)
    assert read.hash.startswith("sha256:")
    assert read.created_at is not None


async def test_it_is_awaited_in_async_code(store, write):
    artifact = await ag.Artifact(write("x"), key="a.txt").save()
    assert await artifact.load() == "x"
    assert await ag.Artifact.get(key="a.txt") == artifact
    assert (await artifact.cache()).name == "a.txt"
    await artifact.delete()
    assert (await artifact.restore()).trashed_at is None


def test_an_artifact_is_got_by_the_content_of_a_path(store, write, tmp_path):
    keep(write("A"), "1.txt")
    newest = keep(write("A"), "2.txt")
    assert ag.Artifact.get(path=write("A", "elsewhere.txt")) == newest
    with pytest.raises(NodeNotFoundError, match="has the content of"):
        ag.Artifact.get(path=write("B"))
    with pytest.raises(InvalidArtifactError, match="does not exist"):
        ag.Artifact.get(path=tmp_path / "missing")


def test_what_is_said_with_content_that_is_there_is_written(store, write):
    keep(write("1"), tags={"k": "1", "old": "o"}, extra_data={"y": 0})
    said = {"tags": {"k": "2", "n": "3"}, "extra_data": {"z": 1}, "otype": "OT", "kind": "mine"}
    again = keep(write("1"), **said)
    read = ag.Artifact.get(key="a.txt")
    for each in (again, read):
        assert each.tags == {"k": "2", "n": "3", "old": "o"}
        assert (each.extra_data, each.otype, each.kind) == ({"z": 1}, "OT", "mine")
    silent = keep(write("1"))
    assert (silent.tags, silent.extra_data, silent.otype) == (read.tags, {"z": 1}, "OT")


def test_what_is_said_with_a_value_that_is_there_is_written(store):
    values = {"v.json": {"a": 1}, "t.parquet": pd.DataFrame({"a": [1]}), "m": [PinnedKept(1)]}
    for key, value in values.items():
        ag.Artifact(value=value, key=key).save()
        again = ag.Artifact(value=value, key=key, tags={"k": "v"}, extra_data={"z": 1}, otype="OT").save()
        for each in (again, ag.Artifact.get(key=key)):
            assert (each.version, each.tags, each.extra_data, each.otype) == (1, {"k": "v"}, {"z": 1}, "OT"), key
    assert ag.Artifact.from_dataframe(values["t.parquet"], key="t.parquet").save().otype == "OT"
    assert ag.Artifact(value=[2], key="named", otype="Mine").save().otype == "Mine"
