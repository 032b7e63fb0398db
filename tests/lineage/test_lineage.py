"""The class that a user holds."""

from __future__ import annotations

import dataclasses

import pytest

from artigraph.errors import MissingLibraryError, NodeNotFoundError
from artigraph.lineage.lineage import Lineage, Mermaid
from artigraph.lineage.picture import Picture


def lineage_of(picture: Picture) -> Lineage:
    return Lineage(picture.nodes, picture.edges, picture.focus, picture.hidden, picture.note)


@pytest.fixture
def lineage(pipeline: Picture) -> Lineage:
    return lineage_of(pipeline)


def test_its_repr_is_one_short_line(lineage: Lineage, hostile: Picture) -> None:
    assert repr(lineage) == "<Lineage of 'metrics': 11 nodes, 12 edges, 12 hidden>"
    assert "\n" not in repr(lineage_of(hostile))
    assert repr(Lineage()) == "<Lineage: 0 nodes, 0 edges>"


def test_a_node_is_found_by_id_and_its_absence_is_an_error(lineage: Lineage) -> None:
    assert lineage.node("evaluate").kind == "run"
    assert len(lineage) == 11
    with pytest.raises(NodeNotFoundError, match="not in this lineage"):
        lineage.node("nobody")


def test_it_cannot_be_changed(lineage: Lineage) -> None:
    with pytest.raises(dataclasses.FrozenInstanceError):
        lineage.focus = "other"  # type: ignore[misc]


@pytest.mark.needs_program("dot")
def test_a_notebook_gets_a_picture_and_the_words_and_no_mermaid(lineage: Lineage) -> None:
    bundle = lineage._repr_mimebundle_(include=None, exclude=None)
    assert set(bundle) == {"image/svg+xml", "text/plain"}
    assert bundle["image/svg+xml"].startswith("<svg ")
    assert bundle["text/plain"].startswith("▤ metrics v2")


def test_without_any_layout_engine_a_notebook_gets_the_words(lineage: Lineage, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PATH", "")
    monkeypatch.setitem(__import__("sys").modules, "igraph", None)
    assert set(lineage._repr_mimebundle_()) == {"text/plain"}
    with pytest.raises(MissingLibraryError):
        lineage.to_svg()


@pytest.mark.needs_program("dot")
@pytest.mark.parametrize("name", ["hostile", "cycle", "diamond", "huge"])
def test_showing_never_fails_and_its_words_stay_short(name: str, request: pytest.FixtureRequest) -> None:
    bundle = lineage_of(request.getfixturevalue(name))._repr_mimebundle_()
    assert len(bundle) == 2
    assert len(bundle["text/plain"]) < 40_000


def test_mermaid_is_shown_as_mermaid_with_its_text(lineage: Lineage) -> None:
    shown = lineage.mermaid()
    assert isinstance(shown, Mermaid)
    assert shown._repr_mimebundle_() == {"text/vnd.mermaid": str(shown), "text/plain": str(shown)}
    assert str(shown) == lineage.to_mermaid()


def test_it_becomes_a_networkx_graph_with_all_facts(lineage: Lineage) -> None:
    networkx = pytest.importorskip("networkx")
    graph = lineage.to_networkx()
    assert networkx.has_path(graph, "load", "metrics")
    assert graph.nodes["weather"]["latest"] is False
    assert graph.edges["weather", "split", 0]["changed"] is True
    assert (graph.number_of_nodes(), graph.number_of_edges()) == (11, 12)
    assert (graph.graph["focus"], graph.graph["hidden"]) == ("metrics", 12)


def test_the_other_forms_are_text(lineage: Lineage) -> None:
    assert lineage.to_dot().startswith("digraph")
    assert lineage.to_text(ascii=True).startswith("# metrics v2")
