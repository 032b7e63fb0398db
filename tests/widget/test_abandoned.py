"""A kernel is killed while a span is open: in every view the span is abandoned, and none says that it is open."""

from __future__ import annotations

import asyncio
import json
import signal
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

import artigraph as ag
from artigraph.graph.engine import current_database
from artigraph_jupyter import LineageView, SpanTree
from artigraph_jupyter.widget.desk import Desk
from tests.jupyter.kernel import kernel_in
from tests.stores import opened
from tests.widget.conftest import node

CUT = """%%span cut
ag.save.s(1, "kept")
with ag.span_context("inner"):
    import time
    print("go", flush=True)
    time.sleep(60)
"""


@pytest.fixture(scope="module")
def killed(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    """The store of a kernel that was killed inside the span ``inner`` inside the cell ``cut``, read by this process."""
    folder = tmp_path_factory.mktemp("killed")
    with kernel_in(folder) as kernel:
        kernel.client.execute(CUT)
        while "go" not in kernel.client.get_iopub_msg(timeout=30)["content"].get("text", ""):
            pass
        kernel.manager.signal_kernel(signal.SIGKILL)
        yield from opened(f"sqlite:///{folder / 'kernel.db'}", folder / "kernel.db")


def ask(question: str, **facts: Any) -> dict[str, Any]:
    answer, _ = asyncio.run(Desk(current_database()).answer(question, facts))
    return json.loads(json.dumps(answer))


def test_in_the_tree_and_in_what_it_leaves_in_the_file(killed: Path) -> None:
    tree = SpanTree()
    assert [(row["label"], row["state"]["word"]) for row in tree.first["page"]["rows"]] == [("cut", "abandoned")]
    assert ask("inside", id=node("cut"))["rows"][0]["state"]["word"] == "abandoned"
    data, _ = tree._repr_mimebundle_()
    assert "abandoned" in data["text/html"]
    assert "◌ abandoned" in data["text/plain"]
    assert [row["label"] for row in ask("spans", status="abandoned")["rows"]] == ["cut", "inner"]
    assert ask("spans", status="open")["rows"] == []


def test_in_the_lineage_its_drawing_and_what_it_leaves_in_the_file(killed: Path) -> None:
    view = LineageView("kept")
    says = {each["label"]: each["says"] for each in view.first["scene"]["nodes"]}
    assert says["cut"] == "span cut, abandoned"
    data, _ = view._repr_mimebundle_()
    for drawn in (view.first["scene"]["svg"], data["image/svg+xml"]):
        assert ">abandoned</text>" in drawn
        assert ">open</text>" not in drawn
        assert 'class="node ran dash' in drawn
    assert "◌ abandoned" in data["text/plain"]


@pytest.mark.parametrize("form", ["svg", "mermaid", "dot"])
def test_in_every_form_the_page_exports(killed: Path, form: str) -> None:
    text = ask("export", focus=node("kept"), upstream=1, downstream=1, form=form)["text"]
    assert "abandoned" in text
    assert "open" not in text.replace("</", "")


def test_in_the_details_of_the_span_and_wherever_they_link_to_it(killed: Path) -> None:
    assert [each["word"] for each in ask("details", id=node("cut"))["badges"]] == ["abandoned"]
    for label, fact in (("kept", "Made by"), ("inner", "Inside")):
        facts = {each["name"]: each for each in ask("details", id=node(label))["facts"]}
        (link,) = facts[fact]["links"]
        assert (link["label"], [each["word"] for each in link["badges"]]) == ("cut", ["abandoned"])


def test_in_a_lineage_in_a_script(killed: Path) -> None:
    lineage = ag.view_lineage("kept")
    assert lineage.node(node("cut")).status == "abandoned"
    assert "◌ abandoned" in lineage.to_text()
    assert "class n" in lineage.to_mermaid()
    assert "dashed" in lineage.to_mermaid()
