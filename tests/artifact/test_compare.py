from __future__ import annotations

from datetime import UTC, datetime, timedelta, timezone
from math import inf, nan
from operator import eq, ge, gt, le, lt

import pandas as pd
import pytest

import artigraph as ag
from artigraph import Feature
from artigraph.errors import InvalidFilterError, SchemaMismatchError
from tests.artifact.keyed import kept, keys

BIG = 2**53
NUMBERS = (0, 1, -1, 2.5, BIG - 1, BIG, BIG + 1, BIG + 2, -BIG, -BIG - 1, 10**22, 10**22 - 1, 1e22, 10**200, inf, -inf)
OPERATORS = {"": eq, "__gt": gt, "__gte": ge, "__lt": lt, "__lte": le}
LONG = "lorem " * 60


def test_numbers_compare_to_the_last_digit(store, tmp_path):
    for place, number in enumerate(NUMBERS):
        kept(tmp_path, f"{place:02}", features={"v": number})
    kept(tmp_path, "text", features={"v": "inf"})
    for spelled, compare in OPERATORS.items():
        for asked in (*NUMBERS, float(BIG), 10**22 + 1, -(10**20), 1e300):
            wanted = [f"{place:02}" for place, number in enumerate(NUMBERS) if compare(number, asked)]
            assert keys(ag.Artifact.filter(**{f"v{spelled}": asked})) == wanted, (spelled, asked)
    assert keys(ag.Artifact.filter(v__in=[BIG + 1, inf])) == ["06", "14"]
    assert keys(ag.Artifact.filter(v__gt=nan)) == []
    assert keys(ag.Artifact.filter(v__gt=0, v__lt=2)) == ["01"]


def test_a_number_of_too_many_digits_is_refused(store, tmp_path):
    one = kept(tmp_path, "one", features={"v": 1})
    for number in (10**254, -(10**400), 10**5000):
        with pytest.raises(SchemaMismatchError, match="at most 254 digits"):
            one.features.set_values({"v": number})
        with pytest.raises(SchemaMismatchError, match="at most 254 digits"):
            len(ag.Artifact.filter(v__gt=number))
    one.features.set_values({"v": -(10**254) + 1})
    assert one.features["v"] == -(10**254) + 1


def test_a_moment_without_a_zone_is_the_one_in_utc(store, tmp_path):
    midnight = datetime(2024, 10, 1, tzinfo=UTC)
    naive, east = midnight.replace(tzinfo=None), midnight.astimezone(timezone(timedelta(hours=5)))
    later, earlier = midnight + timedelta(microseconds=1), midnight - timedelta(microseconds=1)
    for key, when in (("a", earlier), ("b", naive), ("c", east), ("d", later.replace(tzinfo=None))):
        kept(tmp_path, key, features={"when": when})
    for asked in (midnight, naive, east):
        for spelled, wanted in (("", "bc"), ("__gt", "d"), ("__gte", "bcd"), ("__lt", "a"), ("__lte", "abc")):
            assert "".join(keys(ag.Artifact.filter(**{f"when{spelled}": asked}))) == wanted, (asked, spelled)
        assert keys(ag.Artifact.filter(when__in=[asked])) == ["b", "c"]
    assert ag.Artifact.get(key="b").features["when"] == naive
    with pytest.raises(SchemaMismatchError, match="no moment in UTC"):
        kept(tmp_path, "e", features={"when": datetime.min.replace(tzinfo=east.tzinfo)})


def test_a_long_text_is_compared_as_a_whole(store, tmp_path):
    kept(tmp_path, "long", features={"note": f"{LONG}Needle", "notes": ["short", f"{LONG}é"]})
    kept(tmp_path, "longer", features={"note": f"{LONG}other"})
    kept(tmp_path, "short", features={"note": "lorem"})
    found = ag.Artifact.filter
    assert keys(found(note__contains="Needle")) == keys(found(note__icontains="nEEDLE")) == ["long"]
    assert keys(found(note__startswith=LONG[:300])) == keys(found(note__istartswith=LONG.upper())) == ["long", "longer"]
    assert keys(found(notes__contains="é")) == keys(found(notes__startswith="sho")) == ["long"]
    assert keys(found(note__gt=f"{LONG}P")) == ["longer"]
    assert keys(found(note__lt=f"{LONG}P")) == ["long", "short"]
    assert keys(found(note=f"{LONG}Needle")) == ["long"]
    assert keys(ag.Artifact.search("needle")) == ["long"]


def test_a_long_text_in_a_column_is_compared_as_a_whole(store):
    Feature("note", str).save()
    frame = pd.DataFrame({"note": ["a", f"{LONG}needle"]})
    ag.Artifact.from_dataframe(frame, key="t.parquet", schema="valid_features").save()
    assert keys(ag.Artifact.filter(note__contains="needle")) == ["t.parquet"]


def test_what_pandas_calls_missing_is_missing(store, tmp_path):
    one = kept(tmp_path, "one", features={"when": pd.NaT, "x": pd.NA})
    assert one.features.get_values() == {"when": None, "x": None}
    assert keys(ag.Artifact.filter(when__isnull=True)) == ["one"]
    Feature("day", datetime, nullable=False).save()
    for missing in ({"day": pd.NaT}, {"days": [datetime(2024, 10, 1, tzinfo=UTC), pd.NaT]}, {"n": [1, None]}):
        with pytest.raises(SchemaMismatchError, match=r"not nullable|no missing values"):
            one.features.set_values(missing)
    one.features.set_values({"day": pd.Timestamp("2024-10-01").to_datetime64()})
    assert one.features["day"] == datetime(2024, 10, 1)  # noqa: DTZ001


def test_a_feature_is_compared_with_one_value(store, tmp_path):
    kept(tmp_path, "one", features={"names": ["a", "b"]})
    for asked in (["a", "b"], {"a"}, []):
        with pytest.raises(InvalidFilterError, match="one value"):
            len(ag.Artifact.filter(Feature("names", list[str]) == asked))
    assert keys(ag.Artifact.filter(names="b", names__in=["a"])) == ["one"]
