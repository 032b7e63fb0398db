"""Digests of frames: equal for equal content, different where anything that is loaded again differs."""

from __future__ import annotations

from decimal import Decimal

import pandas as pd
import pytest

from artigraph.serializer.looks import content_digest

ROWS = {"v": [1, 2]}
DAYS = pd.to_datetime(["2020", "2021"])


def indexed(*values, **options) -> pd.DataFrame:
    return pd.DataFrame(ROWS, index=pd.Index(*values, **options))


def sorted_as(*categories, ordered=True, values=("lo", "hi")) -> pd.DataFrame:
    return pd.DataFrame({"g": pd.Categorical(values, categories=categories, ordered=ordered)})


def objects(*values) -> pd.DataFrame:
    return pd.DataFrame({"o": pd.Series(values, dtype=object)})


ALL_DIFFERENT = {
    "index": [
        indexed([0, 1]),
        *(indexed([0, 1], dtype=dtype) for dtype in ("int32", "uint64", "float64", "Int64", "category")),
        *(indexed([False, True]), indexed([0, 1], name="n"), indexed(pd.to_timedelta([0, 1], unit="ns"))),
        *(indexed(DAYS.as_unit("us")), indexed(DAYS.as_unit("ns")), indexed(DAYS.as_unit("ns").astype("int64"))),
        *(indexed(DAYS.tz_localize("UTC")), indexed(DAYS.tz_localize("UTC").tz_convert("Asia/Tokyo"))),
        *(indexed(DAYS.to_period("D")), indexed(DAYS.to_period("D").asi8)),
    ],
    "text index": [
        *(indexed(["a", "b"]), indexed(["a", "b"], dtype="category"), indexed([b"a", b"b"])),
        indexed(pd.Categorical(["a", "b"], categories=["b", "a"])),
        indexed(pd.Categorical(["a", "b"], ordered=True)),
    ],
    "levels": [
        pd.DataFrame(ROWS, index=pd.MultiIndex.from_arrays([[0, 1], level]))
        for level in (pd.Index([0, 1]), pd.Index([0, 1], dtype="int32"), pd.Index([0, 1], dtype="category"), DAYS)
    ],
    "labels": [
        pd.DataFrame([[1, 2]], columns=labels)
        for labels in (
            *(["a", "b"], pd.Index(["a", "b"], name="n"), pd.CategoricalIndex(["a", "b"])),
            pd.CategoricalIndex(["a", "b"], ordered=True),
        )
    ],
    "categories": [
        *(sorted_as("lo", "hi"), sorted_as("hi", "lo"), sorted_as("hi", "lo", ordered=False)),
        *(sorted_as("lo", "hi", ordered=False), sorted_as("hi", "lo", "x"), sorted_as("hi", "lo", "x", ordered=False)),
        pd.DataFrame({"g": ["lo", "hi"]}),
    ],
    "numbers as categories": [
        pd.DataFrame({"g": pd.Categorical(pd.Index([0], dtype=dtype))})
        for dtype in ("int64", "int32", "float64", "bool")
    ],
    "objects": [objects("1"), objects(b"1"), objects(1), objects(1.0), objects(Decimal(1)), objects("1", None)],
}


@pytest.mark.parametrize("frames", ALL_DIFFERENT.values(), ids=ALL_DIFFERENT)
def test_digests_differ_where_content_does(frames):
    digests = [content_digest(frame) for frame in frames]
    assert len(set(digests)) == len(frames)
    assert digests == [content_digest(frame.copy()) for frame in frames]


def test_what_is_the_same_content_has_the_same_digest():
    plain = pd.DataFrame(ROWS)
    assert content_digest(plain) == content_digest(indexed([0, 1]))
    texts = [indexed(["a", "b"], dtype=dtype) for dtype in (object, "str")]
    assert content_digest(texts[0]) == content_digest(texts[1])
    cut = [pd.DataFrame({"g": pd.cut([1, 2, 3], 2, right=right)}) for right in (True, False, True)]
    assert content_digest(cut[0]) == content_digest(cut[2]) != content_digest(cut[1])


def test_digests_that_are_stored_stay_what_they_are():
    frame = pd.DataFrame(
        {"n": [1, 2], "x": [0.5, None], "t": DAYS.as_unit("ns").tz_localize("UTC"), "b": [True, False]}
    )
    frame["g"] = pd.Categorical(["a", "b"])
    digest = content_digest(frame.set_index(pd.Index(["r", "s"], name="i")))
    assert digest is not None
    assert digest.hex() == "9c91d1d543649ce69fb2ef2e1b13ed53dff56eb95ca7eb714240491e1b7ce2b4"


def test_what_pandas_cannot_hash_has_no_digest():
    assert content_digest(objects([1], [2])) is content_digest(objects({"a": 1})) is None
