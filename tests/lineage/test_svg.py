"""The static picture: parses, holds nothing but drawing, is bounded, and reads in both themes."""

from __future__ import annotations

import re
from xml.etree import ElementTree as ET

import pytest

from artigraph.lineage.picture import LineageEdge, LineageNode, Picture
from artigraph.lineage.svg import MAX_BYTES, render_svg

pytestmark = pytest.mark.needs_program("dot")

SVG = "{http://www.w3.org/2000/svg}"
TAGS = {"svg", "title", "style", "rect", "g", "path", "circle", "text", "tspan"}
ATTRIBUTES = {
    *("id", "role", "aria-label", "class", "data-node-id", "style", "viewBox", "width", "height"),
    *("x", "y", "rx", "cx", "cy", "r", "d", "transform", "text-anchor", "stroke-dasharray"),
}


def parsed(text: str) -> ET.Element:
    return ET.fromstring(text)


def words(root: ET.Element) -> list[str]:
    return ["".join(text.itertext()) for text in root.iter(f"{SVG}text")]


@pytest.mark.parametrize("name", ["pipeline", "hostile", "cycle", "diamond", "huge"])
@pytest.mark.parametrize("theme", ["auto", "light", "dark"])
def test_every_picture_is_bounded_xml_of_drawing_only(name: str, theme: str, request: pytest.FixtureRequest) -> None:
    text = render_svg(request.getfixturevalue(name), theme)  # type: ignore[arg-type]
    root = parsed(text)
    assert {element.tag.removeprefix(SVG) for element in root.iter()} <= TAGS
    assert {attribute for element in root.iter() for attribute in element.attrib} <= ATTRIBUTES
    assert len(root.findall(f".//{SVG}g[@data-node-id]")) <= 60
    assert len(text.encode()) <= MAX_BYTES
    assert not re.search(r"https?:(?!//www\.w3\.org/2000/svg)|url\(|@import", text)


def test_a_hostile_name_stays_a_name(hostile: Picture) -> None:
    root = parsed(render_svg(hostile))
    assert len(root.findall(f".//{SVG}style")) == 1
    assert root.get("aria-label", "").startswith("Lineage of <script>alert(1)</script>: ")
    titles = [title.text or "" for title in root.iter(f"{SVG}title")]
    assert any('"><img src=x onerror=alert(1)>' in title for title in titles)


def test_every_node_can_be_found_by_its_id(pipeline: Picture) -> None:
    root = parsed(render_svg(pipeline))
    found = {group.get("data-node-id") for group in root.findall(f".//{SVG}g[@data-node-id]")}
    assert found == {node.id for node in pipeline.nodes}


def test_states_are_said_in_words(pipeline: Picture) -> None:
    shown = words(parsed(render_svg(pipeline, compact=False)))
    for word in ("ValueError", "damaged", "abandoned", "v1 older", "+2", "Metrics v2", "auc 0.741 · brier 0.152"):
        assert word in shown
    assert "ok" not in shown


def test_what_is_not_drawn_is_counted_below(pipeline: Picture) -> None:
    assert words(parsed(render_svg(pipeline)))[-1] == "12 more nodes not shown; reads 2 values no span made: cfg, con"


def test_a_changed_input_carries_its_role_and_a_sign(pipeline: Picture) -> None:
    assert "weather ≠" in words(parsed(render_svg(pipeline, compact=False)))


def test_a_big_lineage_keeps_what_is_nearest_to_its_focus(huge: Picture) -> None:
    root = parsed(render_svg(huge))
    assert root.find(f".//{SVG}g[@data-node-id='c0']") is not None
    assert root.find(f".//{SVG}g[@data-node-id='c1']") is not None
    assert "19,940 more nodes not shown" in words(root)[-1]


def test_sixty_nodes_all_linked_stay_within_the_size() -> None:
    nodes = tuple(LineageNode(f"{n}" + "'" * 200, "'" * 200, "artifact", type_name="'" * 200) for n in range(60))
    edges = tuple(
        LineageEdge(one.id, two.id, "input", role="'" * 90) for n, one in enumerate(nodes) for two in nodes[n + 1 :]
    )
    assert len(render_svg(Picture(nodes, edges, nodes[0].id)).encode()) <= MAX_BYTES


def test_each_picture_styles_only_itself(pipeline: Picture, cycle: Picture) -> None:
    texts = [render_svg(pipeline), render_svg(pipeline, "dark"), render_svg(cycle)]
    ids = [parsed(text).get("id") or "" for text in texts]
    assert len(set(ids)) == 3
    for text, own in zip(texts, ids, strict=True):
        style = parsed(text).findtext(f"{SVG}style") or ""
        assert all(
            f"#{own}" in selector
            for rule in style.strip().splitlines()
            for selector in rule.removeprefix("@media (prefers-color-scheme:dark){").split("{")[0].split(",")
        )


def test_dark_follows_explicit_marks_and_the_desktop_only_where_there_is_no_page_around(pipeline: Picture) -> None:
    text = render_svg(pipeline)
    for mark in ('body[data-jp-theme-light="false"]', '[data-theme="dark"]', ".vscode-dark"):
        assert mark in text
    asks = [line for line in text.splitlines() if "prefers-color-scheme" in line]
    assert [":root{" in line for line in asks] == [True]


def test_a_fixed_theme_needs_no_variables(pipeline: Picture) -> None:
    assert "var(--ag" not in render_svg(pipeline, "dark")
    assert "@" not in (parsed(render_svg(pipeline, "light")).findtext(f"{SVG}style") or "")


def test_the_same_lineage_gives_the_same_text(pipeline: Picture) -> None:
    assert render_svg(pipeline) == render_svg(pipeline)


def test_nothing_and_a_single_node_are_pictures_too() -> None:
    assert words(parsed(render_svg(Picture()))) == ["no nodes"]
    alone = parsed(render_svg(Picture((LineageNode("a", "alone", "artifact"),), (), "a")))
    assert alone.get("aria-label") == "Lineage of alone: 1 node"
    assert float(alone.get("width", "0")) < 200
