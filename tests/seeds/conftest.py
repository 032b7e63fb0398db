"""Runs the pages of other generations: each snippet as a program that awaits, and as a script that does not."""

from __future__ import annotations

import ast
import asyncio
import inspect
import re
import sys
import textwrap
from collections.abc import Callable, Iterator
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest

from artigraph.storage.file import FileSystemStorage
from tests.servers.use import POSTGRES, fresh_database
from tests.storage.s3 import bucket, moto_port, proxy
from tests.stores import opened

__all__ = ["bucket", "moto_port", "proxy"]

ASYNC = re.compile(r"\b(?:async|await) ")

Run = Callable[..., dict[str, Any]]


@pytest.fixture(params=["sqlite", POSTGRES])
def database(request, tmp_path: Path) -> Iterator[str]:
    """The URL of an empty database with tables, which is the current one."""
    path = tmp_path / "seed.db"
    if request.param == "sqlite":
        url = f"sqlite+aiosqlite:///{path}"
        for _ in opened(url, path):
            yield url
    else:
        with fresh_database(request.param) as url:
            for _ in opened(url, url, storage=FileSystemStorage(tmp_path / "blobs")):
                yield url


@pytest.fixture(params=["asyncio", "script"])
def run(request, database: str) -> Run:
    """Run a snippet with these names, in the module ``seed_page``; gives the names it has in the end.

    As ``asyncio``, what it awaits at the top is awaited in one event loop. As ``script``, it is the same text without
    the words ``async`` and ``await``.
    """

    def run(source: str, **names: Any) -> dict[str, Any]:
        module = sys.modules["seed_page"] = ModuleType("seed_page")
        module.__dict__.update(names)
        source = textwrap.dedent(source)
        if request.param == "script":
            source = ASYNC.sub("", source)
        code = compile(source, "seed_page.py", "exec", flags=ast.PyCF_ALLOW_TOP_LEVEL_AWAIT, dont_inherit=True)
        if code.co_flags & inspect.CO_COROUTINE:
            asyncio.run(eval(code, module.__dict__))
        else:
            exec(code, module.__dict__)
        return module.__dict__

    return run
