"""A small story in a store: a table, a sweep of twelve scores, a model, what evaluated it; and one that failed."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

import artigraph as ag
from tests.stores import opened


@pytest.fixture
def told(tmp_path: Path) -> Iterator[Path]:
    """The story, saved; the path of its database."""
    yield from _told(tmp_path / "story.db")


def _told(path: Path) -> Iterator[Path]:
    for where in opened(f"sqlite:///{path}", path):
        with ag.span_context(ag.Span("load", source="table = [1, 2, 3]\n", tags={"team": "blue"})):
            ag.save([1, 2, 3], "table")
        with ag.span_context(ag.Run("sweep", params={"depth": 3})):
            ag.load("table")
            for n in range(12):
                ag.save(n / 7, f"score {n}")
            for n in range(2):
                with ag.span_context(f"fold {n}"):
                    ag.save({"n": n}, f"fold score {n}")
            ag.save({"mean": 2.0}, "model", tags={"stage": "draft"})
        with ag.span_context("evaluate"):
            ag.load("model")
            ag.save("0.74", "metrics")
        with pytest.raises(ZeroDivisionError), ag.span_context("broken"):
            raise ZeroDivisionError("division by zero")
        yield where


def node(label: str) -> str:
    """The id of the node with this label."""
    return str(ag.read_one(ag.Node, ag.NodeFilter(label=label)).id)
