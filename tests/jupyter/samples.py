"""One of each record that the views show, and a reader that fails on HTML which is not allowed."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from html.parser import HTMLParser
from typing import Any

import pytest

from artigraph.span.compare import FrameDifference, RowDifference
from artigraph.span.diff import Difference, SpanDiff
from artigraph.span.span import Run, Span
from artigraph.span.stale import Stale
from artigraph_jupyter.views import artifact, diff, model, span, stale, summary, tree
from artigraph_jupyter.views.data import (
    ArtifactCard,
    ArtifactRow,
    ArtifactTable,
    FieldRow,
    ModelCard,
    SpanCard,
    SpanRow,
    SpanTree,
    Summary,
    Thing,
    Version,
)

NOON = datetime(2025, 11, 21, 12, 0, tzinfo=UTC)
TAGS = set(
    "a b br code dd details div dl dt h3 i li ol p path pre rect section span style summary svg table tbody td".split()
)
TAGS |= set("th thead tr ul".split())
ATTRIBUTES = set("class colspan d height open role scope style tabindex viewbox width x y".split())
VOID = {"br", "path", "rect"}


class Page(HTMLParser):
    """Reads one output: fails on anything that is not allowed, and keeps the words."""

    def __init__(self, source: str) -> None:
        super().__init__(convert_charrefs=True)
        self.words: list[str] = []
        self.open: list[str] = []
        self.marks: list[tuple[str, dict[str, str | None]]] = []
        self.feed(source)
        self.close()
        assert self.open == []

    def handle_starttag(self, name: str, attributes: list[tuple[str, str | None]]) -> None:
        assert name in TAGS, name
        for key, value in attributes:
            assert key in ATTRIBUTES or key.startswith(("aria-", "data-")), key
            assert "javascript:" not in (value or "").lower() or key == "aria-label"
        self.marks.append((name, dict(attributes)))
        self.open.append(name)

    def handle_startendtag(self, name: str, attributes: list[tuple[str, str | None]]) -> None:
        assert name in VOID
        self.handle_starttag(name, attributes)
        self.open.pop()

    def handle_endtag(self, name: str) -> None:
        assert self.open.pop() == name
        self.words.append(" " if name in ("td", "th", "dt", "dd", "li", "details", "div", "summary") else "")

    def handle_data(self, text: str) -> None:
        if self.open and self.open[-1] != "style":
            self.words.append(text)

    @property
    def text(self) -> str:
        return " ".join("".join(self.words).split())


HISTOGRAM = {"shape": [65470], "dtype": "float32", "min": 0.012, "max": 0.968, "mean": 0.234, "histogram": [1, 5, 3]}
FRAME = {
    "shape": [327_346, 12],
    "columns": [f"column {n}" for n in range(12)],
    "dtypes": ["int64", "object", *["float32"] * 10],
    "index": [str(n) for n in range(10)],
    "rows": [[str(n), "nan", *["1.5"] * 10] for n in range(10)],
}
CARRIERS = ModelCard("", "CarrierMetrics", 1, tuple(FieldRow(name, "0.7") for name in "ABCD"), hidden=12)
METRICS = ModelCard(
    "metrics",
    "DelayMetrics",
    2,
    (
        FieldRow("auc", "0.7412", "json/1", 6),
        FieldRow("scores", HISTOGRAM, "numpy.npy/1", 262_000, "ndarray"),
        FieldRow("worst", FRAME, "pandas.parquet/1", 62_000, "DataFrame", ("damaged",)),
        FieldRow("notes", {"type": "list", "length": 400, "text": "['first', ...]"}, "json/1", 9_000, "list"),
        FieldRow("by_carrier", CARRIERS),
    ),
    maker="evaluate [18]",
    created_at=NOON,
    badges=("stale",),
    load_code='ag.load("metrics")',
)
INNER = SpanRow("inner", started=NOON + timedelta(seconds=2), duration=1.0)
FOLD = SpanRow("fold 1", "error", error="ValueError", started=NOON, duration=2.3, children=(INNER,))
MADE = (Thing("models/delay", "keyed", 4), Thing("scores", "model"), Thing("roc"))
TRAIN = SpanRow("train", "ok", "run", 16, "", NOON, 41.2, MADE, 197, (FOLD,), 3, ("stale",))
REPORT = SpanRow("report", "abandoned", cell=20, started=NOON + timedelta(seconds=60), duration=5)
SPANS = SpanTree((TRAIN, REPORT, SpanRow("refresh", "open", cell=21)), hidden=10, note="today, 2 kernels")
SPAN = SpanCard(
    TRAIN,
    inputs=(Thing("flights/clean.parquet", "keyed", 4, "DataFrame, 6.2 MB", ("damaged",), "flights"),),
    inputs_hidden=2,
    source="%%span train\nmodel = fit(flights)\n",
    untracked=(("cfg", "dict"), ("con", "Connection")),
    facts=(("depth", "3"),),
)
CLEAN = ArtifactCard(
    ArtifactRow("flights/clean.parquet", "keyed", 2, "DataFrame", 6_200_000, "clean [13]", NOON, ("intact",)),
    tuple(Version(n, NOON + timedelta(days=n), f"clean [{n}]") for n in range(1, 11)),
    ("nycflights13",),
    (("Hash", "sha256:41d9be"),),
    FRAME,
    'ag.load("flights/clean.parquet")',
)
FOUND = ArtifactTable((CLEAN.artifact, ArtifactRow("score", type_name="float", size=8)), 1284, "newest first")
STORE = Summary("sqlite:///x.db", "x.blobs", (("spans", 12), ("artifacts", 1284)), 41_200_000, ("Start a cell.",))

ROWS = (RowDifference("3", "changed", (("delay", "2.0", "2.5"),)), RowDifference("9", "added"))
TABLES = FrameDifference((327_346, 327_347), ("hour",), (), (("delay", "int64", "float64"),), (("delay", 1),), ROWS, 4)
DIFF = SpanDiff(
    Run("report", info={"execution_count": 11}),
    Run("report", info={"execution_count": 18}),
    ("@@ -1,2 +1,2 @@", " scores = load()", "-cut = 0.5", "+cut = 0.4"),
    (
        Difference("Value", "metrics.auc", "0.7288", "0.7412", "+0.0124"),
        Difference("Value", "clean", "327,346 rows", "327,347 rows", TABLES.summary(), TABLES),
        Difference("Input", "scores", None, "scores v2"),
    ),
    (("Parameter", 3), ("Environment", 41)),
)
STALE = (
    Stale(Span("report", info={"execution_count": 7}), ("input metrics has version 4", "the cell was edited since")),
)

VIEWS: list[tuple[str, Callable[[Any], str], Callable[[Any], str], Any]] = [
    ("model", model.to_html, model.to_text, METRICS),
    ("span", span.to_html, span.to_text, SPAN),
    ("tree", tree.to_html, tree.to_text, SPANS),
    ("artifact", artifact.to_html, artifact.to_text, CLEAN),
    ("table", artifact.table_to_html, artifact.table_to_text, FOUND),
    ("diff", diff.to_html, diff.to_text, DIFF),
    ("stale", stale.to_html, stale.to_text, STALE),
    ("summary", summary.to_html, summary.to_text, STORE),
]
EVERY_VIEW = pytest.mark.parametrize(
    ("to_html", "to_text", "data"), [pytest.param(*rest, id=name) for name, *rest in VIEWS]
)
