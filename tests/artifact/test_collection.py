from __future__ import annotations

import contextlib

import pandas as pd
import polars as pl
import pytest
from sqlalchemy import delete

import artigraph as ag
from artigraph import Collection
from artigraph.bridge import block
from artigraph.errors import (
    ImmutableError,
    InvalidArtifactError,
    InvalidFilterError,
    MultipleNodesError,
    NameTakenError,
    NodeNotFoundError,
    UnsafeKeyError,
)
from artigraph.graph.engine import current_database
from artigraph.graph.schema import NODE
from tests.artifact.keyed import kept, keys
from tests.stores import count


def tables(number: int = 3) -> list[ag.Artifact]:
    return [
        ag.Artifact.from_dataframe(pd.DataFrame({"n": [n, n + 1], f"only{n}": 1.5}), key=f"t/{n}.parquet").save()
        for n in range(number)
    ]


def test_a_collection_keeps_its_artifacts_in_order(store, tmp_path):
    a, b = kept(tmp_path, "a"), kept(tmp_path, "b")
    made = Collection([b, a, b], key="release", description="both").save()
    assert (made.version, made.size, made.is_latest, len(made.uid)) == (1, 3, True, 20)
    read = Collection.get(key="release")
    assert read == made
    assert (read.description, read.hash, read.key) == ("both", made.hash, "release")
    assert keys(read.artifacts) == keys(read) == ["b", "a", "b"]
    assert len(read) == 3
    for asked in (made.id, made.uid, made.stem, made):
        assert Collection.get(asked) == made


def test_an_artifact_knows_the_collections_that_hold_it(store, tmp_path):
    a, b = kept(tmp_path, "a"), kept(tmp_path, "b")
    first = Collection([a, b], key="release").save()
    second = Collection([a], key="release").save()
    assert list(a.collections) == [first, second]
    assert list(b.collections) == [first]
    assert a.collections.filter(is_latest=True).one() == second
    assert list(kept(tmp_path, "c").collections) == []


def test_what_a_query_found_is_frozen(store, tmp_path):
    kept(tmp_path, "x/a")
    kept(tmp_path, "x/b")
    made = Collection(ag.Artifact.filter(key__startswith="x/"), key="x").save()
    kept(tmp_path, "x/c")
    kept(tmp_path, "x/a", "changed")
    assert keys(ag.Artifact.filter(key__startswith="x/")) == ["x/b", "x/c", "x/a"]
    assert [(each.key, each.version) for each in Collection.get(key="x")] == [("x/a", 1), ("x/b", 1)]
    assert [(each.key, each.version) for each in ag.Artifact.filter(collections=made)] == [("x/a", 1), ("x/b", 1)]


def test_other_artifacts_under_a_key_are_its_next_version(store, tmp_path):
    a, b = kept(tmp_path, "a"), kept(tmp_path, "b")
    first = Collection([a], key="c").save()
    assert Collection([a], key="c").save() == first
    second = Collection([a, b], key="c").save()
    third = Collection([a], key="c").save()
    assert [each.version for each in (first, second, third)] == [1, 2, 3]
    assert first.stem == third.stem
    assert list(third.versions) == [first, second, third]
    assert Collection.filter().one() == third
    assert Collection.filter(key="c", versions="all").count() == 3
    assert Collection.filter(is_latest=False).last() == second
    assert Collection([b, a], key="c").save().version == 4


def test_what_a_collection_holds_is_not_deleted_for_good(store, tmp_path):
    a, b, c = kept(tmp_path, "a"), kept(tmp_path, "b"), kept(tmp_path, "c")
    value = ag.Artifact(value=[1], label="plain").save()
    made = Collection([a, b, value], key="release").save()
    for refused in (lambda: a.delete(permanent=True), value.delete, lambda: ag.delete_one(value)):
        with pytest.raises(ImmutableError, match=r"collection 'release' .* holds this"):
            refused()
    a.delete()
    with pytest.raises(ImmutableError):
        a.delete()
    c.delete()
    report = ag.purge_trash(dry_run=True)
    assert (report.count, report.size, report.held) == (1, 1, 1)
    assert str(ag.purge_trash()) == (
        "1 artifacts of 1 bytes deleted for good; 1 stay in the trash, because a collection holds them"
    )
    assert list(Collection.get(key="release")) == [a, b, value]
    made.delete()
    assert ag.purge_trash().held == 0
    assert [each.trashed_at for each in ag.Artifact.filter(key="a", trash="any")] == []
    b.delete(permanent=True)
    value.delete()


def test_a_collection_is_renamed(store, tmp_path):
    a, b = kept(tmp_path, "a"), kept(tmp_path, "b")
    first = Collection([a], key="old").save()
    second, other = Collection([a, b], key="old").save(), Collection([b], key="other").save()
    second.key, second.label, second.description = "new", "named", "said"
    assert second.save().version == 2
    read = Collection.get(key="new")
    assert (read, read.label, read.description) == (second, "named", "said")
    assert [each.key for each in read.versions] == ["new", "new"]
    assert Collection.get(first.uid).key == "new"
    for key, error in (("other", NameTakenError), ("../x", UnsafeKeyError)):
        read.key = key
        with pytest.raises(error):
            read.save()
    assert Collection.get(key="other") == other
    second.key = None
    assert Collection.get(second.save().uid).key is None


def test_a_rename_that_is_rolled_back_is_not_said(file_store, tmp_path):
    made = Collection([kept(tmp_path, "a")], key="old", description="first").save()
    made.key, made.description = "new", "second"
    before = made.updated_at
    with contextlib.suppress(KeyError), ag.current_session():
        made.save()
        raise KeyError
    assert (made.key, made.updated_at) == ("new", before)
    assert (made.save().key, Collection.get(key="new").description) == ("new", "second")


def test_without_a_key_the_same_artifacts_are_the_same_collection(store, tmp_path):
    a, b = kept(tmp_path, "a"), kept(tmp_path, "b")
    assert Collection([a, b]).save() == Collection([a, b]).save()
    assert Collection([a, b]).save() != Collection([b, a]).save()
    same = [kept(tmp_path, "one", "same"), kept(tmp_path, "other", "same")]
    assert Collection(same[0]).save() != Collection(same[1]).save()


def test_a_key_of_a_collection_may_be_that_of_an_artifact(store, tmp_path):
    artifact = kept(tmp_path, "name")
    made = Collection([artifact], key="name").save()
    assert ag.Artifact.get(key="name") == artifact
    assert Collection.get(key="name") == made
    assert kept(tmp_path, "name", "changed").version == 2
    assert not ag.Artifact.filter(uid=made.uid)
    assert list(ag.Artifact.filter(key="name", versions="all")) == list(artifact.versions)


def test_tables_are_loaded_and_opened_as_one(file_store):
    made = Collection(tables(2), key="t").save()
    frame = made.load()
    assert list(frame["n"]) == [0, 1, 1, 2]
    assert list(frame.columns) == ["n", "only0", "only1"]
    assert made.open().to_table(columns=["n"]).to_pydict() == {"n": [0, 1, 1, 2]}
    assert made.open().count_rows() == 4
    assert made.open(engine="polars").select("n").collect()["n"].to_list() == [0, 1, 1, 2]
    assert [path.suffix for path in made.cache()] == [".parquet", ".parquet"]
    assert list(made.load(columns=["n"]).columns) == ["n"]


def test_other_things_are_loaded_as_a_list(file_store, tmp_path):
    text = kept(tmp_path, "a.txt", "hello")
    polars = ag.Artifact.from_dataframe(pl.DataFrame({"n": [1]}), key="p.parquet").save()
    assert Collection([text]).save().load() == ["hello"]
    assert len(Collection([text, polars]).save().load()) == 2
    with pytest.raises(InvalidArtifactError):
        Collection([text]).save().open()


def test_versions_that_were_trashed_are_still_in_it_and_lost_ones_are_named(store, tmp_path):
    a, b = kept(tmp_path, "a", "content a"), kept(tmp_path, "b")
    made = Collection([a, b], key="c").save()
    a.delete()
    assert keys(Collection.get(made.id)) == ["a", "b"]
    assert [path.read_text() for path in Collection.get(made.id).cache()] == ["content a", "b"]
    block(current_database().write, lambda connection: connection.execute(delete(NODE).where(NODE.c.id == a.id)))
    with pytest.raises(NodeNotFoundError, match="place 0 of <Collection c v1>"):
        Collection.get(made.id).artifacts
    assert Collection.get(made.id).version == 1


def test_a_collection_goes_to_the_trash_first_and_its_number_stays(file_store, tmp_path):
    a, b = kept(tmp_path, "a"), kept(tmp_path, "b")
    first, second = Collection([a], key="c").save(), Collection([a, b], key="c").save()
    second.delete()
    assert Collection.get(key="c") == first
    assert Collection.filter(trash=True).one() == second
    second.restore()
    assert Collection.get(key="c") == second
    second.delete()
    assert Collection([a, b], key="c").save() == second
    second.delete(permanent=True)
    assert Collection.filter(versions="all", trash="any").one() == first
    assert Collection([b], key="c").save().version == 3
    assert keys(ag.Artifact.filter()) == ["a", "b"]
    with pytest.raises(NodeNotFoundError):
        second.delete()


def test_a_span_makes_and_uses_the_collection_as_a_whole(store):
    members = tables(2)
    with ag.span_context("gather") as gather:
        made = Collection(members, key="t").save()
    with ag.span_context("train") as train:
        Collection.get(key="t").load()
    with ag.span_context("look") as look:
        made.load(is_run_input=False)
    assert Collection.filter(run=gather).one() == made
    used = ag.read(ag.Link, ag.LinkFilter(kind="input"))
    assert [(link.source_id, link.target_id, link.role) for link in used] == [(made.id, train.id, "t")]
    assert not ag.read(ag.Link, ag.LinkFilter(kind="input", target=look))
    assert {node.label for node in ag.view_lineage(train, upstream=4).nodes} >= {"gather", "train", "t"}
    assert Collection.filter(artifacts=members[0]).one() == made
    assert not Collection.filter(artifacts__ne=members[0])


def test_what_is_held_is_still_listed_and_names_of_other_things_hide_no_value(store, tmp_path):
    held = kept(tmp_path, "a")
    ag.save(1, "x")
    Collection([held], label="x").save()
    ag.Feature("x", int).save()
    assert [found.id for found in ag.find() if found.label != "x"] == [held.id]
    assert ag.load("x") == 1


def test_what_cannot_be_a_collection_is_told_and_nothing_is_written(file_store, tmp_path):
    a = kept(tmp_path, "a")
    before = count(file_store)
    for make in (lambda: Collection([]), lambda: Collection([1]), lambda: Collection([a], key="../a")):
        with pytest.raises((InvalidArtifactError, UnsafeKeyError)):
            make()
    with pytest.raises(NodeNotFoundError, match="save an artifact before"):
        Collection([a, ag.Artifact(value=1)], key="c").save()
    assert count(file_store) == before
    assert count(file_store, "artigraph_key") == 1
    with pytest.raises(NodeNotFoundError):
        Collection.get(key="c")
    with pytest.raises(InvalidFilterError, match="no field 'suffix'; there are artifacts"):
        Collection.filter(suffix=".csv")
    Collection([a]).save()
    Collection([a, a]).save()
    with pytest.raises(MultipleNodesError):
        Collection.get(key=None)


def test_the_text_of_collections(file_store, tmp_path):
    made = Collection([kept(tmp_path, "a")], key="c", description="what for").save()
    assert repr(made) == "<Collection c v1>"
    assert "what for" in repr(Collection.filter())
    assert list(Collection.filter().to_dataframe()["key"]) == ["c"]
    assert "Collection" in repr(Collection([made.artifacts[0]]))


async def test_a_collection_is_awaited(file_store, tmp_path):
    a = await ag.Artifact.from_dataframe(pd.DataFrame({"n": [1]}), key="a.parquet").save()
    made = await Collection([a], key="c").save()
    assert list((await made.load())["n"]) == [1]
    assert (await made.open()).count_rows() == 1
    assert await Collection.get(key="c") == made
    assert [each async for each in Collection.filter()] == [made]
    await made.delete()
    assert await Collection.filter().count() == 0
