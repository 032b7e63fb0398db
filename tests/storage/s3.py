"""A real S3 server on loopback (moto's, in a process of its own), and a proxy before it that misbehaves on request."""

from __future__ import annotations

import subprocess
import sys
import threading
from collections.abc import Iterator
from http.client import HTTPConnection, HTTPResponse
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from uuid import uuid4

import pytest

from artigraph.storage.aws import S3Storage
from artigraph.storage.base import Storage

KEY, SECRET, TOKEN = "AKIACANARYCANARY", "secret/canary+secret", "token/canary+token"

SOMEBODY = {"Authorization": "AWS4-HMAC-SHA256 Credential=somebody/20240102/us-east-1/s3/aws4_request"}

_SERVER = """
import logging, sys
from moto.server import ThreadedMotoServer

logging.disable()
server = ThreadedMotoServer(ip_address="127.0.0.1", port=0, verbose=False)
server.start()
print(server.get_host_and_port()[1], flush=True)
sys.stdin.read()
"""


class Proxy(ThreadingHTTPServer):
    """Forwards to the server, counts what it sees, and does what ``fail`` asked for."""

    daemon_threads = True

    def __init__(self, port: int) -> None:
        super().__init__(("127.0.0.1", 0), _Handler)
        self.behind = port
        self.url = f"http://127.0.0.1:{self.server_port}"
        self.seen: list[str] = []
        """Methods and what stands after the ``?``."""
        self.faults: list[tuple[str, Any, str]] = []
        self.over = threading.Event()

    def fail(self, method: str, what: Any, *, times: int = 1, about: str = "") -> None:
        """Let the next requests fail.

        Args:
            method: of the requests.
            what: "stall", "drop" (do it, but do not answer), "cut" (send half of the body), or (status, code).
            times: how many requests.
            about: what their path has inside.
        """
        self.faults += [(method, what, about)] * times

    def handle_error(self, request: Any, client_address: Any) -> None:
        """A client that hung up is no news."""


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    server: Proxy

    def handle_request(self) -> None:
        body = self.rfile.read(int(self.headers.get("Content-Length") or 0))
        self.server.seen.append(f"{self.command} {self.path.partition('?')[2]}".split("=")[0].strip())
        for fault in self.server.faults:
            if fault[0] == self.command and fault[2] in self.path:
                self.server.faults.remove(fault)
                self.misbehave(fault[1], body)
                return
        self.answer(*self.forwarded(body))

    do_GET = do_PUT = do_POST = do_HEAD = do_DELETE = handle_request

    def misbehave(self, what: Any, body: bytes) -> None:
        self.close_connection = True
        if what == "stall":
            self.server.over.wait(60)
        elif what == "drop":
            self.forwarded(body)
        elif what == "cut":
            found, data = self.forwarded(body)
            self.answer(found, data, cut=True)
        else:
            status, code = what
            text = f"<Error><Code>{code}</Code><AWSAccessKeyId>{KEY}</AWSAccessKeyId><T>{TOKEN}</T></Error>".encode()
            self.send_response(status)
            self.send_header("Content-Length", "0" if self.command == "HEAD" else str(len(text)))
            self.end_headers()
            self.wfile.write(b"" if self.command == "HEAD" else text)

    def forwarded(self, body: bytes) -> tuple[HTTPResponse, bytes]:
        connection = HTTPConnection("127.0.0.1", self.server.behind)
        connection.request(self.command, self.path, body, dict(self.headers))
        found = connection.getresponse()
        data = found.read()
        connection.close()
        return found, data

    def answer(self, found: HTTPResponse, data: bytes, *, cut: bool = False) -> None:
        self.send_response_only(found.status)
        for name, value in found.getheaders():
            if name.lower() not in {"connection", "transfer-encoding", "content-length"}:
                self.send_header(name, value)
        self.send_header("Content-Length", found.getheader("Content-Length") or str(len(data)))
        self.end_headers()
        self.wfile.write(data[: len(data) // 2] if cut else data)

    def log_message(self, format: str, *args: Any) -> None:
        """Say nothing."""


@pytest.fixture(scope="module")
def moto_port() -> Iterator[int]:
    """The port of a running server, which ends with the module (its standard input closes)."""
    command = [sys.executable, "-W", "ignore", "-c", _SERVER]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as server:
        assert server.stdin is not None
        assert server.stdout is not None
        yield int(server.stdout.readline())
        server.stdin.close()


@pytest.fixture
def proxy(moto_port, monkeypatch) -> Iterator[Proxy]:
    """A proxy before the server, and the variables that S3 is used with."""
    for name in ("HTTP_PROXY", "http_proxy", "ALL_PROXY", "all_proxy"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", KEY)
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", SECRET)
    monkeypatch.setenv("AWS_SESSION_TOKEN", TOKEN)
    server = Proxy(moto_port)
    monkeypatch.setenv("AWS_ENDPOINT_URL", server.url)
    thread = threading.Thread(target=server.serve_forever, args=(0.01,))
    thread.start()
    yield server
    server.over.set()
    server.shutdown()
    thread.join()
    server.server_close()


@pytest.fixture
def bucket(proxy) -> str:
    """The name of a new, empty bucket."""
    name = f"test-{uuid4().hex}"
    store_object(proxy, name, "")
    proxy.seen.clear()
    return name


def store_object(proxy: Proxy, bucket: str, key: str, data: bytes = b"") -> None:
    """Put an object, or with an empty key make the bucket, without any of our code."""
    _ask(proxy, "PUT", f"/{bucket}/{key}".rstrip("/"), data)


def begin_upload(proxy: Proxy, bucket: str, key: str) -> None:
    """Begin an upload in parts, and leave it so."""
    _ask(proxy, "POST", f"/{bucket}/{key}?uploads", b"")


def _ask(proxy: Proxy, method: str, path: str, data: bytes) -> None:
    connection = HTTPConnection("127.0.0.1", proxy.behind)
    connection.request(method, path, data, SOMEBODY)
    assert connection.getresponse().status == 200
    connection.close()


@pytest.fixture
def storage(bucket: str) -> S3Storage:
    """A storage in that bucket."""
    return S3Storage(bucket, timeout=20)


async def listed(storage: Storage) -> list[Any]:
    """The blobs of a storage."""
    return [found async for found in storage.list()]
