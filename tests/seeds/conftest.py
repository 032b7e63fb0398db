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
from IPython.core.interactiveshell import InteractiveShell
from traitlets.config import Config

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


@pytest.fixture(params=["asyncio", "script", "cell"])
def run(request, database: str) -> Run:
    """Run a snippet with these names, in the module ``seed_page``; gives the names it has in the end.

    As ``asyncio``, what it awaits at the top is awaited in one event loop. As ``script``, it is the same text without
    the words ``async`` and ``await``. As ``cell``, IPython runs it as it does in a notebook, inside a loop that runs.
    """

    def run(source: str, **names: Any) -> dict[str, Any]:
        module = sys.modules["seed_page"] = ModuleType("seed_page")
        module.__dict__.update(names)
        source = textwrap.dedent(source)
        if request.param == "cell":
            asyncio.run(_run_cell(source, module))
            return module.__dict__
        if request.param == "script":
            source = ASYNC.sub("", source)
        code = compile(source, "seed_page.py", "exec", flags=ast.PyCF_ALLOW_TOP_LEVEL_AWAIT, dont_inherit=True)
        if code.co_flags & inspect.CO_COROUTINE:
            asyncio.run(eval(code, module.__dict__))
        else:
            exec(code, module.__dict__)
        return module.__dict__

    return run


async def _run_cell(source: str, module: ModuleType) -> None:
    """What a kernel does with a cell."""
    config = Config(HistoryManager={"enabled": False})
    shell = InteractiveShell(user_module=module, user_ns=module.__dict__, config=config)
    try:
        cell = shell.transform_cell(source)
        (await shell.run_cell_async(cell, store_history=False, transformed_cell=cell)).raise_error()
    finally:
        shell.restore_sys_module_state()
