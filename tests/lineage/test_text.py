"""The lineage in words."""

from __future__ import annotations

import io
import sys

import pytest

from artigraph.lineage.picture import LineageEdge, LineageNode, Picture
from artigraph.lineage.text import render_text


def test_a_pipeline_reads_as_a_tree_from_its_focus(pipeline: Picture) -> None:
    assert (
        render_text(pipeline)
        == """\
▤ metrics v2                                               Metrics
├─ made by ▶ evaluate                                                           ✗ ValueError; ! stale; pinned; 2 more upstream
│  └─ in test □ test                                       DataFrame, 65k × 14  ✗ damaged
│     └─ made by ▷ split
│        ├─ inside ▷ prepare
│        ├─ in tidy □ tidy                                 DataFrame, 300k × 9
│        │  └─ made by ▷ clean
│        │     ├─ inside ▷ prepare (above)
│        │     └─ in frame ≡ raw/flights v2                DataFrame
│        │        └─ made by ▷ load                        [12] · 3.1 s
│        └─ in weather ≠ changed ≡ raw/weather v1 (older)  DataFrame
│           └─ made by ▷ load (above)
└─ used by (as metrics) ▷ report                                                ◌ abandoned; 3 more downstream
… 12 more nodes not shown; reads 2 values no span made: cfg, con"""  # noqa: E501
    )


def test_plain_ascii_keeps_every_word(pipeline: Picture) -> None:
    text = render_text(pipeline, plainly=True)
    assert text.isascii()
    for word in ("ValueError", "damaged", "abandoned", "65k x 14", "!= changed", "`- used by (as metrics) - report"):
        assert word in text


def test_a_terminal_that_cannot_write_the_signs_gets_ascii(pipeline: Picture, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "stdout", io.TextIOWrapper(io.BytesIO(), encoding="latin-1"))
    assert render_text(pipeline).isascii()


@pytest.mark.parametrize("name", ["cycle", "diamond", "huge", "hostile"])
def test_any_lineage_ends_and_is_bounded(name: str, request: pytest.FixtureRequest) -> None:
    text = render_text(request.getfixturevalue(name), limit=50)
    assert len(text.splitlines()) <= 160
    assert max(map(len, text.splitlines())) <= 420


def test_each_node_is_written_out_once(diamond: Picture) -> None:
    lines = render_text(diamond).splitlines()
    for node in diamond.nodes:
        named = [
            line for line in lines if line.split("  ")[-1].endswith(f"□ {node.label}") or f"□ {node.label} " in line
        ]
        assert len([line for line in named if "(above)" not in line]) <= 1


def test_what_is_deep_is_counted(huge: Picture) -> None:
    chain = Picture(huge.nodes[:100], huge.edges[:99], "c0")
    text = render_text(chain)
    assert "1 deeper, not shown" in text


def test_controls_never_reach_a_terminal(hostile: Picture) -> None:
    text = render_text(hostile)
    assert not set("\x1b\x00\x07\u202e\u2066\r") & set(text)
    assert text.encode()


def test_what_the_tree_does_not_reach_is_listed() -> None:
    nodes = LineageNode("s", "make", "span"), LineageNode("a", "a", "artifact"), LineageNode("b", "b", "artifact")
    edges = LineageEdge("s", "a", "output"), LineageEdge("s", "b", "output")
    assert render_text(Picture(nodes, edges, "a")).splitlines()[-2:] == ["also in this lineage:", "   □ b"]


def test_nothing_is_said_in_words() -> None:
    assert render_text(Picture()) == "no nodes"
