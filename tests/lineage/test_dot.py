"""DOT text that Graphviz reads, whatever the names are."""

from __future__ import annotations

import json
import subprocess

import pytest

from artigraph.lineage.dot import render_dot
from artigraph.lineage.picture import LineageNode, Picture


def read(text: str) -> dict[str, dict[str, str]]:
    """Graphviz's own idea of the nodes."""
    answer = subprocess.run(["dot", "-Tjson0"], input=text, capture_output=True, text=True, check=True)
    assert answer.stderr == ""
    return {item["name"]: item for item in json.loads(answer.stdout).get("objects", [])}


@pytest.mark.needs_program("dot")
@pytest.mark.parametrize("name", ["pipeline", "hostile", "cycle", "diamond"])
def test_graphviz_reads_it_without_a_warning(name: str, request: pytest.FixtureRequest) -> None:
    picture = request.getfixturevalue(name)
    found = read(render_dot(picture))
    assert len([item for item in found if item.startswith("n") and item[1:].isdigit()]) == len(picture.nodes)


@pytest.mark.needs_program("dot")
def test_a_hostile_name_is_drawn_as_it_is() -> None:
    name = '\\N"|{<a>} &amp; \\'
    for kind in ("model", "artifact"):
        text = render_dot(Picture((LineageNode("a", name, kind),)))
        svg = subprocess.run(["dot", "-Tsvg"], input=text, capture_output=True, text=True, check=True).stdout
        assert r">\N&quot;|{&lt;a&gt;} &amp;amp; \<" in svg


def test_kinds_have_their_shapes(pipeline: Picture) -> None:
    text = render_dot(pipeline)
    for part in ("shape=hexagon", "shape=folder", "shape=record", "subgraph cluster_n3", 'label="weather ≠"'):
        assert part in text


def test_everything_is_in_it_even_of_a_big_lineage(huge: Picture) -> None:
    assert render_dot(huge).count(" -> ") == len(huge.edges)


def test_nothing_is_a_graph_too() -> None:
    assert render_dot(Picture()).startswith("digraph lineage {")
