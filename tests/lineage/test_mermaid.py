"""Mermaid text: within mermaid's limits, and no name can be read as anything but a name."""

from __future__ import annotations

import re

import pytest

from artigraph.lineage.mermaid import MAX_CHARACTERS, render_mermaid
from artigraph.lineage.picture import LineageEdge, LineageNode, Picture

LABEL = r'"[A-Za-z0-9#;]*"'
SHAPE = r"(\(\[L\]\)|\{\{L\}\}|\[L\]|\[\(L\)\]|\[\[L\]\]|\(L\))".replace("L", LABEL)
LINE = re.compile(
    rf" *(flowchart LR|n\d+{SHAPE}|subgraph n\d+\[{LABEL}\]|end|n\d+ (-->|-\.->|---)(\|{LABEL}\|)? n\d+"
    rf"|class n\d+ \w+|classDef \w+ [\w#:, -]+|more\[{LABEL}\]:::dashed|%%[A-Za-z0-9#; ]*)"
)


@pytest.mark.parametrize("name", ["pipeline", "hostile", "cycle", "diamond", "huge"])
def test_every_line_is_one_of_the_few_forms_and_the_limits_hold(name: str, request: pytest.FixtureRequest) -> None:
    text = render_mermaid(request.getfixturevalue(name))
    lines = text.splitlines()
    assert [line for line in lines if not LINE.fullmatch(line)] == []
    assert len(text) < MAX_CHARACTERS
    assert sum(bool(re.match(r" *n\d+[\[({]", line)) for line in lines) <= 300
    assert sum(bool(re.match(r" *n\d+ -", line)) for line in lines) <= 450


def test_kinds_have_their_shapes_and_a_parent_is_a_frame(pipeline: Picture) -> None:
    text = render_mermaid(pipeline)
    assert 'n0(["load"])' in text
    assert 'n1[("raw#47;flights#32;v2")]' in text
    assert 'n8{{"evaluate#32;#183;#32;ValueError#32;#183;#32;stale"}}' in text
    assert 'n9[["metrics#32;v2"]]' in text
    assert 'subgraph n3["prepare"]\n    n4(["clean"])\n    n5["tidy"]\n    n6(["split"])\n  end' in text
    assert 'n2 -->|"weather#32;#8800;"| n6' in text


def test_how_much_is_hidden_stands_in_a_node_and_in_a_comment(pipeline: Picture) -> None:
    text = render_mermaid(pipeline)
    assert 'more["12#32;more#32;nodes' in text
    assert "%% 12 more nodes not shown" in text


def test_a_frame_is_never_linked_to_what_is_in_it() -> None:
    nodes = (
        LineageNode("cell", "cell", "span"),
        LineageNode("call", "call", "span", parent="cell"),
        LineageNode("x", "x", "artifact"),
    )
    edges = (
        LineageEdge("cell", "call", "child"),
        LineageEdge("cell", "x", "output"),
        LineageEdge("x", "call", "input"),
    )
    assert re.findall(r"n\d+ --\S* n\d+", render_mermaid(Picture(nodes, edges, "x"))) == ["n2 --> n1"]


def test_nothing_and_a_single_node_are_flowcharts_too() -> None:
    assert render_mermaid(Picture()) == "flowchart LR"
    assert 'n0["alone"]' in render_mermaid(Picture((LineageNode("a", "alone", "artifact"),)))
