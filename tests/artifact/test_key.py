from __future__ import annotations

import pytest

import artigraph as ag
from artigraph.artifact.key import check_key, suffix_of, uid_of
from artigraph.errors import InvalidArtifactError, UnsafeKeyError

UNSAFE = {
    "absolute": "/etc/passwd",
    "up": "../../etc/x",
    "up inside": "a/../../b",
    "only up": "..",
    "up at the end": "a/..",
    "backslashes": "..\\",
    "backslash": "a\\b",
    "percent": "%2e%2e/x",
    "percent upper": "a/%2E%2E/b",
    "percent slash": "a%2f..%2fb",
    "percent twice": "%252e%252e/x",
    "percent backslash": "a%5cb",
    "drive": "C:/x",
    "small drive": "c:x",
    "url": "file:///etc/passwd",
    "bucket": "s3://bucket/key",
    "nul": "a\0b",
    "percent nul": "a%00b",
    "line end": "a\nb",
    "delete": "a\x7fb",
    "c1": "a\x85b",
    "surrogate": "a\ud800b",
    "empty": "",
    "long": "k" * 1025,
    "number": 7,
}
SAFE = [
    "a",
    "a/b.json",
    "~",
    "con",
    "dots...",
    " ",
    "a b",
    "é/雪/🎉",
    "a%b",
    "100%",
    "?..",
    "#..x",
    "a..b",
    "...",
    "k" * 1024,
]


@pytest.mark.parametrize("key", UNSAFE.values(), ids=UNSAFE.keys())
def test_an_unsafe_key_is_refused_before_anything_is_stored(key, file_store, tmp_path):
    (tmp_path / "x").write_text("x")
    with pytest.raises(UnsafeKeyError):
        ag.Artifact(tmp_path / "x", key=key)
    with pytest.raises(UnsafeKeyError):
        ag.save(1, key=key)
    with pytest.raises(UnsafeKeyError):
        ag.Artifact.from_dir(tmp_path, key=key)
    assert not len(ag.find())


@pytest.mark.parametrize("key", SAFE, ids=ascii)
def test_any_other_key_is_kept_as_it_is(key, file_store):
    ag.save(len(key), key=key)
    assert ag.Artifact.get(key=key).key == key
    assert ag.load(key) == len(key)


def test_the_message_of_an_unsafe_key_says_what_is_wrong():
    with pytest.raises(UnsafeKeyError, match=r"has a \.\. segment"):
        check_key("a/../b")
    with pytest.raises(UnsafeKeyError, match="it is absolute"):
        check_key("/a")


@pytest.mark.parametrize(
    ("name", "suffix"),
    [
        ("a.parquet", ".parquet"),
        ("A.CSV", ".CSV"),
        ("x/y.tar.gz", ".tar.gz"),
        ("x.csv.gz", ".csv.gz"),
        ("x.anndata.zarr", ".anndata.zarr"),
        ("x.zarr/", ".zarr"),
        ("x.y/z", ""),
        ("v1.2", ""),
        (".bashrc", ""),
        ("a.", ""),
        ("two words.a b", ""),
    ],
)
def test_the_suffix_is_what_a_name_ends_with(name, suffix):
    assert suffix_of(name) == suffix


def test_a_suffix_that_contradicts_the_key_is_an_error(file_store, tmp_path):
    (tmp_path / "data.csv").write_text("a\n1\n")
    (tmp_path / "data").write_text("a\n1\n")
    with pytest.raises(InvalidArtifactError, match=r"says \.parquet, the file is \.csv"):
        ag.Artifact(tmp_path / "data.csv", key="data.parquet")
    assert ag.Artifact(tmp_path / "data.csv", key="DATA.CSV").suffix == ".csv"
    assert ag.Artifact(tmp_path / "data.csv", key="data").suffix == ".csv"
    assert ag.Artifact(tmp_path / "data", key="data.csv").suffix == ".csv"


def test_uids_of_one_family_sort_as_their_versions():
    uids = [uid_of("s" * 16, version) for version in (1, 9, 10, 35, 36, 61, 62, 3843, 3844)]
    assert uids == sorted(uids)
    assert {len(uid) for uid in uids} == {20}
