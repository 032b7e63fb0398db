"""Secrets go in everywhere a user may put one, and are then searched for in every byte that was written or shown."""

from __future__ import annotations

import itertools
import subprocess
import sys
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path

import pytest
from sqlalchemy import text
from sqlalchemy.ext.asyncio import create_async_engine

import artigraph as ag
from artigraph.bridge import block
from artigraph.errors import ArtigraphError
from artigraph.graph.engine import current_database
from artigraph_jupyter import gather
from artigraph_jupyter.views import span as span_view
from artigraph_jupyter.views import tree as tree_view

SECRETS = [f"c4nary{number:02}" for number in range(20)]


@pytest.fixture
def secret() -> Iterator[str]:
    """A fresh secret at each call."""
    return iter(SECRETS)


def everything_written(folder: Path) -> bytes:
    return b"\n".join(path.read_bytes() for path in sorted(folder.rglob("*")) if path.is_file())


def found(haystack: str | bytes) -> list[str]:
    """The secrets in it."""
    data = haystack if isinstance(haystack, bytes) else haystack.encode("utf-8", "surrogatepass")
    return [each for each in SECRETS if each.encode() in data]


def work(secret: Iterator[str]) -> ag.Span:
    """A span with a secret in every place that a user can fill."""

    def one() -> str:
        return next(secret)

    source = (
        f"api_key = '{one()}'\nengine = connect('postgresql://me:{one()}@host/db')\n"
        f"headers = {{'Authorization': 'Bearer {one()}aaaaaaaaaaaa'}}\n%env DB_PASSWORD {one()}\n"
    )
    run = ag.Run(
        "run",
        source=source,
        params={"password": one(), "url": f"https://me:{one()}@host/?token={one()}", "deep": [{"secret": one()}]},
        info={"argv": [f"--api-key={one()}"], "access_key": one()},
        tags={"token": one()},
    )

    @ag.linked
    def connect(host: str, password: str, url: str, options: dict[str, str]) -> int:
        return len(host)

    with suppress(RuntimeError), ag.span_context(run):
        connect("host", one(), f"mysql://me:{one()}@host", {"client_secret": one()})
        password = one()
        raise RuntimeError(f"cannot open postgresql://me:{one()}@host: password='{one()}' {len(password)}")
    return run


def test_no_secret_is_in_any_file_view_export_or_report(file_store: Path, secret: Iterator[str]) -> None:
    run = work(secret)
    stored = ag.read_span.s(run)
    assert "***" in str(stored.source)
    assert found(everything_written(file_store.parent)) == []
    lineage = ag.view_lineage.s(run, 9, 9)
    shown = [
        *(repr(stored), str(stored.error), str(stored.params), str(stored.info), str(stored.tags), repr(ag.find())),
        *(lineage.to_text(), lineage.to_mermaid(), lineage.to_dot(), lineage.to_svg(), repr(lineage)),
        *(str(ag.stats.s()), str(ag.verify.s()), str(ag.gc.s().to_json())),
        *(str(gather.span_tree()), str(gather.span_card(run))),
        *(form(gather.span_tree()) for form in (tree_view.to_html, tree_view.to_text)),
        *(form(gather.span_card(run)) for form in (span_view.to_html, span_view.to_text)),
    ]
    assert [found(each) for each in shown] == [[]] * len(shown)
    block(current_database().close)
    assert found(everything_written(file_store.parent)) == []
    said = subprocess.run(
        [sys.executable, "-m", "artigraph.cli", "show", "run", "--db", str(file_store)],
        capture_output=True,
        check=True,
    )
    assert b"***" in said.stdout
    assert found(said.stdout + said.stderr) == []


def test_the_search_itself_finds_what_is_there(file_store: Path) -> None:
    ag.save.s(SECRETS[0], "a value that is saved is kept as it is")
    assert found(everything_written(file_store.parent)) == [SECRETS[0]]


@pytest.mark.parametrize(
    "url",
    [
        "postgresql://me:{}@127.0.0.1:1/db",
        "postgresql://127.0.0.1:1/db?user=me&password={}",
        "mysql://me:{}@127.0.0.1:1/db",
        "mariadb://me:{}@127.0.0.1:1/db?ssl_key={}",
        "oracle://me:{}@host/db",
        "postgresql+nothing://me:{}@host/db",
        "sqlite:////no/such/folder/x.db?token={}",
        "://me:{}@",
    ],
)
def test_no_error_names_a_password(url: str) -> None:
    whole = url.format(*itertools.repeat(SECRETS[0], 2))
    told = ""
    try:
        reset = ag.set_engine(whole)
        told += repr(current_database()) + str(current_database().where)
        try:
            ag.find().rows(1)
        finally:
            reset()
    except (ArtigraphError, TypeError, ValueError) as error:
        told += "".join(str(each) + repr(each) for each in chain(error))
    assert told
    assert found(told) == []


def chain(error: BaseException | None) -> Iterator[BaseException]:
    while error is not None:
        yield error
        error = error.__cause__


def test_no_error_of_a_statement_shows_its_values(file_store: Path) -> None:
    broken = text("INSERT INTO artigraph_link (id, label) VALUES (:id, :label)")
    with pytest.raises(Exception) as caught, ag.current_session() as session:
        session.execute.s(broken, {"id": b"1" * 16, "label": SECRETS[0]})
    assert "INSERT" in "".join(map(str, chain(caught.value)))
    assert found("".join(str(each) + repr(each) for each in chain(caught.value))) == []


async def test_an_engine_of_the_user_gets_a_twin_that_hides_values(tmp_path: Path) -> None:
    mine = create_async_engine(f"sqlite+aiosqlite:///{tmp_path}/x.db")
    reset = ag.set_engine(mine, create_tables=True)
    await ag.save(1, "x")
    with pytest.raises(Exception) as caught:
        await ag.write_one(ag.Link("0" * 32, "1" * 32, SECRETS[0]))
    assert found("".join(map(str, chain(caught.value)))) == []
    engine = ag.get_engine()
    async with engine.connect() as connection:
        with pytest.raises(Exception) as caught:
            await connection.execute(text("SELECT nothing FROM nowhere WHERE x = :x"), {"x": SECRETS[0]})
    assert found("".join(map(str, chain(caught.value)))) == []
    await engine.dispose()
    await mine.dispose()
    reset()
