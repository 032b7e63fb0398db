"""Unfinished uploads in an S3 bucket: parts that were sent for an object that never came to be.

Nobody sees them and they cost money; a put that is killed or cancelled leaves them, and obstore cannot list them. So
two requests are signed here (AWS Signature Version 4), with the credentials of the usual variables.
"""

from __future__ import annotations

import hashlib
import hmac
import os
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from html import unescape
from urllib.error import HTTPError
from urllib.parse import quote, urlencode, urlsplit
from urllib.request import Request, urlopen


@dataclass(frozen=True, slots=True)
class Upload:
    """Parts that wait for their object."""

    key: str
    """The whole key of the object, without the bucket."""
    id: str
    begun: datetime
    """UTC."""


@dataclass(frozen=True, slots=True)
class UploadDoor:
    """Lists and ends the unfinished uploads of a bucket; blocks.

    Args:
        url: of the bucket, ``"https://host/bucket"``.
        region: as the service calls it.
        timeout: seconds to wait for an answer.
    """

    url: str
    region: str
    timeout: float

    def list(self, prefix: str) -> Iterator[Upload]:
        """The uploads whose key begins with ``prefix``; none where the credentials come from elsewhere than variables.

        Raises:
            OSError: the service cannot be reached, or refuses.
        """
        marker: dict[str, str] | None = {}
        while marker is not None and os.environ.get("AWS_SECRET_ACCESS_KEY"):
            page = self._ask("GET", "", {"uploads": "", "prefix": prefix, **marker})
            for each in re.findall(r"<Upload>(.*?)</Upload>", page, re.DOTALL):
                begun = datetime.fromisoformat(_text(each, "Initiated"))
                yield Upload(_text(each, "Key"), _text(each, "UploadId"), begun)
            more = _text(page, "IsTruncated") == "true"
            key, upload = _text(page, "NextKeyMarker"), _text(page, "NextUploadIdMarker")
            marker = {"key-marker": key, "upload-id-marker": upload} if more else None

    def end(self, upload: Upload) -> bool:
        """Remove the parts of an upload; False when it has ended meanwhile. Raises as ``list`` does."""
        try:
            self._ask("DELETE", f"/{quote(upload.key)}", {"uploadId": upload.id})
        except HTTPError as error:
            if error.code == 404:
                return False
            raise
        return True

    def _ask(self, method: str, path: str, query: dict[str, str]) -> str:
        text = urlencode(sorted(query.items()), quote_via=quote, safe="")
        url = f"{self.url}{path}?{text}"
        request = Request(url, headers=signed(method, url, self.region, datetime.now(UTC)), method=method)  # noqa: S310
        try:
            with urlopen(request, timeout=self.timeout) as answer:  # noqa: S310 - the endpoint is http or https
                return str(answer.read().decode())
        except HTTPError as error:
            error.close()
            raise


def signed(
    method: str, url: str, region: str, moment: datetime, environment: Mapping[str, str] = os.environ
) -> dict[str, str]:
    """The headers of a request without a body, signed.

    Args:
        method: GET, DELETE, ...
        url: its path and query quoted, the query sorted.
        region: as the service calls it.
        moment: now, UTC.
        environment: holds the credentials.

    Source: AWS General Reference, "Signature Version 4 signing process".
    """
    parts = urlsplit(url)
    stamp = moment.strftime("%Y%m%dT%H%M%SZ")
    empty = hashlib.sha256().hexdigest()
    headers = {"host": parts.netloc, "x-amz-content-sha256": empty, "x-amz-date": stamp}
    if token := environment.get("AWS_SESSION_TOKEN"):
        headers["x-amz-security-token"] = token
    names = ";".join(sorted(headers))
    lines = [f"{name}:{headers[name]}" for name in sorted(headers)]
    asked = "\n".join([method, parts.path, parts.query, *lines, "", names, empty])
    scope = f"{stamp[:8]}/{region}/s3/aws4_request"
    text = "\n".join(["AWS4-HMAC-SHA256", stamp, scope, hashlib.sha256(asked.encode()).hexdigest()])
    key = f"AWS4{environment.get('AWS_SECRET_ACCESS_KEY', '')}".encode()
    for part in (*scope.split("/"), text):
        key = hmac.digest(key, part.encode(), "sha256")
    credential = f"{environment.get('AWS_ACCESS_KEY_ID', '')}/{scope}"
    headers["authorization"] = f"AWS4-HMAC-SHA256 Credential={credential}, SignedHeaders={names}, Signature={key.hex()}"
    return headers


def _text(xml: str, name: str) -> str:
    """What stands in the first element of this name, "" without one."""
    found = re.search(rf"<{name}>(.*?)</{name}>", xml, re.DOTALL)
    return unescape(found[1]) if found else ""
