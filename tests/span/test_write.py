"""What is kept of a span: no secrets, nothing unbounded, whatever its exception does."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

import artigraph as ag
from artigraph.graph.current import Use, open_span
from artigraph.ids import new_id
from artigraph.span.write import MESSAGE_LIMIT, TRACEBACK_LIMIT, error_of
from tests.stores import few_parameters


def test_no_secret_reaches_the_database(url: str, tmp_path: Path) -> None:
    span = ag.Run(
        "connect",
        source="api_key = 'canary'\nurl = 'https://me:canary@host'",
        params={"password": "canary", "url": "postgres://me:canary@host"},
        tags={"token": "canary"},
    )
    with pytest.raises(ValueError, match="canary"), ag.span_context(span):
        raise ValueError("could not open postgresql://me:canary@host; password='canary'")
    stored = ag.read_span.s(span)
    assert stored.source == "api_key = '***'\nurl = 'https://***@host'"
    assert stored.error is not None
    assert stored.error["message"] == "could not open postgresql://***@host; password='***'"
    assert len(stored.info["source_hash"]) == 64
    for file in tmp_path.glob("spans.db*"):
        assert b"canary" not in file.read_bytes(), file


def test_a_secret_without_quotes_is_hidden_in_what_a_span_ends_with_and_ran_with(url: str) -> None:
    dsn = "host=db password=canary dbname=x"
    span = ag.Run("connect", source=f"connect({dsn!r})", params={"dsn": dsn})

    def connect() -> None:
        token = span.label
        raise ConnectionError(dsn if token else "")

    with pytest.raises(ConnectionError), ag.span_context(span):
        connect()
    stored: Any = ag.read_span.s(span)
    assert stored.error["message"] == stored.params["dsn"] == "host=db password=*** dbname=x"
    assert "raise ConnectionError(dsn if token else" in stored.error["traceback"]
    assert "canary" not in f"{stored.error} {stored.source}"


def test_a_hostile_exception_is_kept_as_far_as_it_can_be() -> None:
    class Hostile(Exception):
        def __str__(self) -> str:
            raise RuntimeError("no")

    kept = error_of(Hostile())
    assert (kept["message"], kept["type"].endswith("Hostile")) == ("<no message: RuntimeError>", True)


def test_message_and_traceback_are_bounded_and_a_secret_at_the_cut_is_hidden_whole() -> None:
    def deep(n: int) -> None:
        if n == 0:
            raise ValueError("x" * 100_000 + " password='canary'")
        try:
            deep(n - 1)
        except ValueError as error:
            raise ValueError("password='" + "canary" * 200 + "'") from error

    with pytest.raises(ValueError, match="canary") as caught:
        deep(30)
    kept = error_of(caught.value)
    assert len(kept["message"]) <= MESSAGE_LIMIT
    assert len(kept["traceback"]) <= TRACEBACK_LIMIT + 100
    assert "characters left out" in kept["traceback"]
    assert "canarycanary" not in str(kept)


def test_a_span_uses_more_than_a_statement_takes_parameters(url: str) -> None:
    kept = ag.save.s(1, "kept")
    with few_parameters(), ag.span_context("many") as span:
        opened = open_span()
        assert opened is not None
        for node_id in (*(new_id() for _ in range(40_000)), kept):
            opened.use(Use(node_id))
    assert [link.source_id for link in ag.read.s(ag.Link, ag.LinkFilter(target=span, kind="input"))] == [kept]
