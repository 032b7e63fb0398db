from __future__ import annotations

import asyncio
from dataclasses import dataclass
from typing import Any
from uuid import uuid4

import numpy as np
import pytest

import artigraph as ag
from artigraph.errors import InvalidLabelError, NodeNotFoundError, NoEngineError, NoOpenSpanError, UnserializableError
from tests.stores import file_store, store

__all__ = ["file_store", "store"]


@dataclass
class Verbal(ag.ArtifactModel):
    x: Any


@pytest.mark.parametrize(
    "value", [None, 1, "x", [1, (2, {3})], {"a": b"b"}, float("inf"), Verbal([Verbal(1)])], ids=repr
)
def test_what_was_saved_is_loaded_by_id_label_text_and_handle(store, value):
    node_id = ag.save(value, "n", tags={"k": "v"})
    for target in (node_id, "n", str(node_id), node_id.bytes, ag.find("n")[0]):
        loaded = ag.load(target)
        assert loaded == value
        assert type(loaded) is type(value)
    assert ag.find(tags={"k": "v"})[0].id == node_id


async def test_the_verbs_are_awaited_in_async_code(store):
    node_id = await ag.save(Verbal(1), "n")
    assert await ag.load("n") == Verbal(1)
    async with ag.span_context("s"):
        await ag.load("n")
        picture = await ag.view_lineage("current")
    assert len(ag.find()) == 1
    [focus] = [node for node in picture.nodes if node.id == picture.focus]
    assert (focus.label, focus.status) == ("s", "open")
    assert node_id == ag.find()[0].id


async def test_the_verbs_work_in_a_thread_of_an_async_program(store):
    node_id = await asyncio.to_thread(ag.save, Verbal(1))
    assert await asyncio.to_thread(ag.load, node_id) == Verbal(1)


def test_without_an_engine_every_verb_says_what_to_call():
    for call in (
        lambda: ag.save(1),
        lambda: ag.load("x"),
        ag.find,
        lambda: ag.view_lineage("x"),
        lambda: ag.span_context("s").__enter__(),
    ):
        with pytest.raises(NoEngineError, match="set_engine"):
            call()


def test_what_cannot_be_done_is_told_and_leaves_nothing(store):
    with pytest.raises(UnserializableError, match=r"n\['a'\] of type object"):
        ag.save({"a": object()}, "n")
    with pytest.raises(InvalidLabelError):
        ag.save(1, "")
    with pytest.raises(NoOpenSpanError):
        ag.view_lineage()
    for target in ("nothing", uuid4()):
        with pytest.raises(NodeNotFoundError):
            ag.view_lineage(target)
    assert not ag.exists(ag.Node)


def test_the_path_from_a_raw_value_to_its_results_is_drawn(store):
    raw = np.arange(10.0)
    with ag.span_context("load"):
        ag.save(raw, "raw")
    with ag.span_context("clean"):
        ag.save(ag.load("raw") * 2, "clean")
    with ag.span_context("report"):
        ag.save(Verbal([ag.load("clean"), 1]), "report")
    near = {node.label for node in ag.view_lineage("report", upstream=1).nodes}
    far = {node.label for node in ag.view_lineage("report", upstream=9).nodes}
    assert near == {"report"}
    assert far == {"report", "clean", "load", "raw"}
    down = {node.label for node in ag.view_lineage("raw", upstream=0, downstream=9).nodes}
    assert down == {"raw", "clean", "report"}
