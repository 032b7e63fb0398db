"""How tests ask for a database on a server."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager
from itertools import count
from pathlib import Path

from tests.servers.mariadb import Mariadb
from tests.servers.postgres import Postgres
from tests.servers.server import PLACE, Server, execute, started

POSTGRES, MARIADB = "postgres", "mariadb"

KINDS: dict[str, type[Server]] = {POSTGRES: Postgres, MARIADB: Mariadb}

_numbers = count()


def shared_server(kind: str) -> Server:
    """The server of this kind that all tests of the run share."""
    return started(KINDS[kind], Path(os.environ[PLACE]) / kind)


@contextmanager
def fresh_database(kind: str) -> Iterator[str]:
    """The URL of an empty database on the shared server, for one test."""
    with shared_server(kind).database(f"test_{os.getpid()}_{next(_numbers)}") as url:
        yield url


__all__ = ["KINDS", "MARIADB", "POSTGRES", "execute", "fresh_database", "shared_server"]
