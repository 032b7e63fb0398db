"""In what a run ran: kept once, read back with every span that shares it."""

from __future__ import annotations

import platform
import sys
from types import ModuleType

import pytest

import artigraph as ag
from artigraph.span.environment import current_environment


def test_it_names_python_and_the_versions_of_what_is_imported(monkeypatch: pytest.MonkeyPatch) -> None:
    found = current_environment()
    assert found["python"] == platform.python_version()
    assert found["libraries"]["sqlalchemy"].startswith("2.")
    assert "json" not in found["libraries"]
    module = ModuleType("brand_new_module")
    module.__version__ = "3.1"  # type: ignore[attr-defined]
    monkeypatch.setitem(sys.modules, "brand_new_module", module)
    assert current_environment()["libraries"]["brand_new_module"] == "3.1"


def test_a_library_with_a_secret_looking_name_keeps_its_version(url: str) -> None:
    known = {"libraries": {"asttokens": "3.0.2"}, "token": "canary"}
    with ag.span_context(ag.Run("named", environment=known)) as run:
        pass
    [found] = ag.read.s(ag.Span, ag.NodeFilter(id=run.id))
    assert found.environment == {"libraries": {"asttokens": "3.0.2"}, "token": "***"}


def test_a_run_records_it_and_runs_that_share_it_share_one_node(url: str) -> None:
    assert len(ag.find()) == 0  # the database's driver is imported by now
    for label in ("first", "second"):
        with ag.span_context(ag.Run(label)):
            pass
    with ag.span_context(ag.Run("given", environment={"machine": "lab 3", "api_key": "canary"})):
        pass
    with ag.span_context("plain"):
        pass
    first, second, given, plain = ag.read.s(ag.Span)
    assert first.environment == second.environment == current_environment()
    assert (given.environment, plain.environment) == ({"machine": "lab 3", "api_key": "***"}, None)
    assert len(ag.read.s(ag.OrmNode, ag.NodeFilter(node_type="node"))) == 2


def test_it_is_no_artifact_and_not_part_of_any_picture(url: str) -> None:
    with ag.span_context(ag.Run("train")) as run:
        ag.save.s(1, "score")
    assert [found.label for found in ag.find()] == ["score"]
    assert len(ag.view_lineage.s(run, 5, 5).nodes) == 2
    assert ag.read.s(ag.OrmArtifact)[0].node_label == "score"
