from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

import artigraph as ag
from artigraph import Feature, Q
from artigraph.bridge import block
from artigraph.errors import InvalidFilterError, MultipleNodesError, NodeNotFoundError
from tests.artifact.keyed import kept, keys
from tests.stores import few_parameters, statements


@pytest.fixture
def some(store, tmp_path):
    """Four files, one of them in two versions; the first ones have features, tags, labels."""
    kept(tmp_path, "raw/a.csv", "old", description="The first")
    kept(tmp_path, "raw/a.csv", "newer", description="The First", tags={"stage": "draft"})
    kept(tmp_path, "raw/b.csv", "b" * 100, kind="dataset", features={"temperature": 20.5, "who": ["Ann", "Bob"]})
    kept(tmp_path, "out/c.txt", "c" * 50, kind="model", features={"temperature": 30, "who": "Cid"})
    kept(tmp_path, "Raw/d_%.txt", "d" * 10)


FOUND = (
    ({"key": "raw/a.csv"}, "a"),
    ({"key__startswith": "raw/"}, "a b"),
    ({"key__istartswith": "RAW/"}, "a b d"),
    ({"key__contains": "_%"}, "d"),
    ({"key__icontains": "RAW"}, "a b d"),
    ({"key__in": ["raw/b.csv", "out/c.txt", "no"]}, "b c"),
    ({"key__in": []}, ""),
    ({"key__ne": "raw/a.csv"}, "b c d"),
    ({"key__gt": "raw/a.csv"}, "b"),
    ({"key__lte": "out/c.txt"}, "c d"),
    ({"key__isnull": True}, ""),
    ({"description__isnull": False}, "a"),
    ({"description": None}, "b c d"),
    ({"size__gt": 10}, "b c"),
    ({"size__gte": 10}, "b c d"),
    ({"size__lt": 10}, "a"),
    ({"size": 50}, "c"),
    ({"suffix": ".txt", "size__lt": 50}, "d"),
    ({"kind__in": ["dataset", "model"]}, "b c"),
    ({"kind__ne": "model"}, "b"),
    ({"version": 2}, "a"),
    ({"temperature": 20.5}, "b"),
    ({"temperature__gt": 20}, "b c"),
    ({"temperature__gt": 20, "size__lt": 60}, "c"),
    ({"temperature__in": [30, 31]}, "c"),
    ({"temperature__ne": 30}, "b"),
    ({"temperature__isnull": True}, "a d"),
    ({"temperature__isnull": False}, "b c"),
    ({"who": "Bob"}, "b"),
    ({"who__startswith": "C"}, "c"),
    ({"who__ne": "Ann"}, "c"),
    ({"features__who__icontains": "AN"}, "b"),
    ({"features": "who"}, "b c"),
    ({"tags__stage": "draft"}, "a"),
    ({"tags": {"stage": "draft"}}, "a"),
    ({"tags": {"stage": None}}, "a"),
    ({"tags__isnull": False}, "a"),
    ({"is_latest": True, "key__startswith": "raw"}, "a b"),
)
"""What is asked -> the fourth letters of the keys of what is found."""

REFUSED = (
    ({"keyy": "a"}, "do you mean 'key'.*fields are .*suffix.*features are temperature, who"),
    ({"temperatur__gt": 1}, "do you mean 'temperature'"),
    ({"key__like": "a"}, "'like' is no operator of key; there are ne, gt"),
    ({"size__contains": "a"}, "size__contains is no question; there are size, size__ne"),
    ({"size": "a"}, "size is compared with int"),
    ({"size__gt": True}, "size is compared with int"),
    ({"suffix": 1}, "suffix is compared with str"),
    ({"key__startswith": 1}, "compared with text"),
    ({"key__in": "raw"}, "takes several values"),
    ({"key__isnull": "yes"}, "takes True or False"),
    ({"created_at__gt": "soon"}, "no time"),
    ({"created_at__gt": 1}, "no time"),
    ({"hash": "abc"}, "sha256:"),
    ({"id": "abc"}, "no node"),
    ({"is_latest": 1}, "True or False"),
    ({"versions": "some"}, "'latest' or 'all'"),
    ({"run": 3.5}, "no node"),
)


def test_every_operator_finds_what_plain_python_would(some):
    for asked, found in FOUND:
        assert [key[4] for key in keys(ag.Artifact.filter(**asked))] == found.split(), asked


def test_questions_are_combined(some):
    found = ag.Artifact.filter
    assert keys(found(Q(key="raw/a.csv") | Q(temperature__gt=25))) == ["raw/a.csv", "out/c.txt"]
    assert keys(found(~Q(suffix=".csv"))) == ["out/c.txt", "Raw/d_%.txt"]
    assert keys(found(~(Q(suffix=".csv") | Q(kind="model")))) == ["Raw/d_%.txt"]
    assert keys(found(Feature("temperature") > 25)) == ["out/c.txt"]
    assert keys(found((Feature("temperature") > 25) | (Feature("who") == "Ann"), size__gt=60)) == ["raw/b.csv"]
    assert keys(found(~(Feature("temperature") > 25), suffix=".txt")) == ["Raw/d_%.txt"]
    assert keys(found(Feature("who").in_(["Bob", "Cid"]), Feature("who") != "Ann")) == ["out/c.txt"]
    assert keys(found(Feature("who").isnull(), Feature("nobody said") == None)) == ["raw/a.csv", "Raw/d_%.txt"]  # noqa: E711
    assert keys(found(ag.NodeFilter(tags={"stage": "draft"}) & Q(size=5))) == ["raw/a.csv"]
    assert [each.key for each in ag.read(ag.Artifact, Q(temperature=30))] == ["out/c.txt"]
    assert len(ag.find(Q(size__gte=50))) == 2


def test_a_feature_is_one_of_more_values_than_a_database_has_parameters(some):
    numbers = [*range(40_000), 20.5, 2**70, float("inf")]
    with few_parameters():
        assert keys(ag.Artifact.filter(temperature__in=numbers)) == ["raw/b.csv", "out/c.txt"]
        assert keys(ag.Artifact.filter(Feature("temperature").in_(numbers[31:40_000]))) == []
        assert keys(ag.Artifact.filter(Feature("who").in_([*map(str, numbers), "Bob"]))) == ["raw/b.csv"]
        assert keys(ag.Artifact.filter(key__in=[*map(str, numbers), "out/c.txt"])) == ["out/c.txt"]


def test_a_query_is_narrowed_excluded_sorted_and_sliced(some):
    everything = ag.Artifact.filter()
    assert keys(everything.filter(suffix=".csv").exclude(size__gt=60)) == ["raw/a.csv"]
    assert keys(everything.exclude(temperature__gt=0, kind="model")) == ["raw/a.csv", "raw/b.csv", "Raw/d_%.txt"]
    assert keys(everything.exclude()) == keys(everything)
    assert keys(everything.order_by("-size")) == ["raw/b.csv", "out/c.txt", "Raw/d_%.txt", "raw/a.csv"]
    assert keys(everything.order_by("suffix", "-key")) == ["raw/b.csv", "raw/a.csv", "out/c.txt", "Raw/d_%.txt"]
    assert keys(everything.order_by("kind")[:2]) == ["raw/b.csv", "out/c.txt"]
    assert keys(everything[1:3]) == ["raw/b.csv", "out/c.txt"]
    assert keys(everything[1:][1:][:1]) == ["out/c.txt"]
    assert keys(everything[2:1]) == []
    assert len(everything[1:3]) == everything[3:].count() + 1 == 2
    assert (everything[0].key, everything[-1].key) == ("raw/a.csv", "Raw/d_%.txt")
    with pytest.raises(IndexError, match="there are 4"):
        everything[4]
    for narrowed in (lambda: everything[:2].filter(size=1), lambda: everything[:2].order_by("key")):
        with pytest.raises(InvalidFilterError, match="then slice"):
            narrowed()
    with pytest.raises(InvalidFilterError, match="from the front"):
        everything[::2]


def test_first_last_one_and_whether_there_is_any(some):
    found = ag.Artifact.filter(suffix=".csv")
    assert (found.first().key, found.last().key) == ("raw/a.csv", "raw/b.csv")
    assert found.order_by("-size").last().key == "raw/a.csv"
    assert found[1:].last().key == "raw/b.csv"
    assert found.filter(size=1).first() is None
    assert found.filter(size=1).last() is None
    assert found.filter(size=1).one_or_none() is None
    assert found.filter(size=5).one() == found.filter(size=5).one_or_none() == found[0]
    assert found.exists()
    assert found
    assert not found.filter(size=1)
    assert found[0] in found
    with pytest.raises(NodeNotFoundError, match="size=1"):
        ag.Artifact.filter(Q(size=1)).one()
    with pytest.raises(MultipleNodesError, match="narrow"):
        found.one()
    with pytest.raises(MultipleNodesError):
        found.one_or_none()


def test_the_latest_version_is_found_unless_all_are_asked_for(some):
    found = ag.Artifact.filter(key="raw/a.csv")
    assert [each.version for each in found] == [2]
    assert [each.version for each in ag.Artifact.filter(key="raw/a.csv", versions="all")] == [1, 2]
    assert [each.version for each in found.filter(is_latest=False)] == [1]
    assert [each.version for each in found.filter(version__lt=2)] == [1]
    old = found.filter(version=1).one()
    assert ag.Artifact.filter(uid=old.uid).one() == old
    assert ag.Artifact.get(key="raw/a.csv", is_latest=False) == old
    assert (old.is_latest, found.one().is_latest) == (False, True)


def test_plain_values_that_stand_alone_are_found_too_and_parts_are_not(some):
    ag.save([1, 2], "a pair")
    ag.ArtifactMapping(a=1, b=[2]).save("a model")
    assert [each.label for each in ag.Artifact.filter(key=None)] == ["a pair", "a model"]
    assert ag.Artifact.filter(label__contains="pair").one().load() == [1, 2]
    assert ag.Artifact.filter(label="a pair").one().is_latest


def test_search_finds_text_wherever_it_is_newest_first(some, tmp_path):
    found = ag.Artifact.search
    assert keys(found("RAW/")) == ["Raw/d_%.txt", "raw/b.csv", "raw/a.csv"]
    assert keys(found("first")) == keys(found("DRAFT")) == ["raw/a.csv"]
    assert keys(found("bob")) == ["raw/b.csv"]
    assert keys(found("_%")) == ["Raw/d_%.txt"]
    assert keys(found("raw").filter(suffix=".csv")) == ["raw/b.csv", "raw/a.csv"]
    assert not found("nowhere")
    labelled = kept(tmp_path, "e", label="Named so")
    labelled.ulabels.add("Gold standard")
    assert keys(found("named")) == keys(found("gold st")) == ["e"]


def test_search_finds_a_number_that_is_the_value_of_a_feature(some):
    found = ag.Artifact.search
    assert keys(found("20.5")) == keys(found("20.50")) == ["raw/b.csv"]
    assert not found("20.")
    assert not found("nan")


def test_times_and_hashes_and_storages_are_asked_for_as_one_says_them(some):
    one = ag.Artifact.filter(key="out/c.txt").one()
    now = datetime.now(UTC)
    assert len(ag.Artifact.filter(created_at__gt=now - timedelta(hours=1), created_at__lt=now)) == 4
    assert len(ag.Artifact.filter(created_at__lt="2020-01-01")) == 0
    assert len(ag.Artifact.filter(created_at__gte=datetime(2020, 1, 1))) == 4  # noqa: DTZ001 - taken as UTC
    assert ag.Artifact.filter(hash=one.hash).one() == one
    assert ag.Artifact.filter(id=one).one() == ag.Artifact.filter(id__in=[str(one.id)]).one() == one
    assert ag.Artifact.filter(n_files__isnull=True).count() == 4


def test_runs_that_made_and_used_it_are_asked_for_by_handle_or_label(store, tmp_path):
    with ag.span_context("make") as maker:
        made = kept(tmp_path, "made")
    with ag.span_context("use") as user:
        made.load()
    kept(tmp_path, "alone")
    assert keys(ag.Artifact.filter(run=maker)) == keys(ag.Artifact.filter(run="make")) == ["made"]
    assert keys(ag.Artifact.filter(run=None)) == keys(ag.Artifact.filter(runs__isnull=True)) == ["alone"]
    assert keys(ag.Artifact.filter(input_of_runs=user)) == keys(ag.Artifact.filter(runs__in=[user.id])) == ["made"]
    assert keys(ag.Artifact.filter(input_of_runs__ne=user)) == keys(ag.Artifact.filter(run__ne="make")) == []


def test_what_cannot_be_asked_is_told_with_what_can(some):
    for asked, said in REFUSED:
        with pytest.raises(InvalidFilterError, match=said):
            len(ag.Artifact.filter(**asked))


def test_what_is_no_filter_and_no_sorting_is_told(some):
    with pytest.raises(InvalidFilterError, match="is no filter"):
        ag.Artifact.filter("raw/a.csv")
    with pytest.raises(InvalidFilterError, match="is no filter"):
        Q(1)
    with pytest.raises(InvalidFilterError, match=r"not sorted by 'color'; there are .*created_at"):
        ag.Artifact.filter().order_by("-color")
    with pytest.raises(InvalidFilterError, match="not sorted by 'run'"):
        ag.Artifact.filter().order_by("run")


def test_the_text_of_a_query_is_a_table(some, tmp_path):
    shown = repr(ag.Artifact.filter(size__gte=50))
    assert shown.splitlines()[0].split() == ["artifact", "v", "type", "size", "saved", "(UTC)"]
    assert "raw/b.csv" in shown
    assert "100 B" in shown
    kept(tmp_path, "hostile\u202e<b>", description="a\x1b[31m\nb")
    assert "\x1b" not in repr(ag.Artifact.search("hostile"))
    assert "a b" in repr(ag.Artifact.search("hostile")).replace("[31m", "")
    assert repr(ag.Artifact.filter(size=1)) == "no artifact matches"
    many = ag.Artifact.filter(versions="all")
    assert many.table(limit=2)[2] == 6
    assert ag.Artifact.filter(key__startswith="a", size=1).question == "Q(key__startswith='a'); Q(size=1)"
    assert Q(key="a", size__gt=1).__repr__() in ag.Artifact.filter(Q(key="a", size__gt=1)).question


def test_a_data_frame_has_a_row_for_each(some):
    frame = ag.Artifact.filter(suffix=".csv").to_dataframe()
    assert list(frame["key"]) == ["raw/a.csv", "raw/b.csv"]
    assert list(frame["version"]) == [2, 1]
    assert {"uid", "description", "hash", "size", "is_latest", "created_at"} <= set(frame.columns)
    frame = ag.Artifact.filter(size__gte=50).to_dataframe(features=True)
    assert list(frame["temperature"]) == [20.5, 30]
    assert list(frame["who"]) == [["Ann", "Bob"], "Cid"]
    assert list(ag.Artifact.filter(size=1).to_dataframe().columns[:2]) == ["uid", "key"]


async def test_a_query_is_awaited_and_gone_through_in_async_code(file_store, tmp_path):
    for key in ("a", "b"):
        (tmp_path / key).write_text(key)
        await ag.Artifact(tmp_path / key, key=key).save()
    found = ag.Artifact.filter(suffix="")
    assert keys(await found) == [each.key async for each in found] == ["a", "b"]
    assert await found.count() == len(await found.all()) == 2
    assert (await found.first()).key == "a"
    assert (await found.filter(key="b").one()).key == "b"
    assert await found.filter(key="c").one_or_none() is None
    assert list((await found.to_dataframe())["key"]) == ["a", "b"]
    assert keys(found) == ["a", "b"]


def test_a_session_of_the_caller_sees_what_it_wrote(file_store, tmp_path):
    with ag.current_session():
        kept(tmp_path, "a")
        assert ag.Artifact.filter(key="a").count() == 1
        assert keys(ag.Artifact.filter()) == ["a"]


def test_a_thousand_results_take_a_constant_number_of_statements(file_store, tmp_path):
    for n in range(3):
        kept(tmp_path, f"many/{n}", tags={"n": str(n)})
    with statements() as few:
        assert len(ag.Artifact.filter(key__startswith="many/").all()) == 3
    for n in range(3, 12):
        kept(tmp_path, f"many/{n}", tags={"n": str(n)})
    with statements() as many:
        assert len(ag.Artifact.filter(key__startswith="many/").all()) == 12
    assert len(few) == len(many)


def test_nothing_is_asked_before_it_is_needed(file_store, tmp_path):
    kept(tmp_path, "a")
    with statements() as seen:
        query = ag.Artifact.filter(key__startswith="a").exclude(size=2).order_by("-size").search("a")
    assert not seen
    assert block(query.all.a)
