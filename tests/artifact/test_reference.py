"""Objects in a bucket that are kept as references."""

from __future__ import annotations

import pytest

import artigraph as ag
from artigraph.errors import BlobCorruptError, BlobMissingError, CannotOpenError
from tests.storage.s3 import bucket, moto_port, proxy, store_object
from tests.stores import blobs, file_store

__all__ = ["bucket", "file_store", "moto_port", "proxy"]


def test_an_object_in_a_bucket_is_hashed_and_stays_where_it_is(file_store, proxy, bucket):
    store_object(proxy, bucket, "folder/my_file.csv", b"a\n1\n")
    artifact = ag.Artifact(f"s3://{bucket}/folder/my_file.csv").save()
    assert (artifact.key, artifact.suffix, artifact.size) == ("folder/my_file.csv", ".csv", 4)
    assert artifact.load().to_dict("list") == {"a": [1]}
    assert ag.Artifact.get(key="folder/my_file.csv").cache().read_text() == "a\n1\n"
    assert blobs(file_store) == []
    assert ag.Artifact(f"s3://{bucket}/folder/my_file.csv").save() == artifact
    artifact.delete(permanent=True)
    assert ag.Artifact(f"s3://{bucket}/folder/my_file.csv", key="mine.csv").save().version == 1


def test_an_object_that_changed_is_told_and_makes_a_version(file_store, proxy, bucket):
    store_object(proxy, bucket, "x.txt", b"old")
    first = ag.Artifact(f"s3://{bucket}/x.txt").save()
    store_object(proxy, bucket, "x.txt", b"new")
    with pytest.raises(BlobCorruptError, match=r"x\.txt"):
        first.load()
    assert ag.Artifact(f"s3://{bucket}/x.txt").save().version == 2
    assert ag.load("x.txt") == "new"


def test_what_is_not_there_and_what_is_no_object_is_told(file_store, bucket):
    with pytest.raises(BlobMissingError):
        ag.Artifact(f"s3://{bucket}/missing.csv").save()
    for url in (
        f"s3://{bucket}",
        f"s3://{bucket}/",
        f"s3://{bucket}/folder/",
        "gs://bucket/x",
        "http://host/x",
        "s3:///x",
    ):
        with pytest.raises(CannotOpenError):
            ag.Artifact(url)
    assert not len(ag.find())
