"""Restoring what a span ran with."""

from __future__ import annotations

import pytest

import artigraph as ag
from artigraph.errors import InvalidOptionError, NodeNotFoundError
from artigraph.span.restore import restore_span, span_roles


@pytest.fixture
def span(url: str) -> ag.Span:
    ag.save.s([1, 2], "table")
    kept = ag.save.s("also", "other")
    with ag.span_context(ag.Span("use", source="token = 'canary'\nx = table")) as span:
        ag.load.s("table")
        ag.load.s(kept)
        span.untracked = [{"name": "con", "type": "sqlite3.Connection"}]
    ag.save.s([3], "table")
    return span


def test_inputs_come_back_as_they_were_used_and_what_cannot_is_said(span: ag.Span) -> None:
    restored = ag.restore_span.s("use")
    assert restored.values == {"table": [1, 2], "other": "also"}
    assert restored.missing == {"con": "a sqlite3.Connection that no span had made"}
    assert restored.is_redacted
    assert restored.span.source == "token = '***'\nx = table"


def test_only_the_roles_that_are_asked_for_are_loaded(span: ag.Span) -> None:
    assert span_roles.s(span) == ("table", "other")
    assert ag.restore_span.s(span, roles=["other"]).values == {"other": "also"}


def test_what_was_deleted_is_missing_with_the_reason_and_the_rest_comes_back(span: ag.Span) -> None:
    (used,) = ag.read.s(ag.Link, ag.LinkFilter(target=span, role="table"))
    with ag.span_context("reads"):
        restored = ag.restore_span.s(span)
    assert restored.values["table"] == [1, 2]
    assert len(ag.read.s(ag.Link, ag.LinkFilter(target=ag.find_span.s("reads"), kind="input"))) == 2
    ag.delete.s(ag.Node, ag.NodeFilter(id=used.source_id))
    assert set(ag.restore_span.s(span).values) == {"other"}


def test_a_span_that_does_not_exist_is_said(url: str) -> None:
    with pytest.raises(NodeNotFoundError, match="'nothing'"):
        ag.restore_span.s("nothing")


def test_roles_are_names(url: str) -> None:
    with ag.span_context("s"):
        pass
    with pytest.raises(InvalidOptionError, match="names of inputs"):
        restore_span.s("s", roles=5)  # type: ignore[arg-type]
