"""A lineage tells of spans whose process is gone, and asks about processes only where a span is open."""

from __future__ import annotations

import subprocess
from collections.abc import Callable
from pathlib import Path

import artigraph as ag
from tests.stores import statements

HELD = """
with ag.span_context("cut"):
    ag.save.s([1], "kept")
    print("go", flush=True)
    import time
    time.sleep(60)
"""


def test_an_open_span_becomes_abandoned_when_its_process_is_killed(
    start: Callable[[str], subprocess.Popen[str]],
) -> None:
    process = start(HELD)
    assert process.stdout is not None
    process.stdout.readline()
    kept = ag.Artifact.get(str(ag.read_one.s(ag.Node, ag.NodeFilter(label="kept")).id))
    lineages = [lambda: kept.view_lineage.s(), lambda: ag.view_lineage.s("kept")]
    assert [{node.status for node in look().nodes} for look in lineages] == [{None, "open"}] * 2
    process.kill()
    process.wait()
    assert [{node.status for node in look().nodes} for look in lineages] == [{None, "abandoned"}] * 2


def test_where_no_span_is_open_no_process_is_asked_about(url: str, tmp_path: Path) -> None:
    with ag.span_context("done"):
        ag.save.s(1, "one")
    with statements() as seen:
        ag.view_lineage.s("one")
    assert seen
    assert not [each for each in seen if "artigraph_owner" in each]
