"""Which spans are out of date, and why."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any

import pytest

import artigraph as ag
from artigraph.errors import InvalidOptionError
from artigraph.span import stale as stale_file
from tests.span.test_commit import git


def step(label: str, *, reads: str | None = None, saves: dict[str, Any] | None = None, **facts: Any) -> ag.Span:
    span = ag.Span(label, **facts)
    with ag.span_context(span):
        if reads is not None:
            ag.load.s(reads)
        for name, value in (saves or {}).items():
            ag.save.s(value, name)
    return span


def reasons(**options: Any) -> dict[str | None, tuple[str, ...]]:
    return {each.span.label: each.reasons for each in ag.stale_spans.s(**options)}


def test_a_span_is_stale_when_the_step_behind_its_input_made_something_else(url: str) -> None:
    step("load", saves={"table": [1]})
    step("count", reads="table", saves={"n": 1})
    assert reasons() == {}
    step("load", saves={"table": [1]})
    assert reasons() == {}, "the same content again"
    step("unrelated", saves={"table": [5]})
    assert reasons() == {}, "another step's table of that name"
    step("load", saves={"table": [1, 2]})
    assert reasons() == {"count": ("input table has a newer version, of a later load",)}
    step("count", reads="table", saves={"n": 2})
    assert reasons() == {}


def test_a_span_is_stale_when_its_cell_was_edited_since(url: str) -> None:
    step("cell", source="x = 1\n", info={"cell_id": "abc"})
    step("secret", source="token = 'canary'", info={"cell_id": "def"})
    assert reasons(sources={"abc": "x = 1", "def": "token = 'canary'"}) == {}
    edited = reasons(sources={"abc": "x = 2", "def": "token = 'other'; x = 1"})
    assert edited == {"cell": ("the cell was edited since",), "secret": ("the cell was edited since",)}


def test_a_span_is_stale_when_a_class_of_what_it_made_or_used_has_a_newer_version(url: str) -> None:
    def define(version: int) -> Any:
        body = {"__annotations__": {"n": int}, "__module__": __name__, "__qualname__": "Aging"}
        return ag.dataclass(type("Aging", (ag.ArtifactModel,), body, version=version))

    step("old", saves={"aged": define(1)(1)})
    define(3)
    assert reasons() == {"old": ("aged is Aging v1, the class is v3",)}


@pytest.mark.needs_program("git")
def test_a_span_is_stale_when_the_code_differs_from_its_commit(
    url: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    folder = tmp_path / "code"
    folder.mkdir()
    monkeypatch.chdir(folder)
    git(folder, "init")
    Path("code.py").write_text("x = 1")
    git(folder, "add", ".")
    git(folder, "commit", "-m", "one")
    with ag.span_context(ag.Run("train")):
        pass
    assert reasons() == {}
    Path("code.py").write_text("x = 2")
    commit = git(folder, "rev-parse", "HEAD")
    assert reasons() == {"train": (f"the code differs from commit {commit[:8]}",)}
    git(folder, "commit", "-am", "two")
    assert set(reasons()) == {"train"}
    os.chdir(tmp_path)
    assert reasons() == {}, "no repository here, so nothing is known"


def test_only_the_newest_span_of_a_label_is_looked_at_unless_others_are_named(url: str) -> None:
    step("load", saves={"table": [1]})
    first = step("count", reads="table")
    step("load", saves={"table": [2]})
    step("count", reads="table")
    assert reasons() == {}
    assert set(reasons(targets=[first])) == {"count"}
    assert "newer version" in str(ag.stale_spans.s(["count~1"])[0])


def test_cells_that_nobody_named_are_told_apart_by_the_id_of_the_cell(url: str) -> None:
    def cell(cell_id: str, **options: Any) -> ag.Span:
        return step("cell", info={"cell_id": cell_id}, **options)

    cell("a", saves={"table": [1]})
    cell("b", reads="table", saves={"n": 1})
    cell("a", saves={"table": [2]})
    assert reasons() == {"cell": ("input table has a newer version, of a later cell",)}
    cell("b", reads="table", saves={"n": 2})
    assert reasons() == {}


def test_of_many_inputs_those_that_were_saved_last_are_looked_at(url: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(stale_file, "INPUTS", 2)
    step("load", saves={"a": 1, "b": 2, "c": 3})
    with ag.span_context("use"):
        for name in "abc":
            ag.load.s(name)
    step("load", saves={"a": 10, "b": 20, "c": 30})
    assert reasons() == {
        "use": ("input b has a newer version, of a later load", "input c has a newer version, of a later load")
    }


def test_targets_are_a_list(url: str) -> None:
    with pytest.raises(InvalidOptionError, match="spans, ids or labels"):
        stale_file.stale_spans.s(5)  # type: ignore[arg-type]
