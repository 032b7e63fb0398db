"""Database servers for tests: real ones, started once per run in a folder of their own, shared by all workers.

The process that pytest was started in makes the folder and stops the servers in it at the end. Whichever worker needs
a server first starts it, under a lock. Programs that refuse to run as root run as nobody.
"""

from __future__ import annotations

import fcntl
import json
import os
import shutil
import signal
import socket
import subprocess
import tempfile
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any, ClassVar

from sqlalchemy import NullPool, text
from sqlalchemy.ext.asyncio import create_async_engine

from artigraph.bridge import block

PLACE = "ARTIGRAPH_TEST_SERVERS"
"""The environment variable with the folder of this run."""

NOBODY = 65534
PATIENCE = 60  # seconds for a server to answer

_RUNNING: list[subprocess.Popen[bytes]] = []


class Server:
    """A server of one kind; a subclass says how it is made and started."""

    name: ClassVar[str]
    programs: ClassVar[tuple[str, ...]]
    """What has to be installed for it."""
    admin: ClassVar[str]
    """The database that is there from the start."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.port = 0
        self.pid = 0

    def url(self, database: str, *, password: str = "open sesame") -> str:
        """The URL of a database, for ``set_engine``."""
        raise NotImplementedError

    def install(self) -> None:
        """Make an empty data folder."""
        raise NotImplementedError

    def command(self) -> list[str]:
        """What runs the server in the foreground."""
        raise NotImplementedError

    def start(self) -> None:
        """Start the server and wait until it answers."""
        log = (self.folder / "log").open("ab")
        with log:
            process = subprocess.Popen(as_nobody(self.command()), stdout=log, stderr=log, start_new_session=True)
        _RUNNING.append(process)  # it outlives this worker, and nobody is to be told
        self.pid = process.pid
        until = time.monotonic() + PATIENCE
        while True:
            try:
                execute(self.url(self.admin), "SELECT 1")
                return
            except Exception:  # noqa: BLE001 - a server that starts says no in many ways
                if process.poll() is not None or time.monotonic() > until:
                    raise RuntimeError((self.folder / "log").read_text()[-3000:]) from None
                time.sleep(0.05)

    def crash(self) -> None:
        """End the server at once, as a crash or ``pg_ctl stop -m immediate`` does."""
        stop(self.pid)

    @contextmanager
    def database(self, name: str) -> Iterator[str]:
        """The URL of an empty database, which is gone afterwards."""
        execute(self.url(self.admin), f"CREATE DATABASE {name}")
        yield self.url(name)
        execute(self.url(self.admin), self.drop(name))

    def drop(self, name: str) -> str:
        """The statement that removes a database whoever uses it."""
        return f"DROP DATABASE {name}"


def started(kind: type[Server], folder: Path) -> Server:
    """A server of this kind in a folder: the one that runs there, or a new one."""
    folder.mkdir(exist_ok=True)
    with (folder / "lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        server, facts = kind(folder), folder / "server.json"
        if facts.exists():
            said = json.loads(facts.read_text())
            server.port, server.pid = said["port"], said["pid"]
            return server
        give_to_nobody(folder)
        server.port = free_port()
        server.install()
        server.start()
        facts.write_text(json.dumps({"port": server.port, "pid": server.pid}))
        return server


def make_place() -> bool:
    """Choose the folder of this run; False when a process above has done so."""
    if PLACE in os.environ:
        return False
    memory = Path("/dev/shm")  # fast, where it is large enough
    roomy = memory.is_dir() and os.access(memory, os.W_OK) and shutil.disk_usage(memory).free > 2 << 30
    place = tempfile.mkdtemp(prefix="artigraph-", dir=memory if roomy else None)
    Path(place).chmod(0o755)
    os.environ[PLACE] = place
    return True


def leave_place() -> None:
    """Stop every server of this run and remove its folder."""
    place = Path(os.environ.pop(PLACE))
    for facts in place.glob("*/server.json"):
        stop(json.loads(facts.read_text())["pid"])
    shutil.rmtree(place, ignore_errors=True)


def stop(pid: int) -> None:
    """End a server at once and wait for its end."""
    with suppress(ProcessLookupError, ChildProcessError):
        os.kill(pid, signal.SIGQUIT)
        until = time.monotonic() + 10
        while time.monotonic() < until:
            with suppress(ChildProcessError):
                os.waitpid(pid, os.WNOHANG)
            os.kill(pid, 0)
            time.sleep(0.02)
        os.kill(pid, signal.SIGKILL)


def execute(url: str, *statements: str) -> list[Sequence[Any]]:
    """Run statements as another program would, each committed; the rows of the last."""

    async def run() -> list[Sequence[Any]]:
        engine = create_async_engine(url, poolclass=NullPool, isolation_level="AUTOCOMMIT")
        async with engine.connect() as connection:
            for statement in statements:
                result = await connection.execute(text(statement))
            return list(result.all()) if result.returns_rows else []

    return block(run)


def find_program(name: str) -> str | None:
    """Where a program is; servers are often outside of the PATH."""
    places = [os.environ.get("PATH", ""), "/usr/sbin", *map(str, sorted(Path("/usr/lib/postgresql").glob("*/bin")))]
    return shutil.which(name, path=os.pathsep.join(places))


def as_nobody(command: list[str]) -> list[str]:
    """The command, run by somebody else when we are root."""
    if os.geteuid() != 0:
        return command
    return ["setpriv", f"--reuid={NOBODY}", f"--regid={NOBODY}", "--clear-groups", *command]


def give_to_nobody(folder: Path) -> None:
    if os.geteuid() == 0:
        os.chown(folder, NOBODY, NOBODY)


def run(command: list[str]) -> None:
    """Run a program to its end; what it said is in the error when it fails."""
    done = subprocess.run(as_nobody(command), capture_output=True, text=True, check=False)
    if done.returncode:
        raise RuntimeError(f"{command[0]}: {done.stdout}{done.stderr}")


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])
