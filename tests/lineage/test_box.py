"""What stands in a node, and how big it gets."""

from __future__ import annotations

from artigraph.lineage.box import Box, measure
from artigraph.lineage.picture import LineageNode


def one(node: LineageNode, focus: str = "", compact: bool = False) -> Box:
    return measure((node,), focus, compact)[0]


def test_the_leaf_of_a_key_is_its_name_and_the_folder_goes_below() -> None:
    box = one(LineageNode("a", "flights/raw/clean.parquet", "keyed", type_name="DataFrame", version=4))
    assert (box.title, box.lines, box.pill) == ("clean.parquet", ("flights/raw/ · DataFrame",), "v4")


def test_an_older_version_says_so_even_when_compact() -> None:
    assert one(LineageNode("a", "k", "keyed", version=1, latest=False), compact=True).pill == "v1 older"
    assert one(LineageNode("a", "k", "keyed", version=2), compact=True).pill == ""


def test_only_the_focus_has_a_third_line_with_two_values() -> None:
    node = LineageNode("a", "metrics", "model", type_name="Metrics", version=2, fields=("auc 1", "brier 2", "n 3"))
    assert one(node, focus="a").lines == ("Metrics v2", "auc 1 · brier 2")
    assert one(node).lines == ("Metrics v2",)
    assert one(node, focus="a").height > one(node).height


def test_two_nodes_never_show_the_same_words() -> None:
    nodes = tuple(LineageNode(f"id-{n:04}", "fold", "span", detail="[1]") for n in range(3))
    for compact in (False, True):
        boxes = measure(nodes, "", compact)
        assert len({(box.title, *box.lines) for box in boxes}) == 3


def test_at_most_two_flags_and_the_rest_is_counted() -> None:
    box = one(LineageNode("a", "a", "run", "error", badges=("ValueError", "stale", "pinned")))
    assert [flag.word for flag in box.flags] == ["ValueError", "+2"]


def test_a_node_without_a_name_is_told_by_type_or_kind() -> None:
    assert one(LineageNode("0123456789", "", "artifact", type_name="int")).title == "int"
    assert one(LineageNode("0123456789", "", "artifact")).title == "artifact …6789"


def test_a_trace_and_many_alike_say_so_in_words() -> None:
    assert one(LineageNode("a", "est", "trace", type_name="Pipeline")).lines == ("Pipeline · not kept",)
    assert one(LineageNode("a", "b", "many", type_name="float", count=1200)).lines == ("1,200 alike · float",)


def test_a_long_name_is_bounded() -> None:
    assert one(LineageNode("a", "x" * 5000, "artifact", type_name="y" * 5000)).width <= 200
