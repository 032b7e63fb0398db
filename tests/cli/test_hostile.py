"""Hostile names reach neither the terminal nor the markup of the tables."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

import artigraph as ag
from tests.cli.conftest import Run, keep
from tests.stores import blobs

HOSTILE = (
    "\x1b[2J\x1b]0;owned\x07",
    "[red]red[/red] [link=file:///etc/passwd]x[/link]",
    "[/]",
    ":smile: \\[x]",
    "line\nverify: nothing is wrong",
    "\r\x08\x7f\x9b31m",
    "\u202egnp.exe\u2066",
    "<script>alert(1)</script>",
    "%s {0} {self} $(id) `id`",
)


@pytest.fixture
def hostile(tmp_path: Path) -> Path:
    def fill() -> None:
        for name in HOSTILE:
            with ag.span_context(name):
                ag.save.s((name * 300_000)[:300_000], name, tags={name: name})
                ag.save.s(name, name)

    return keep(tmp_path / "artigraph.db", fill)


def safe(text: str) -> bool:
    return all(each.isprintable() or each == "\n" for each in text)


@pytest.mark.parametrize(
    "arguments",
    [
        ["ls"],
        ["tree"],
        ["show", HOSTILE[0]],
        ["show", HOSTILE[1]],
        ["lineage", HOSTILE[4]],
        ["lineage", HOSTILE[0], "--as", "mermaid"],
        ["lineage", HOSTILE[0], "--as", "dot"],
        ["prune", "--keep-last", "1"],
        ["stats"],
        ["show", "\x1b[2Jnot there"],
        ["load", "\x1b[2Jnot there", "--to", "x"],
    ],
    ids=lambda arguments: f"{arguments[0]} {arguments[-1] if len(arguments) > 2 else ascii(arguments[-1])}",
)
def test_no_control_character_is_written(call: Run, hostile: Path, arguments: list[str]) -> None:
    said = call(*arguments)
    assert said.code in (0, 2)
    assert safe(said.out), ascii(said.out)
    assert safe(said.err), ascii(said.err)
    assert "Traceback" not in said.err


def test_names_are_shown_and_are_no_markup(call: Run, hostile: Path) -> None:
    out = call("ls", "--limit", "100").out
    assert "[red]red[/red]" in out
    assert ":smile:" in out
    assert len([line for line in out.splitlines() if line.strip()]) == 1 + 2 * len(HOSTILE)


def test_damage_of_hostile_names_is_told_in_lines_of_ours(call: Run, hostile: Path) -> None:
    for blob in blobs(hostile):
        blob.unlink()
    said = call("verify")
    assert said.code == 1
    assert safe(said.out)
    assert "\nverify: nothing" not in said.out
    assert said.out.count("\n  missing: ") == len(HOSTILE)


def test_json_is_exact_and_ascii(call: Run, hostile: Path) -> None:
    said = call("ls", "--json", "--limit", "100")
    assert said.out.isascii()
    assert safe(said.out)
    assert {row["label"] for row in json.loads(said.out)["rows"]} == set(HOSTILE)
