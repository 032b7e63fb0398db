"""Lineages that the tests of this room draw: a real pipeline, hostile names, cycles, and very big ones."""

from __future__ import annotations

import pytest

from artigraph.lineage.picture import LineageEdge, LineageNode, Picture

HOSTILE = (
    "<script>alert(1)</script>",
    '"><img src=x onerror=alert(1)>',
    "' onload='alert(1)",
    "a]]>b<!--",
    "&lt;&#60;&amp;",
    "javascript:alert(1)",
    "</style><style>*{display:none}",
    "\u202eevil \u2066rtl",
    "עברית שלום",
    "emoji 🎉👩\u200d🔬",
    "two\nlines\r\n\tand\u2028more",
    "nul\x00 esc\x1b[31m del\x7f \ufffe\uffff",
    "lone \ud800 surrogate",
    '"; click n0 href "javascript:x"',
    "%%{init: {}}%% end",
    "\\N\\l\\{}|<port> \\",
    "日本語のとても長いラベル" * 4,
    "",
    "x" * 100_000,
)
KINDS = ("span", "run", "artifact", "keyed", "model", "trace", "many", "field")


@pytest.fixture
def pipeline() -> Picture:
    """Load, clean, join, split, train, evaluate: spans inside a frame, keyed artifacts, a model in focus."""
    nodes = (
        LineageNode("load", "load", "span", "ok", detail="[12] · 3.1 s"),
        LineageNode("flights", "raw/flights", "keyed", type_name="DataFrame", version=2),
        LineageNode("weather", "raw/weather", "keyed", type_name="DataFrame", version=1, latest=False),
        LineageNode("prepare", "prepare", "span", "ok"),
        LineageNode("clean", "clean", "span", "ok", parent="prepare"),
        LineageNode("tidy", "tidy", "artifact", type_name="DataFrame", detail="300k × 9"),
        LineageNode("split", "split", "span", "ok", parent="prepare"),
        LineageNode("test", "test", "artifact", type_name="DataFrame", detail="65k × 14", badges=("damaged",)),
        LineageNode("evaluate", "evaluate", "run", "error", badges=("ValueError", "stale", "pinned"), more_upstream=2),
        LineageNode("metrics", "metrics", "model", type_name="Metrics", version=2, fields=("auc 0.741", "brier 0.152")),
        LineageNode("report", "report", "span", "abandoned", more_downstream=3),
    )
    edges = (
        LineageEdge("load", "flights", "output"),
        LineageEdge("load", "weather", "output"),
        LineageEdge("prepare", "clean", "child"),
        LineageEdge("prepare", "split", "child"),
        LineageEdge("flights", "clean", "input", role="frame"),
        LineageEdge("clean", "tidy", "output"),
        LineageEdge("tidy", "split", "input", role="tidy"),
        LineageEdge("weather", "split", "input", role="weather", changed=True),
        LineageEdge("split", "test", "output"),
        LineageEdge("test", "evaluate", "input", role="test"),
        LineageEdge("evaluate", "metrics", "output"),
        LineageEdge("metrics", "report", "input", role="metrics"),
    )
    return Picture(nodes, edges, "metrics", 12, "reads 2 values no span made: cfg, con")


@pytest.fixture
def hostile() -> Picture:
    """Every bad text in every place that takes one."""
    nodes = tuple(
        LineageNode(
            id=f"{number}{text[:40]}",
            label=text,
            kind=KINDS[number % len(KINDS)],
            status=("open", "error", None)[number % 3],
            type_name=text,
            detail=text,
            version=number,
            latest=number % 2 == 0,
            badges=(text, "stale"),
            fields=(text, text),
            count=3,
        )
        for number, text in enumerate(HOSTILE)
    )
    edges = tuple(
        LineageEdge(one.id, two.id, kind, role=one.label, label=two.label, changed=True)
        for one, two, kind in zip(nodes, nodes[1:], ("input", "user") * len(nodes), strict=False)
    )
    framed = LineageNode("inner", HOSTILE[0], "span", parent="outer"), LineageNode("outer", HOSTILE[1], "run")
    return Picture(nodes + framed, edges, nodes[0].id, 3, HOSTILE[0])


@pytest.fixture
def cycle() -> Picture:
    """A circle of six with a link to itself, and spans that claim to contain each other."""
    nodes = tuple(LineageNode(str(n), f"n{n}", "span" if n % 2 else "artifact") for n in range(6))
    inside = LineageNode("a", "a", "span", parent="b"), LineageNode("b", "b", "span", parent="a")
    edges = tuple(LineageEdge(str(n), str((n + 1) % 6), "input", role=f"r{n}") for n in range(6))
    return Picture(nodes + inside, (*edges, LineageEdge("3", "3", "user", label="self")), "2")


@pytest.fixture
def diamond() -> Picture:
    """Forty layers of two, every node of a layer linked to both of the next: 2 ** 39 ways through."""
    nodes = tuple(LineageNode(f"{n}{side}", f"{n}{side}", "artifact") for n in range(40) for side in "ab")
    edges = tuple(
        LineageEdge(f"{n}{one}", f"{n + 1}{two}", "output") for n in range(39) for one in "ab" for two in "ab"
    )
    return Picture(nodes, edges, "39a")


@pytest.fixture
def huge() -> Picture:
    """A chain of 10,000 and a fan of 10,000 on the same focus."""
    chain = tuple(LineageNode(f"c{n}", f"chain {n}", "artifact" if n % 2 else "span") for n in range(10_000))
    fan = tuple(LineageNode(f"f{n}", f"fan {n}", "run") for n in range(10_000))
    edges = tuple(LineageEdge(f"c{n + 1}", f"c{n}", "output") for n in range(9_999))
    return Picture(chain + fan, edges + tuple(LineageEdge("c0", node.id, "input") for node in fan), "c0")
