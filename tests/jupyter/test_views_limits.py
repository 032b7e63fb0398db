"""The views keep their limits whatever they are given, and text of users stays text."""

from __future__ import annotations

import dataclasses
import re
from collections.abc import Callable, Iterator
from typing import Any

import pytest

from artigraph.maintain.gc import GcReport, Sweep
from artigraph.maintain.report import Problem
from artigraph.maintain.verify import VerifyReport
from artigraph.span.compare import FrameDifference, RowDifference
from artigraph.span.diff import Difference, SpanDiff
from artigraph.span.span import Span
from artigraph.span.stale import Stale
from artigraph_jupyter.views import artifact, diff, model, span, stale, summary, tree, upkeep
from artigraph_jupyter.views.card import HTML_LIMIT, TEXT_LIMIT, more_text
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
from tests.jupyter.samples import EVERY_VIEW, FRAME, MADE, NOON, Page

# ---------------------------------------------------------------- limits


def giant_model() -> ModelCard:
    """Many fields, long names and values, deep nesting."""
    deep = ModelCard("leaf", "L" * 5_000, 1, (FieldRow("x", "v" * 10**6),))
    for number in range(300):
        deep = ModelCard("n" * 5_000, f"Deep{number}", 1, tuple(FieldRow(f"{n}", deep) for n in range(3)))
    wide = tuple(
        FieldRow(f"field {n} " * 50, "ä" * 10_000, "s" * 999, 10**15, badges=("b" * 999,)) for n in range(5_000)
    )
    return ModelCard(
        "l" * 9_000, "T" * 9_000, 1, (FieldRow("deep", deep), FieldRow("frame", FRAME), *wide), badges=("stale",)
    )


def giant_spans() -> SpanTree:
    things = tuple(Thing("k/" * 500 + "ü" * 999, "keyed", 10**9, "d" * 999, ("damaged", "x" * 999)) for _ in range(500))
    deep = SpanRow("leaf")
    for number in range(400):
        deep = SpanRow(
            "s" * 999, "error", error="E" * 999, outputs=things, children=(deep,), started=NOON, duration=number
        )
    return SpanTree(
        (deep, *(SpanRow("w" * 999, outputs=things, started=NOON) for _ in range(20_000))), note="n" * 9_999
    )


def giants() -> Iterator[Any]:
    spans = giant_spans()
    yield pytest.param(model.to_html, model.to_text, giant_model(), id="model")
    yield pytest.param(tree.to_html, tree.to_text, spans, id="tree")
    one = SpanCard(spans.spans[0], spans.spans[0].outputs, 9, "code\n" * 10**5, "E" * 10**6, (("u", "v"),) * 999)
    yield pytest.param(
        span.to_html, span.to_text, dataclasses.replace(one, facts=(("f" * 99, "g" * 9_999),) * 999), id="span"
    )
    row = ArtifactRow("ö/" * 5_000, "keyed", 3, "t" * 999, 10**18, "m" * 999, NOON, ("damaged",) * 9)
    frame = FRAME | {"columns": ["ß" * 999] * 999, "rows": [["ß" * 999] * 999] * 99, "dtypes": ["d" * 99] * 999}
    whole = ArtifactCard(
        row, tuple(Version(n, NOON, "m" * 99) for n in range(9_999)), ("t" * 999,) * 999, one.facts, frame
    )
    yield pytest.param(artifact.to_html, artifact.to_text, whole, id="artifact")
    found = ArtifactTable((row,) * 9_999, 10**9, "q" * 9_999)
    yield pytest.param(artifact.table_to_html, artifact.table_to_text, found, id="table")
    cells = tuple(("c" * 999, "b" * 999, "ü" * 999) for _ in range(99))
    tables = FrameDifference((1, 2), ("n" * 999,) * 999, (), (), (), (RowDifference("r" * 999, "changed", cells),) * 20)
    differences = tuple(Difference("Value", "v" * 999, "ü" * 9_999, "b", "n" * 999, tables) for _ in range(999))
    many = SpanDiff(Span("s" * 255), Span("s" * 255), ("+" + "x" * 9_999,) * 9_999, differences, (("Value", 3),), 7)
    yield pytest.param(diff.to_html, diff.to_text, many, id="diff")
    yield pytest.param(stale.to_html, stale.to_text, (Stale(Span("s" * 255), ("r" * 9_999,) * 99),) * 9_999, id="stale")
    store = Summary("d" * 9_999, "s" * 9_999, (("c" * 999, 1),) * 999, 1, ("n" * 9_999,) * 999)
    yield pytest.param(summary.to_html, summary.to_text, store, id="summary")
    wrong = VerifyReport("d" * 9_999, (Problem("missing", "ü" * 999, "c" * 999),) * 999, 1, 1, 1, 1)
    yield pytest.param(upkeep.verified_to_html, upkeep.to_text, wrong, id="verified")
    swept = GcReport("d" * 9_999, True, (Sweep("s" * 999, 1, 1, 1, 1, 1),) * 9_999)
    yield pytest.param(upkeep.collected_to_html, upkeep.to_text, swept, id="collected")


@pytest.mark.parametrize(("to_html", "to_text", "data"), list(giants()))
def test_giant_things_stay_within_the_limits(
    to_html: Callable[[Any], str], to_text: Callable[[Any], str], data: Any
) -> None:
    assert len(to_html(data).encode()) <= HTML_LIMIT
    assert len(to_text(data).encode()) <= TEXT_LIMIT
    Page(to_html(data))


def test_everything_left_out_of_a_giant_model_is_counted() -> None:
    said = Page(model.to_html(giant_model())).text
    shown = int(re.search(r"(\d+) of 5,002 fields shown,", said)[1])
    assert 5 <= shown < 5_002
    left = int(re.search(r"… ([\d,]+) more fields", model.to_text(giant_model()))[1].replace(",", ""))
    assert 4_900 < left < 5_002


def test_previews_go_first_then_rows() -> None:
    fields = tuple(FieldRow(f"frame {n}", FRAME, "pandas.parquet/1", 1, "DataFrame") for n in range(30))
    page = Page(model.to_html(ModelCard("frames", "Frames", 1, fields)))
    assert [name for name, _ in page.marks].count("table") == 1
    assert "30 fields" in page.text


def test_the_cells_of_a_day_fit() -> None:
    spans = tuple(SpanRow(f"cell {n}", cell=n, started=NOON, duration=1, outputs=MADE[:1]) for n in range(45))
    assert "more spans" not in Page(tree.to_html(SpanTree(spans))).text


def test_nothing_hidden_is_not_mentioned() -> None:
    assert (more_text(0, "span"), more_text(1, "span"), more_text(1200, "span")) == (
        "",
        "… 1 more span",
        "… 1,200 more spans",
    )


# ---------------------------------------------------------------- harm

PAYLOADS = [
    "<script>alert(1)</script>",
    "<img src=x onerror=alert(1)>",
    '"><svg onload=alert(1)>',
    "' onmouseover='alert(1)",
    "javascript:alert(1)",
    "<a href=javascript:alert(1)>x</a>",
    "</style><script>alert(1)</script>",
    "</code></td></table><script>alert(1)</script>",
    "<!--<script>alert(1)//-->",
    "&lt;script&gt;alert(1)&lt;/script&gt;",
    "<iframe srcdoc='<script>alert(1)</script>'>",
    "\x00<\x00script>alert(1)",
    "\u202e<script>alert(1)",
    "<math><mtext><style><img src=x onerror=alert(1)>",
    "{{constructor.constructor('alert(1)')()}}",
    "]]><script>alert(1)</script>\ud800",
]


def poisoned(value: Any, payload: str) -> Any:
    """The same record with the payload in every text of it."""
    if isinstance(value, str):
        return payload
    if isinstance(value, tuple | list):
        return type(value)(poisoned(part, payload) for part in value)
    if isinstance(value, dict):
        return {key: poisoned(part, payload) for key, part in value.items()}
    if dataclasses.is_dataclass(value) and not isinstance(value, type):
        parts = {field.name: poisoned(getattr(value, field.name), payload) for field in dataclasses.fields(value)}
        return type(value)(**parts)
    return value


@EVERY_VIEW
@pytest.mark.parametrize("payload", PAYLOADS)
def test_text_of_users_stays_text(
    to_html: Callable[[Any], str], to_text: Callable[[Any], str], data: Any, payload: str
) -> None:
    page = Page(to_html(poisoned(data, payload)))
    assert "alert(1)" in page.text
    assert not any(key.startswith("on") and key != "open" for _, marks in page.marks for key in marks)
    to_text(poisoned(data, payload)).encode()


@pytest.mark.parametrize(
    "preview",
    [
        {},
        {"shape": None, "dtype": None},
        {"columns": [], "rows": []},
        {"columns": ["a"], "rows": [None, 3, ["x", "y", "z"]], "dtypes": None, "index": "abc"},
        {"columns": ["a"], "shape": "wrong", "rows": "wrong"},
        {"shape": [3], "dtype": "int8", "min": None, "max": "x", "histogram": [float("nan"), "x", -3]},
        {"type": 3, "length": "x", "text": None},
        {"type": "Image", "text": "x", "image": "javascript:alert(1)"},
        {"type": "Image", "text": "x", "image": "data:image/svg+xml;base64,PHN2Zy8+"},
        {"type": "Image", "text": "x", "image": ["data:image/png;base64,AAAA"]},
    ],
)
def test_a_broken_preview_is_shown_as_far_as_it_goes(preview: dict[str, Any]) -> None:
    card = ModelCard("m", "M", 1, (FieldRow("x", preview, type_name="T"),))
    Page(model.to_html(card))
    model.to_text(card)
    whole = ArtifactCard(ArtifactRow("a"), preview=preview)
    Page(artifact.to_html(whole))
    artifact.to_text(whole)
