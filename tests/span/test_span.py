"""``Span`` and ``Run``, and span types of users."""

from __future__ import annotations

import subprocess
from collections.abc import Callable
from typing import Any, ClassVar

import pytest
from sqlalchemy import JSON
from sqlalchemy.orm import Mapped, mapped_column

import artigraph as ag
from artigraph.errors import InvalidFieldError, InvalidLabelError, InvalidOptionError, NameTakenError, NodeNotFoundError
from tests.servers.use import execute

Start = Callable[[str], subprocess.Popen[str]]


class DefaultSpan(ag.Span):
    polymorphic_identity = "default_span"
    default_span_n: Mapped[int] = mapped_column(default=3)
    default_span_list: Mapped[Any] = mapped_column(JSON, default=list)
    default_span_word: Mapped[str] = mapped_column(insert_default="w")
    default_span_server: Mapped[int] = mapped_column(server_default="7")
    default_span_bare: Mapped[str]
    default_span_other: Mapped[str] = mapped_column("default_span_renamed")
    default_span_plain: ClassVar[str] = "no column"


def define() -> type[ag.Span]:
    class TimedSpan(ag.Span):
        polymorphic_identity = "timed_span"
        timed_span_metadata: Mapped[Any] = mapped_column(JSON, default=None)

    return TimedSpan


def test_a_span_type_of_yours_keeps_its_columns(url: str) -> None:
    kind = define()
    with ag.span_context(kind("first", timed_span_metadata={"n": 1})) as outer, ag.span_context("plain"):
        pass
    stored = ag.read_span.s(outer)
    assert (type(stored), stored.timed_span_metadata, stored.status) == (kind, {"n": 1}, "ok")
    assert [type(span) for span in ag.read_child_spans.s(outer)] == [ag.Span]
    assert ag.read.s(kind) == [outer]
    assert len(ag.read.s(ag.Span)) == 2


def test_a_database_without_the_columns_of_a_type_has_the_other_spans(url: str) -> None:
    with ag.span_context("plain") as outer, ag.span_context("inner"):
        pass
    execute(url.replace("sqlite:", "sqlite+aiosqlite:"), "ALTER TABLE artigraph_node DROP COLUMN default_span_n")
    assert ag.read_span.s(outer).label == "plain"
    assert [span.label for span in ag.read_child_spans.s(outer)] == ["inner"]


def test_defining_it_again_in_the_same_module_is_the_same_type(url: str) -> None:
    again = define()
    with ag.span_context(again(timed_span_metadata=[2])) as span:
        pass
    assert type(ag.read_span.s(span)) is again


def test_another_class_under_the_same_identity_is_refused() -> None:
    define()
    with pytest.raises(InvalidFieldError, match="timed_span"):

        class OtherSpan(ag.Span):
            polymorphic_identity = "timed_span"


def test_an_unknown_column_is_a_type_error_that_names_those_there_are() -> None:
    with pytest.raises(TypeError, match="timed_span_metadata"):
        define()(colour="red")


def test_columns_of_a_span_type_have_their_defaults(url: str) -> None:
    with ag.span_context(DefaultSpan("a")) as made:
        assert (made.default_span_n, made.default_span_list, made.default_span_word) == (3, [], "w")
    with ag.span_context(DefaultSpan("b", default_span_n=0, default_span_list=[1], default_span_server=8)) as given:
        pass
    for span, said in ((made, (3, [], "w", 7)), (given, (0, [1], "w", 8))):
        stored = ag.read_span.s(span)
        found = (stored.default_span_n, stored.default_span_list, stored.default_span_word, stored.default_span_server)
        assert found == said
    assert DefaultSpan().default_span_list is not DefaultSpan().default_span_list


def test_an_annotation_alone_is_a_column_and_a_column_may_have_another_name(url: str) -> None:
    with ag.span_context(DefaultSpan(default_span_bare="here", default_span_other="there")) as span:
        pass
    for stored in (ag.read_span.s(span), ag.read.s(DefaultSpan)[0]):
        assert (stored.default_span_bare, stored.default_span_other) == ("here", "there")
    with pytest.raises(TypeError, match="default_span_bare"):
        DefaultSpan(default_span_plain="x")


FAR = """
from sqlalchemy.orm import Mapped, mapped_column

class FarSpan(ag.Span):
    polymorphic_identity = "far_span"
    far_span_n: Mapped[int] = mapped_column(default=3)

class FarNode(ag.OrmNode):
    polymorphic_identity = "far_node"

with ag.span_context("root"), ag.span_context(FarSpan("far")), ag.span_context("leaf"):
    ag.save([1], "one")
ag.write_one(FarNode(node_label="node"))
"""


def test_spans_of_a_type_that_this_process_does_not_know_are_spans(url: str, start: Start) -> None:
    out, err = start(FAR).communicate()
    assert (out, err) == ("", "")
    root = ag.read_one.s(ag.Span, ag.NodeFilter(label="root"))
    leaf = ag.read_one.s(ag.Span, ag.NodeFilter(label="leaf"))
    [far] = ag.read_child_spans.s(root)
    assert (type(far), far.label, far.status, far.node_type) == (ag.Span, "far", "ok", "far_span")
    assert ag.read_span.s(far.id) == ag.read_parent_span.s(leaf) == far
    assert ag.read_descendant_spans.s(root) == [far, leaf]
    assert ag.read_ancestor_spans.s(leaf) == [root, far]
    more = ag.create_span_artifact.s(far.id, label="more", data=2)
    assert ag.read_span_artifacts.s(far) == {"more": 2}
    assert ag.Artifact.get.s(str(more)).run == far
    ag.write_one.s(far, on_conflict="ignore")
    assert "far" in {node.label for node in far.view_lineage.s().nodes}


def test_nodes_of_a_type_that_this_process_does_not_know_are_nodes(url: str, start: Start) -> None:
    start(FAR).communicate()
    found = {row.node_label: row for row in ag.read.s(ag.OrmNode)}
    assert {type(found[label]) for label in ("far", "node")} == {ag.OrmNode}
    assert (found["far"].node_type, found["node"].node_type) == ("far_span", "far_node")
    assert type(found["leaf"]) is ag.OrmSpan


def test_a_run_keeps_its_params(url: str) -> None:
    with ag.span_context(ag.Run("fit", params={"depth": 3})) as run:
        pass
    stored = ag.read_span.s(run)
    assert (type(stored), stored.params) == (ag.Run, {"depth": 3})


def test_repr_says_label_state_and_time(url: str) -> None:
    with ag.span_context("fit") as span:
        assert repr(span) == "<Span fit open>"
    assert repr(span).startswith("<Span fit ok ")
    assert repr(span).endswith(" s>")


@pytest.mark.parametrize("kind", [ag.Span, ag.Run])
def test_facts_that_are_none_are_told_at_once(kind: Any) -> None:
    for facts in ({"source": 5}, {"info": 5}, {"info": [1]}):
        with pytest.raises(InvalidOptionError, match="it can be"):
            kind("x", **facts)
    for facts in ({"params": 5}, {"environment": "laptop"}):
        with pytest.raises(InvalidOptionError, match="a dict: name -> value"):
            ag.Run("x", **facts)
    for ids in ({"id": "zz"}, {"id": 5}, {"parent_id": "zz"}, {"parent_id": 5}):
        with pytest.raises(NodeNotFoundError, match="give a"):
            kind("x", **ids)
    with pytest.raises(NodeNotFoundError):
        ag.Run(node_parent_id="nope")


def test_ids_may_be_text(url: str) -> None:
    with ag.span_context("root") as root:
        pass
    own = str(ag.Span().id)
    with ag.span_context(ag.Run("below", id=own, node_parent_id=str(root.id))) as run:  # type: ignore[arg-type]
        pass
    assert ag.read_parent_span.s(own) == root
    assert str(run.id) == own


def test_an_id_that_is_taken_and_a_parent_that_is_no_span_are_told(url: str) -> None:
    node_id = ag.save.s([1], "value")
    with ag.span_context("there") as there:
        pass
    for taken in (node_id, there.id):
        with pytest.raises(NameTakenError, match="another id"):
            ag.span_context(ag.Span("again", id=taken)).__enter__()
    with pytest.raises(NodeNotFoundError, match="inside another span"):
        ag.span_context(ag.Span("below", parent_id=node_id)).__enter__()
    assert [span.label for span in ag.read.s(ag.Span)] == ["there"]


def test_a_manager_takes_a_run_or_a_label(url: str) -> None:
    with ag.RunManager("fit") as manager:
        assert (type(manager.run), manager.run.label) == (ag.Run, "fit")
        with pytest.raises(InvalidLabelError, match="a label is text"):
            manager.save_artifact.s([1], "swapped")  # type: ignore[arg-type]
    with pytest.raises(InvalidOptionError, match="the label of a fresh one"):
        ag.RunManager(5)  # type: ignore[arg-type]
