"""What a page is told about what is out of date: the same as %stale says, for all the spans it shows at once."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

import artigraph as ag
from artigraph.graph.engine import current_database
from artigraph.ids import new_id
from artigraph_jupyter.widget.desk import Desk
from tests.jupyter.kernel import Kernel, kernel_in
from tests.stores import statements
from tests.widget.conftest import node


def ask(question: str, **facts: Any) -> dict[str, Any]:
    answer, _ = asyncio.run(Desk(current_database()).answer(question, facts))
    return json.loads(json.dumps(answer))


def test_a_span_whose_input_was_made_anew_is_stale_and_says_why(told: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(told.parent)  # no repository, so the commit of the run is no matter
    ids = [node(label) for label in ("load", "sweep", "fold 0", "evaluate", "broken", "model")]
    assert ask("stale", ids=ids) == {"stale": {}}
    with ag.span_context("load"):
        ag.save([1, 2, 3, 4], "table")
    found = ask("stale", ids=ids)["stale"]
    assert list(found) == [node("sweep")]
    assert found[node("sweep")]["why"] == ["input table has a newer version, of a later load"]
    assert found[node("sweep")]["badge"]["word"] == "stale"


def test_one_question_takes_as_many_statements_for_a_hundred_spans_as_for_one(told: Path) -> None:
    ids = []
    for number in range(100):
        with ag.span_context(f"reader {number}") as span:
            ag.load("table")
            ag.save(number, f"made {number}")
        ids.append(str(span.id))
    with ag.span_context("load"):
        ag.save([1, 2, 3, 4], "table")
    with statements() as one:
        assert len(ask("stale", ids=ids[:1])["stale"]) == 1
    with statements() as hundred:
        assert len(ask("stale", ids=ids)["stale"]) == 100
    assert 0 < len(hundred) == len(one)


def test_a_question_about_too_many_or_about_nothing_is_refused(told: Path) -> None:
    for wrong in ([str(new_id())] * 101, None, ["no id"]):
        with pytest.raises(ValueError, match=r"at most 100 spans|is no id"):
            ask("stale", ids=wrong)


def test_details_name_what_may_be_out_of_date_the_span_itself_or_the_maker(told: Path) -> None:
    assert ask("details", id=node("sweep"))["ran"] == [{"id": node("sweep"), "label": ""}]
    assert ask("details", id=node("model"))["ran"] == [{"id": node("sweep"), "label": "sweep"}]


@pytest.fixture(scope="module")
def kernel(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Kernel]:
    with kernel_in(tmp_path_factory.mktemp("live")) as running:
        yield running


def opened(kernel: Kernel, code: str) -> str:
    """Run a cell that makes one widget; the id of its channel."""
    kernel.client.execute(code)
    found, state = "", ""
    while state != "idle":
        message = kernel.client.get_iopub_msg(timeout=30)
        state = message["content"].get("execution_state", "")
        if message["msg_type"] == "comm_open" and "first" in message["content"]["data"]["state"]:
            found = message["content"]["comm_id"]
    return found


def sent(kernel: Kernel, kind: str, content: dict[str, Any], **options: Any) -> list[dict[str, Any]]:
    """Send a message; what the widgets say until the kernel is idle and, to a question, until the answer is there."""
    message = kernel.client.session.msg(kind, content, **options)
    kernel.client.shell_channel.send(message)
    heard: list[dict[str, Any]] = []
    idle = False
    while not idle or (kind == "comm_msg" and not heard):
        told = kernel.client.get_iopub_msg(timeout=30)
        if told["msg_type"] == "comm_msg" and told["content"]["data"].get("method") == "custom":
            heard.append(told["content"]["data"]["content"])
        of_it = told["parent_header"].get("msg_id") == message["header"]["msg_id"]
        idle = idle or (of_it and told["content"].get("execution_state") == "idle")
    return heard


def ran(kernel: Kernel, code: str, cell: str = "other") -> list[dict[str, Any]]:
    return sent(kernel, "execute_request", {"code": code, "silent": False}, metadata={"cellId": cell})


def asked(kernel: Kernel, channel: str, question: str, **facts: Any) -> dict[str, Any]:
    asking = {"v": 1, "id": "one", "ask": question, "with": facts}
    data = {"method": "custom", "content": asking}
    (answer,) = sent(kernel, "comm_msg", {"comm_id": channel, "data": data})
    return dict(answer["answer"])


def test_a_page_that_asked_is_told_once_that_a_cell_has_run(kernel: Kernel) -> None:
    channel = opened(kernel, "from artigraph_jupyter import SpanTree\nSpanTree()")
    assert ran(kernel, "1") == [], "nobody asked anything yet"
    asked(kernel, channel, "hello")
    assert ran(kernel, "1") == [{"v": 1, "event": "ran"}]
    assert ran(kernel, "1") == [], "and nobody asked since"


def test_a_cell_that_was_edited_in_this_kernel_is_stale(kernel: Kernel) -> None:
    channel = opened(kernel, "from artigraph_jupyter import SpanTree\nSpanTree()")
    ran(kernel, "%%span edited\nx = 1\nag.save.s(x, 'x')", "cell-a")
    span = kernel.value("str(newest('edited').id)")
    assert asked(kernel, channel, "stale", ids=[span]) == {"stale": {}}
    ran(kernel, "%%span other\nx = 2", "cell-a")
    found = asked(kernel, channel, "stale", ids=[span])["stale"]
    assert found[span]["why"] == ["the cell was edited since"]
