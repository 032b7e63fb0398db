"""Linkers and linked functions: calls as spans, arguments as inputs, results as outputs."""

from __future__ import annotations

import asyncio
import functools
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pytest

import artigraph as ag
from artigraph.errors import LabelTakenError, NoOpenSpanError


@dataclass
class Pair(ag.ArtifactModel, version=1):
    a: int
    b: int


@pytest.fixture(autouse=True)
def store(tmp_path: Path) -> Iterator[None]:
    reset = ag.set_engine(f"sqlite:///{tmp_path}/linker.db", create_tables=True)
    yield
    reset()


def inputs(span: ag.Span) -> dict[str | None, ag.Link]:
    return {link.role: link for link in ag.read(ag.Link, ag.LinkFilter(target=span, kind="input"))}


def test_what_is_linked_is_an_output_when_the_block_ends() -> None:
    with ag.Linker(ag.Node("root")) as root:
        root.link({"foo": "bar"}, label="my_dict")
        ag.current_linker().link(Pair(1, 2), label="pair")
    assert root.node.label == "root"
    assert ag.read_span_artifacts(root.node) == {"my_dict": {"foo": "bar"}, "pair": Pair(1, 2)}


def test_a_linker_takes_the_id_of_its_node_and_links_nodes() -> None:
    node, other = ag.Node("root"), ag.Node("other")
    with ag.Linker(node) as root:
        root.link(other, label="beside")
    link = ag.read_one(ag.Link, ag.LinkFilter(source=node.id))
    assert (link.target_id, link.label) == (other.id, "beside")


def test_a_label_twice_is_refused_and_the_span_ends_as_error() -> None:
    root = ag.Linker()

    def work() -> None:
        with root:
            root.link(1, label="x")
            root.link(2, label="x")

    with pytest.raises(LabelTakenError):
        work()
    assert ag.read_span(root.node).status == "error"
    assert ag.read_span_artifacts(root.node) == {}


def test_outside_a_linker_there_is_none() -> None:
    with ag.Linker():
        pass
    with pytest.raises(NoOpenSpanError):
        ag.current_linker()


def test_every_call_of_a_linked_function_is_a_span_with_inputs_and_result() -> None:
    @ag.linked()
    def add(a: int, b: int = 4) -> int:
        return a + b

    with ag.Linker() as root:
        assert add(1, 2) == 3
        assert add(3) == 7
    calls = ag.read_child_spans(root.node)
    assert [call.label for call in calls] == ["add[1]", "add[2]"]
    assert [ag.read_span_artifacts(call) for call in calls] == [{"return": 3}, {"return": 7}]
    assert {role: ag.load(link.source_id) for role, link in inputs(calls[1]).items()} == {"a": 3, "b": 4}


def test_an_argument_that_was_saved_before_is_the_same_input() -> None:
    @ag.linked
    def total(values: np.ndarray) -> float:
        return float(values.sum())

    values = np.arange(4.0)
    saved = ag.save(values, "values")
    with ag.span_context("work") as span:
        assert total(values) == 6.0
    (call,) = ag.read_child_spans(span)
    assert inputs(call)["values"].source_id == saved


def test_an_argument_that_no_serializer_knows_is_traced() -> None:
    @ag.linked
    def use(model: object) -> int:
        return 1

    with ag.span_context("work") as span:
        use(object())
    (call,) = ag.read_child_spans(span)
    node = ag.read_one(ag.Artifact, ag.NodeFilter(id=inputs(call)["model"].source_id))
    assert (node.kind, node.label) == ("trace", "model")


def test_self_is_left_out_and_include_and_exclude_speak_of_parameters_and_return() -> None:
    class Model:
        @ag.linked(exclude="secret")
        def fit(self, x: int, secret: str) -> int:
            return x

        @ag.linked(include="return")
        def predict(self, x: int) -> int:
            return x * 2

    with ag.Linker() as root:
        Model().fit(1, "s")
        Model().predict(2)
    fit, predict = ag.read_child_spans(root.node)
    assert set(inputs(fit)) == {"x"}
    assert inputs(predict) == {}
    assert ag.read_span_artifacts(predict) == {"return": 4}


async def test_async_functions_are_linked_in_the_span_they_are_called_in() -> None:
    @ag.linked()
    async def double(a: int) -> int:
        await asyncio.sleep(0)
        return 2 * a

    async with ag.Linker() as root:
        assert await asyncio.gather(double(1), double(2)) == [2, 4]
    calls = await ag.read_child_spans(root.node)
    assert sorted(call.label for call in calls) == ["double[1]", "double[2]"]


def test_an_error_in_a_linked_function_comes_out_and_ends_its_span() -> None:
    @ag.linked
    def broken(a: int) -> int:
        raise ZeroDivisionError("no")

    with pytest.raises(ZeroDivisionError), ag.span_context("work") as span:
        broken(1)
    (call,) = ag.read_child_spans(span)
    assert call.status == "error"
    assert set(inputs(call)) == {"a"}


def test_a_generator_is_refused_at_once() -> None:
    with pytest.raises(TypeError, match="is a generator"):

        @ag.linked
        def numbers() -> Iterator[int]:
            yield 1


def test_an_argument_that_was_changed_in_place_says_so() -> None:
    ag.save(np.arange(5), "kept")
    same, other = ag.load("kept"), ag.load("kept")
    other[0] = 7

    @ag.linked
    def combine(a: np.ndarray, b: np.ndarray) -> int:
        return int((a + b).sum())

    combine(same, other)
    span = ag.read_one(ag.Span, ag.NodeFilter(label="combine[1]"))
    assert {role: link.changed for role, link in inputs(span).items()} == {"a": False, "b": True}


def test_a_function_with_bound_arguments_and_an_object_are_linked() -> None:
    def bound(a: int, b: int) -> int:
        return a + b

    class Doubling:
        def __call__(self, a: int) -> int:
            return 2 * a

    assert ag.linked(functools.partial(bound, b=2))(1) == 3
    assert ag.linked(Doubling())(4) == 8
    assert [span.label for span in ag.read(ag.Span)] == ["bound[1]", "Doubling[1]"]


def test_a_keyed_artifact_that_is_linked_keeps_its_key(store):
    with ag.Linker() as root:
        root.link(ag.Artifact(value=[1], key="folder/k.json"), "kept")
    found = ag.Artifact.get(key="folder/k.json")
    assert found.load() == [1]
    assert (found.label, found.run.id) == ("kept", root.node.id)
