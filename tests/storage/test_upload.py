"""Unfinished uploads are listed page by page and ended, with signatures that Amazon's own library makes as well."""

from __future__ import annotations

from datetime import UTC, datetime
from urllib.error import HTTPError

import pytest

from artigraph.storage.upload import Upload, UploadDoor, signed
from tests.storage.s3 import KEY, SECRET, TOKEN, begin_upload, bucket, moto_port, proxy

__all__ = ["bucket", "moto_port", "proxy"]


@pytest.fixture
def door(proxy, bucket) -> UploadDoor:
    return UploadDoor(f"{proxy.url}/{bucket}", "us-east-1", 20)


def test_uploads_below_a_prefix_are_listed_and_ended(door, proxy, bucket):
    for key in ("a/1", "a/2", "b/1"):
        begin_upload(proxy, bucket, key)
    found = list(door.list("a/"))
    assert sorted(upload.key for upload in found) == ["a/1", "a/2"]
    assert all(upload.begun <= datetime.now(UTC) for upload in found)
    assert all(door.end(upload) for upload in found)
    assert list(door.list("a/")) == []
    assert len(list(door.list(""))) == 1


def test_an_upload_that_has_ended_meanwhile_is_no_failure(door, proxy, bucket):
    begin_upload(proxy, bucket, "a")
    [upload] = door.list("")
    assert [door.end(upload), door.end(upload)] == [True, False]


def test_what_is_refused_is_an_error(door, proxy):
    proxy.fail("DELETE", (403, "AccessDenied"))
    with pytest.raises(HTTPError, match="403"):
        door.end(Upload("a", "b", datetime.now(UTC)))


def test_without_credentials_in_the_variables_nothing_is_asked(door, proxy, monkeypatch):
    monkeypatch.delenv("AWS_SECRET_ACCESS_KEY")
    assert list(door.list("")) == []
    assert proxy.seen == []


@pytest.mark.parametrize("token", [TOKEN, None])
def test_the_signature_is_the_one_that_amazon_makes(token):
    auth = pytest.importorskip("botocore.auth")
    request = pytest.importorskip("botocore.awsrequest").AWSRequest
    credentials = pytest.importorskip("botocore.credentials").Credentials(KEY, SECRET, token)
    url = "https://s3.eu-west-1.amazonaws.com/bucket/a=1/b?prefix=a%3D1%2F&uploadId=x%2By%2F_%7E"
    asked = request("DELETE", url)
    auth.S3SigV4Auth(credentials, "s3", "eu-west-1").add_auth(asked)
    moment = datetime.strptime(asked.headers["X-Amz-Date"], "%Y%m%dT%H%M%SZ").replace(tzinfo=UTC)
    names = {"AWS_ACCESS_KEY_ID": KEY, "AWS_SECRET_ACCESS_KEY": SECRET} | (
        {"AWS_SESSION_TOKEN": token} if token else {}
    )
    ours = signed("DELETE", url, "eu-west-1", moment, names)
    assert ours["authorization"] == asked.headers["Authorization"]
